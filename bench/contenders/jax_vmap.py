"""JAX as its users write it: one network's loss, then grad, vmap, scan and jit."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bench.contenders import Run
from bench.contenders.jax_loop import adam, run_epochs, train_epochs
from bench.problem import Problem

Array = Any
ACTIVATIONS = {"tanh": jnp.tanh, "relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}


def make(problem: Problem) -> Run:
    """Train all networks by vmap of the training of one."""
    phi, p = ACTIVATIONS[problem.cell.activation], problem.cell.dropped

    def cost(layers: Any, x: Array, y: Array, key: Array) -> Array:
        a = x
        for i, (w, b) in enumerate(layers[:-1]):
            a = phi(a @ w.T + b)
            if p:
                kept = jax.random.bernoulli(jax.random.fold_in(key, i), 1 - p, a.shape)
                a = jnp.where(kept, a / (1 - p), 0)
        w, b = layers[-1]
        logit = (a @ w.T + b)[:, 0]
        # The usual max(z, 0) - z y + log1p(exp(-|z|)) has gradient 0 instead of 1/2 at z = 0.
        return jnp.mean(jnp.logaddexp(0, logit) - y * logit)

    def train(state: Any, order: Array, epochs: Array, number: Array, x: Array, y: Array) -> Any:
        stream = jax.random.fold_in(jax.random.key(0), number)

        def step(state: Any, rows: Array | None) -> Any:
            layers, first, second, t = state
            batch = (x, y) if rows is None else (x[rows], y[rows])
            slope = jax.grad(cost)(layers, *batch, jax.random.fold_in(stream, t))
            return adam(layers, slope, first, second, t)

        return train_epochs(step, state, order, epochs, problem)

    numbers = np.arange(len(problem.starts))
    many = jax.jit(jax.vmap(train, in_axes=((0, 0, 0, None), 0, None, 0, None, None),
                            out_axes=(0, 0, 0, None)))  # fmt: skip

    def call(state: Any, order: np.ndarray, epochs: int) -> Any:
        return many(state, order, epochs, numbers, problem.x, problem.y)

    return run_epochs(problem, call)
