"""A block: what LANES networks carry through training, a network in each SIMD lane.

The plain arrays that the compiled training step works on; nothing here needs the compiler.
"""

from typing import Any, NamedTuple

import numpy as np

from symbreak.dropout import DROPOUTS
from symbreak.networks import network_widths, parameter_count
from symbreak.settings import Setting

Array = Any

LANES = 16
CHUNK = 24  # rows that pass at once: few enough for the cache, many enough to fill registers
CACHE_BYTES = 500_000  # of a chunk of wide layers, at most: a part of the second-level cache
NOWHERE, INPUT, HIDDEN, WEIGHTS = range(4)
PLACES = {"nowhere": NOWHERE, "input": INPUT, "hidden": HIDDEN, "weights": WEIGHTS}


class Block(NamedTuple):
    """What LANES networks carry through training, and room to work in.

    ``weights``, ``used`` (after DropConnect), ``gradient``, ``mask`` and ``moved`` are
    [parameter][lane] in the layout of ``networks.py``; ``memory`` is the optimizer's,
    [2][parameter][lane]. ``outputs`` and ``slopes`` are [layer][unit][row][lane], layer 0 being the
    inputs. ``optimizer`` holds its parameters and their powers in float64, [2][parameter], and
    ``scalars`` the same in the training dtype.
    """

    weights: Array
    memory: Array
    used: Array
    gradient: Array
    mask: Array
    outputs: Array
    slopes: Array
    noise: Array
    folded: Array
    bounds: Array
    grid: Array
    labels: Array
    order: Array
    words: Array
    moved: Array
    rate: Array
    decay: Array
    no_decay: Array
    order_keys: Array
    noise_keys: Array
    optimizer: Array
    scalars: Array
    dropout: Array


class Plan(NamedTuple):
    """What all networks of a block share: ``batch`` rows a step, dropout's place, and 0 or 1 each
    for shuffled batches, biases, and a mask that all units share.
    """

    seed: np.uint64
    batch: int
    shuffled: int
    has_bias: int
    place: int
    shared: int


def new_block(setting: Setting, inputs: int, rows: int, batch: int) -> Block:
    """Return a block with room for chunks of a batch; everything zero."""
    dtype = np.dtype(setting.dtype)
    widths = network_widths(inputs, setting.hidden)
    count, widest, layers = parameter_count(widths), max(widths), len(widths)
    values = len(setting.optimizer.values)
    chunk = chunk_rows(widths, dtype.itemsize, batch)
    words = max(widest * chunk, count, rows) + 4

    def zeros(*shape: int, of: Any = dtype) -> Array:
        return np.zeros((*shape, LANES), of)

    return Block(
        weights=zeros(count), memory=zeros(2, count), used=zeros(count), gradient=zeros(count),
        mask=zeros(count), outputs=zeros(layers, widest, chunk),
        slopes=zeros(layers, widest, chunk), noise=zeros(widest, chunk),
        folded=zeros(layers, widest * widest), bounds=zeros(2 * layers, widest),
        grid=zeros(2), labels=zeros(chunk), order=zeros(rows, of=np.int64),
        words=zeros(words, of=np.uint64),
        moved=zeros(count), rate=zeros(), decay=zeros(), no_decay=zeros(),
        order_keys=zeros(of=np.uint64), noise_keys=zeros(of=np.uint64),
        optimizer=np.ones((2, values)),
        scalars=np.ones((2, values), dtype), dropout=np.array(setting.dropout.values, np.float64),
    )  # fmt: skip


def chunk_rows(widths: tuple[int, ...], itemsize: int, batch: int) -> int:
    """Return how many rows pass at once, a multiple of 4."""
    row = (2 * sum(widths) + 6) * LANES * itemsize
    return min(CHUNK, max(4, CACHE_BYTES // row // 4 * 4), (batch + 3) // 4 * 4)


def new_plan(setting: Setting, seed: int, batch: int, place: int, shuffled: bool) -> Plan:
    """Return what the networks of a setting share."""
    shared = bool(DROPOUTS[setting.dropout.name].facts["shared"])
    has_bias = setting.bias.name != "none"
    return Plan(np.uint64(seed), batch, int(shuffled), int(has_bias), place, int(shared))
