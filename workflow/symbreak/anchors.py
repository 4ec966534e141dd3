"""How much the demand story punishes equal neurons: losses to compare a report's losses with.

``python -m symbreak.anchors [rows [noise [seed ...]]]`` prints the table in ``data/README.md``.
This is a measurement beside the pipeline: plain NumPy with ``@`` and SciPy's L-BFGS-B, so its last
digits depend on the machine; nothing that is trained or judged depends on it.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from symbreak import story
from symbreak.data import Dataset, Frame, dataset, make
from symbreak.settings import Demand

POPULATION = 20_000  # rows of another seed that stand for the population
DEFAULT_SEED = 20240501
Objective = Callable[[np.ndarray, np.ndarray, np.ndarray, int], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Anchor:
    """Mean cross-entropy (nats) on the training rows, the test rows and the population."""

    train: float
    test: float
    population: float


def cross_entropy(probability: np.ndarray, label: np.ndarray) -> float:
    """Return the mean cross-entropy; infinite where a certain prediction is wrong."""
    with np.errstate(divide="ignore"):
        return float(-np.mean(np.log(np.where(label == 1, probability, 1 - probability))))


def objective(
    weights: np.ndarray, x: np.ndarray, y: np.ndarray, units: int
) -> tuple[float, np.ndarray]:
    """Return loss and gradient of a one-layer tanh network with a logistic output.

    ``weights`` [inputs * units + units + units + 1]: incoming, bias, outgoing, output bias.
    """
    inputs = x.shape[1]
    incoming = weights[: inputs * units].reshape(inputs, units)
    bias, outgoing = weights[inputs * units : -1].reshape(2, units)
    hidden = np.tanh(x @ incoming + bias)
    logit = weights[-1] + hidden @ outgoing
    loss = float(np.mean(np.logaddexp(0.0, logit) - y * logit))
    error = (0.5 * (1.0 + np.tanh(0.5 * logit)) - y) / len(x)
    back = np.outer(error, outgoing) * (1.0 - hidden * hidden)
    parts = [(x.T @ back).ravel(), back.sum(axis=0), hidden.T @ error, [error.sum()]]
    return loss, np.concatenate(parts)


def glorot(random: np.random.Generator, inputs: int, units: int) -> np.ndarray:
    """Return Glorot normal weights and zero biases in the order of ``objective``."""
    incoming = random.standard_normal(inputs * units) * np.sqrt(2.0 / (inputs + units))
    outgoing = random.standard_normal(units) * np.sqrt(2.0 / (units + 1))
    return np.concatenate([incoming, np.zeros(units), outgoing, [0.0]])


def descend(weights: np.ndarray, data: Dataset, units: int, rate: float, steps: int) -> np.ndarray:
    """Return the weights after full-batch gradient descent."""
    for _ in range(steps):
        weights = weights - rate * objective(weights, data.x_train, data.y_train, units)[1]
    return weights


def adam(weights: np.ndarray, data: Dataset, units: int, rate: float, steps: int) -> np.ndarray:
    """Return the weights after full-batch Adam (0.9, 0.999, 1e-8)."""
    first = second = np.zeros_like(weights)
    for step in range(1, steps + 1):
        gradient = objective(weights, data.x_train, data.y_train, units)[1]
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient * gradient
        scale = np.sqrt(second / (1 - 0.999**step)) + 1e-8
        weights = weights - rate * first / (1 - 0.9**step) / scale
    return weights


def best_fit(x: np.ndarray, y: np.ndarray, units: int, restarts: int, seed: int) -> np.ndarray:
    """Return the weights of least loss on these rows that L-BFGS-B found from all restarts."""
    from scipy.optimize import minimize

    random = np.random.default_rng(seed)
    count = x.shape[1] * units + 2 * units + 1
    options = {"maxiter": 2000}
    found = [
        minimize(objective, start, (x, y, units), "L-BFGS-B", jac=True, options=options)
        for start in 2.0 * random.standard_normal((restarts, count))
    ]
    return min(found, key=lambda result: result.fun).x


def best_rule(demand: Demand, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from properties [rows, 3] to the true probability of a top seller.

    Balancing keeps the classes at other shares than they have, so the odds are divided by the
    natural odds, measured on candidates of another seed.
    """
    odds = 1.0
    if demand.balanced:
        share = base_rate(demand.noise, seed + 1)
        odds = share / (1.0 - share)

    def rule(scores: np.ndarray) -> np.ndarray:
        p = story.probability((scores[:, 0], scores[:, 1], scores[:, 2]), demand.noise)
        return p / (p + (1.0 - p) * odds)

    return rule


def base_rate(noise: float, seed: int) -> float:
    """Return the mean probability of a top seller over 100,000 candidates."""
    columns = story.candidates(100_000, seed, noise)
    a, b, c = (columns[name] for name in story.PROPERTIES)
    return float(np.mean(story.probability((a, b, c), noise)))


def loss_anchors(
    demand: Demand, seed: int, restarts: int = 20, starts: int = 5, steps: int = 2000
) -> dict[str, Anchor]:
    """Return the losses of the Bayes rule, the best one-neuron network and trained networks.

    The one-neuron network is the best of ``restarts`` on the training rows; "one neuron, fitted on
    the population" is what no training set could improve. The networks of 6 tanh units start at
    Glorot normal weights, and their losses are means over ``starts``.
    """
    frame = make(demand, seed)
    large = make(Demand(POPULATION, demand.noise, demand.balanced), seed + 1)
    data, population = dataset(frame), dataset(with_test(frame, large))
    rule = best_rule(demand, seed)
    anchors = {
        "Bayes rule (true probability)": Anchor(
            cross_entropy(rule(data.properties_train), data.y_train),
            cross_entropy(rule(data.properties_test), data.y_test),
            cross_entropy(rule(population.properties_test), population.y_test),
        )
    }

    def anchor(weights: list[np.ndarray], units: int) -> Anchor:
        rows = [
            (data.x_train, data.y_train),
            (data.x_test, data.y_test),
            (population.x_test, population.y_test),
        ]
        return Anchor(
            *(float(np.mean([objective(w, x, y, units)[0] for w in weights])) for x, y in rows)
        )

    random = np.random.default_rng(seed)
    first = [glorot(random, len(data.features), 6) for _ in range(starts)]
    for name, method, rate in (("rate 0.1", descend, 0.1), ("rate 1", descend, 1.0)):
        trained = [method(w, data, 6, rate, steps) for w in first]
        anchors[f"6 tanh units, random start, gradient descent, {name}"] = anchor(trained, 6)
    trained = [adam(w, data, 6, 0.01, steps) for w in first]
    anchors["6 tanh units, random start, Adam, rate 0.01"] = anchor(trained, 6)
    one = best_fit(data.x_train, data.y_train, 1, restarts, seed)
    anchors["one tanh neuron, best of all restarts on the training rows"] = anchor([one], 1)
    widest = best_fit(population.x_test, population.y_test, 1, 5, seed)
    anchors["one tanh neuron, fitted on the population"] = anchor([widest], 1)
    return anchors


def with_test(frame: Frame, other: Frame) -> Frame:
    """Return the training rows of a frame with all rows of another as its test rows."""
    train = frame.columns["split"].count("train")
    columns = {name: values[:train] + other.columns[name] for name, values in frame.columns.items()}
    columns["split"] = ["train"] * train + ["test"] * len(other.columns["split"])
    return Frame(columns, frame.target, frame.properties)


def table(anchors: dict[str, Anchor]) -> str:
    """Return the losses as a Markdown table, three decimals."""
    lines = ["| predictor | train | test | population |", "|---|---|---|---|"]
    for name, loss in anchors.items():
        lines.append(f"| {name} | {loss.train:.3f} | {loss.test:.3f} | {loss.population:.3f} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Print the base rate and the table for each seed."""
    rows = int(arguments[0]) if arguments else 1000
    noise = float(arguments[1]) if len(arguments) > 1 else 0.5
    for seed in [int(text) for text in arguments[2:]] or [DEFAULT_SEED]:
        print(f"seed {seed}, base rate {base_rate(noise, seed + 1):.3f}\n")
        print(table(loss_anchors(Demand(rows, noise), seed)), "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
