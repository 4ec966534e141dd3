"""How often each contender breaks E1, E2 and E3: counted, not claimed.

Each case is a width, a number of rows and a precision: tanh, full batch, no dropout. Contenders
that train one network after the other have no E3.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from symbreak.networks import network_widths, neuron_vectors

from bench.cells import DTYPES, INPUTS, Cell
from bench.contenders import CONTENDERS, Contender
from bench.measure import forget
from bench.problem import Problem, rows_of, starts_of

STACK = 16  # networks side by side
STEPS = 20
EQUAL = 0.5  # every parameter of equal units
ALL_CASES = list(product((2, 3, 4, 5, 7, 13, 16, 33, 64), (100, 1000), DTYPES))
SOME_CASES = [(3, 1000, "float64"), (5, 100, "float64"), (7, 1000, "float32"), (13, 100, "float32"),
              (16, 1000, "float64"), (33, 1000, "float64")]  # fmt: skip


@dataclass(frozen=True)
class Failures:
    """In how many of the cases a contender breaks each property; None where it has no stack."""

    contender: str
    e1: int
    e2: int
    e3: int | None
    cases: int


def count_failures(cases: list[tuple[int, int, str]]) -> list[Failures]:
    """Return the failures of every installed contender."""
    found = []
    for contender in (c for c in CONTENDERS if c.installed):
        broken = np.array([broken_by(contender, *case) for case in cases])
        e1, e2, e3 = (int(n) for n in broken.sum(axis=0))
        found.append(Failures(contender.name, e1, e2, e3 if contender.stacked else None,
                              len(cases)))  # fmt: skip
        forget()
    return found


def broken_by(contender: Contender, width: int, rows: int, dtype: str) -> tuple[bool, bool, bool]:
    """Return whether E1, E2 and E3 are broken in one case.

    The stack's first network has equal units, the second is random; E2 runs it again with its units
    in another order, E3 by itself.
    """
    x, y = rows_of(dtype)
    starts = starts_of((width,), dtype, STACK).copy()
    starts[0] = EQUAL
    order = np.random.default_rng(width).permutation(width)
    permuted = starts.copy()
    permuted[1] = reordered(starts[1], order)
    together = Problem(Cell((width,), dtype=dtype, networks=STACK), x[:rows], y[:rows], starts)
    run = contender.make(together, quick=True)
    if not contender.stacked:
        starts, permuted = starts[:2], permuted[:2]
    trained, other = run(starts, STEPS), run(permuted, STEPS)
    units = neuron_vectors(trained[0], network_widths(INPUTS, (width,)), 1)
    alone = trained[1]
    if contender.stacked:
        alone = contender.make(together.first(1), quick=True)(starts[1:2], STEPS)[0]
    return (
        bool((units != units[0]).any()),
        not same_bits(reordered(trained[1], order), other[1]),
        not same_bits(trained[1], alone),
    )


def reordered(parameters: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return a network [p] of one hidden layer with its units in another order."""
    units = len(order)
    inputs = (len(parameters) - 1) // units - 2
    weights, bias, rest = np.split(parameters, [units * inputs, units * (inputs + 1)])
    outgoing, last = rest[:units], rest[units:]
    return np.concatenate(
        [weights.reshape(units, inputs)[order].reshape(-1), bias[order], outgoing[order], last]
    )


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether two arrays agree in every bit."""
    return a.tobytes() == b.tobytes()
