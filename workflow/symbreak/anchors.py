"""How much the demand story punishes equal neurons: losses to compare a report's losses with.

``python -m symbreak.anchors [config]`` prints the table in ``data/README.md``. This is a
measurement beside the pipeline: NumPy's ``@`` and SciPy's L-BFGS-B, so its last digits depend on
the machine; nothing that is trained or judged depends on it.
"""

import sys
from dataclasses import dataclass, replace

import numpy as np

from symbreak import config, story
from symbreak.activations import ACTIVATIONS
from symbreak.data import Dataset, dataset, make
from symbreak.settings import Demand, Experiment

POPULATION = 20_000  # rows of another seed that stand for the population
UNITS = 6  # of the trained networks
STARTS = 5  # trained networks
TRIES = 5  # random starts of the search for a best network
Losses = tuple[float, float, float]  # mean cross-entropy in nats: training, test, population


@dataclass(frozen=True)
class Network:
    """A network of one hidden layer with a logistic output, its parameters in one vector.

    The vector [inputs * units + 2 * units + 1] is incoming [input][unit], bias, outgoing, output's.
    """

    activation: str
    inputs: int
    units: int

    def start(self, random: np.random.Generator, scale: float = 1.0) -> np.ndarray:
        """Return Glorot normal weights, times ``scale``, and zero biases."""
        incoming = random.standard_normal(self.inputs * self.units)
        outgoing = random.standard_normal(self.units)
        first = np.sqrt(2.0 / (self.inputs + self.units)) * incoming
        second = np.sqrt(2.0 / (self.units + 1)) * outgoing
        return scale * np.concatenate([first, np.zeros(self.units), second, [0.0]])

    def loss(
        self, parameters: np.ndarray, x: np.ndarray, y: np.ndarray
    ) -> tuple[float, np.ndarray]:
        """Return the mean cross-entropy over the rows and its gradient."""
        split = self.inputs * self.units
        incoming = parameters[:split].reshape(self.inputs, self.units)
        bias, outgoing = parameters[split:-1].reshape(2, self.units)
        hidden, slope = ACTIVATIONS[self.activation].function(x @ incoming + bias)
        logit = parameters[-1] + hidden @ outgoing
        error = (0.5 * (1.0 + np.tanh(0.5 * logit)) - y) / len(x)
        back = np.outer(error, outgoing) * slope
        gradient = [(x.T @ back).ravel(), back.sum(axis=0), hidden.T @ error, [error.sum()]]
        return float(np.mean(np.logaddexp(0.0, logit) - y * logit)), np.concatenate(gradient)

    def best(self, x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Return the parameters of least loss on these rows that L-BFGS-B found in all tries."""
        from scipy.optimize import minimize

        found = [
            minimize(self.loss, self.start(random, 3.0), (x, y), "L-BFGS-B", jac=True)
            for _ in range(TRIES)
        ]
        return min(found, key=lambda result: result.fun).x

    def trained(
        self, data: Dataset, random: np.random.Generator, rate: float, steps: int
    ) -> np.ndarray:
        """Return the parameters after full-batch gradient descent from a random start."""
        parameters = self.start(random)
        for _ in range(steps):
            parameters = parameters - rate * self.loss(parameters, data.x_train, data.y_train)[1]
        return parameters

    def mean_losses(self, found: list[np.ndarray], parts: list[Dataset]) -> Losses:
        """Return the losses of these networks, means over them."""
        rows = evaluation_rows(parts)
        a, b, c = (np.mean([self.loss(p, x, y)[0] for p in found]) for x, _, y in rows)
        return float(a), float(b), float(c)


def evaluation_rows(parts: list[Dataset]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return (x, properties, y) of the training rows, the test rows and the population."""
    sample, population = parts
    return [
        (sample.x_train, sample.properties_train, sample.y_train),
        *((d.x_test, d.properties_test, d.y_test) for d in (sample, population)),
    ]


def datasets(demand: Demand, seed: int) -> list[Dataset]:
    """Return the experiment's dataset, and one with the population as its test rows.

    Both are standardized on the experiment's training rows.
    """
    table = make(demand, seed)
    population = make(replace(demand, rows=POPULATION), seed + 1)
    train = table["split"].count("train")
    both = {name: values[:train] + population[name] for name, values in table.items()}
    both["split"] = ["train"] * train + ["test"] * POPULATION
    return [dataset(demand, table), dataset(demand, both)]


def base_rate(noise: float, seed: int) -> float:
    """Return the mean probability of a top seller over 100,000 candidates."""
    columns = story.candidates(100_000, seed, noise)
    a, b, c = (columns[name] for name in story.PROPERTIES)
    return float(np.mean(story.probability((a, b, c), noise)))


def bayes_losses(demand: Demand, seed: int, parts: list[Dataset]) -> Losses:
    """Return the losses of the Bayes rule, which knows the properties and their probability.

    Balancing keeps the classes at other shares than they have, so the odds are divided by the
    natural odds, measured on candidates of another seed. Infinite where a certain rule errs.
    """
    share = base_rate(demand.noise, seed + 1)
    odds = share / (1.0 - share) if demand.balanced else 1.0

    def loss(scores: np.ndarray, y: np.ndarray) -> float:
        p = story.probability((scores[:, 0], scores[:, 1], scores[:, 2]), demand.noise)
        right = np.where(y == 1, p, (1.0 - p) * odds) / (p + (1.0 - p) * odds)
        with np.errstate(divide="ignore"):
            return float(-np.mean(np.log(right)))

    a, b, c = (loss(scores, y) for _, scores, y in evaluation_rows(parts))
    return a, b, c


def anchors(experiment: Experiment) -> dict[str, Losses]:
    """Return the losses by predictor: Bayes rule, best small networks, trained networks.

    A network whose neurons are equal is at best the best one-neuron network. The trained ones have
    6 units and a Glorot normal start, and go down the gradient with the experiment's first
    learning rate and its steps.
    """
    demand, seed = experiment.data, experiment.seed
    if not isinstance(demand, Demand):
        raise config.ConfigError("data.kind is csv; the anchors are those of kind demand")
    parts = datasets(demand, seed)
    found = {"Bayes rule": bayes_losses(demand, seed, parts)}
    sample, population = parts
    random, inputs = np.random.default_rng(seed), len(story.INPUTS)
    for units, words in enumerate(("one neuron", "two neurons", "three neurons"), start=1):
        small = Network("tanh", inputs, units)
        best = small.best(population.x_test, population.y_test, random)
        found[f"best {words}, tanh, for the population"] = small.mean_losses([best], parts)
    for activation in (choice.name for choice in experiment.activation):
        one, wide = (Network(activation, inputs, units) for units in (1, UNITS))
        best = one.best(sample.x_train, sample.y_train, random)
        rate, steps = experiment.learning_rate[0], experiment.steps
        trained = [wide.trained(sample, random, rate, steps) for _ in range(STARTS)]
        found[f"best one neuron, {activation}, for the training rows"] = one.mean_losses(
            [best], parts
        )
        found[f"{UNITS} {activation} units trained from random starts, mean of {STARTS}"] = (
            wide.mean_losses(trained, parts)
        )
    return found


def table(losses: dict[str, Losses]) -> str:
    """Return the losses as a Markdown table, three decimals."""
    lines = ["| predictor | training rows | test rows | population |", "|---|---|---|---|"]
    lines += [f"| {name} | {a:.3f} | {b:.3f} | {c:.3f} |" for name, (a, b, c) in losses.items()]
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Print the table for a config file."""
    try:
        print(table(anchors(config.read(arguments[0] if arguments else "config/default.yaml"))))
    except config.ConfigError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
