"""A component's function as a compiled loop over lanes: activation, dropout or optimizer."""

import types as python_types
from functools import cache
from typing import Any

import numba
from numba import types

from symbreak.arithmetic import like
from symbreak.components import Component
from symbreak.lanes import LANES, LaneCompiler

Array = Any
component: Any = None  # what ``kernel`` puts in place of this name


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
