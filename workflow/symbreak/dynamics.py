"""How the units of a layer come apart over training: when, how fast, how far, in which groups.

``table`` has a row a network and hidden layer. All is read from the weights at the checkpoints, so
a time is an interval: it lies after one checkpoint and not after another. Only portable operations.
Letters: n networks (the replicates of a setting), c checkpoints, u units, p pairs of units.
"""

from collections.abc import Iterable
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import pandas as pd

from symbreak import arithmetic, groups, metrics
from symbreak.networks import Trained, neuron_vectors

Array = np.ndarray

REACHED = 0.5  # the distance whose time is noted: where a difference is no longer small
NEAR = 0.1  # units are near at this distance or less, times the length of the longer vector
LEAST_POINTS = 3  # checkpoints that a growth rate needs
APART, BROKE, UNBROKEN = "distinct", "broke", "unbroken"
ALWAYS_EQUAL = "no distance above 0"
SHORT_RISE = "rises less than a hundredfold"
FEW_POINTS = f"fewer than {LEAST_POINTS} checkpoints on the stretch"


def table(trained: Iterable[Trained], l2: Array) -> pd.DataFrame:
    """Return a row a network and hidden layer of these settings.

    ``l2`` are the distances ``l2_whole`` of ``metrics.distances``, of the same settings.
    """
    settings, parts, start = [], [], 0
    for network in trained:
        for layer in metrics.hidden_layers(network):
            pairs = comb(network.setting.hidden[layer - 1], 2)
            shape = (*network.weights.shape[:2], pairs)
            stop = start + shape[0] * shape[1] * pairs
            settings.append(network.setting)
            parts.append(_layer(network, layer, l2[start:stop].reshape(shape)))
            start = stop
    index = np.repeat(np.arange(len(parts)), [len(part["layer"]) for part in parts])
    return metrics.by_setting(settings, index, metrics.stacked(parts))


def _layer(trained: Trained, layer: int, l2: Array) -> dict[str, Array]:
    """Return the columns of one layer, whose pairs of units have the distances l2 [n, c, p]."""
    vectors = neuron_vectors(trained.weights, trained.widths, layer).astype(np.float64)
    finite = np.isfinite(trained.weights).all(axis=-1)
    last = np.maximum(np.count_nonzero(finite, axis=1) - 1, 0)
    same, near = _alike(vectors, l2)
    steps, count = trained.steps, len(vectors)
    equal, close = (groups.grouped(_until(pairs, last), vectors.shape[2]) for pairs in (same, near))
    largest, least = (_until(reduce(l2, axis=-1), last) for reduce in (np.max, np.min))
    diverged = ~finite[:, -1]
    columns: dict[str, Any] = {
        "replicate": trained.replicates.astype(np.int32),
        "layer": np.full(count, layer, np.int32),
        "units": np.full(count, vectors.shape[2], np.int32),
        **separation(groups.count(equal), vectors.shape[2], steps, last),
        **passage(largest >= REACHED, steps, last, "reach"),
        **_growth("largest", largest, steps),
        **_growth("least", least, steps),
        **_peak(largest, steps, diverged),
        **_grouping("equal", equal),
        **_grouping("near", close),
        "blas": np.full(count, trained.blas, object),
    }
    return columns


def _alike(vectors: Array, l2: Array) -> tuple[Array, Array]:
    """Return which pairs of units are equal bit for bit, and which are near, both [n, c, p]."""
    pairs = np.array(list(combinations(range(vectors.shape[2]), 2)))
    a, b = (vectors[:, :, side] for side in pairs.T)
    same = (a == b).all(axis=-1)
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.sqrt(metrics.dot(vectors, vectors))
        longer = np.maximum(*(size[:, :, side] for side in pairs.T))
        return same, l2 <= NEAR * longer


def _until(values: Array, last: Array) -> Array:
    """Return values [n, c, ...] with those after the last finite checkpoint [n] as they were there.

    A network that diverges has no weights from then on: nothing is said to happen to it.
    """
    at = np.minimum(np.arange(values.shape[1]), last[:, None])
    return values[np.arange(len(values))[:, None], at]


def separation(count: Array, units: int, steps: Array, last: Array) -> dict[str, Array]:
    """Return what became of networks: ``outcome``, the time of the first split, the time to break.

    ``count`` [n, c] are the groups of bitwise equal units. A network splits where it first has more
    groups than at the start, and breaks where all its units are first distinct. One whose units all
    start distinct has neither time; one that never does is right-censored at its last finite
    checkpoint [n].
    """
    distinct = count == units
    found = {**passage(count > count[:, :1], steps, last, "split"),
             **passage(distinct, steps, last, "break")}  # fmt: skip
    outcome = np.where(distinct.any(axis=1), BROKE, UNBROKEN).astype(object)
    outcome[distinct[:, 0]] = APART
    apart = {name: np.where(distinct[:, 0], np.nan, time) for name, time in found.items()}
    return {"outcome": outcome, **apart}


def passage(reached: Array, steps: Array, last: Array, name: str) -> dict[str, Array]:
    """Return the interval in which something first happened: ``_after`` one step, ``_by`` another.

    ``reached`` [n, c] tells at which checkpoints it had. Where it never did, ``_by`` is NaN and
    ``_after`` the last finite checkpoint; where it had at the start, both are 0.
    """
    first = reached.argmax(axis=1)
    ever = reached.any(axis=1)
    after = np.where(ever, np.maximum(first - 1, 0), last)
    by = np.where(ever, steps[first].astype(np.float64), np.nan)
    return {f"{name}_after": steps[after].astype(np.float64), f"{name}_by": by}


def growth(distance: Array, steps: Array) -> tuple[Array, Array, Array]:
    """Return the growth rate a step [n] of distances [n, c], the checkpoints it rests on, and why
    there is none.

    The log-linear stretch is fixed in advance: the checkpoints from the first at which the distance
    is ten times the first one above zero, as long as it is at most a tenth of its peak. The rate is
    the least-squares slope of the log of the distance over the steps there.
    """
    d = np.where(np.isfinite(distance), distance, np.nan)
    positive = d > 0
    first = d[np.arange(len(d)), positive.argmax(axis=1)]
    peak = np.fmax.reduce(d, axis=1)
    begun = np.logical_or.accumulate(positive & (d >= 10.0 * first[:, None]), axis=1)
    ended = np.logical_or.accumulate(begun & ~(10.0 * d <= peak[:, None]), axis=1)
    inside = begun & ~ended & positive
    points = np.count_nonzero(inside, axis=1)
    why = np.select(
        [~positive.any(axis=1), peak < 100.0 * first, points < LEAST_POINTS],
        [ALWAYS_EQUAL, SHORT_RISE, FEW_POINTS], "",
    ).astype(object)  # fmt: skip
    rate = slope(arithmetic.log(np.where(inside, d, 1.0)), steps, inside)
    return np.where(why == "", rate, np.nan), points, why


def slope(y: Array, x: Array, inside: Array) -> Array:
    """Return the least-squares slope of y [n, c] over x [c] where ``inside`` [n, c]; else NaN."""
    weight = inside.astype(np.float64)
    count = metrics.dot(weight, np.ones(weight.shape))
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = weight * (x - (metrics.dot(weight, x * np.ones(y.shape)) / count)[:, None])
        return metrics.dot(centred, y) / metrics.dot(centred, centred)


def _growth(name: str, distance: Array, steps: Array) -> dict[str, Array]:
    rate, points, why = growth(distance, steps)
    return {f"rate_{name}": rate, f"points_{name}": points.astype(np.int32), f"no_rate_{name}": why}


def _peak(largest: Array, steps: Array, diverged: Array) -> dict[str, Array]:
    """Return the largest distance at the start, its peak over training with its step, its end."""
    at = largest.argmax(axis=1)
    peak = largest[np.arange(len(largest)), at]
    return {"start": largest[:, 0], "peak": peak, "peak_step": steps[at].astype(np.int32),
            "end": np.where(diverged, np.nan, largest[:, -1])}  # fmt: skip


def _grouping(name: str, together: Array) -> dict[str, Array]:
    """Return the groups at the first and last checkpoint, the most, and how they changed."""
    counts = groups.count(together)
    found = [counts[:, 0], counts.max(axis=1), counts[:, -1], *groups.changes(together)]
    names = ("first", "most", "last", "splits", "merges")
    return {f"{name}_{part}": values.astype(np.int32)
            for part, values in zip(names, found, strict=True)}  # fmt: skip
