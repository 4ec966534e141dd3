"""Dropout: what multiplies inputs, activations or weights in training; one record each.

A dropout turns a random word of 32 bits (held in uint64) into a multiplier of mean one; ``p``
holds its parameters in declared order. ``place`` says what is
multiplied: ``input`` (a draw for each row, input and step), ``hidden`` (every hidden layer's
activations: row, unit and step) or ``weights`` (every weight matrix, no bias: weight and step).
``shared`` says that the units of a layer share one draw a row, ``continuous`` that no two draws are
equal.
"""

from typing import Any

import numpy as np

from symbreak.arithmetic import select, square_root
from symbreak.components import Parameter, Registry
from symbreak.normal import normal_quantile

Array = Any

DROPOUTS = Registry("dropout")
WORDS = 2.0**32


def _p(default: float) -> Parameter:
    return Parameter("p", default, "the probability of being dropped", 0.0, 1.0, high_open=True)


SRIVASTAVA = "srivastava2014"


@DROPOUTS.declare(reference=SRIVASTAVA, place="nowhere", shared=False)
def none(word: Array, p: Array) -> Array:
    """No dropout."""
    return select(word < np.uint64(0), 0.0, 1.0)


@DROPOUTS.declare(_p(0.2), reference=SRIVASTAVA, place="input", shared=False)
def input_(word: Array, p: Array) -> Array:
    """Inputs are dropped with probability p; survivors are scaled by 1 / (1 - p)."""
    return select(word < np.uint64(p[0] * WORDS), 0.0, 1.0 / (1.0 - p[0]))


@DROPOUTS.declare(_p(0.5), reference=SRIVASTAVA, place="hidden", shared=False)
def hidden(word: Array, p: Array) -> Array:
    """Hidden activations are dropped with probability p, each unit on its own."""
    return select(word < np.uint64(p[0] * WORDS), 0.0, 1.0 / (1.0 - p[0]))


@DROPOUTS.declare(
    _p(0.5), reference="srivastava2014, a control: its noise without the differences between units",
    place="hidden", shared=True,
)  # fmt: skip
def shared(word: Array, p: Array) -> Array:
    """One mask a row for all units of a layer: the layer is kept or dropped whole."""
    return select(word < np.uint64(p[0] * WORDS), 0.0, 1.0 / (1.0 - p[0]))


@DROPOUTS.declare(_p(0.5), reference="wan2013", place="weights", shared=False)
def dropconnect(word: Array, p: Array) -> Array:
    """Weights are dropped with probability p, one mask a step on every weight matrix."""
    return select(word < np.uint64(p[0] * WORDS), 0.0, 1.0 / (1.0 - p[0]))


@DROPOUTS.declare(
    _p(0.5), reference="srivastava2014, section 10", place="hidden",
    shared=False, continuous=True,
)  # fmt: skip
def gaussian(word: Array, p: Array) -> Array:
    """Hidden activations are multiplied by normal draws of mean 1 and variance p / (1 - p)."""
    std = square_root(p[0] / (1.0 - p[0]))
    return 1.0 + std * normal_quantile((word * 1.0 + 0.5) * (1.0 / WORDS))
