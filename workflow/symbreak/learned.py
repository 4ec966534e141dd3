"""What the units of each network learned, as tables: properties carried, functions, lesions.

``tables`` gives all that the measure job writes. Letters: n networks, b rows, u units.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from symbreak import dynamics, functional, metrics, properties, surgery, verdicts
from symbreak.data import Dataset
from symbreak.networks import Trained
from symbreak.story import PROPERTIES

Array = np.ndarray
Columns = dict[str, Array]

TRACED = 1  # replicates, the first ones, of which every checkpoint is measured, and lesions
WHOLE = ("effective_width", "dead", "spare", *(f"unit_{name}" for name in PROPERTIES))
LESIONS = ("lesion_most", "lesion_least")


@dataclass(frozen=True)
class Against:
    """What networks are measured against: the rows, their properties and two thresholds."""

    rows: Dataset
    towards: properties.Directions
    redundancy: float
    neglect: float


def tables(trained: list[Trained], rows: Dataset, seed: int, redundancy: float,
           neglect: float) -> Iterator[tuple[str, pd.DataFrame]]:  # fmt: skip
    """Yield the name and the rows of each table of these networks, one at a time."""
    distances = metrics.distances(trained)
    yield "distances", distances
    yield "dynamics", dynamics.table(trained, distances["l2_whole"].to_numpy())
    del distances
    found = verdicts.networks(trained, rows.x_train, redundancy)
    yield "networks", verdicts.with_theory(found, trained, rows, seed)
    yield "properties", table(trained, rows, redundancy, neglect)


def table(trained: Iterable[Trained], rows: Dataset, redundancy: float,
          neglect: float) -> pd.DataFrame:  # fmt: skip
    """Return a row a network, hidden layer and checkpoint, over the training rows.

    All networks at the first and the last checkpoint, the first ``TRACED`` replicates at all.
    """
    against = Against(rows, properties.directions(rows.properties_train), redundancy, neglect)
    trained = list(trained)
    alike: dict[Any, list[int]] = {}
    for i, t in enumerate(trained):
        alike.setdefault((t.setting.activation, t.widths, t.weights.dtype), []).append(i)
    parts = [part for members in alike.values() for part in _parts(trained, members, against)]
    columns = metrics.stacked(parts)
    order = np.lexsort([columns[k] for k in ("step", "layer", "replicate", "setting")])
    index = columns.pop("setting")[order]
    columns = {name: values[order] for name, values in columns.items()}
    return metrics.by_setting([t.setting for t in trained], index, columns)


def _parts(trained: list[Trained], members: list[int], against: Against) -> Iterator[Columns]:
    """Yield the columns of settings with the same model, one hidden layer after the other.

    Equal networks are measured once: a replicate starts alike whatever its dropout.
    """
    found = metrics.stacked([_chosen(trained[i], i) for i in members])
    weights = np.concatenate([trained[i].weights[_mask(trained[i])] for i in members])
    one, same = _distinct(weights)
    lesioned = found.pop("lesioned")
    asked = np.zeros(len(one), bool)
    asked[same[lesioned]] = True
    layers = _measured(trained[members[0]], weights[one], asked, against)
    for layer, measured in enumerate(layers, start=1):
        columns = {name: values[same] for name, values in measured.items()}
        for name in LESIONS:
            columns[name] = np.where(lesioned, columns[name], np.nan)
        yield found | {"layer": np.full(len(same), layer, np.int32)} | columns


def _mask(trained: Trained) -> Array:
    """Return which networks are measured at which checkpoint [r, c]."""
    chosen = np.zeros(trained.weights.shape[:2], bool)
    chosen[trained.replicates < TRACED] = chosen[:, [0, -1]] = True
    return chosen


def _chosen(trained: Trained, setting: int) -> Columns:
    row, checkpoint = np.nonzero(_mask(trained))
    replicate = trained.replicates[row]
    return {
        "setting": np.full(len(replicate), setting),
        "replicate": replicate.astype(np.int32),
        "layer": np.zeros(len(replicate), np.int32),
        "step": trained.steps[checkpoint].astype(np.int32),
        "lesioned": (replicate < TRACED) & (checkpoint == len(trained.steps) - 1),
    }


def _distinct(weights: Array) -> tuple[Array, Array]:
    """Return the first place of each distinct row of bits, and for each row which of them it is."""
    rows = np.ascontiguousarray(weights).view(np.dtype((np.void, weights[0].nbytes)))[:, 0]
    _, first, same = np.unique(rows, return_index=True, return_inverse=True)
    return first, same


def _measured(model: Trained, weights: Array, asked: Array, against: Against) -> list[Columns]:
    """Return the columns of each hidden layer of networks [n, p]; lesions where ``asked`` [n]."""
    chunks, start = [], 0
    for layers in metrics.activations(model.setting, weights, model.widths, against.rows.x_train):
        part = slice(start, start + len(layers[0]))
        start = part.stop
        chunks.append([
            _layer(model, weights[part], layer, a, against)
            | _lesions(model, weights[part], layer, a, asked[part], against.rows)
            for layer, a in enumerate(layers, start=1)
        ])  # fmt: skip
    return [metrics.stacked(parts) for parts in zip(*chunks, strict=True)]


def _layer(trained: Trained, parameters: Array, layer: int, a: Array,
           against: Against) -> Columns:  # fmt: skip
    """Return what the units of a layer with activations [n, b, u] carry and compute."""
    finite = np.isfinite(parameters).all(axis=-1)
    z, constant = metrics.centred(a)
    units, beside = a.shape[2], against.towards.columns[:, :, None]
    beside = np.broadcast_to(beside, (*beside.shape[:2], len(a)))
    products = metrics.row_products(z, np.concatenate([z, beside], axis=1))
    correlation = metrics.correlations(products[:, :, :units], constant)
    size = products.diagonal(axis1=1, axis2=2)
    partial = properties.partial_correlations(products[:, :, units:], size, constant)
    group = functional.same_function(correlation, against.redundancy)
    merged = surgery.merge(trained.setting, parameters, trained.widths, layer, constant)
    columns = {
        **_properties(partial, group, against.neglect),
        "spare": properties.spare_units(partial, against.neglect),
        "least_correlation": abs(correlation).min(axis=(1, 2)),
        "effective_rank": functional.effective_rank(correlation, constant),
        "participation_ratio": functional.participation_ratio(correlation, constant),
        "effective_width": merged.width,
        "dead": np.count_nonzero(constant, axis=1),
    }
    return {name: _unless_diverged(name, values, finite) for name, values in columns.items()}


def _unless_diverged(name: str, values: Array, finite: Array) -> Array:
    """Return the values with 0 (whole numbers) or NaN where a network has diverged."""
    if name in WHOLE:
        return np.where(finite, values, 0).astype(np.int32)
    return np.where(finite, values, np.nan if values.dtype.kind == "f" else "")


def _properties(partial: Array, group: Array, neglect: float) -> Columns:
    """Return who carries what; numbers are NaN where the properties are not known."""
    found = properties.roles(partial, group)
    unknown = np.full(len(partial), np.nan)
    known = partial.shape[2] > 0
    columns = {}
    for j, name in enumerate(PROPERTIES):
        columns[f"own_{name}"] = found.own[:, j] if known else unknown
        columns[f"unit_{name}"] = found.unit[:, j] if known else np.zeros(len(partial), int)
        columns[f"best_{name}"] = found.best[:, j] if known else unknown
    own = np.stack([columns[f"own_{name}"] for name in PROPERTIES], axis=-1)
    columns["coverage"] = metrics.dot(own, np.ones(own.shape))
    columns["neglected"] = neglected(own, neglect)
    below = [[name for name, size in zip(PROPERTIES, row, strict=True) if size < neglect]
             for row in own]  # fmt: skip
    return columns | {"neglect": np.array(["; ".join(names) for names in below], object)}


def neglected(own: Array, neglect: float) -> Array:
    """Return how many of ``own`` [n, q] are below the threshold [n]; NaN where unknown."""
    count = np.count_nonzero(own < neglect, axis=1).astype(np.float64)
    return np.where(np.isnan(own).any(axis=1), np.nan, count)


def _lesions(trained: Trained, parameters: Array, layer: int, a: Array, lesioned: Array,
             rows: Dataset) -> Columns:  # fmt: skip
    """Return the largest and smallest rise of the training loss without a unit, where asked for."""
    most, least = np.full(len(a), np.nan), np.full(len(a), np.nan)
    where = lesioned & np.isfinite(parameters).all(axis=-1)
    if where.any():
        rise = surgery.lesion_losses(trained.setting, parameters[where], layer, a[where],
                                     rows.x_train, rows.y_train)  # fmt: skip
        most[where], least[where] = rise.max(axis=1), rise.min(axis=1)
    return dict(zip(LESIONS, (most, least), strict=True))
