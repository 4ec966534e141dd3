"""The compiled engine: networks of one setting in blocks, a replicate in each SIMD lane.

The step is compiled (``step.py``); here blocks are laid out, run and read back. Bits are those of
the reference (``trainer.py``).
"""

from collections.abc import Iterator

import numpy as np

from symbreak import machine, streams
from symbreak.block import LANES, NOWHERE, PLACES, new_block, new_plan
from symbreak.dropout import DROPOUTS
from symbreak.networks import network_widths
from symbreak.settings import Setting


def blocks(parameters: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the indices of LANES networks at a time; the last ones repeat the last network."""
    count = len(parameters)
    for first in range(0, count, LANES):
        yield np.minimum(np.arange(first, first + LANES), count - 1)


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
    components = loops(setting)
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
            step = (block, plan, widths, x, y, int(start), int(stop))
            machine.call("run", setting.dtype, *components, *step)
            weights[lanes, c] = block.weights.T
        moved[lanes] = block.moved.T != 0
    return weights, moved


def losses(
    setting: Setting, parameters: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean cross-entropy (nats) and accuracy [n] of networks [n, p], without dropout."""
    rows, inputs = x.shape
    plan = new_plan(setting, 0, rows, NOWHERE, shuffled=False)
    activate, _, fill = loops(setting)
    widths = np.array(network_widths(inputs, setting.hidden))
    block = new_block(setting, inputs, rows, rows)
    sums = np.empty((2, len(parameters)))
    for lanes in blocks(parameters):
        block.weights[:] = parameters[lanes].T
        total = np.zeros((2, LANES))
        step = (block, plan, widths, x, y, total[0], total[1])
        machine.call("evaluate", setting.dtype, activate, fill, *step)
        sums[:, lanes] = total
    return sums[0] / rows, sums[1] / rows


def loops(setting: Setting) -> tuple[int, int, int]:
    """Return the addresses of a setting's compiled loops: activation, optimizer, dropout."""
    activation, optimizer, dropout = (
        machine.address(f"{kind}-{getattr(setting, kind).name}", setting.dtype)
        for kind in ("activation", "optimizer", "dropout")
    )
    return activation, optimizer, dropout
