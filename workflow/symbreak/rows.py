"""Phases of the compiled step for few networks: one network a block, its rows in the lanes.

All that is elementwise runs as it does for LANES networks: the lanes of a vector are then LANES
rows of one network, and every lane holds the same weights. The optimizer's parameters are the
exception: they lie in the lanes one after the other. What differs is here: how rows and
random words come into the lanes, and the sums over rows, which stay one row after the other. For
them a layer's units go into TURN lanes: ``turned`` is [row][vector][lane of a unit]. The bits are
those of LANES networks.
"""

from typing import Any

import numpy as np

from symbreak.arithmetic import like
from symbreak.block import LANES, TURN
from symbreak.lanes import phase, pointer, transpose
from symbreak.streams import LOW32, SHIFT32, threefry

Array = Any


@phase
def draw_words(calls: Array, seed: Array, key: Array, first: int, count: int, step: Array) -> None:
    """Fill calls[k % 4][k // 4] with word k of ``count``, those of index ``first`` on."""
    for c in range(0, (count + 3) // 4, LANES):
        for l in range(LANES):
            a, b = threefry(seed, key, np.uint64(first // 4 + c + l), step)
            calls[0, c + l], calls[1, c + l] = a & LOW32, a >> SHIFT32
            calls[2, c + l], calls[3, c + l] = b & LOW32, b >> SHIFT32


@phase
def share_words(calls: Array, words: Array, count: int) -> None:
    """words[k][lane] = word k, in every lane."""
    for k in range(count):
        for l in range(LANES):
            words[k, l] = calls[k & 3, k >> 2]


@phase
def place_words(calls: Array, words: Array, each: int, vectors: int) -> None:
    """words[vector * each + u][lane] = the u-th word of the lane's row."""
    for g in range(vectors):
        for u in range(each):
            for l in range(LANES):
                k = (g * LANES + l) * each + u
                words[g * each + u, l] = calls[k & 3, k >> 2]


@phase
def shuffle(order: Array, calls: Array, rows: int) -> None:
    """Put the rows [row] in random order (Fisher and Yates, from the last row down)."""
    for i in range(rows):
        order[i] = i
    for i in range(rows - 1, 0, -1):
        j = np.int64((calls[i & 3, i >> 2] * np.uint64(i + 1)) >> SHIFT32)
        order[i], order[j] = order[j], order[i]


@phase
def gather(x: Array, y: Array, inputs: Array, labels: Array, start: int, rows: int) -> None:
    """Copy a chunk's rows into inputs [input][row] and labels [row]."""
    for r in range(rows):
        labels[r] = y[start + r]
    for i in range(x.shape[0]):
        for r in range(rows):
            inputs[i, r] = x[i, start + r]


@phase
def gather_shuffled(x: Array, y: Array, inputs: Array, labels: Array, order: Array, start: int,
                    rows: int) -> None:  # fmt: skip
    """Copy a chunk's rows, in their random order, into inputs [input][row] and labels [row]."""
    for r in range(rows):
        labels[r] = y[order[start + r]]
    for i in range(x.shape[0]):
        for r in range(rows):
            inputs[i, r] = x[i, order[start + r]]


@phase
def turn(values: Array, turned: Array, units: int, rows: int) -> None:
    """Put units [unit][row] into the lanes; a one follows the last unit."""
    step, vectors = values.shape[1], turned.shape[1]
    for u in range(0, units, TURN):
        for r in range(0, rows, TURN):
            source = pointer(values, u * step + r)
            transpose(
                source, step, pointer(turned, (r * vectors + u // TURN) * TURN), vectors * TURN
            )
    for r in range(rows):
        turned[r, units // TURN, units % TURN] = 1


@phase
def add_products(turned: Array, inputs: Array, sums: Array, ones: Array, count: int, vectors: int,
                 rows: int) -> None:  # fmt: skip
    """sums[i][unit] += the sum over rows of turned[unit] inputs[i], ones[unit] += that of
    turned[unit]; row by row, in registers.
    """
    for v in range(vectors):
        for i in range(0, count - 3, 4):
            for r in range(rows):
                for l in range(TURN):
                    t = turned[r, v, l]
                    if i == 0:
                        ones[v, l] += t
                    sums[i, v, l] += t * inputs[i, r]
                    sums[i + 1, v, l] += t * inputs[i + 1, r]
                    sums[i + 2, v, l] += t * inputs[i + 2, r]
                    sums[i + 3, v, l] += t * inputs[i + 3, r]
        for i in range(count & -4, count):
            for r in range(rows):
                for l in range(TURN):
                    t = turned[r, v, l]
                    if i == 0:
                        ones[v, l] += t
                    sums[i, v, l] += t * inputs[i, r]


@phase
def share_weights(weights: Array, used: Array) -> None:
    """used[p][lane] = weights[p], in every lane."""
    for p in range(used.shape[0]):
        for l in range(LANES):
            used[p, l] = weights[p]


@phase
def finish_layer(sums: Array, gradient: Array, outgoing: Array, mask: Array, shape: tuple[int, int],
                 start: int, rows: int, place: int, masked: bool) -> None:  # fmt: skip
    """Turn a layer's sums into its gradient, from ``start`` on: multiply by the outgoing weight of
    the last hidden layer, divide by the rows, apply DropConnect. ``place`` is 0 for the output
    layer, 1 for the last hidden layer.
    """
    units, count = shape
    inverse = like(gradient[0], 1.0) / like(gradient[0], rows)
    for u in range(units):
        for i in range(count + 1):
            g = sums[0, i // TURN, i % TURN] if place == 0 else sums[i, u // TURN, u % TURN]
            at = start + (u * count + i if i < count else units * count + u)
            g = (g * outgoing[0, u, 0] if place == 1 else g) * inverse
            gradient[at] = g * mask[at, 0] if masked else g
