"""The page of each setting: distances, paths, weights, activations, what was learned, in numbers.

``table`` gives a row a setting, which ``packing`` packs for the report's script. Units are numbered
by name (``paths.named``), the same in every picture and sentence of a page. Sentences are made from
exact numbers. Letters: c checkpoints, u units, k the length of a neuron vector, b rows.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from symbreak import examples, judging, metrics, paths
from symbreak.arithmetic import sigmoid
from symbreak.data import Dataset
from symbreak.examples import REPLICATE
from symbreak.networks import Trained, split_layers
from symbreak.settings import COLUMNS
from symbreak.statistics import wilson
from symbreak.story import PROPERTIES
from symbreak.summary import listed, number, plural, span

Array = np.ndarray
Columns = dict[str, Any]

ROWS = 16  # training rows of the picture of activations
ENDS = ("low", "median", "high")


def table(trained: Iterable[Trained], found: pd.DataFrame, rows: Dataset,
          neglect: float) -> pd.DataFrame:  # fmt: skip
    """Return a row a setting; lists are flat: points [c, u, 2], weights [u, k], activations [u, b].

    ``trained`` may come one by one: only one is held. ``found`` is the table of ``learned`` of the
    same settings.
    """
    learned = Learned(found, neglect)
    return pd.DataFrame([_row(networks, learned, rows) for networks in trained])


def _row(trained: Trained, learned: "Learned", rows: Dataset) -> Columns:
    layer = examples.deciding_layer(trained)
    units = paths.named(trained, layer, REPLICATE)
    return {
        **trained.setting.record(), "replicate": REPLICATE, "layer": layer,
        "steps": trained.steps.tolist(),
        **_distances(trained, layer), **_paths(trained, layer, units, rows.x_train),
        **_weights(trained, layer), **_activations(trained, layer, units, rows.x_train),
        **learned.columns(trained, layer, units),
    }  # fmt: skip


def _distances(trained: Trained, layer: int) -> Columns:
    """Return the range and the median over the pairs of all networks at each checkpoint."""
    pairs = examples.pairs_of(metrics.distances([trained]), trained.setting, layer)
    shape = len(trained.weights), len(trained.steps), -1
    values = pairs["l2_whole"].to_numpy(np.float64).reshape(shape)
    ends = np.array([ranged(values[:, at]) for at in range(shape[1])])
    columns = {f"distance_{name}": ends[:, i].tolist() for i, name in enumerate(ENDS)}
    return columns | {"distance_text": examples.distance_sentence(pairs)}


def ranged(values: Array) -> tuple[float, float, float]:
    """Return the least, the median and the largest of the finite values; NaN without one."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return (np.nan,) * 3
    return float(finite.min()), float(np.median(finite)), float(finite.max())


def _paths(trained: Trained, layer: int, units: paths.Named | None, x: Array) -> Columns:
    """Return the units' paths in the plane of ``paths.plane``; no points where none moves."""
    if units is None or not paths.moves(units):
        return {"points": [], "share": np.nan, "paths_text": "No neuron of that network moves."}
    points, share = paths.plane(units.vectors.astype(np.float64))
    text = paths.sentence(trained, layer, REPLICATE, x, units, share)
    return {"points": points.ravel().tolist(), "share": share, "paths_text": text}


def _weights(trained: Trained, layer: int) -> Columns:
    before, after = examples.before_and_after(trained, layer)
    return {
        "before": before.astype(np.float64).ravel().tolist(),
        "after": after.astype(np.float64).ravel().tolist(),
        "weights_text": examples.weights_sentence(trained, layer),
    }


def _activations(trained: Trained, layer: int, units: paths.Named | None, x: Array) -> Columns:
    """Return the units' activations at ``ROWS`` rows, evenly from the least output to the most."""
    weights = trained.weights[REPLICATE, -1:]
    if units is None or not np.isfinite(weights).all():
        return {"activations": [], "activations_text": "The network diverged."}
    (layers,) = metrics.activations(trained.setting, weights, trained.widths, x)
    values = layers[layer - 1][0][:, units.names[-1]]
    last, bias = split_layers(weights[0], trained.widths)[-1]
    output = sigmoid((layers[-1][0] * last[0]).sum(axis=1) + bias[0])
    order = np.argsort(output, kind="stable")
    shown = order[np.linspace(0, len(order) - 1, min(ROWS, len(order))).round().astype(int)]
    z, constant = metrics.centred(values[None])
    size = abs(metrics.correlations(metrics.row_products(z, z), constant)[0])
    between = size[np.triu_indices(len(size), 1)]
    text = (
        f"What these neurons compute of {len(shown)} of the {len(x)} training rows, from the one "
        f"with the least output ({number(float(output[order[0]]))}) to the one with the largest "
        f"({number(float(output[order[-1]]))}): from {number(float(values.min()))} to "
        f"{number(float(values.max()))}. Over all rows two of them correlate by "
        f"{span(between.min(), between.max())} (absolute)."
    )
    return {"activations": values[shown].T.ravel().tolist(), "activations_text": text}


class Learned:
    """What the networks of some settings learned, by setting."""

    def __init__(self, found: pd.DataFrame, neglect: float) -> None:
        """``found`` is the table of ``learned``."""
        names = list(COLUMNS)
        rows = judging.networks(found, neglect)
        finite = rows[rows["least_correlation"].notna() & (rows["step"] == rows["step"].max())]
        self.neglect = neglect
        self.known = bool(found[[f"own_{name}" for name in PROPERTIES]].notna().any(axis=None))
        self.sums = judging.settings(rows).set_index(names).to_dict("index")
        self.last: dict[Any, pd.DataFrame] = dict(iter(finite.groupby(names, sort=False)))
        shown = found[(found["replicate"] == REPLICATE) & (found["step"] == found["step"].max())]
        plain = shown.astype({name: object for name in names})
        self.shown = plain.set_index([*names, "layer"]).to_dict("index")

    def columns(self, trained: Trained, layer: int, units: paths.Named | None) -> Columns:
        """Return the columns of what was learned; NaN, and no unit, where it is not known."""
        key = tuple(trained.setting.record().values())
        sums = {f"neglected_{name}": self.sums[key][f"neglected_{name}"]
                for name in ("mean", "low", "high")}  # fmt: skip
        if not self.known or key not in self.last:
            empty = {f"share_{p}": np.nan for p in PROPERTIES} | {
                f"unit_{p}": 0 for p in PROPERTIES}  # fmt: skip
            return empty | sums | {"learned_text": "The properties are not known."}
        own = self.last[key][[f"own_{name}" for name in PROPERTIES]].to_numpy()
        counts = np.count_nonzero(own >= self.neglect, axis=0)
        bearers = [self._unit(key, layer, name, units) for name in PROPERTIES]
        shares = {f"share_{p}": count / len(own) for p, count in zip(PROPERTIES, counts,
                                                                     strict=True)}  # fmt: skip
        places = {f"unit_{p}": unit for p, unit in zip(PROPERTIES, bearers, strict=True)}
        text = learned_sentence(counts.tolist(), len(own), bearers, sums)
        return shares | places | sums | {"learned_text": text}

    def _unit(self, key: Any, layer: int, name: str, units: paths.Named | None) -> int:
        """Return the name of the unit that carries a property in the shown network; 0: none."""
        row = self.shown[*key, layer]
        if units is None or not row[f"own_{name}"] >= self.neglect:
            return 0
        return units.name_of(int(row[f"unit_{name}"]) - 1)


def learned_sentence(counts: list[int], networks: int, units: list[int], sums: Columns) -> str:
    """Return what the networks of a setting learned in words; ``units`` 0 where none carries it."""
    parts = [
        f"{name} in {count} ({100 * low:.0f}–{100 * high:.0f} %)"
        for name, count in zip(PROPERTIES, counts, strict=True)
        for low, high in [wilson(count, networks)]
    ]
    own = [f"neuron {unit} carries {name}" if unit else f"none carries {name}"
           for name, unit in zip(PROPERTIES, units, strict=True)]  # fmt: skip
    mean, low, high = (f"{sums[f'neglected_{name}']:.2f}" for name in ("mean", "low", "high"))
    return (
        f"Of {plural(networks, 'network')} some neuron carries {listed(parts)}, with 95 % Wilson "
        f"intervals; on average {mean} of {len(PROPERTIES)} properties are neglected (95 % "
        f"interval over the seeds {low} to {high}). In replicate {REPLICATE} {listed(own)}."
    )
