"""Trained networks: how parameters are laid out in one vector, and the file that keeps them.

A network's parameters are one vector: layer after layer, its weights [unit][input] and then its
biases [unit] (zeros for bias ``none``). Widths are (inputs, hidden widths ..., 1).
"""

import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

from symbreak.settings import Setting

Layer = tuple[np.ndarray, np.ndarray]  # weights [..., units, inputs], biases [..., units]

CHUNK = 1_000_000  # numbers that an array of activations may hold; at least one network's do
IN_CACHE = 40_000  # and those of the largest array of a forward pass: larger ones are half as fast
HELD = 30_000_000  # bytes that the weights of a part, or its distances, may take; one network's do
LANES = 16  # of a block (``block.py``): a part of several blocks holds whole ones
PAIR_BYTES = 100  # of a row of distances
ARRAYS = ("weights", "moved", "train_loss", "test_loss", "train_accuracy", "test_accuracy")


@dataclass(frozen=True)
class Trained:
    """Networks of one setting: r replicates at c checkpoints with p parameters each.

    They are all of the setting or a part of it, the replicates from ``first`` on.
    ``steps`` [c] counts the steps taken at each checkpoint, from 0; ``weights`` [r, c, p] in the
    dtype of the training, NaN throughout from the first checkpoint with a weight that is not
    finite; ``moved`` [r, p] tells which parameters changed their value in any step; losses (mean
    cross-entropy in nats) and accuracies are float64 [r, c], without dropout. ``blas`` names the
    library and kernel of ``blas`` arithmetic, whose bits are its own; it is empty for ``exact``.
    """

    setting: Setting
    inputs: int
    steps: np.ndarray
    weights: np.ndarray
    moved: np.ndarray
    train_loss: np.ndarray
    test_loss: np.ndarray
    train_accuracy: np.ndarray
    test_accuracy: np.ndarray
    blas: str = field(default="", kw_only=True)
    first: int = field(default=0, kw_only=True)

    @property
    def replicates(self) -> np.ndarray:
        """Return the numbers of the replicates [r]."""
        return np.arange(self.first, self.first + len(self.weights))

    @property
    def widths(self) -> tuple[int, ...]:
        """Return (inputs, hidden widths ..., 1)."""
        return network_widths(self.inputs, self.setting.hidden)


def network_widths(inputs: int, hidden: tuple[int, ...]) -> tuple[int, ...]:
    """Return (inputs, hidden widths ..., 1)."""
    return (inputs, *hidden, 1)


def parameter_count(widths: tuple[int, ...]) -> int:
    """Return the length of a parameter vector."""
    return sum(units * (inputs + 1) for inputs, units in pairwise(widths))


def largest_product(widths: tuple[int, ...]) -> int:
    """Return the numbers a row takes in the largest array of a forward pass: units x units below.

    Sums over the inputs need no such array.
    """
    return max([*widths, *(units * below for units, below in pairwise(widths[1:]))])


def networks_at_once(widths: tuple[int, ...], rows: int) -> tuple[int, int]:
    """Return how many networks are measured at once, and how many of them pass forward at once."""
    each = rows * max(widths), rows * largest_product(widths)
    return max(1, CHUNK // each[0]), max(1, IN_CACHE // each[1])


def split_layers(parameters: np.ndarray, widths: tuple[int, ...]) -> list[Layer]:
    """Return the layers of parameter vectors [..., p] as views, first hidden layer first."""
    layers, start = [], 0
    lead = parameters.shape[:-1]
    for inputs, units in pairwise(widths):
        middle = start + units * inputs
        stop = middle + units
        weights = parameters[..., start:middle].reshape(*lead, units, inputs)
        layers.append((weights, parameters[..., middle:stop]))
        start = stop
    return layers


def join_layers(layers: list[Layer]) -> np.ndarray:
    """Return parameter vectors [..., p] of layers (the inverse of ``split_layers``)."""
    flat = [part for w, b in layers for part in (w.reshape(*w.shape[:-2], -1), b)]
    return np.concatenate(flat, axis=-1)


def neuron_vectors(parameters: np.ndarray, widths: tuple[int, ...], layer: int) -> np.ndarray:
    """Return [..., units, inputs + 1 + outgoing]: incoming weights, bias, outgoing weights.

    ``layer`` counts hidden layers from 1.
    """
    layers = split_layers(parameters, widths)
    incoming, bias = layers[layer - 1]
    outgoing = np.swapaxes(layers[layer][0], -1, -2)
    return np.concatenate([incoming, bias[..., None], outgoing], axis=-1)


def part_bytes(widths: tuple[int, ...], checkpoints: int) -> int:
    """Return the bytes that one network's weights take at all checkpoints, or its distances."""
    pairs = sum(comb(units, 2) for units in widths[1:-1])
    return checkpoints * max(8 * parameter_count(widths), PAIR_BYTES * pairs)


def part_size(widths: tuple[int, ...], checkpoints: int) -> int:
    """Return how many networks of a setting are trained, kept and measured at once."""
    size = max(1, HELD // part_bytes(widths, checkpoints))
    return size - size % LANES if size > LANES else size


def save(path: str | Path, trained: Iterable[Trained]) -> None:
    """Write networks as they come; the same networks give the same bytes. Holds one part."""
    records = []
    with zipfile.ZipFile(path, "w") as file:
        for i, part in enumerate(trained):
            extra = {"blas": part.blas, "first": part.first}
            known = {name: value for name, value in extra.items() if value}
            records.append(part.setting.record() | known)
            for name in ARRAYS:
                _put(file, f"{name}_{i}", getattr(part, name))
        _put(file, "records", np.frombuffer(json.dumps(records).encode(), np.uint8))
        _put(file, "inputs", np.array(part.inputs))
        _put(file, "steps", part.steps)


def _put(file: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    """Write an array as ``numpy.savez`` does; a member without a date."""
    with file.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, array, allow_pickle=False)


def parts(path: str | Path) -> Iterator[Trained]:
    """Yield the networks of a combination, those of a setting in one part or several."""
    with np.load(path, allow_pickle=False) as file:
        records = json.loads(file["records"].tobytes())
        inputs, steps = int(file["inputs"]), file["steps"]
        for i, record in enumerate(records):
            yield Trained(
                Setting.from_record(record),
                inputs,
                steps,
                *(file[f"{name}_{i}"] for name in ARRAYS),
                blas=record.get("blas", ""),
                first=record.get("first", 0),
            )


def load(path: str | Path) -> list[Trained]:
    """Return the networks of a combination, a setting each."""
    groups = groupby(parts(path), lambda part: part.setting)
    return [joined(list(several)) for _, several in groups]


def joined(several: list[Trained]) -> Trained:
    """Return the parts of a setting as one."""
    if len(several) == 1:
        return several[0]
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in several]) for name in ARRAYS
    }
    return replace(several[0], **arrays)
