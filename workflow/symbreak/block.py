"""A block: what LANES networks carry through training, a network in each SIMD lane.

The plain arrays that the compiled training step works on; nothing here needs the compiler.
"""

from typing import Any, NamedTuple

import numpy as np

from symbreak.dropout import DROPOUTS
from symbreak.networks import network_widths, parameter_count, split_layers
from symbreak.settings import Setting

Array = Any

LANES = 16
TURN = 8  # units that lie in the lanes together for the row sums of a single network
CHUNK = 24  # rows that pass at once: few enough for the cache, many enough to fill registers
CACHE_BYTES = 500_000  # of a chunk of wide layers, at most: a part of the second-level cache
CACHE_LINE = 64  # bytes
NOWHERE, INPUT, HIDDEN, WEIGHTS = range(4)
PLACES = {"nowhere": NOWHERE, "input": INPUT, "hidden": HIDDEN, "weights": WEIGHTS}


class Block(NamedTuple):
    """What LANES networks carry through training, and room to work in.

    ``weights``, ``gradient``, ``moved``, ``decay`` and ``trained`` (0 for a bias that a setting has
    not) are [parameter][lane] in the layout of ``networks.py``, ``memory`` is the optimizer's,
    [2][parameter][lane]; for a single network the parameters fill the lanes one after the other.
    ``used`` (the weights, after DropConnect) and ``mask`` are [parameter][lane] always.
    ``outputs`` and ``slopes`` are [layer][unit][row][lane], layer 0 being the inputs.
    ``optimizer`` holds its parameters and their powers in float64, [2][parameter], and
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
    calls: Array
    turned: Array
    sums: Array
    moved: Array
    rate: Array
    decay: Array
    trained: Array
    order_keys: Array
    noise_keys: Array
    optimizer: Array
    scalars: Array
    dropout: Array


class Plan(NamedTuple):
    """What all networks of a block share: ``batch`` rows a step, dropout's place, and 0 or 1 each
    for shuffled batches, a mask that all units share, a single network, losses instead of training,
    and biases.
    """

    seed: np.uint64
    batch: int
    shuffled: int
    place: int
    shared: int
    single: int
    evaluates: int
    has_bias: int


def new_block(setting: Setting, inputs: int, rows: int, batch: int, single: bool) -> Block:
    """Return a block with room for chunks of a batch; everything zero but what a setting says.

    ``single``: for one network, with its rows in the lanes.
    """
    dtype = np.dtype(setting.dtype)
    widths = network_widths(inputs, setting.hidden)
    count, widest, layers = parameter_count(widths), max(widths), len(widths)
    values = len(setting.optimizer.values)
    chunk = chunk_rows(widths, dtype.itemsize, -(-batch // LANES) if single else batch)
    words = max(widest * chunk, count, rows) + 4
    vectors = widest // TURN + 1 if single else 0
    room = -(-widest // TURN) * TURN if single else widest
    state = -(-count // LANES) if single else count

    def zeros(*shape: int, of: Any = dtype) -> Array:
        return aligned((*shape, LANES), of)

    return Block(
        weights=zeros(state), memory=zeros(2, state), used=zeros(count), gradient=zeros(state),
        mask=zeros(count), outputs=zeros(layers, room, chunk),
        slopes=zeros(layers, room, chunk), noise=zeros(widest, chunk),
        folded=zeros(layers, widest * widest), bounds=zeros(2 * layers, widest),
        grid=zeros(8), labels=zeros(chunk), order=zeros(rows, of=np.int64),
        words=zeros(words, of=np.uint64), calls=aligned((4, words * LANES // 4), np.uint64),
        turned=aligned((chunk * LANES, vectors, TURN), dtype),
        sums=aligned((layers, widest + 1, vectors, TURN), dtype),
        moved=zeros(state), rate=zeros(), decay=zeros(state), trained=zeros(state),
        order_keys=zeros(of=np.uint64), noise_keys=zeros(of=np.uint64),
        optimizer=np.ones((2, values)),
        scalars=np.ones((2, values), dtype), dropout=np.array(setting.dropout.values, np.float64),
    )  # fmt: skip


def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return zeros that start at a cache line: a vector across two lines costs twice."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.zeros(size + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + size].view(dtype).reshape(shape)


def chunk_rows(widths: tuple[int, ...], itemsize: int, batch: int) -> int:
    """Return how many rows pass at once, a multiple of 4."""
    row = (2 * sum(widths) + 6) * LANES * itemsize
    return min(CHUNK, max(4, CACHE_BYTES // row // 4 * 4), (batch + 3) // 4 * 4)


def new_plan(setting: Setting, seed: int, batch: int, single: bool, evaluates: bool) -> Plan:
    """Return what the networks of a block share."""
    facts = DROPOUTS[setting.dropout.name].facts
    return Plan(
        seed=np.uint64(seed), batch=batch, shuffled=int(setting.batch_size is not None),
        place=PLACES[facts["place"]], shared=int(facts["shared"]), single=int(single),
        evaluates=int(evaluates), has_bias=int(setting.has_biases),
    )  # fmt: skip


def decays(setting: Setting, inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each parameter's weight decay [p], and 1 where it is trained, else 0 [p]."""
    widths = network_widths(inputs, setting.hidden)
    decay = np.zeros(parameter_count(widths), setting.dtype)
    trained = np.ones_like(decay)
    for weights, _ in split_layers(decay, widths):
        weights[:] = setting.weight_decay
    for _, biases in split_layers(trained, widths):
        biases[:] = setting.has_biases
    return decay, trained
