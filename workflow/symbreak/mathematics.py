"""Why equal neurons stay equal: a training step of two of them, with the numbers of a real run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from symbreak import trainer
from symbreak.activations import ACTIVATIONS
from symbreak.arithmetic import sigmoid
from symbreak.dropout import DROPOUTS
from symbreak.networks import Trained, neuron_vectors, split_layers
from symbreak.settings import Setting
from symbreak.summary import Grid, number

Array = np.ndarray
REPLICATE, ROW = 0, 0  # the network, and the row of its first batch


@dataclass(frozen=True)
class Line:
    """A quantity of both neurons: formula (HTML), numbers, exactly in hexadecimal, same bits."""

    name: str
    formula: str
    values: tuple[str, str]
    exact: tuple[str, str]
    same: bool


@dataclass(frozen=True)
class Lesson:
    """The step in lines, what both neurons share, and what became of the network's neurons."""

    setting: Setting
    sentence: str
    inputs: list[tuple[str, str]]
    shared: list[tuple[str, str, str]]
    lines: list[Line]
    steps: int
    distinct: int
    same: bool


def lesson(grid: Grid, trained: Callable[[Setting], Trained], features: list[str], x: Array,
           y: Array) -> Lesson | None:  # fmt: skip
    """Return the first step of the first setting that is symmetric without any noise.

    x [b, d] and y [b] are the training rows. None where the grid has no such setting.
    """
    found = [s for s, row in grid.rows.items() if row.verdict == "symmetric" and plain(s)]
    if not found:
        return None
    setting = found[0]
    run = trained(setting)
    x, y = x.astype(setting.dtype), y.astype(setting.dtype)
    seen: dict[str, Array] = {}

    def watch(name: str, layer: int, values: Array) -> Array:
        seen.setdefault(name, values)
        return values

    start = run.weights[REPLICATE, 0]
    draws = trainer.Draws(grid.experiment.seed, REPLICATE)
    list(trainer.train_one(setting, start, x, y, draws, np.array([1]), watch))
    return _lesson(run, start, seen, features)


def plain(setting: Setting) -> bool:
    """Tell whether a setting has one hidden layer, exact sums and no noise."""
    nowhere = DROPOUTS[setting.dropout.name].facts["place"] == "nowhere"
    return nowhere and len(setting.hidden) == 1 and setting.arithmetic == "exact"


def _lesson(run: Trained, start: Array, seen: dict[str, Array], features: list[str]) -> Lesson:
    setting, row = run.setting, seen["rows"][ROW]
    lines = list(_lines(run, start, seen, features))
    last = neuron_vectors(run.weights[REPLICATE, -1][None], run.widths, 1)[0]
    logit, error = seen["logit"][ROW : ROW + 1], float(seen["error"][ROW])
    shared = [
        ("output", "o = c + Σ v a", number(float(logit[0]), 6)),
        ("prediction", "σ(o)", number(float(sigmoid(logit)[0]), 6)),
        ("error", "e = σ(o) − y", number(error, 6)),
    ]
    return Lesson(
        setting, ACTIVATIONS[setting.activation.name].sentence,
        [(name, number(float(value), 6)) for name, value in zip(features, row, strict=True)],
        shared, lines, int(run.steps[-1]), len(np.unique(last, axis=0)),
        all(line.same for line in lines),
    )  # fmt: skip


def _lines(run: Trained, start: Array, seen: dict[str, Array],
           features: list[str]) -> Iterator[Line]:  # fmt: skip
    """Yield what belongs to each neuron, in the order of the step."""
    (w, b), (v, _) = split_layers(start, run.widths)
    (gw, gb), (gv, _) = split_layers(seen["gradient"], run.widths)
    after = neuron_vectors(seen["weights"][None], run.widths, 1)[0]
    delta = seen["error"][ROW] * v[0] * seen["slope"][ROW]
    names = [(f"weight of {name}", f"w<sub>{i}</sub>") for i, name in enumerate(features, start=1)]
    names += [("bias", "b"), ("outgoing weight", "v")]
    for place, (name, symbol) in zip([*w.T, b, v[0]], names, strict=True):
        yield _line(name, symbol, place)
    yield _line("pre-activation", "z = b + Σ w<sub>i</sub> x<sub>i</sub>", seen["z"][ROW])
    yield _line("activation", "a = φ(z)", seen["activation"][ROW])
    yield _line("error sent back", "δ = e v φ′(z)", delta)
    sums = [f"mean of δ x<sub>{i}</sub>" for i in range(1, len(features) + 1)]
    sums += ["mean of δ", "mean of e a"]
    for place, (name, symbol), total in zip([*gw.T, gb, gv[0]], names, sums, strict=True):
        yield _line(f"gradient, {name}", f"∂{symbol} = {total}", place)
    for place, (name, symbol) in zip(after.T, names, strict=True):
        yield _line(f"{name}, updated", symbol, place)


def _line(name: str, formula: str, units: Array) -> Line:
    """Return the line of a quantity of all units [u]: of the first two."""
    one, two = units[:2]
    return Line(
        name, formula, (number(float(one), 6), number(float(two), 6)),
        (float(one).hex(), float(two).hex()), one.tobytes() == two.tobytes(),
    )  # fmt: skip
