"""The compiled training step: the reference's (``trainer.py``) for LANES networks at once.

Activation, optimizer and dropout come in as addresses of compiled loops (``loops.py``), so each
is compiled once a precision and not once for every combination of them.
"""

from typing import Any

import numpy as np

from symbreak import phases
from symbreak.block import HIDDEN, INPUT, LANES, WEIGHTS, Block, Plan
from symbreak.lanes import call, carray, phase, pointer

Array = Any

WEIGHT_LAYER = 63  # the layer word of DropConnect's draws; hidden layers count from 1


@phase
def layer(parameters: Array, widths: Array, k: int) -> tuple[Array, Array]:
    """Return the weights [unit][input][lane] and biases [unit][lane] of layer k (from 1)."""
    start = 0
    for j in range(1, k):
        start += widths[j] * (widths[j - 1] + 1)
    units, inputs = widths[k], widths[k - 1]
    middle = start + units * inputs
    weights = carray(pointer(parameters, start * LANES), (units, inputs, LANES))
    return weights, parameters[middle : middle + units]


@phase
def as_stack(rows: Array) -> Array:
    """Return [row][lane] as [1][row][lane], without a copy."""
    return carray(pointer(rows, 0), (1, rows.shape[0], LANES))


@phase
def folded_weights(block: Block, widths: Array, k: int) -> Array:
    """Return block.folded of layer k [input][unit][lane], without a copy."""
    start = k * block.folded.shape[1] * LANES
    return carray(pointer(block.folded, start), (widths[k - 1], widths[k], LANES))


@phase
def fetch(block: Block, plan: Plan, x: Array, y: Array, first: int, rows: int) -> None:
    """Bring the rows ``first`` on into block.outputs[0] and block.labels."""
    inputs, labels = block.outputs[0], block.labels
    if plan.shuffled:
        phases.gather_shuffled(x, y, inputs, labels, block.order, first, rows)
    else:
        phases.gather(x, y, inputs, labels, first, rows)


@phase
def draw_noise(fill: Any, block: Block, plan: Plan, k: int, units: int, first: int, rows: int,
               t: int) -> None:  # fmt: skip
    """Fill block.noise [unit][row][lane] with the multipliers of layer k's chunk at step t."""
    each = 1 if plan.shared else units
    step = np.uint64(t) * np.uint64(64) + np.uint64(k)
    phases.draw_words(block.words, plan.seed, block.noise_keys, first * each, rows * each, step)
    call(fill, (block.words, block.noise, block.dropout, each, units, rows))


@phase
def forward(activate: Any, fill: Any, block: Block, plan: Plan, widths: Array, first: int,
            rows: int, t: int) -> None:  # fmt: skip
    """Run a chunk from the inputs to the logits; keeps outputs and slopes by layer."""
    last = widths.shape[0] - 1
    if plan.place == INPUT:
        draw_noise(fill, block, plan, 0, widths[0], first, rows, t)
        phases.multiply(block.outputs[0], block.noise, widths[0], rows)
    for k in range(1, last + 1):
        weights, bias = layer(block.used, widths, k)
        below, a, slopes = block.outputs[k - 1], block.outputs[k], block.slopes[k]
        if k == 1:
            phases.sum_inputs(weights, bias, below, a, rows)
        else:
            phases.sum_units(weights, block.bounds[k], below, block.grid, a, rows)
            phases.add_bias(a, bias, rows)
        if k < last:
            call(activate, (a, slopes, widths[k], rows))
        if k < last and plan.place == HIDDEN:
            draw_noise(fill, block, plan, k, widths[k], first, rows, t)
            phases.multiply(a, block.noise, widths[k], rows)
            phases.multiply(slopes, block.noise, widths[k], rows)


@phase
def backward(block: Block, widths: Array, rows: int) -> None:
    """Add a chunk's row sums to the gradient; deltas take the place of the slopes."""
    last = widths.shape[0] - 1
    error = block.slopes[last]
    phases.output_error(block.outputs[last], block.labels, error, rows)
    phases.multiply_rows(block.slopes[last - 1], error, widths[last - 1], rows)
    for k in range(last, 0, -1):
        weights, bias = layer(block.gradient, widths, k)
        delta = block.slopes[k]
        phases.add_gradient(weights, bias, delta, block.outputs[k - 1], rows)
        if 1 < k < last:
            folded, bounds = folded_weights(block, widths, k), block.bounds[last + 1 + k]
            phases.sum_units(folded, bounds, delta, block.grid, block.noise, rows)
            phases.multiply(block.slopes[k - 1], block.noise, widths[k - 1], rows)


@phase
def prepare(fill: Any, block: Block, plan: Plan, widths: Array, t: int) -> None:
    """Start a step: DropConnect's mask, bounds of the sums over units, folded weights."""
    phases.fill(block.gradient, 0.0)
    phases.copy(block.weights, block.used)
    last = widths.shape[0] - 1
    if plan.place == WEIGHTS:
        count = block.weights.shape[0]
        step = np.uint64(t) * np.uint64(64) + np.uint64(WEIGHT_LAYER)
        phases.draw_words(block.words, plan.seed, block.noise_keys, 0, count, step)
        mask = as_stack(block.mask)
        call(fill, (block.words, mask, block.dropout, 1, 1, count))
        for k in range(1, last + 1):
            _, bias = layer(block.mask, widths, k)
            phases.fill(bias, 1.0)
        used = as_stack(block.used)
        phases.multiply(used, mask, 1, count)
    outgoing, _ = layer(block.used, widths, last)
    phases.bound_rows(outgoing, block.bounds[last])
    for k in range(2, last):
        weights, _ = layer(block.used, widths, k)
        phases.bound_rows(weights, block.bounds[k])
        folded = folded_weights(block, widths, k)
        phases.fold(weights, outgoing[0], folded, k == last - 1)
        phases.bound_rows(folded, block.bounds[widths.shape[0] + k])


@phase
def apply(update: Any, block: Block, plan: Plan, widths: Array, rows: int) -> None:
    """Finish a step: outgoing weights, the mean over rows, weight decay and the optimizer."""
    last = widths.shape[0] - 1
    outgoing, _ = layer(block.used, widths, last)
    weights, bias = layer(block.gradient, widths, last - 1)
    phases.scale_units(weights, outgoing[0])
    phases.scale_units(carray(pointer(bias, 0), (widths[last - 1], 1, LANES)), outgoing[0])
    phases.finish_gradient(block.gradient, block.mask, rows, plan.place == WEIGHTS)
    for j in range(block.optimizer.shape[1]):
        block.optimizer[1, j] *= block.optimizer[0, j]
        for i in range(2):
            block.scalars[i, j] = block.optimizer[i, j]
    start = 0
    for k in range(1, last + 1):
        middle = start + widths[k] * widths[k - 1]
        stop = middle + widths[k]
        call(update, (block.weights, block.gradient, block.memory, block.moved, block.rate,
                      block.decay, block.scalars, start, middle))  # fmt: skip
        if plan.has_bias:
            call(update, (block.weights, block.gradient, block.memory, block.moved, block.rate,
                          block.no_decay, block.scalars, middle, stop))  # fmt: skip
        start = stop


@phase
def run(activate: Any, update: Any, fill: Any, block: Block, plan: Plan, widths: Array, x: Array,
          y: Array, start: int, stop: int) -> None:  # fmt: skip
    """Take the steps ``start`` to ``stop`` (the first step is 0) of one block."""
    count = x.shape[0]
    each_epoch = (count + plan.batch - 1) // plan.batch
    chunk = block.labels.shape[0]
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
            fetch(block, plan, x, y, first, rows)
            forward(activate, fill, block, plan, widths, first - begin, rows, t)
            backward(block, widths, rows)
        apply(update, block, plan, widths, end - begin)


@phase
def evaluate(activate: Any, fill: Any, block: Block, plan: Plan, widths: Array, x: Array, y: Array,
             loss: Array, right: Array) -> None:  # fmt: skip
    """Add up loss[lane] and right[lane] (correct rows) over all rows, without dropout."""
    prepare(fill, block, plan, widths, 0)
    for first in range(0, x.shape[0], block.labels.shape[0]):
        rows = min(block.labels.shape[0], x.shape[0] - first)
        fetch(block, plan, x, y, first, rows)
        forward(activate, fill, block, plan, widths, 0, rows, 0)
        phases.add_loss(block.outputs[widths.shape[0] - 1], block.labels, loss, right, rows)
