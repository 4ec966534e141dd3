"""JAX at its best: the backward pass by hand, networks in blocks that stay in the cache.

Activations are [network, unit, row]; a block goes through all its steps before the next begins.
Dropout draws a byte a unit and row from SplitMix64 inside the step, which is some thirty times
faster than ``jax.random``.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from bench.contenders import Run
from bench.contenders.jax_loop import adam, run_epochs, train_epochs
from bench.problem import Problem

Array = Any
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "tanh": (jnp.tanh, lambda a: 1 - a * a),
    "relu": (lambda z: jnp.maximum(z, 0), lambda a: (a > 0).astype(a.dtype)),
    "sigmoid": (jax.nn.sigmoid, lambda a: a * (1 - a)),
}
WORKING_SETS = (64_000, 256_000, 1_000_000)  # bytes of a block's activations in one layer
PRODUCT, SUM = "product", "sum"  # of the first layer: a matrix product, or a sum over the inputs


def random_bytes(shape: tuple[int, ...], word: Array) -> Array:
    """Return random bytes by SplitMix64 (Steele and others, OOPSLA 2014) from a counter."""
    count = int(np.prod(shape))
    z = (lax.iota(jnp.uint64, -(-count // 8)) + word) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> 30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> 27)) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> 31)
    return lax.bitcast_convert_type(z, jnp.uint8).reshape(-1)[:count].reshape(shape)


def gradient(problem: Problem, layout: str) -> Callable[..., Any]:
    """Return the gradient of a block's mean cross-entropy; x [n or 1, rows, inputs]."""
    phi, slope = ACTIVATIONS[problem.cell.activation]
    p = problem.cell.dropped
    kept = np.uint8(round((1 - p) * 256) % 256)

    def first(w: Array, b: Array, x: Array) -> Array:
        if layout == PRODUCT:
            shared = "rd" if x.ndim == 2 else "nrd"
            return jnp.einsum(f"nud,{shared}->nur", w, x) + b[..., None]
        z = b[..., None]
        for i in range(x.shape[-1]):
            z = z + w[..., i, None] * x[..., None, :, i]
        return z

    def forward(layers: Any, x: Array, word: Array) -> tuple[list[Array], list[Array], Array]:
        outputs: list[Array] = []
        slopes: list[Array] = []
        for k, (w, b) in enumerate(layers[:-1]):
            below = outputs[-1] if k else x
            z = jnp.einsum("nuv,nvr->nur", w, below) + b[..., None] if k else first(w, b, x)
            a = phi(z)
            d = slope(a)
            if p:
                mask = random_bytes(a.shape, word + np.uint64(k << 56)) < kept
                scale = a.dtype.type(1 / (1 - p))
                a, d = jnp.where(mask, a * scale, 0), jnp.where(mask, d * scale, 0)
            outputs.append(a)
            slopes.append(d)
        w, b = layers[-1]
        return outputs, slopes, jnp.einsum("nu,nur->nr", w[:, 0], outputs[-1]) + b

    def whole(layers: Any, x: Array, y: Array, word: Array) -> Any:
        outputs, slopes, logit = forward(layers, x, word)
        error = (jax.nn.sigmoid(logit) - y) / x.dtype.type(y.shape[-1])
        outgoing = jnp.einsum("nr,nur->nu", error, outputs[-1])[:, None]
        found = [(outgoing, error.sum(-1, keepdims=True))]
        w = layers[-1][0][:, 0, :, None]
        delta = error[:, None] * slopes[-1]  # without the outgoing weight, which comes last
        for k in range(len(layers) - 2, -1, -1):
            below = "ndr" if k else ("rd" if x.ndim == 2 else "nrd")
            dw = jnp.einsum(f"nur,{below}->nud", delta, outputs[k - 1] if k else x)
            found.append((dw * w, delta.sum(-1) * w[..., 0]))
            if k:
                back = jnp.einsum("nuv,nur->nvr", layers[k][0] * w, delta)
                delta, w = back * slopes[k - 1], jnp.ones((), x.dtype)[None, None, None]
        return found[::-1]

    return whole


def train_in_blocks(problem: Problem, block: int, layout: str) -> Run:
    """Return the training with so many networks a block (a divisor of their number)."""
    networks = len(problem.starts)
    slope_of = gradient(problem, layout)

    def train(state: Any, orders: Array, epochs: Array, number: Array, x: Array, y: Array) -> Any:
        def step(state: Any, rows: Array | None) -> Any:
            layers, first, second, t = state
            word = (number.astype(jnp.uint64) << 44) + (t.astype(jnp.uint64) << 20)
            batch = (x, y) if rows is None else (x[rows], y[rows])
            return adam(layers, slope_of(layers, *batch, word), first, second, t)

        return train_epochs(step, state, orders, epochs, problem)

    @jax.jit
    def many(state: Any, orders: Array, epochs: Array, x: Array, y: Array) -> Any:
        *parts, t = state
        shape = (networks // block, block)
        parts, orders = jax.tree.map(lambda a: a.reshape(*shape, *a.shape[1:]), (parts, orders))
        numbers = jnp.arange(shape[0])

        def one(piece: Any) -> Any:
            parts, orders, number = piece
            return train((*parts, t), orders, epochs, number, x, y)[:3]

        parts = lax.map(one, (parts, orders, numbers))
        merged = jax.tree.map(lambda a: a.reshape(networks, *a.shape[2:]), parts)
        return (*merged, t + epochs * problem.epoch)

    def call(state: Any, orders: np.ndarray, epochs: int) -> Any:
        return many(state, orders, epochs, problem.x, problem.y)

    return run_epochs(problem, call)


def blocks(problem: Problem) -> list[int]:
    """Return the block sizes to try: the divisors nearest to each working set."""
    networks = len(problem.starts)
    divisors = [n for n in range(1, min(networks, 64) + 1) if networks % n == 0]
    each = max(problem.cell.hidden) * problem.batch * problem.x.itemsize
    nearest = [min(divisors, key=lambda n: abs(np.log(n * each / room))) for room in WORKING_SETS]
    return sorted(set(nearest))


def make(problem: Problem, quick: bool = False) -> Run:
    """Return the fastest version here: of the blocks, then of the layouts of the best block.

    ``quick`` tries nothing.
    """
    tried = [train_in_blocks(problem, block, PRODUCT) for block in blocks(problem)]
    if quick:
        return tried[0]
    times = [seconds(run, problem) for run in tried]
    best = int(np.argmin(times))
    other = train_in_blocks(problem, blocks(problem)[best], SUM)
    return other if seconds(other, problem) < times[best] else tried[best]


def seconds(run: Run, problem: Problem, enough: float = 0.02) -> float:
    """Return the least time a step of three short runs, after one that compiles."""
    steps = problem.epoch
    run(problem.starts, steps)
    begin = perf_counter()
    run(problem.starts, steps)
    steps *= max(1, round(enough / (perf_counter() - begin)))
    found = []
    for _ in range(3):
        begin = perf_counter()
        run(problem.starts, steps)
        found.append((perf_counter() - begin) / steps)
    return min(found)
