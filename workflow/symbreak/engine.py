"""The compiled engine: the reference's training step (``trainer.py``) for LANES networks at once.

Networks of one setting are trained in blocks, a replicate a lane. Activation, optimizer and dropout
come in as pointers to compiled loops, so each is compiled once a precision and not once for every
combination of them.
"""

import types as python_types
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types

from symbreak import phases, streams
from symbreak.activations import ACTIVATIONS
from symbreak.arithmetic import like
from symbreak.components import Component
from symbreak.dropout import DROPOUTS
from symbreak.lanes import LANES, LaneCompiler
from symbreak.networks import network_widths, parameter_count
from symbreak.optimizers import OPTIMIZERS
from symbreak.settings import Setting

Array = Any
component: Any = None  # what ``kernel`` puts in place of this name

NOWHERE, INPUT, HIDDEN, WEIGHTS = range(4)
PLACES = {"nowhere": NOWHERE, "input": INPUT, "hidden": HIDDEN, "weights": WEIGHTS}
WEIGHT_LAYER = 63  # the layer word of DropConnect's draws; hidden layers count from 1
CACHE_BYTES = 200_000  # of a chunk: well inside the second-level cache, few chunks a step


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
    logit: Array
    largest: Array
    grid: Array
    labels: Array
    error: Array
    order: Array
    words: Array
    moved: Array
    rate: Array
    decay: Array
    order_keys: Array
    noise_keys: Array
    optimizer: Array
    scalars: Array
    dropout: Array


class Plan(NamedTuple):
    """What all networks of a block share: ``batch`` rows a step, dropout's place, layer widths."""

    seed: Any
    batch: int
    shuffled: bool
    has_bias: bool
    place: int
    shared: bool


def activate(a: Array, slopes: Array, units: int, rows: int) -> None:
    """Replace pre-activations [unit][row][lane] by activations; fill in the slopes."""
    for u in range(units):
        for r in range(rows):
            for l in range(LANES):
                a[u, r, l], slopes[u, r, l] = component(a[u, r, l])


def fill(words: Array, noise: Array, p: Array, each: int, units: int, rows: int) -> None:
    """Turn words [row * each][lane] into multipliers [unit][row][lane]; each is units or 1."""
    for u in range(each):
        for r in range(rows):
            for l in range(LANES):
                noise[u, r, l] = component(words[r * each + u, l], p)
    for u in range(each, units):
        for r in range(rows):
            for l in range(LANES):
                noise[u, r, l] = noise[0, r, l]


def update(weights: Array, gradient: Array, memory: Array, moved: Array, rate: Array, decay: Array,
           scalars: Array, start: int, stop: int) -> None:  # fmt: skip
    """Add weight decay, take the optimizer's step, and note which parameters changed."""
    for p in range(start, stop):
        for l in range(LANES):
            w = weights[p, l]
            new, memory[0, p, l], memory[1, p, l] = component(
                w, gradient[p, l] + decay[l] * w, memory[0, p, l], memory[1, p, l], rate[l],
                scalars[0], scalars[1],
            )  # fmt: skip
            moved[p, l] = moved[p, l] if new == w else like(w, 1.0)
            weights[p, l] = new


@numba.njit(cache=True)
def layer(parameters: Array, widths: Array, k: int) -> tuple[Array, Array]:
    """Return the weights [unit][input][lane] and biases [unit][lane] of layer k (from 1)."""
    start = 0
    for j in range(1, k):
        start += widths[j] * (widths[j - 1] + 1)
    units, inputs = widths[k], widths[k - 1]
    middle = start + units * inputs
    weights = parameters[start:middle].reshape(units, inputs, LANES)
    return weights, parameters[middle : middle + units]


@numba.njit(cache=True)
def fetch(block: Block, plan: Plan, x: Array, y: Array, first: int, rows: int, padded: int) -> None:
    """Bring the rows ``first`` on into block.outputs[0] and block.labels."""
    inputs, labels = block.outputs[0], block.labels
    if plan.shuffled:
        phases.gather_shuffled(x, y, inputs, labels, block.order, first, rows)
    else:
        phases.gather(x, y, inputs, labels, first, rows)
    phases.pad(inputs, labels, x.shape[1], rows, padded)


@numba.njit(cache=True)
def draw_noise(fill: Any, block: Block, plan: Plan, k: int, units: int, first: int, rows: int,
               padded: int, t: int) -> None:  # fmt: skip
    """Fill block.noise [unit][row][lane] with the multipliers of layer k's chunk at step t."""
    each = 1 if plan.shared else units
    step = np.uint64(t) * np.uint64(64) + np.uint64(k)
    phases.draw_words(block.words, plan.seed, block.noise_keys, first * each, rows * each, step)
    fill(block.words, block.noise, block.dropout, each, units, rows)


@numba.njit(cache=True)
def forward(activate: Any, fill: Any, block: Block, plan: Plan, widths: Array, first: int,
            rows: int, padded: int, t: int) -> None:  # fmt: skip
    """Run a chunk from the inputs to the output's error; keeps outputs and slopes by layer."""
    last = widths.shape[0] - 1
    if plan.place == INPUT:
        draw_noise(fill, block, plan, 0, widths[0], first, rows, padded, t)
        phases.multiply(block.outputs[0], block.noise, widths[0], rows)
    for k in range(1, last):
        weights, bias = layer(block.used, widths, k)
        a, slopes = block.outputs[k], block.slopes[k]
        if k == 1:
            phases.sum_inputs(weights, bias, block.outputs[0], a, padded)
        else:
            below = block.outputs[k - 1]
            phases.largest_of(below, block.largest, widths[k - 1], padded)
            phases.sum_units(weights, block.bounds[k], below, block.largest, block.grid, a, padded)
            phases.add_bias(a, bias, padded)
        activate(a, slopes, widths[k], padded)
        if plan.place == HIDDEN:
            draw_noise(fill, block, plan, k, widths[k], first, rows, padded, t)
            phases.multiply(a, block.noise, widths[k], rows)
            phases.multiply(slopes, block.noise, widths[k], rows)
    weights, bias = layer(block.used, widths, last)
    below = block.outputs[last - 1]
    phases.largest_of(below, block.largest, widths[last - 1], padded)
    phases.sum_units(
        weights, block.bounds[last], below, block.largest, block.grid, block.logit, padded
    )
    phases.add_bias(block.logit, bias, padded)
    phases.output_error(block.logit, block.labels, block.error, rows, padded)


@numba.njit(cache=True)
def backward(block: Block, widths: Array, padded: int) -> None:
    """Add a chunk's row sums to the gradient; deltas take the place of the slopes."""
    last = widths.shape[0] - 1
    outgoing, out_bias = layer(block.gradient, widths, last)
    top = last - 1
    error = block.error.reshape(1, block.error.shape[0], LANES)
    phases.add_rows(out_bias, error, 1, padded)
    phases.add_gradient(outgoing, error, block.outputs[top], padded)
    phases.multiply_rows(block.slopes[top], block.error, widths[top], padded)
    for k in range(top, 0, -1):
        weights, bias = layer(block.gradient, widths, k)
        phases.add_rows(bias, block.slopes[k], widths[k], padded)
        phases.add_gradient(weights, block.slopes[k], block.outputs[k - 1], padded)
        if k > 1:
            folded = block.folded[k, : widths[k - 1] * widths[k]].reshape(
                widths[k - 1], widths[k], LANES
            )
            room = block.noise
            phases.largest_of(block.slopes[k], block.largest, widths[k], padded)
            phases.sum_units(
                folded, block.bounds[widths.shape[0] + k], block.slopes[k], block.largest,
                block.grid, room, padded,
            )  # fmt: skip
            phases.multiply(block.slopes[k - 1], room, widths[k - 1], padded)


@numba.njit(cache=True)
def prepare(fill: Any, block: Block, plan: Plan, widths: Array, t: int) -> None:
    """Start a step: DropConnect's mask, bounds of the sums over units, folded weights."""
    block.gradient[:] = 0
    block.used[:] = block.weights
    last = widths.shape[0] - 1
    if plan.place == WEIGHTS:
        count = block.weights.shape[0]
        step = np.uint64(t) * np.uint64(64) + np.uint64(WEIGHT_LAYER)
        phases.draw_words(block.words, plan.seed, block.noise_keys, 0, count, step)
        mask = block.mask.reshape(1, count, LANES)
        fill(block.words, mask, block.dropout, 1, 1, count)
        for k in range(1, last + 1):
            _, bias = layer(block.mask, widths, k)
            bias[:] = 1
        used = block.used.reshape(1, count, LANES)
        phases.multiply(used, mask, 1, count)
    outgoing, _ = layer(block.used, widths, last)
    phases.bound_rows(outgoing, block.bounds[last])
    for k in range(2, last):
        weights, _ = layer(block.used, widths, k)
        phases.bound_rows(weights, block.bounds[k])
        folded = block.folded[k, : widths[k - 1] * widths[k]].reshape(
            widths[k - 1], widths[k], LANES
        )
        phases.fold(weights, outgoing[0], folded, k == last - 1)
        phases.bound_rows(folded, block.bounds[widths.shape[0] + k])


@numba.njit(cache=True)
def apply(update: Any, block: Block, plan: Plan, widths: Array, rows: int) -> None:
    """Finish a step: outgoing weights, the mean over rows, weight decay and the optimizer."""
    last = widths.shape[0] - 1
    outgoing, _ = layer(block.used, widths, last)
    weights, bias = layer(block.gradient, widths, last - 1)
    phases.scale_units(weights, outgoing[0])
    phases.scale_units(bias.reshape(widths[last - 1], 1, LANES), outgoing[0])
    phases.finish_gradient(block.gradient, block.mask, rows, plan.place == WEIGHTS)
    block.optimizer[1] *= block.optimizer[0]
    for i in range(2):
        for j in range(block.optimizer.shape[1]):
            block.scalars[i, j] = block.optimizer[i, j]
    start = 0
    for k in range(1, last + 1):
        middle = start + widths[k] * widths[k - 1]
        stop = middle + widths[k]
        update(block.weights, block.gradient, block.memory, block.moved, block.rate, block.decay,
               block.scalars, start, middle)  # fmt: skip
        if plan.has_bias:
            update(block.weights, block.gradient, block.memory, block.moved, block.rate,
                   0 * block.decay, block.scalars, middle, stop)  # fmt: skip
        start = stop


@numba.njit(cache=True)
def run(activate: Any, update: Any, fill: Any, block: Block, plan: Plan, widths: Array, x: Array,
          y: Array, start: int, stop: int) -> None:  # fmt: skip
    """Take the steps ``start`` to ``stop`` (the first step is 0) of one block."""
    count = x.shape[0]
    each_epoch = (count + plan.batch - 1) // plan.batch
    chunk = block.error.shape[0]
    for t in range(start, stop):
        begin = (t % each_epoch) * plan.batch
        end = min(begin + plan.batch, count)
        if plan.shuffled and (begin == 0 or t == start):
            epoch = np.uint64(t // each_epoch)
            phases.draw_words(block.words, plan.seed, block.order_keys, 0, count, epoch)
            phases.shuffle(block.order, block.words, count)
        prepare(fill, block, plan, widths, t)
        for first in range(begin, end, chunk):
            rows = min(chunk, end - first)
            padded = rows + rows % 2
            fetch(block, plan, x, y, first, rows, padded)
            forward(activate, fill, block, plan, widths, first - begin, rows, padded, t)
            backward(block, widths, padded)
        apply(update, block, plan, widths, end - begin)


@numba.njit(cache=True)
def evaluate(activate: Any, fill: Any, block: Block, plan: Plan, widths: Array, x: Array, y: Array,
             loss: Array, right: Array) -> None:  # fmt: skip
    """Add up loss[lane] and right[lane] (correct rows) over all rows, without dropout."""
    prepare(fill, block, plan, widths, 0)
    for first in range(0, x.shape[0], block.error.shape[0]):
        rows = min(block.error.shape[0], x.shape[0] - first)
        padded = rows + rows % 2
        fetch(block, plan, x, y, first, rows, padded)
        forward(activate, fill, block, plan, widths, 0, rows, padded, 0)
        phases.add_loss(block.logit, block.labels, loss, right, rows)


FLOATS = {"float64": types.float64, "float32": types.float32}
WORDS = types.Array(types.uint64, 2, "C")


def signature(kind: str, dtype: str) -> Any:
    """Return the machine signature of a component's loop."""
    a1, a2, a3 = (types.Array(FLOATS[dtype], n, "C") for n in (1, 2, 3))
    whole = types.int64
    arguments = {
        "activation": (a3, a3, whole, whole),
        "dropout": (WORDS, a3, types.float64[::1], whole, whole, whole),
        "optimizer": (a2, a2, a3, a2, a1, a1, a2, whole, whole),
    }
    return types.void(*arguments[kind])


@cache
def kernel(component: Component, dtype: str) -> Any:
    """Compile a component's loop over lanes for a precision; what comes back is a pointer to it.

    The loop is copied under a name of its own: the cache of compiled code goes by names.
    """
    loop = {"activation": activate, "dropout": fill, "optimizer": update}[component.kind]
    name = f"{loop.__name__}_{component.name}"
    copy = python_types.FunctionType(
        loop.__code__, {**globals(), "component": component.function}, name
    )
    copy.__qualname__ = name
    compile_ = numba.cfunc(signature(component.kind, dtype), cache=True, error_model="numpy",
                           pipeline_class=LaneCompiler)  # fmt: skip
    return compile_(copy)


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
