"""The compiled engine: networks of one setting in blocks, a replicate in each SIMD lane.

The step is compiled (``step.py``); here blocks are laid out, run and read back. Bits are those of
the reference (``trainer.py``).
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from symbreak import machine, streams
from symbreak.block import LANES, decays, new_block, new_plan
from symbreak.dropout import DROPOUTS
from symbreak.networks import network_widths
from symbreak.settings import Setting

KINDS = ("activation", "optimizer", "dropout")  # of components that are compiled


def blocks(count: int, batch: int) -> Iterator[np.ndarray]:
    """Yield the indices of the networks of each block: LANES of them, or a single one.

    Where too few networks are left to fill the lanes, each has its rows in the lanes instead,
    which costs about a third more a row.
    """
    for first in range(0, count, LANES):
        lanes = np.arange(first, min(first + LANES, count))
        if 4 * len(lanes) * -(-batch // LANES) < 3 * batch:
            yield from lanes[:, None]
        else:
            yield lanes


def filled(lanes: np.ndarray) -> np.ndarray:
    """Return the indices of a block's networks, a lane each; the last one fills what is left."""
    return lanes[np.minimum(np.arange(LANES), len(lanes) - 1)]


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
    (rows, inputs), columns = x.shape, np.ascontiguousarray(x.T, setting.dtype)
    y = np.ascontiguousarray(y, setting.dtype)
    batch = min(setting.batch_size or rows, rows)
    components, constants = loops(setting), decays(setting, inputs)
    widths = np.array(network_widths(inputs, setting.hidden))
    weights = np.empty((len(parameters), len(stops), parameters.shape[1]), setting.dtype)
    scores = np.zeros((2, LANES))  # of steps that evaluate: none here
    moved = np.empty(parameters.shape, bool)
    for networks in blocks(len(parameters), batch):
        single, lanes = len(networks) == 1, filled(networks)
        plan = new_plan(setting, seed, batch, single, evaluates=False)
        block = new_block(setting, inputs, rows, batch, single)
        put(block.weights, parameters[lanes], single)
        for array, constant in zip((block.decay, block.trained), constants, strict=True):
            put(array, np.broadcast_to(constant, (LANES, *constant.shape)), single)
        block.rate[:] = setting.learning_rate
        block.optimizer[0] = setting.optimizer.values
        block.order_keys[:] = streams.stream_key(replicates[lanes], streams.ORDER)
        block.noise_keys[:] = streams.stream_key(replicates[lanes], streams.DROPOUT)
        for c, (start, stop) in enumerate(zip([0, *stops[:-1]], stops, strict=True)):
            step = (block, plan, widths, columns, y, int(start), int(stop), scores)
            machine.call("run", setting.dtype, *components, *step)
            weights[networks, c] = taken(block.weights, weights.shape[-1], networks)
        moved[networks] = taken(block.moved, weights.shape[-1], networks) != 0
    return weights, moved


def put(array: np.ndarray, parameters: np.ndarray, single: bool) -> None:
    """Bring parameters [lane, p] into a block's array, [p][lane] or, of one network, in a row."""
    if single:
        array.reshape(-1)[: parameters.shape[1]] = parameters[0]
    else:
        array[:] = parameters.T


def taken(array: np.ndarray, count: int, networks: np.ndarray) -> np.ndarray:
    """Return a block's parameters [n, p], the inverse of ``put``."""
    if len(networks) == 1:
        return array.reshape(1, -1)[:, :count]
    return array.T[: len(networks)]


def losses(
    setting: Setting, parameters: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean cross-entropy (nats) and accuracy [n] of networks [n, p], without dropout."""
    (rows, inputs), columns = x.shape, np.ascontiguousarray(x.T, setting.dtype)
    y = np.ascontiguousarray(y, setting.dtype)
    plain = replace(setting, dropout=DROPOUTS.choose("none"), batch_size=None)
    plan = new_plan(plain, 0, rows, single=False, evaluates=True)
    components = loops(plain)
    widths = np.array(network_widths(inputs, setting.hidden))
    block = new_block(plain, inputs, rows, rows, single=False)
    sums = np.empty((2, len(parameters)))
    for first in range(0, len(parameters), LANES):
        lanes = filled(np.arange(first, min(first + LANES, len(parameters))))
        block.weights[:] = parameters[lanes].T
        scores = np.zeros((2, LANES))
        step = (block, plan, widths, columns, y, 0, 1, scores)
        machine.call("run", setting.dtype, *components, *step)
        sums[:, lanes] = scores
    return sums[0] / rows, sums[1] / rows


def loops(setting: Setting) -> tuple[int, int, int]:
    """Return the addresses of a setting's compiled loops, in the order of ``KINDS``.

    Raises NotCompiled (``machine.py``) where a component is for NumPy only.
    """
    activation, optimizer, dropout = (
        machine.address(f"{kind}-{getattr(setting, kind).name}", setting.dtype) for kind in KINDS
    )
    return activation, optimizer, dropout
