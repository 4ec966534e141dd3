"""The compiled training step: the reference's (``trainer.py``) for LANES networks at once.

Or for one network, whose rows then lie in the lanes (``rows.py``); what comes as ``vectors`` counts
what passes through the lanes together, a row of LANES networks or LANES rows of one.

Activation, optimizer and dropout come in as addresses of compiled loops (``loops.py``), so each
is compiled once a precision and not once for every combination of them.
"""

from typing import Any

import numpy as np

from symbreak import phases
from symbreak import rows as single
from symbreak.block import HIDDEN, INPUT, LANES, TURN, WEIGHTS, Block, Plan
from symbreak.lanes import call, carray, phase, pointer
from symbreak.streams import WEIGHT_LAYER

Array = Any


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
def as_list(vectors: Array) -> Array:
    """Return [vector][lane] as one axis, without a copy."""
    return carray(pointer(vectors, 0), (vectors.shape[0] * LANES,))


@phase
def as_rows(values: Array) -> Array:
    """Return [unit][vector][lane] as [unit][row] of one network, without a copy."""
    return carray(pointer(values, 0), (values.shape[0], values.shape[1] * LANES))


@phase
def draw_order(block: Block, plan: Plan, count: int, epoch: Any) -> None:
    """Put the rows of an epoch in random order, each network's its own."""
    if plan.single:
        single.draw_words(block.calls, plan.seed, block.order_keys[0], 0, count, epoch)
        single.shuffle(as_list(block.order), block.calls, count)
    else:
        phases.draw_words(block.words, plan.seed, block.order_keys, 0, count, epoch)
        phases.shuffle(block.order, block.words, count)


@phase
def fetch(block: Block, plan: Plan, x: Array, y: Array, first: int, rows: int) -> None:
    """Bring the rows ``first`` on into block.outputs[0] and block.labels."""
    inputs, labels = block.outputs[0], block.labels
    if plan.single:
        order, list_, table = as_list(block.order), as_list(labels), as_rows(inputs)
        if plan.shuffled:
            single.gather_shuffled(x, y, table, list_, order, first, rows)
        else:
            single.gather(x, y, table, list_, first, rows)
    elif plan.shuffled:
        phases.gather_shuffled(x, y, inputs, labels, block.order, first, rows)
    else:
        phases.gather(x, y, inputs, labels, first, rows)


@phase
def draw_noise(fill: Any, block: Block, plan: Plan, k: int, units: int, first: int, vectors: int,
               t: int) -> None:  # fmt: skip
    """Fill block.noise [unit][vector][lane] with the multipliers of layer k's chunk at step t."""
    each = 1 if plan.shared else units
    step = np.uint64(t) * np.uint64(64) + np.uint64(k)
    if plan.single:
        count = vectors * LANES * each
        key = block.noise_keys[0]
        single.draw_words(block.calls, plan.seed, key, first * each, count, step)
        single.place_words(block.calls, block.words, each, vectors)
    else:
        count = vectors * each
        phases.draw_words(block.words, plan.seed, block.noise_keys, first * each, count, step)
    call(fill, (block.words, block.noise, block.dropout, each, units, vectors))


@phase
def draw_mask(fill: Any, block: Block, plan: Plan, widths: Array, t: int) -> None:
    """Fill block.mask with the multipliers of the weights at step t, and apply it."""
    count = block.used.shape[0]
    step = np.uint64(t) * np.uint64(64) + np.uint64(WEIGHT_LAYER)
    if plan.single:
        single.draw_words(block.calls, plan.seed, block.noise_keys[0], 0, count, step)
        single.share_words(block.calls, block.words, count)
    else:
        phases.draw_words(block.words, plan.seed, block.noise_keys, 0, count, step)
    mask, used = as_stack(block.mask), as_stack(block.used)
    call(fill, (block.words, mask, block.dropout, 1, 1, count))
    for k in range(1, widths.shape[0]):
        _, bias = layer(block.mask, widths, k)
        phases.fill(bias, 1.0)
    phases.multiply(used, mask, 1, count)


@phase
def forward(activate: Any, fill: Any, block: Block, plan: Plan, widths: Array, first: int,
            vectors: int, t: int) -> None:  # fmt: skip
    """Run a chunk from the inputs to the logits; keeps outputs and slopes by layer."""
    last = widths.shape[0] - 1
    if plan.place == INPUT:
        draw_noise(fill, block, plan, 0, widths[0], first, vectors, t)
        phases.multiply(block.outputs[0], block.noise, widths[0], vectors)
    for k in range(1, last + 1):
        weights, bias = layer(block.used, widths, k)
        below, a, slopes = block.outputs[k - 1], block.outputs[k], block.slopes[k]
        if k == 1:
            phases.sum_inputs(weights, bias, below, a, vectors)
        else:
            phases.sum_units(weights, block.bounds[k], below, block.grid, a, vectors)
            phases.add_bias(a, bias, vectors)
        if k < last:
            call(activate, (a, slopes, widths[k], vectors))
        if k < last and plan.place == HIDDEN:
            draw_noise(fill, block, plan, k, widths[k], first, vectors, t)
            phases.multiply(a, block.noise, widths[k], vectors)
            phases.multiply(slopes, block.noise, widths[k], vectors)


@phase
def backward(block: Block, plan: Plan, widths: Array, vectors: int, rows: int) -> None:
    """Add a chunk's row sums to the gradient; deltas take the place of the slopes."""
    last = widths.shape[0] - 1
    error = block.slopes[last]
    phases.output_error(block.outputs[last], block.labels, error, vectors)
    phases.multiply_rows(block.slopes[last - 1], error, widths[last - 1], vectors)
    for k in range(last, 0, -1):
        delta, below = block.slopes[k], block.outputs[k - 1]
        if plan.single:
            add_turned(block, widths, k, rows)
        else:
            weights, bias = layer(block.gradient, widths, k)
            phases.add_gradient(weights, bias, delta, below, vectors)
        if 1 < k < last:
            folded, bounds = folded_weights(block, widths, k), block.bounds[last + 1 + k]
            phases.sum_units(folded, bounds, delta, block.grid, block.noise, vectors)
            phases.multiply(block.slopes[k - 1], block.noise, widths[k - 1], vectors)


@phase
def add_turned(block: Block, widths: Array, k: int, rows: int) -> None:
    """Add one network's row sums of layer k to block.sums, units in the lanes."""
    last, count = widths.shape[0] - 1, widths[k - 1]
    sums, turned = block.sums[k], block.turned
    delta, below = as_rows(block.slopes[k]), as_rows(block.outputs[k - 1])
    if k == last:  # the output has one unit: its inputs go into the lanes, and a one for the bias
        single.turn(below, turned, count, rows)
        vectors = count // TURN + 1
        single.add_products(turned, delta, sums, sums[count], 1, vectors, rows)
    else:
        vectors = (widths[k] + TURN - 1) // TURN
        single.turn(delta, turned, widths[k], rows)
        single.add_products(turned, below, sums, sums[count], count, vectors, rows)


@phase
def finish_single(block: Block, plan: Plan, widths: Array, rows: int) -> None:
    """Bring one network's sums over rows into its gradient, divided by the number of rows."""
    last = widths.shape[0] - 1
    outgoing, _ = layer(block.used, widths, last)
    gradient, start = as_list(block.gradient), 0
    for k in range(1, last + 1):
        shape = (widths[k], widths[k - 1])
        single.finish_layer(block.sums[k], gradient, outgoing, block.mask, shape, start, rows,
                            last - k, plan.place == WEIGHTS)  # fmt: skip
        phases.clear(block.sums[k])
        start += shape[0] * (shape[1] + 1)


@phase
def finish(block: Block, plan: Plan, widths: Array, rows: int) -> None:
    """Multiply the sums over rows by the outgoing weights, and divide them by their number."""
    last = widths.shape[0] - 1
    outgoing, _ = layer(block.used, widths, last)
    weights, bias = layer(block.gradient, widths, last - 1)
    phases.scale_units(weights, outgoing[0])
    phases.scale_units(carray(pointer(bias, 0), (widths[last - 1], 1, LANES)), outgoing[0])
    phases.finish_gradient(block.gradient, block.mask, rows, plan.place == WEIGHTS)


@phase
def prepare(fill: Any, block: Block, plan: Plan, widths: Array, t: int) -> None:
    """Start a step: DropConnect's mask, bounds of the sums over units, folded weights."""
    if plan.single:
        single.share_weights(as_list(block.weights), block.used)
    else:
        phases.fill(block.gradient, 0.0)
        phases.copy(block.weights, block.used)
    last = widths.shape[0] - 1
    if plan.place == WEIGHTS:
        draw_mask(fill, block, plan, widths, t)
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
    """Finish a step: the gradient's mean over rows, weight decay and the optimizer."""
    if plan.single:
        finish_single(block, plan, widths, rows)
    else:
        finish(block, plan, widths, rows)
    for j in range(block.optimizer.shape[1]):
        block.optimizer[1, j] *= block.optimizer[0, j]
        for i in range(2):
            block.scalars[i, j] = block.optimizer[i, j]
    if not plan.has_bias:
        phases.keep(block.gradient, block.trained)
    call(update, (block.weights, block.gradient, block.memory, block.moved, block.rate,
                  block.decay, block.scalars))  # fmt: skip


@phase
def run(activate: Any, update: Any, fill: Any, block: Block, plan: Plan, widths: Array, x: Array,
        y: Array, start: int, stop: int, scores: Array) -> None:  # fmt: skip
    """Take the steps ``start`` to ``stop`` (the first step is 0) of one block.

    x is [input][row], y [row]. Where the plan only evaluates, a step adds up losses and correct
    rows, scores [2][lane], instead of training.
    """
    count = y.shape[0]
    each_epoch = (count + plan.batch - 1) // plan.batch
    each_vector = LANES if plan.single else 1
    chunk = block.labels.shape[0] * each_vector
    for t in range(start, stop):
        begin = (t % each_epoch) * plan.batch
        end = min(begin + plan.batch, count)
        if plan.shuffled and (begin == 0 or t == start):
            draw_order(block, plan, count, np.uint64(t // each_epoch))
        prepare(fill, block, plan, widths, t)
        for first in range(begin, end, chunk):
            rows = min(chunk, end - first)
            vectors = (rows + each_vector - 1) // each_vector
            fetch(block, plan, x, y, first, rows)
            forward(activate, fill, block, plan, widths, first - begin, vectors, t)
            if plan.evaluates:
                output = block.outputs[widths.shape[0] - 1]
                phases.add_loss(output, block.labels, scores[0], scores[1], rows)
            else:
                backward(block, plan, widths, vectors, rows)
        if not plan.evaluates:
            apply(update, block, plan, widths, end - begin)
