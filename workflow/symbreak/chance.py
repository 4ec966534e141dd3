"""Chances of the theory: when do a few random masks leave equal units equal, or a sum at zero.

A unit's *signature* is what its masks let through. Units of one class draw theirs independently
from one distribution P, so all that matters are the power sums s_k = sum over signatures of P^k.
"""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from functools import lru_cache
from math import comb

import numpy as np

Sums = tuple[float, ...]  # s_1, s_2, ... of a distribution of signatures
SURE = 1e-13  # a chance below it is none


def mask_sums(p: float, draws: float, units: int) -> Sums:
    """Return s_1 to s_units of ``draws`` independent masks that drop with probability p."""
    return tuple((p**k + (1 - p) ** k) ** draws for k in range(1, units + 1))


def difference(p: float, plus: int, minus: int) -> np.ndarray:
    """Return the distribution of (kept of ``plus`` terms) - (kept of ``minus``), from -minus on."""
    return np.convolve(kept(p, plus), kept(p, minus)[::-1])


@lru_cache(maxsize=256)
def kept(p: float, count: int) -> np.ndarray:
    """Return the binomial distribution of how many of ``count`` terms are kept."""
    value = np.ones(1)
    for _ in range(count):
        value = np.convolve(value, [p, 1 - p])
    return value


def sums_of(distribution: np.ndarray, units: int) -> Sums:
    """Return s_1 to s_units of a distribution."""
    return tuple(float((distribution**k).sum()) for k in range(1, units + 1))


def nothing_kept(p: float, inward: int, outward: int, silent: bool) -> float:
    """Return the chance that masked weights cut a unit off from the gradient for a step.

    Its outgoing weights are all dropped, or its incoming ones if it is ``silent`` without them.
    """
    return 1 - (1 - p**outward) * (1 - silent * p**inward)


def cut_off(p: float, hidden: Sequence[int]) -> float:
    """Return the chance that masked weights leave no path from the first layer to the output.

    Of a layer of h units, each has a path with chance 1 - p^m, where m units above it have one.
    """
    connected = np.array([0.0, 1.0])  # of the output: one unit, with a path
    for units in reversed(hidden):
        rows = [kept(float(p**m), units) for m in range(len(connected))]
        connected = connected @ np.array(rows)
    return float(connected[0])


def weight_sums(p: float, inward: int, outward: int, silent: bool, units: int) -> Sums:
    """Return s_1 to s_units of one step's masks on a unit's weights; cut off, all are alike."""
    found = []
    for k in range(1, units + 1):
        one, dropped = p**k + (1 - p) ** k, p**k
        through = (one**outward - dropped**outward) * (one**inward - silent * dropped**inward)
        found.append(through + nothing_kept(p, inward, outward, silent) ** k)
    return tuple(found)


def times(first: Sums, second: Sums) -> Sums:
    """Return the power sums of two independent parts of a signature."""
    return tuple(a * b for a, b in zip(first, second, strict=True))


@lru_cache(maxsize=4096)
def all_distinct(sums: Sums) -> float:
    """Return the chance that independent signatures, as many as there are sums, all differ.

    With f_k the chance that the first k differ (k! times the k-th elementary symmetric function
    of P), Newton's identities read f_k = sum over i of (-1)^(i-1) (k-1)! / (k-i)! f_(k-i) s_i.
    """
    count = len(sums)
    if count < 2 or count * count * sums[1] < SURE:
        return 1.0
    with localcontext() as context:
        context.prec = 60 + 3 * count  # the factorials of alternating terms cancel
        power = [Decimal(s) for s in sums]
        found = [Decimal(1)]
        for k in range(1, count + 1):
            total, factor = Decimal(0), Decimal(1)
            for i in range(1, k + 1):
                total += factor * found[k - i] * power[i - 1]
                factor *= -(k - i)
            found.append(total)
        return min(1.0, max(0.0, float(found[-1])))


def balanced_masks(p: float, plus: int, minus: int, batch: int, units: int) -> float:
    """Return the chance that in a random batch each unit keeps as many terms of either sign."""
    total = 0.0
    for first in range(max(0, batch - minus), min(plus, batch) + 1):
        ways = comb(plus, first) * comb(minus, batch - first) / comb(plus + minus, batch)
        total += ways * float(difference(p, first, batch - first)[batch - first]) ** units
    return total


def always_balanced(positive: int, negative: int, batch: int, steps: int) -> float:
    """Return the chance that every batch has as many positive as negative rows.

    Rows are dealt into batches without replacement, epoch by epoch; the last may be smaller.
    """
    sizes = [min(batch, positive + negative - at) for at in range(0, positive + negative, batch)]
    epochs, rest = divmod(steps, len(sizes))
    return _dealt(positive, negative, sizes) ** epochs * _dealt(positive, negative, sizes[:rest])


def _dealt(positive: int, negative: int, sizes: Sequence[int]) -> float:
    chance = 1.0
    for size in sizes:
        half, odd = divmod(size, 2)
        if odd or half > min(positive, negative):
            return 0.0
        ways = comb(positive, half) * comb(negative, half)
        chance *= ways / comb(positive + negative, size)
        positive, negative = positive - half, negative - half
    return chance


def all_silent(silent: int, rows: int, drawn: int) -> float:
    """Return the chance that the first ``drawn`` rows of an epoch are all among ``silent``."""
    return comb(silent, drawn) / comb(rows, drawn) if drawn <= silent else 0.0
