"""What the two JAX contenders share: Adam, the loop over epochs, the calls of compiled code."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from symbreak.networks import join_layers

from bench.cells import BETA1, BETA2, EPSILON, RATE
from bench.contenders import Run
from bench.problem import Orders, Problem

Array = Any
State = Any  # (layers, first moments, second moments, steps taken)

jax.config.update("jax_enable_x64", True)


def _parameters(layers: Any) -> np.ndarray:
    return join_layers([(np.asarray(w), np.asarray(b)) for w, b in layers])


def adam(layers: Any, slope: Any, first: Any, second: Any, t: Array) -> State:
    """Return the state after a step; t counts from 0."""
    steps = (t + 1).astype(jax.tree.leaves(layers)[0].dtype)
    first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, slope)
    second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * (g * g), second, slope)
    mean, size = 1 / (1 - BETA1**steps), 1 / (1 - BETA2**steps)
    layers = jax.tree.map(
        lambda w, m, v: w - RATE * (m * mean) / (jnp.sqrt(v * size) + EPSILON),
        layers, first, second,
    )  # fmt: skip
    return layers, first, second, t + 1


def train_epochs(step: Callable[[State, Any], State], state: State, orders: Array, epochs: Array,
                 problem: Problem) -> State:  # fmt: skip
    """Return the state after so many epochs; ``step(state, rows)`` takes rows [..., b] or None.

    ``orders`` [..., epochs or more, rows] holds each epoch's order of the rows. The batches of an
    epoch are a scan, its last and smaller one a step of its own.
    """
    if not problem.shuffled:
        return lax.fori_loop(0, epochs, lambda _, state: step(state, None), state)
    rows, batch = orders.shape[-1], problem.batch
    whole = rows // batch * batch

    def epoch(e: Array, state: State) -> State:
        order = lax.dynamic_index_in_dim(orders, e, axis=-2, keepdims=False)
        batches = order[..., :whole].reshape(*order.shape[:-1], whole // batch, batch)
        state, _ = lax.scan(lambda s, b: (step(s, b), None), state, jnp.moveaxis(batches, -2, 0))
        return step(state, order[..., whole:]) if whole < rows else state

    return lax.fori_loop(0, epochs, epoch, state)


def run_epochs(problem: Problem, call: Callable[[State, np.ndarray, int], State]) -> Run:
    """Return a Run of compiled code, ``call(state, orders [n, e, rows], epochs)``.

    Orders come in pieces of fixed length, so that nothing compiles again for other numbers of
    steps, and few enough calls that starting them costs nothing.
    """
    networks, rows = len(problem.starts), len(problem.x)
    piece = max(1, 256 // networks)
    orders = Orders(networks, rows)
    buffer = np.zeros((networks, piece, rows), np.int32)

    def run(starts: np.ndarray, steps: int) -> np.ndarray:
        layers = [(jnp.array(w), jnp.array(b)) for w, b in problem.layers(starts)]
        zeros = jax.tree.map(jnp.zeros_like, layers)
        state: State = (layers, zeros, zeros, jnp.zeros((), np.int32))
        epochs = steps // problem.epoch
        if not problem.shuffled:
            return _parameters(call(state, buffer[:, :1], epochs)[0])
        for done in range(0, epochs, piece):
            count = min(piece, epochs - done)
            jax.block_until_ready(state)  # what runs may still read the buffer
            for e in range(count):
                buffer[:, e] = next(orders)
            state = call(state, buffer, count)
        return _parameters(state[0])

    return run
