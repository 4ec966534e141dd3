"""A component's function as a compiled loop over lanes: activation, dropout or optimizer."""

import types as python_types
from typing import Any

from numba import types

from symbreak.arithmetic import like
from symbreak.block import LANES
from symbreak.components import Component

Array = Any
component: Any = None  # what ``loop`` puts in place of this name


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
           scalars: Array) -> None:  # fmt: skip
    """Add weight decay, take the optimizer's step, and note which parameters changed."""
    values, powers = scalars[0], scalars[1]  # inside the loops they would cost the vectorization
    for p in range(weights.shape[0]):
        for l in range(LANES):
            w = weights[p, l]
            new, memory[0, p, l], memory[1, p, l] = component(
                w, gradient[p, l] + decay[p, l] * w, memory[0, p, l], memory[1, p, l], rate[l],
                values, powers,
            )  # fmt: skip
            moved[p, l] = moved[p, l] if new == w else like(w, 1.0)
            weights[p, l] = new


FLOATS = {"float64": types.float64, "float32": types.float32}
WORDS = types.Array(types.uint64, 2, "C")


def signature(kind: str, dtype: str) -> tuple[Any, ...]:
    """Return the machine types of the arguments of a component's loop."""
    a1, a2, a3 = (types.Array(FLOATS[dtype], n, "C") for n in (1, 2, 3))
    whole = types.int64
    return {
        "activation": (a3, a3, whole, whole),
        "dropout": (WORDS, a3, types.float64[::1], whole, whole, whole),
        "optimizer": (a2, a2, a3, a2, a1, a2, a2),
    }[kind]


def loop(component: Component) -> Any:
    """Return a component's loop over lanes, to be compiled."""
    function = {"activation": activate, "dropout": fill, "optimizer": update}[component.kind]
    names = {**globals(), "component": component.function}
    return python_types.FunctionType(function.__code__, names, function.__name__)
