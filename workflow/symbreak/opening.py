"""The opening example: equal neurons in a course's own code, its sums by ``@`` or in one order.

The exercise on planar data of the course "Neural Networks and Deep Learning": 400 points of a
flower, tanh units, a logistic output, a column a point, every weight the same at the start. Only
the five matrix products differ between the two runs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from symbreak import blas
from symbreak.audit import SOURCES, markdown
from symbreak.components import spell

Array = np.ndarray
Product = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Outcome:
    """``first`` is the step after which two units first differ in a bit, None where none do.

    ``distinct`` units are left at the end, which put ``accuracy`` percent of the points on the
    right side.
    """

    first: int | None
    distinct: int
    accuracy: float


def by_blas(a: Array, b: Array) -> Array:
    """Return the matrix product as everybody writes it."""
    return a @ b


def in_order(a: Array, b: Array) -> Array:
    """Return the matrix product, the sum of every element in one order."""
    return np.add.reduce(a[:, :, None] * b[None], axis=1)


def train(width: int, steps: int, product: Product) -> Outcome:
    """Return what becomes of ``width`` equal units; one thread, float64."""
    source = SOURCES["flower"]
    points, labels = source.rows()
    x, y, count = points.T.copy(), labels[None], len(labels)
    w1, b1 = np.full((width, len(x)), source.value), np.zeros((width, 1))
    w2, b2 = np.full((1, width), source.value), np.zeros((1, 1))
    first = None
    with threadpool_limits(1):
        for step in range(1, steps + 1):
            a1 = np.tanh(product(w1, x) + b1)
            dz2 = 1 / (1 + np.exp(-(product(w2, a1) + b2))) - y
            dz1 = product(w2.T, dz2) * (1 - a1 * a1)
            w2, b2 = (
                w2 - source.rate * (product(dz2, a1.T) / count),
                b2 - source.rate * (dz2.sum(axis=1, keepdims=True) / count),
            )
            w1 = w1 - source.rate * (product(dz1, x.T) / count)
            b1 = b1 - source.rate * (dz1.sum(axis=1, keepdims=True) / count)
            units = np.column_stack([w1, b1, w2.T])
            if first is None and (units != units[0]).any():
                first = step
        positive = product(w2, np.tanh(product(w1, x) + b1)) + b2 > 0
    return Outcome(first, len(np.unique(units, axis=0)), 100 * float(np.mean(positive == y)))


def lines(widths: Iterable[int], steps: int) -> Iterator[list[str]]:
    """Yield the cells of the table, a line a width."""
    for width in widths:
        ordered, usual = (train(width, steps, product) for product in (in_order, by_blas))
        yield [
            str(width), _spelled(ordered), f"{ordered.accuracy:.2f}", _spelled(usual),
            f"{usual.accuracy:.2f}",
        ]  # fmt: skip


def _spelled(found: Outcome) -> str:
    split = "never" if found.first is None else f"step {found.first}"
    return f"{split}, {found.distinct} distinct"


def text(widths: Iterable[int], steps: int) -> str:
    """Return the table with the kernel that it belongs to, as Markdown."""
    source = SOURCES["flower"]
    head = ["units", "sums in one order", "accuracy %", "NumPy's @", "accuracy %"]
    return (
        f"The flower's 400 points; tanh units, every weight {spell(source.value)} at the start, "
        f"learning rate {spell(source.rate)}, {steps:,} steps. First step after which two units "
        "differ in a bit, and the distinct units at the end. NumPy's @ is "
        f"{blas.label()}.\n\n{markdown([head, *lines(widths, steps)])}"
    )
