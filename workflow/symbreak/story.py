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

PROPERTIES = ("affordability", "awareness", "quality")
TARGET = "top_seller"

# Least value, range and steps per unit of each uniform input.
INPUTS = {
    "price": (10.0, 40.0, 100.0),  # dollars, to the cent
    "shipping_cost": (0.0, 20.0, 100.0),  # dollars, to the cent
    "marketing": (0.0, 40.0, 100.0),  # thousand dollars a month, to ten dollars
    "material": (0.0, 1.0, 1000.0),  # share of premium cotton
}

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
        with np.errstate(over="ignore"):  # a tiny noise gives infinities, as hard as no noise
            product = product * ((margin >= 0) * 1.0 if noise == 0 else sigmoid(margin / noise))
    return product


def candidates(count: int, seed: int, noise: float) -> Columns:
    """Return ``count`` shirts as drawn, [count] a column; a larger count only adds to the end."""
    columns: Columns = {}
    for block, (name, (least, span, steps)) in enumerate(INPUTS.items()):
        columns[name] = rounded(least + span * uniforms(seed, 0, DATA, count, block), steps)
    scores = (
        affordability(columns["price"], columns["shipping_cost"]),
        awareness(columns["marketing"]),
        quality(columns["material"]),
    )
    columns.update(zip(PROPERTIES, scores, strict=True))
    draw = uniforms(seed, 0, DATA, count, len(INPUTS))
    columns[TARGET] = (draw < probability(scores, noise)).astype(np.int64)
    return columns


def balanced_rows(top: np.ndarray, train: int, test: int) -> np.ndarray | None:
    """Return which candidates are kept: the first of each class, half of each part.

    Training rows come first, each part in the order drawn; ``train`` and ``test`` are even. None
    where the candidates do not hold enough of a class.
    """
    classes = np.flatnonzero(top == 1), np.flatnonzero(top == 0)
    half, all_halves = train // 2, (train + test) // 2
    if min(len(rows) for rows in classes) < all_halves:
        return None
    parts = [slice(half), slice(half, all_halves)]
    return np.concatenate([np.sort(np.concatenate([r[part] for r in classes])) for part in parts])


def generate(demand: Demand, seed: int) -> dict[str, list]:
    """Return the table of one seed, a list a column, in the order of demand.csv, training first.

    Unbalanced, its rows are the first candidates. Balanced, they are the first of each class, and
    ``demand.rows`` must be even; an eighth of all shirts or more are top sellers at any noise, so
    the search for enough of them ends.
    """
    train, test = demand.sizes
    count, kept = demand.rows, None
    while kept is None:
        table = candidates(count, seed, demand.noise)
        top = table[TARGET]
        kept = balanced_rows(top, train, test) if demand.balanced else np.arange(count)
        count *= 2
    columns = {name: values[kept].tolist() for name, values in table.items()}
    return columns | {"split": ["train"] * train + ["test"] * test}
