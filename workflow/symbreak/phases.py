"""The phases of the compiled engine's training step, each a few loops over arrays of lanes.

A block's arrays end in the axis of lanes, one network each, so no sum ever crosses networks. Rows
pass in chunks small enough for the cache: activations and deltas are [unit][row][lane], weights
[unit][input][lane]. What a row loop adds to is in registers: an address that no loop changes. Each
phase stands for a line of the reference (``trainer.py``) and does its sums in the
same order.

Letters: l lane, r row of a chunk, u and v units, i input of a layer.
"""

from typing import Any

import numpy as np

from symbreak.arithmetic import double, like, log1p_exp, sigmoid, summation_grid
from symbreak.block import LANES
from symbreak.lanes import phase
from symbreak.streams import LOW32, SHIFT32, threefry

Array = Any


@phase
def draw_words(words: Array, seed: Array, keys: Array, first: int, count: int, step: Array) -> None:
    """Fill words[count][lane] with 32 random bits each: those of index ``first`` on (a multiple
    of four), as ``streams.words32`` counts them.
    """
    for call in range((count + 3) // 4):
        for l in range(LANES):
            a, b = threefry(seed, keys[l], np.uint64(first // 4 + call), step)
            words[4 * call, l] = a & LOW32
            words[4 * call + 1, l] = a >> SHIFT32
            words[4 * call + 2, l] = b & LOW32
            words[4 * call + 3, l] = b >> SHIFT32


@phase
def shuffle(order: Array, words: Array, rows: int) -> None:
    """Put each lane's rows in random order (Fisher and Yates, from the last row down)."""
    for i in range(rows):
        for l in range(LANES):
            order[i, l] = i
    for i in range(rows - 1, 0, -1):
        for l in range(LANES):
            j = np.int64((words[i, l] * np.uint64(i + 1)) >> SHIFT32)
            order[i, l], order[j, l] = order[j, l], order[i, l]


@phase
def gather(x: Array, y: Array, inputs: Array, labels: Array, start: int, rows: int) -> None:
    """Copy a chunk's rows into all lanes, in the order of the table."""
    for r in range(rows):
        for l in range(LANES):
            labels[r, l] = y[start + r]
        for i in range(x.shape[0]):
            for l in range(LANES):
                inputs[i, r, l] = x[i, start + r]


@phase
def gather_shuffled(x: Array, y: Array, inputs: Array, labels: Array, order: Array, start: int,
                    rows: int) -> None:  # fmt: skip
    """Copy a chunk's rows into the lanes, each lane by its own order."""
    for r in range(rows):
        for l in range(LANES):
            labels[r, l] = y[order[start + r, l]]
        for i in range(x.shape[0]):
            for l in range(LANES):
                inputs[i, r, l] = x[i, order[start + r, l]]


@phase
def fill(values: Array, value: float) -> None:
    """values[...] = value."""
    for p in range(values.shape[0]):
        for l in range(LANES):
            values[p, l] = value


@phase
def clear(values: Array) -> None:
    """values[...] = 0."""
    for i in range(values.shape[0]):
        for v in range(values.shape[1]):
            for l in range(values.shape[2]):
                values[i, v, l] = 0


@phase
def copy(source: Array, target: Array) -> None:
    """target[...] = source[...]."""
    for p in range(source.shape[0]):
        for l in range(LANES):
            target[p, l] = source[p, l]


@phase
def sum_inputs(weights: Array, bias: Array, inputs: Array, z: Array, rows: int) -> None:
    """z = ((b + x0 w0) + x1 w1) + ...: the first layer's sums, in the order of the inputs."""
    units, count, _ = weights.shape
    for u in range(units):
        for i in range(0, count - 3, 4):  # four at a time: their weights stay in registers
            for r in range(rows):
                for l in range(LANES):
                    t = bias[u, l] if i == 0 else z[u, r, l]
                    t = t + inputs[i, r, l] * weights[u, i, l]
                    t = t + inputs[i + 1, r, l] * weights[u, i + 1, l]
                    t = t + inputs[i + 2, r, l] * weights[u, i + 2, l]
                    z[u, r, l] = t + inputs[i + 3, r, l] * weights[u, i + 3, l]
        for i in range(count & -4, count):
            for r in range(rows):
                for l in range(LANES):
                    t = bias[u, l] if i == 0 else z[u, r, l]
                    z[u, r, l] = t + inputs[i, r, l] * weights[u, i, l]


@phase
def bound_rows(weights: Array, bounds: Array) -> None:
    """bounds[u][lane] = number of terms times max over inputs of |weight|."""
    units, count, _ = weights.shape
    for u in range(units):
        for l in range(LANES):
            bounds[u, l] = abs(weights[u, 0, l])
        for i in range(1, count):
            for l in range(LANES):
                size = abs(weights[u, i, l])
                bounds[u, l] = bounds[u, l] if bounds[u, l] >= size else size
        for l in range(LANES):
            bounds[u, l] = bounds[u, l] * like(bounds[u, l], count)


@phase
def largest_of(inputs: Array, largest: Array, count: int, r: int) -> None:
    """largest[lane] = max over units of |input| of row r."""
    for l in range(LANES):
        largest[l] = abs(inputs[0, r, l])
    for i in range(1, count):
        for l in range(LANES):
            size = abs(inputs[i, r, l])
            largest[l] = largest[l] if largest[l] >= size else size


@phase
def sum_units(weights: Array, bounds: Array, inputs: Array, grid: Array, z: Array,
              rows: int) -> None:  # fmt: skip
    """z = the sum over units of w a, the same in any order: terms rounded to a common grid.

    Four rows at a time, so that four sums are under way; rows after the last are computed, too.
    ``grid`` [8][lane] is room for the rows' largest inputs and grids.
    """
    units, count, _ = weights.shape
    for r in range(0, rows, 4):
        for k in range(4):
            largest_of(inputs, grid[k], count, r + k)
        for v in range(units):
            for k in range(4):
                for l in range(LANES):
                    grid[4 + k, l] = summation_grid(bounds[v, l] * grid[k, l])
                    z[v, r + k, l] = 0
            for i in range(count):
                for l in range(LANES):
                    w, c, d, e, f = weights[v, i, l], grid[4, l], grid[5, l], grid[6, l], grid[7, l]
                    z[v, r, l] += (inputs[i, r, l] * w + c) - c
                    z[v, r + 1, l] += (inputs[i, r + 1, l] * w + d) - d
                    z[v, r + 2, l] += (inputs[i, r + 2, l] * w + e) - e
                    z[v, r + 3, l] += (inputs[i, r + 3, l] * w + f) - f


@phase
def add_bias(z: Array, bias: Array, rows: int) -> None:
    """z = b + z for every unit."""
    for u in range(bias.shape[0]):
        for r in range(rows):
            for l in range(LANES):
                z[u, r, l] = bias[u, l] + z[u, r, l]


@phase
def output_error(z: Array, labels: Array, error: Array, rows: int) -> None:
    """error = sigmoid(z) - y, the slope of the cross-entropy."""
    for r in range(rows):
        for l in range(LANES):
            error[0, r, l] = sigmoid(z[0, r, l]) - labels[r, l]


@phase
def multiply(values: Array, factors: Array, units: int, rows: int) -> None:
    """values = values * factors, elementwise."""
    for u in range(units):
        for r in range(rows):
            for l in range(LANES):
                values[u, r, l] = values[u, r, l] * factors[u, r, l]


@phase
def multiply_rows(values: Array, factors: Array, units: int, rows: int) -> None:
    """values[u] = values[u] * factors[row], one factor a row for all units."""
    for u in range(units):
        for r in range(rows):
            for l in range(LANES):
                values[u, r, l] = values[u, r, l] * factors[0, r, l]


@phase
def add_gradient(weights: Array, bias: Array, delta: Array, inputs: Array, rows: int) -> None:
    """weights[u][i] += the sum over rows of delta[u] input[i], bias[u] += that of delta[u]; row by
    row, in registers.
    """
    units, count, _ = weights.shape
    for u in range(units):
        for i in range(0, count - 3, 4):
            for r in range(rows):
                for l in range(LANES):
                    d = delta[u, r, l]
                    if i == 0:
                        bias[u, l] += d
                    weights[u, i, l] += d * inputs[i, r, l]
                    weights[u, i + 1, l] += d * inputs[i + 1, r, l]
                    weights[u, i + 2, l] += d * inputs[i + 2, r, l]
                    weights[u, i + 3, l] += d * inputs[i + 3, r, l]
        for i in range(count & -4, count):
            for r in range(rows):
                for l in range(LANES):
                    d = delta[u, r, l]
                    if i == 0:
                        bias[u, l] += d
                    weights[u, i, l] += d * inputs[i, r, l]


@phase
def scale_units(gradient: Array, outgoing: Array) -> None:
    """gradient[u][...] *= outgoing[u]: the outgoing weight, after the row sums."""
    units, count, _ = gradient.shape
    for u in range(units):
        for i in range(count):
            for l in range(LANES):
                gradient[u, i, l] = gradient[u, i, l] * outgoing[u, l]


@phase
def fold(weights: Array, outgoing: Array, folded: Array, last: bool) -> None:
    """folded[i][u] = w[u][i], times the outgoing weight of u in the last hidden layer."""
    units, count, _ = weights.shape
    for u in range(units):
        for i in range(count):
            for l in range(LANES):
                w = weights[u, i, l]
                folded[i, u, l] = w * outgoing[u, l] if last else w


@phase
def finish_gradient(gradient: Array, mask: Array, rows: int, masked: bool) -> None:
    """Divide the row sums by the number of rows, by one multiplication; apply DropConnect."""
    inverse = like(gradient[0, 0], 1.0) / like(gradient[0, 0], rows)
    for p in range(gradient.shape[0]):
        for l in range(LANES):
            gradient[p, l] = gradient[p, l] * inverse
        if masked:
            for l in range(LANES):
                gradient[p, l] = gradient[p, l] * mask[p, l]


@phase
def keep(gradient: Array, trained: Array) -> None:
    """gradient[p] = 0 where a parameter is not trained."""
    for p in range(gradient.shape[0]):
        for l in range(LANES):
            gradient[p, l] = gradient[p, l] if trained[p, l] != 0 else like(gradient[p, l], 0.0)


@phase
def add_loss(z: Array, labels: Array, loss: Array, right: Array, rows: int) -> None:
    """loss[lane] += cross-entropy of a chunk, row by row (float64); right[lane] += correct rows."""
    for r in range(rows):
        for l in range(LANES):
            logit, label = double(z[0, r, l]), double(labels[r, l])
            cost = (log1p_exp(-abs(logit)) + (logit if logit > 0.0 else 0.0)) - label * logit
            loss[l] = loss[l] + cost
            right[l] += 1.0 if (logit > 0.0) == (label > 0.5) else 0.0
