"""What is measured of hidden units: pairwise distances, distinct units, functional sameness.

A neuron vector is a unit's incoming weights, its bias and its outgoing weights. Only IEEE basic
operations in a written order are used, so tables have the same bytes on every CPU. Letters:
n networks, r replicates, c checkpoints, u units, k the length of a vector, b rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from symbreak import trainer
from symbreak.networks import Trained, networks_at_once, neuron_vectors, split_layers
from symbreak.settings import COLUMNS, Setting

Array = np.ndarray

BLOCK = 2_500  # numbers that are added as a block of rows; more go row by row, in place


def distances(trained: Iterable[Trained]) -> pd.DataFrame:
    """Return a row a pair of units, by setting, replicate, layer and checkpoint.

    ``l2_*`` in units of weight, ``cosine_*`` as 1 - cosine (0 same direction, 2 opposite, NaN where
    a vector is zero), each for the incoming weights with the bias, the outgoing weights, and both.
    """
    settings, parts = [], []
    for network in trained:
        for layer in hidden_layers(network):
            settings.append(network.setting)
            parts.append(_layer_distances(network, layer))
    index = np.repeat(np.arange(len(parts)), [len(part["layer"]) for part in parts])
    return by_setting(settings, index, stacked(parts))


def by_setting(settings: list[Setting], index: Array, columns: dict[str, Array]) -> pd.DataFrame:
    """Return a table of the columns of a setting, then these; row i is of setting index[i].

    The columns of the setting are categories: texts that repeat on every row would cost more time
    than what is measured.
    """
    records = pd.DataFrame([setting.record() for setting in settings]).astype("category")
    return pd.DataFrame({name: records[name].array.take(index) for name in COLUMNS} | columns)


def joined(parts: list[dict[str, Any]]) -> pd.DataFrame:
    """Return a table of the columns of each part, one part below the other."""
    return pd.DataFrame(stacked(parts))


def stacked(parts: Sequence[dict[str, Any]]) -> dict[str, Array]:
    """Return the columns of each part, one below the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def hidden_layers(trained: Trained) -> range:
    """Return the numbers of the hidden layers, from 1."""
    return range(1, len(trained.setting.hidden) + 1)


def _layer_distances(trained: Trained, layer: int) -> dict[str, Array]:
    vectors = neuron_vectors(trained.weights, trained.widths, layer).astype(np.float64)
    units, incoming = vectors.shape[-2], trained.widths[layer - 1] + 1
    pairs = np.array(list(combinations(range(units), 2)))
    spans = {"incoming": slice(0, incoming), "outgoing": slice(incoming, None),
             "whole": slice(None)}  # fmt: skip
    replicates, checkpoints = vectors.shape[:2]
    shape = (replicates, checkpoints, len(pairs))
    index: dict[str, Any] = {
        "replicate": trained.replicates[:, None, None],
        "layer": layer,
        "step": trained.steps[None, :, None],
        "unit_a": pairs[None, None, :, 0] + 1,
        "unit_b": pairs[None, None, :, 1] + 1,
    }
    columns: dict[str, Array] = {
        name: np.broadcast_to(values, shape).ravel().astype(np.int32)
        for name, values in index.items()
    }
    for measure in (l2, cosine):
        for name, span in spans.items():
            a, b = (vectors[:, :, pairs[:, side], span] for side in (0, 1))
            columns[f"{measure.__name__}_{name}"] = measure(a, b).ravel()
    return columns


def dot(a: Array, b: Array) -> Array:
    """Return the sum over the last axis of a b, term by term in order."""
    total = np.zeros(np.broadcast_shapes(a.shape, b.shape)[:-1])
    for k in range(a.shape[-1]):
        total = total + a[..., k] * b[..., k]
    return total


def l2(a: Array, b: Array) -> Array:
    """Return the Euclidean distance of vectors [..., k]."""
    return np.sqrt(dot(a - b, a - b))


def cosine(a: Array, b: Array) -> Array:
    """Return 1 - cosine of vectors [..., k]; exactly 0 where they are equal, NaN where one is 0."""
    size = np.sqrt(dot(a, a)) * np.sqrt(dot(b, b))
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.clip(1.0 - dot(a, b) / size, 0.0, 2.0)
    same = (a == b).all(axis=-1) & (size > 0)
    return np.where(same, 0.0, value)


def distinct_units(vectors: Array) -> Array:
    """Return how many of the units of [n, u, k] differ bitwise [n]; -0 counts as 0."""
    units = vectors.shape[1]
    new = np.ones(vectors.shape[:2], bool)
    for u in range(1, units):
        same = (vectors[:, u, None] == vectors[:, :u]).all(axis=-1)
        new[:, u] = ~same.any(axis=1)
    return new.sum(axis=1)


def largest_distance(vectors: Array) -> Array:
    """Return the largest pairwise L2 distance of the units of [n, u, k], as [n]."""
    pairs = np.array(list(combinations(range(vectors.shape[1]), 2)))
    return l2(vectors[:, pairs[:, 0]], vectors[:, pairs[:, 1]]).max(axis=-1)


def least_correlation(setting: Setting, parameters: Array, widths: tuple[int, ...],
                      x: Array) -> Array:  # fmt: skip
    """Return the least |correlation| of two units' activations, [n, layers].

    Activations are those of ``activations``, over the rows x [b, d] of the training data. Two units
    that are constant there count as the same (1), a constant and a varying one as different (0).
    """
    parts = [
        np.stack([_least(*centred(a)) for a in layers], axis=-1)
        for layers in activations(setting, parameters, widths, x)
    ]
    return np.concatenate(parts)


def _least(z: Array, constant: Array) -> Array:
    return abs(correlations(row_products(z, z), constant)).min(axis=(1, 2))


def activations(setting: Setting, parameters: Array, widths: tuple[int, ...],
                x: Array) -> Iterator[list[Array]]:  # fmt: skip
    """Yield the activations of each hidden layer, [n, b, u] float64, a few networks at a time.

    They are without dropout and in exact arithmetic, over the rows x [b, d].
    """
    x, setting = x.astype(setting.dtype), replace(setting, arithmetic="exact")
    count, few = networks_at_once(widths, len(x))
    for first in range(0, len(parameters), count):
        chunk = parameters[first : first + count]
        parts = [_forward(setting, chunk[i : i + few], widths, x)
                 for i in range(0, len(chunk), few)]  # fmt: skip
        yield [np.concatenate(layer) for layer in zip(*parts, strict=True)]


def _forward(setting: Setting, parameters: Array, widths: tuple[int, ...],
             x: Array) -> list[Array]:  # fmt: skip
    """Return the activations of each hidden layer of all these networks at once."""
    stacked = np.broadcast_to(x, (len(parameters), *x.shape))
    with np.errstate(all="ignore"):
        outputs = trainer.forward(split_layers(parameters, widths), stacked, setting)[0][1:]
    return [a.astype(np.float64) for a in outputs]


def centred(a: Array) -> tuple[Array, Array]:
    """Return z, activations [n, b, u] less their mean over their largest, and which are constant.

    z is [b, u, n], rows first and networks last, where sums over rows are fast; the second is
    [n, u], and z of a constant unit is not a number. The division keeps squares from vanishing and
    from overflowing.
    """
    a = np.ascontiguousarray(a.transpose(1, 2, 0))
    constant = (a == a[0]).all(axis=0).T
    with np.errstate(all="ignore"):
        z = a - np.add.accumulate(a, axis=0)[-1] / len(a)
        return z / abs(z).max(axis=0), constant


def correlations(products: Array, constant: Array) -> Array:
    """Return the correlation of every two units, [n, u, u], from their ``row_products``.

    1 of a unit and itself and of two constant units, 0 of a constant and a varying unit, and where
    an activation is not finite.
    """
    size = products.diagonal(axis1=1, axis2=2)
    with np.errstate(all="ignore"):
        value = np.nan_to_num(products / np.sqrt(size[:, :, None] * size[:, None, :]))
    both = constant[:, :, None] & constant[:, None, :]
    one = constant[:, :, None] != constant[:, None, :]
    value = np.where(both, 1.0, np.where(one, 0.0, value))
    return np.where(np.eye(value.shape[2], dtype=bool), 1.0, value)


def row_products(a: Array, b: Array) -> Array:
    """Return the sums over rows of a_u b_v, in order: [n, u, v] of a [b, u, n] and b [b, v, n]."""
    total = np.zeros((a.shape[1], b.shape[1], a.shape[2]))
    block = max(1, BLOCK // max(1, total.size))
    with np.errstate(all="ignore"):
        for first in range(0, len(a), block):
            rows = slice(first, first + block)
            total = _in_order(total, a[rows, :, None] * b[rows, None])
    return np.ascontiguousarray(total.transpose(2, 0, 1))


def _in_order(total: Array, terms: Array) -> Array:
    """Return the total [...] with the terms [rows, ...] added to it, row by row."""
    if len(terms) == 1:
        return np.add(total, terms[0], out=total)
    terms[0] += total
    return np.add.accumulate(terms, axis=0)[-1]
