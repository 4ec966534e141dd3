"""How many different things a layer's units compute: groups, effective rank, participation ratio.

All of it from the correlations of activations (``metrics.correlations``), so the scale of a unit
and its sign do not count. Portable operations only. Letters: n networks, u units.
"""

from functools import cache

import numpy as np

from symbreak.arithmetic import exp64, log

Array = np.ndarray

WIDEST = 64  # units: eigenvalues take u^3 operations a network, 4 s for 100 networks of 64 units


def same_function(correlation: Array, redundancy: float) -> Array:
    """Return for each unit the first unit of its group [n, u], from correlations [n, u, u].

    Two units whose |correlation| is ``redundancy`` or more are in one group, and so are units that
    a chain of such pairs connects: no order of the units matters.
    """
    return first_of_group(abs(correlation) >= redundancy)


def first_of_group(alike: Array) -> Array:
    """Return the least unit that each is connected to [..., u]; ``alike`` [..., u, u] symmetric."""
    units = alike.shape[-1]
    alike = alike | np.eye(units, dtype=bool)
    first = np.broadcast_to(np.arange(units), alike.shape[:-1])
    while True:
        nearer = np.where(alike, first[..., None, :], units).min(axis=-1)
        if (nearer == first).all():
            return first
        first = nearer


def effective_rank(correlation: Array, constant: Array) -> Array:
    """Return e^H [n], H the entropy of the eigenvalues' shares (Roy and Vetterli, EUSIPCO 2007).

    Of the units that vary; between 1 (all do the same) and their number; 0 where none varies. NaN
    of a layer of more than ``WIDEST`` units.
    """
    if correlation.shape[1] > WIDEST:
        return np.full(len(correlation), np.nan)
    values = eigenvalues(_varying(correlation, constant))
    share = np.maximum(values, 0.0) / np.maximum(_varying_count(constant), 1)[:, None]
    entropy = np.zeros(len(share))
    with np.errstate(all="ignore"):
        for u in range(share.shape[1]):
            p = share[:, u]
            entropy = entropy - np.where(p > 0, p * log(np.where(p > 0, p, 1.0)), 0.0)
    return np.where(constant.all(axis=1), 0.0, exp64(entropy))


def participation_ratio(correlation: Array, constant: Array) -> Array:
    """Return (sum of eigenvalues)^2 / sum of their squares [n], without computing them.

    Of the units that vary; it counts weak directions less than the effective rank does.
    """
    matrix = _varying(correlation, constant)
    total = np.zeros(len(matrix))
    for row in np.moveaxis(matrix.reshape(len(matrix), -1), 1, 0):
        total = total + row * row
    count = _varying_count(constant)
    return np.where(count == 0, 0.0, count * count / np.maximum(total, 1.0))


def _varying_count(constant: Array) -> Array:
    return np.count_nonzero(~constant, axis=1).astype(np.float64)


def _varying(correlation: Array, constant: Array) -> Array:
    """Return the correlations with zeros in the rows and columns of units that are constant."""
    return np.where(constant[:, :, None] | constant[:, None, :], 0.0, correlation)


def eigenvalues(matrix: Array) -> Array:
    """Return the eigenvalues [n, u], ascending, of symmetric matrices [n, u, u].

    Cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 8.5), the pairs of a round
    at once: the number of rotations is fixed, so a matrix's bits depend on no other.
    """
    matrix = matrix.astype(np.float64)
    for _ in range(sweeps(matrix.shape[1])):
        for p, q in rounds(matrix.shape[1]):
            matrix = _rotated(matrix, p, q)
    return np.sort(matrix.diagonal(axis1=1, axis2=2), axis=1)


def sweeps(units: int) -> int:
    """Return how often each pair is rotated: one or two more than leave nothing (5 for 6 units)."""
    return 3 + units.bit_length()


@cache
def rounds(units: int) -> list[tuple[Array, Array]]:
    """Return every pair of units once, as rounds (p, q) in which each unit plays at most once."""
    players = units + units % 2
    order, found = list(range(players)), []
    for _ in range(players - 1):
        halves = zip(order[: players // 2], order[: players // 2 - 1 : -1], strict=True)
        pairs = [sorted(pair) for pair in halves if max(pair) < units]
        found.append((np.array([p for p, _ in pairs]), np.array([q for _, q in pairs])))
        order = [order[0], order[-1], *order[1:-1]]
    return found


def _rotated(matrix: Array, p: Array, q: Array) -> Array:
    """Return the matrices with their entries (p, q) rotated to zero; pairs share no unit."""
    off = matrix[:, p, q]
    with np.errstate(all="ignore"):
        theta = (matrix[:, q, q] - matrix[:, p, p]) / (2.0 * off)
        tangent = 1.0 / (abs(theta) + np.sqrt(theta * theta + 1.0))
    tangent = np.where(off == 0, 0.0, np.where(theta < 0, -tangent, tangent))
    c = 1.0 / np.sqrt(tangent * tangent + 1.0)
    s = tangent * c
    row_p, row_q = matrix[:, p], matrix[:, q]
    turned = matrix.copy()
    turned[:, p] = c[:, :, None] * row_p - s[:, :, None] * row_q
    turned[:, q] = s[:, :, None] * row_p + c[:, :, None] * row_q
    column_p, column_q = turned[:, :, p], turned[:, :, q]
    turned[:, :, p] = c[:, None, :] * column_p - s[:, None, :] * column_q
    turned[:, :, q] = s[:, None, :] * column_p + c[:, None, :] * column_q
    return turned
