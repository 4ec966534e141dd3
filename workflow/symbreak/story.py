"""The demand story: which T-shirts become top sellers (an example of Andrew Ng's course).

A customer sees price, shipping cost, marketing and material. From them follow three properties that
no column of the inputs shows: affordability, awareness and quality, scores from 0 to 5. A shirt
sells only where all three are good, so a network needs three different neurons; one neuron (what
equal neurons amount to) has to neglect two of the sides. ``data/README.md`` lists every column.

Draws come from ``streams`` and functions from ``arithmetic``, so a seed gives the same bytes on
every machine. Inputs are rounded before the properties are computed from them, and the properties
before the probability: the written table says everything exactly.
"""

import numpy as np

from symbreak.arithmetic import exp, sigmoid
from symbreak.settings import Demand
from symbreak.streams import DATA, uniforms

FEATURES = ("price", "shipping_cost", "marketing", "material")
PROPERTIES = ("affordability", "awareness", "quality")
TARGET = "top_seller"

# Least value, range and steps per unit of each uniform input.
PRICE = (10.0, 40.0, 100.0)  # dollars, to the cent
SHIPPING_COST = (0.0, 20.0, 100.0)  # dollars, to the cent
MARKETING = (0.0, 40.0, 100.0)  # thousand dollars a month, to ten dollars
MATERIAL = (0.0, 1.0, 1000.0)  # share of premium cotton

TOP_SCORE = 5.0
GOOD_SCORE = 2.5  # where a property stops being the reason that a shirt does not sell
SCORE_STEPS = 1000.0  # scores have three decimals
BUDGET, BUDGET_SPREAD = 46.0, 3.0  # dollars: the median customer's, and its logistic scale
REACH = 15.0  # thousand dollars a month that leave 1/e of the public unaware
GOOD_MATERIAL, MATERIAL_SPREAD = 0.4, 0.07  # share of premium cotton that half of them like; scale

Columns = dict[str, np.ndarray]


def rounded(values: np.ndarray, steps: float) -> np.ndarray:
    """Round to multiples of 1/steps; the quotient is the float64 that the decimal text means."""
    return np.rint(values * steps) / steps


def score(share: np.ndarray) -> np.ndarray:
    """Return the score (0 to 5, three decimals) that a share of pleased customers gives."""
    return rounded(TOP_SCORE * share, SCORE_STEPS)


def affordability(price: np.ndarray, shipping_cost: np.ndarray) -> np.ndarray:
    """Return 5 times the share of customers whose budget covers price and shipping (dollars)."""
    return score(sigmoid((BUDGET - price - shipping_cost) / BUDGET_SPREAD))


def awareness(marketing: np.ndarray) -> np.ndarray:
    """Return 5 times the share of the public that marketing (thousand dollars a month) reaches."""
    return score(1.0 - exp(-marketing / REACH))


def quality(material: np.ndarray) -> np.ndarray:
    """Return 5 times the share of customers who like this share of premium cotton."""
    return score(sigmoid((material - GOOD_MATERIAL) / MATERIAL_SPREAD))


def probability(scores: tuple[np.ndarray, np.ndarray, np.ndarray], noise: float) -> np.ndarray:
    """Return P(top seller), a product of three logistic functions of (score - 2.5) / noise.

    ``scores`` are affordability, awareness and quality, [rows] each; ``noise`` is the softness in
    points of score. Without noise it is 1 where every score is at least 2.5, else 0.
    """
    product = np.ones(len(scores[0]))
    for values in scores:
        margin = values - GOOD_SCORE
        product = product * ((margin >= 0) * 1.0 if noise == 0 else sigmoid(margin / noise))
    return product


def candidates(count: int, seed: int, noise: float) -> Columns:
    """Return ``count`` shirts as drawn, [count] a column; a larger count only adds to the end."""
    columns: Columns = {}
    for block, (name, (least, span, steps)) in enumerate(
        zip(FEATURES, (PRICE, SHIPPING_COST, MARKETING, MATERIAL), strict=True)
    ):
        columns[name] = rounded(least + span * uniforms(seed, 0, DATA, count, block), steps)
    scores = (
        affordability(columns["price"], columns["shipping_cost"]),
        awareness(columns["marketing"]),
        quality(columns["material"]),
    )
    columns.update(zip(PROPERTIES, scores, strict=True))
    draw = uniforms(seed, 0, DATA, count, len(FEATURES))
    columns[TARGET] = (draw < probability(scores, noise)).astype(np.int64)
    return columns


def sizes(demand: Demand) -> tuple[int, int]:
    """Return the numbers of training and test rows: 80 % and 20 %; balanced, training is even."""
    train = demand.rows * 4 // 5
    if demand.balanced:
        train -= train % 2
    return train, demand.rows - train


def balanced_rows(top: np.ndarray, train: int, test: int) -> np.ndarray | None:
    """Return the candidates kept, training rows first, each part in the order drawn.

    Half of each part are top sellers (an odd row of the test part is not one). None where the
    candidates do not hold enough of a class.
    """
    sellers, others = np.flatnonzero(top == 1), np.flatnonzero(top == 0)
    half, test_sellers = train // 2, test // 2
    if len(sellers) < half + test_sellers or len(others) < half + test - test_sellers:
        return None
    first = np.concatenate([sellers[:half], others[:half]])
    second = np.concatenate(
        [sellers[half : half + test_sellers], others[half : half + test - test_sellers]]
    )
    return np.concatenate([np.sort(first), np.sort(second)])


def generate(demand: Demand, seed: int) -> dict[str, list]:
    """Return the table of one seed, a list a column, in the order of demand.csv.

    ``rows`` rows, training rows first. Balanced tables keep the first candidates of each class,
    others the first candidates.
    """
    train, test = sizes(demand)
    count = demand.rows
    table = candidates(count, seed, demand.noise)
    kept: np.ndarray | None = np.arange(demand.rows)
    if demand.balanced:
        kept = balanced_rows(table[TARGET], train, test)
    while kept is None:  # every noise leaves at least an eighth of each class
        count *= 2
        table = candidates(count, seed, demand.noise)
        kept = balanced_rows(table[TARGET], train, test)
    columns = {name: values[kept].tolist() for name, values in table.items()}
    return columns | {"split": ["train"] * train + ["test"] * test}
