"""The least time of a network-step: its operations at this machine's measured speed, and memory.

Operations are those of the training's own formulas, counted in their source: additions,
multiplications, comparisons and integer steps at the rate of independent vector multiplications and
additions without fused multiply-add; divisions and square roots as what one adds beside them.
"""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import Any, NamedTuple

import numba
import numpy as np
from symbreak import arithmetic, optimizers, streams
from symbreak.networks import network_widths, parameter_count
from symbreak.processor import target

from bench.cells import DTYPES, INPUTS, ROWS, Cell

Array = Any
FLOOR = "floor"
CHAINS, ROUNDS = 8, 8  # independent chains, and multiplications and additions in each
REPEATS = 20
NETWORKS = 16  # that a pass over the rows can serve

compiler: Any = numba  # which has no types
compiler.config.CPU_NAME, compiler.config.CPU_FEATURES = target()


class Count(NamedTuple):
    """Operations, and divisions with square roots."""

    operations: float = 0.0
    divisions: float = 0.0

    def plus(self, other: "Count", times: float = 1.0) -> "Count":
        """Return this count and ``times`` another."""
        return Count(
            self.operations + times * other.operations, self.divisions + times * other.divisions
        )


@dataclass(frozen=True)
class Machine:
    """Nanoseconds an operation and a division of one element, and a byte of cached memory."""

    operation: float
    division: float
    byte: float


def floor(cell: Cell, machine: Machine) -> float:
    """Return the least microseconds of a network-step."""
    count = operations(cell)
    arithmetic_time = count.operations * machine.operation + count.divisions * machine.division
    return max(arithmetic_time, bytes_moved(cell) * machine.byte) / 1000


def operations(cell: Cell) -> Count:
    """Return what a network-step takes on average over an epoch."""
    rows = ROWS / -(-ROWS // (cell.batch or ROWS))
    widths = network_widths(INPUTS, cell.hidden)
    total = Count()
    for k, units in enumerate(cell.hidden, start=1):
        total = total.plus(_unit(cell, widths[k - 1], first=k == 1), rows * units)
    output = counted(arithmetic.sigmoid, cell.dtype).plus(Count(2 * 2 * cell.hidden[-1] + 3))
    total = total.plus(output, rows)
    return total.plus(counted(optimizers.adam, cell.dtype), parameter_count(widths))


def _unit(cell: Cell, inputs: int, first: bool) -> Count:
    """Return what a hidden unit takes a row: sum, activation, delta, gradient, sums on the way
    down.
    """
    activation = cell.setting.activation.name
    phi = {"tanh": arithmetic.tanh, "sigmoid": arithmetic.sigmoid}.get(activation)
    count = Count(1.0) if phi is None else counted(phi, cell.dtype).plus(Count(2.0))
    products = 2 * inputs * (2 if first else 3)
    count = count.plus(Count(products + 2))  # and its delta's product, its bias's sum
    if cell.dropped:  # a quarter of a generator's call; the multiplier on value and slope
        count = count.plus(counted(streams.threefry, cell.dtype), 0.25).plus(Count(3.0))
    return count


@cache
def counted(function: Callable[..., Any], dtype: str) -> Count:
    """Return the operations in a function's source, with those of the functions that it calls.

    Shifts right and bitwise ors are left out: with a shift left they are one rotation.
    """
    total = Count()
    for node in ast.walk(ast.parse(inspect.getsource(for_dtype(function.__name__, dtype)))):
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.RShift | ast.BitOr):
            total = total.plus(Count(0, 1) if isinstance(node.op, ast.Div) else Count(1))
        elif isinstance(node, ast.Compare):
            total = total.plus(Count(1))
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name == "square_root":
                total = total.plus(Count(0, 1))
            elif name in ("exp", "mix"):
                total = total.plus(counted(for_dtype(name, dtype), dtype))
    return total


def for_dtype(name: str, dtype: str) -> Any:
    """Return the function of this name that is compiled for a precision."""
    single = getattr(arithmetic, name + dtype.removeprefix("float"), None)
    modules = (arithmetic, streams, optimizers)
    return single or next(getattr(m, name) for m in modules if hasattr(m, name))


def bytes_moved(cell: Cell) -> float:
    """Return the bytes a network-step reads and writes: rows once for NETWORKS, parameters and
    both moments there and back.
    """
    rows = cell.batch or ROWS
    parameters = parameter_count(network_widths(INPUTS, cell.hidden))
    return np.dtype(cell.dtype).itemsize * (rows * (INPUTS + 1) / NETWORKS + 6 * parameters)


def measured() -> dict[str, Machine]:
    """Return this machine's speed in each precision, the best of many tries."""
    return {dtype: _machine(dtype) for dtype in DTYPES}


def _machine(dtype: str) -> Machine:
    values = np.full((CHAINS, 512), 1.5, dtype)  # fits the first-level cache
    constants = np.array([0.5, 0.75], dtype)  # which keep a value at 1.5
    plain = _fastest(lambda: multiply_add(values, constants, REPEATS))
    divided = _fastest(lambda: multiply_add_divide(values, constants, REPEATS))
    here, there = np.zeros(2**15), np.zeros(2**15)  # fit the second-level cache
    copied = _fastest(lambda: np.copyto(there, here))
    elements = values.size * REPEATS
    operation = 1e9 * plain / (2 * ROUNDS * elements)
    return Machine(
        operation=operation,
        division=max(0.0, 1e9 * (divided - plain) / elements - operation),
        byte=1e9 * copied / (here.nbytes + there.nbytes),
    )


def _fastest(call: Callable[[], Any], tries: int = 200) -> float:
    call()
    found = []
    for _ in range(tries):
        begin = perf_counter()
        call()
        found.append(perf_counter() - begin)
    return min(found)


@compiler.njit(error_model="numpy")
def multiply_add(values: Array, constants: Array, repeats: int) -> None:
    """Take values [8, n] through multiplications and additions, in chains side by side."""
    c, d = constants[0], constants[1]
    for _ in range(repeats):
        for i in range(values.shape[1]):
            t0, t1, t2, t3 = values[0, i], values[1, i], values[2, i], values[3, i]
            t4, t5, t6, t7 = values[4, i], values[5, i], values[6, i], values[7, i]
            for _ in range(ROUNDS):
                t0, t1, t2, t3 = t0 * c + d, t1 * c + d, t2 * c + d, t3 * c + d
                t4, t5, t6, t7 = t4 * c + d, t5 * c + d, t6 * c + d, t7 * c + d
            values[0, i], values[1, i], values[2, i], values[3, i] = t0, t1, t2, t3
            values[4, i], values[5, i], values[6, i], values[7, i] = t4, t5, t6, t7


@compiler.njit(error_model="numpy")
def multiply_add_divide(values: Array, constants: Array, repeats: int) -> None:
    """The same, and a division of each value."""
    c, d = constants[0], constants[1]
    for _ in range(repeats):
        for i in range(values.shape[1]):
            t0, t1, t2, t3 = values[0, i], values[1, i], values[2, i], values[3, i]
            t4, t5, t6, t7 = values[4, i], values[5, i], values[6, i], values[7, i]
            for _ in range(ROUNDS):
                t0, t1, t2, t3 = t0 * c + d, t1 * c + d, t2 * c + d, t3 * c + d
                t4, t5, t6, t7 = t4 * c + d, t5 * c + d, t6 * c + d, t7 * c + d
            t0, t1, t2, t3 = d / t0 + d, d / t1 + d, d / t2 + d, d / t3 + d
            t4, t5, t6, t7 = d / t4 + d, d / t5 + d, d / t6 + d, d / t7 + d
            values[0, i], values[1, i], values[2, i], values[3, i] = t0, t1, t2, t3
            values[4, i], values[5, i], values[6, i], values[7, i] = t4, t5, t6, t7
