"""The compiled engine: networks of one setting in blocks, a replicate in each SIMD lane.

The step is compiled (``step.py``); here blocks are laid out, run and read back. Bits are those of
the reference (``trainer.py``).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from symbreak import streams
from symbreak.activations import ACTIVATIONS
from symbreak.dropout import DROPOUTS
from symbreak.lanes import LANES
from symbreak.loops import kernel
from symbreak.networks import network_widths, parameter_count
from symbreak.optimizers import OPTIMIZERS
from symbreak.settings import Setting
from symbreak.step import NOWHERE, PLACES, Block, Plan, evaluate, run

Array = Any
CACHE_BYTES = 200_000  # of a chunk: well inside the second-level cache, few chunks a step


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
        logit=zeros(1, chunk), largest=zeros(chunk), grid=zeros(chunk), labels=zeros(chunk),
        error=zeros(chunk), order=zeros(rows, of=np.int64), words=zeros(words, of=np.uint64),
        moved=zeros(count), rate=zeros(), decay=zeros(), order_keys=zeros(of=np.uint64),
        noise_keys=zeros(of=np.uint64), optimizer=np.ones((2, values)),
        scalars=np.ones((2, values), dtype), dropout=np.array(setting.dropout.values, np.float64),
    )  # fmt: skip


def chunk_rows(widths: tuple[int, ...], itemsize: int, batch: int) -> int:
    """Return how many rows pass at once: a multiple of 4 that the first-level cache holds."""
    row = (2 * sum(widths) + 6) * LANES * itemsize
    return min(max(4, CACHE_BYTES // row // 4 * 4), (batch + 3) // 4 * 4)


def blocks(parameters: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the indices of LANES networks at a time; the last ones repeat the last network."""
    count = len(parameters)
    for first in range(0, count, LANES):
        yield np.minimum(np.arange(first, first + LANES), count - 1)


def new_plan(setting: Setting, seed: int, batch: int, place: int, shuffled: bool) -> Plan:
    """Return what the networks of a setting share."""
    shared = bool(DROPOUTS[setting.dropout.name].facts["shared"])
    return Plan(np.uint64(seed), batch, shuffled, setting.bias.name != "none", place, shared)


def train(
    setting: Setting,
    parameters: np.ndarray,
    replicates: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    seed: int,
    stops: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights [n, c, p] after each number of steps in ``stops`` [c], and moved [n, p].

    ``parameters`` [n, p] are the networks' starts and ``replicates`` [n] their streams; x [b, d]
    and y [b] are the training rows. Bits are those of ``trainer.train``.
    """
    rows, inputs = x.shape
    batch = min(setting.batch_size or rows, rows)
    place = PLACES[DROPOUTS[setting.dropout.name].facts["place"]]
    plan = new_plan(setting, seed, batch, place, setting.batch_size is not None)
    loops = kernels(setting)
    widths = np.array(network_widths(inputs, setting.hidden))
    weights = np.empty((len(parameters), len(stops), parameters.shape[1]), setting.dtype)
    moved = np.empty(parameters.shape, bool)
    for lanes in blocks(parameters):
        block = new_block(setting, inputs, rows, batch)
        block.weights[:] = parameters[lanes].T
        block.rate[:], block.decay[:] = setting.learning_rate, setting.weight_decay
        block.optimizer[0] = setting.optimizer.values
        block.order_keys[:] = streams.stream_key(replicates[lanes], streams.ORDER)
        block.noise_keys[:] = streams.stream_key(replicates[lanes], streams.DROPOUT)
        for c, (start, stop) in enumerate(zip([0, *stops[:-1]], stops, strict=True)):
            run(*loops, block, plan, widths, x, y, start, stop)
            weights[lanes, c] = block.weights.T
        moved[lanes] = block.moved.T != 0
    return weights, moved


def losses(
    setting: Setting, parameters: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean cross-entropy (nats) and accuracy [n] of networks [n, p], without dropout."""
    rows, inputs = x.shape
    plan = new_plan(setting, 0, rows, NOWHERE, shuffled=False)
    activate, _, fill = kernels(setting)
    widths = np.array(network_widths(inputs, setting.hidden))
    block = new_block(setting, inputs, rows, rows)
    sums = np.empty((2, len(parameters)))
    for lanes in blocks(parameters):
        block.weights[:] = parameters[lanes].T
        total = np.zeros((2, LANES))
        evaluate(activate, fill, block, plan, widths, x, y, total[0], total[1])
        sums[:, lanes] = total
    return sums[0] / rows, sums[1] / rows


def kernels(setting: Setting) -> tuple[Any, Any, Any]:
    """Return the compiled loops of a setting: activation, optimizer, dropout."""
    return (
        kernel(ACTIVATIONS[setting.activation.name], setting.dtype),
        kernel(OPTIMIZERS[setting.optimizer.name], setting.dtype),
        kernel(DROPOUTS[setting.dropout.name], setting.dtype),
    )
