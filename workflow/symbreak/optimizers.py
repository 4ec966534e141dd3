"""Optimizers: the update of one weight, one record each.

A function takes (w, g, first, second, rate, p, powers) elementwise and returns (w, first, second).
``first`` and ``second`` are the optimizer's memory of the weight, zero at the start; ``p`` holds
its parameters in declared order and ``powers`` each of them to the power of the step, counted from
1, by repeated multiplication in float64. Weight decay has been added to the gradient g. Both
engines run these lines. ``adaptive`` says that the gradient is divided by its own size.
"""

from typing import Any

from symbreak.arithmetic import like, square_root
from symbreak.components import Parameter, Registry

Array = Any

OPTIMIZERS = Registry("optimizer")


def _decay(name: str, default: float, meaning: str) -> Parameter:
    return Parameter(name, default, meaning, 0.0, 1.0, high_open=True)


@OPTIMIZERS.declare(reference="robbins1951")
def sgd(
    w: Array, g: Array, first: Array, second: Array, rate: Array, p: Array, powers: Array
) -> tuple[Array, Array, Array]:
    """w <- w - rate g."""
    return w - rate * g, first, second


@OPTIMIZERS.declare(
    _decay("beta", 0.9, "the share of the velocity that is kept"),
    reference="polyak1964",
)
def momentum(
    w: Array, g: Array, first: Array, second: Array, rate: Array, p: Array, powers: Array
) -> tuple[Array, Array, Array]:
    """v <- beta v + g; w <- w - rate v."""
    first = p[0] * first + g
    return w - rate * first, first, second


@OPTIMIZERS.declare(
    _decay("beta1", 0.9, "the decay of the mean gradient"),
    _decay("beta2", 0.999, "the decay of the mean squared gradient"),
    Parameter("epsilon", 1e-8, "what is added to the root", 0.0, low_open=True),
    reference="kingma2015, algorithm 1",
    adaptive=True,
)
def adam(
    w: Array, g: Array, first: Array, second: Array, rate: Array, p: Array, powers: Array
) -> tuple[Array, Array, Array]:
    """m and v decaying means of g and g^2, each divided by 1 - beta^t; w <- w - rate m / (sqrt(v)
    + epsilon).
    """
    one = like(w, 1.0)
    first = p[0] * first + (one - p[0]) * g
    second = p[1] * second + (one - p[1]) * (g * g)
    mean = first * (one / (one - powers[0]))  # one division for all weights
    size = square_root(second * (one / (one - powers[1]))) + p[2]
    return w - rate * (mean / size), first, second
