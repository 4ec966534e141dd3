"""One setting of each verdict, shown: distance over training, weights before and after."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from symbreak import figures, operated, paths, summary
from symbreak.networks import Trained, neuron_vectors
from symbreak.settings import Setting
from symbreak.statistics import median_over_seeds
from symbreak.summary import Grid, Row, plural
from symbreak.svg import Figure

REPLICATE = 0  # whose weights are shown


@dataclass(frozen=True)
class Example:
    """A setting with its figures, and what happens to its network without a neuron."""

    setting: Setting
    row: Row
    distance: Figure
    paths: Figure | None
    weights: Figure
    operated: str


def examples(
    grid: Grid,
    distances: Callable[[Setting], pd.DataFrame],
    trained: Callable[[Setting], Trained],
    features: Sequence[str],
    x: np.ndarray,
    y: np.ndarray,
) -> list[Example]:
    """Return an example of each verdict that occurs; ``summary.chosen`` states the rule.

    x [b, d] and y [b] are the training rows.
    """
    chosen = summary.chosen(grid)
    networks = {setting: trained(setting) for setting in chosen}
    layers = {setting: deciding_layer(networks[setting]) for setting in chosen}
    pairs = {s: pairs_of(distances(s), s, layers[s]) for s in chosen}
    scale = distance_scale(list(pairs.values()))
    return [
        _example(grid.rows[s], networks[s], layers[s], pairs[s], scale, features, x, y)
        for s in chosen
    ]


def pairs_of(table: pd.DataFrame, setting: Setting, layer: int) -> pd.DataFrame:
    """Return the rows of one setting and layer; ``table`` is of the setting's initializer."""
    keep = table["layer"] == layer
    for name, value in setting.record().items():
        column = table[name]
        keep &= column == value if isinstance(value, float) else column.astype(str) == value
    return table[keep]


def distance_scale(tables: list[pd.DataFrame]) -> tuple[float, float]:
    """Return the smallest and the largest finite distance above zero; (0.1, 1) without one."""
    values = np.concatenate([t["l2_whole"].to_numpy(np.float64) for t in tables])
    positive = values[np.isfinite(values) & (values > 0)]
    return (float(positive.min()), float(positive.max())) if positive.size else (0.1, 1.0)


def deciding_layer(trained: Trained) -> int:
    """Return the hidden layer (from 1) with the fewest distinct neurons in the shown replicate."""
    last = trained.weights[REPLICATE, -1]
    counts = [
        distinct(neuron_vectors(last, trained.widths, layer)) / units
        for layer, units in enumerate(trained.setting.hidden, start=1)
    ]
    return 1 + int(np.argmin(counts))


def distinct(neurons: np.ndarray) -> int:
    """Return the number of different rows of [units, parameters]."""
    return len(np.unique(neurons, axis=0))


def _example(
    row: Row, trained: Trained, layer: int, pairs: pd.DataFrame, scale: tuple[float, float],
    features: Sequence[str], x: np.ndarray, y: np.ndarray,
) -> Example:  # fmt: skip
    setting = trained.setting
    place = f"{setting.label}, hidden layer {layer} of {len(setting.hidden)}"
    before, after = before_and_after(trained, layer)
    names = parameter_names(features, setting.hidden, layer)
    return Example(
        setting,
        row,
        figures.distance(pairs, row.verdict, scale, distance_sentence(pairs), place),
        paths.paths(trained, layer, REPLICATE, x, row.verdict, place),
        figures.weights(before, after, names, weights_sentence(trained, layer), place),
        operated.sentence(trained, REPLICATE, layer, x, y),
    )


def before_and_after(trained: Trained, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the shown replicate's neuron vectors [u, k] at the start and the end.

    A neuron keeps its place while its name goes from unit to unit (``paths.named``).
    """
    first, last = (
        neuron_vectors(trained.weights[REPLICATE, at], trained.widths, layer) for at in (0, -1)
    )
    units = paths.named(trained, layer, REPLICATE)
    return first, last if units is None else last[units.names[-1]]


def weights_sentence(trained: Trained, layer: int) -> str:
    """Return the numbers of the pictures of neurons before and after training in words."""
    before, after = before_and_after(trained, layer)
    return (
        f"Hidden layer {layer} of {len(trained.setting.hidden)}, replicate {REPLICATE}: "
        f"{_neurons(before)} before training, {_neurons(after)} after "
        f"{int(trained.steps[-1]):,} steps."
    )


def _neurons(neurons: np.ndarray) -> str:
    units = len(neurons)
    if not np.isfinite(neurons).all():
        return "no finite weights"
    low, high = summary.number(float(neurons.min())), summary.number(float(neurons.max()))
    return f"{distinct(neurons)} distinct of {units} neurons, weights from {low} to {high}"


def parameter_names(features: Sequence[str], hidden: tuple[int, ...], layer: int) -> list[str]:
    """Return the names of a neuron vector's entries: incoming, bias, outgoing."""
    above = hidden[layer : layer + 1]
    incoming = list(features) if layer == 1 else [f"from {i + 1}" for i in range(hidden[layer - 2])]
    outgoing = [f"to {i + 1}" for i in range(above[0])] if above else ["output"]
    return [*incoming, "bias", *outgoing]


def distance_sentence(pairs: pd.DataFrame) -> str:
    """Return the numbers of a distance figure in words."""
    number, replicates = summary.number, pairs["replicate"].nunique()
    each = len(pairs[["unit_a", "unit_b"]].drop_duplicates())
    first, last = (pairs[pairs["step"] == pairs["step"].agg(f)] for f in ("min", "max"))
    if not np.isfinite(last["l2_whole"]).any():
        end, interval = "no finite distance", ""
    else:
        low, middle, high = last["l2_whole"].quantile([0.0, 0.5, 1.0])
        end = f"{number(middle)} (from {number(low)} to {number(high)})"
        _, *ends = median_over_seeds(last["l2_whole"].to_numpy(float), last["replicate"].to_numpy())
        interval = f"; 95 % interval of that median over the seeds {' to '.join(map(number, ends))}"
    start = number(float(first["l2_whole"].median()))
    return (
        f"{plural(each, 'pair')} of neurons in each of {plural(replicates, 'network')}: median "
        f"distance {start} at the start, {end} at step {int(pairs['step'].max()):,}{interval}."
    )
