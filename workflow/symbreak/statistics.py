"""Statistics of replicates: intervals, a paired test, p values of many comparisons.

Portable operations only.
"""

from collections.abc import Callable
from functools import cache
from math import comb, nan, sqrt

import numpy as np

from symbreak.streams import RESAMPLE, stream_key, words32

Array = np.ndarray

Z95 = 1.959963984540054  # the 97.5 % quantile of the standard normal distribution
RESAMPLES = 1000
HELD = 1_000_000  # numbers that are held at once
AT_ONCE = 64  # rows whose resamples are held at once: they fit a cache
LOW, HIGH = 24, 975  # places of the 2.5 % and 97.5 % quantiles among the sorted resamples


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson, JASA 22, 1927); (0, 1) without trials.

    20 of 20 gives .839 to 1: what twenty seeds can say, and no more.
    """
    if trials == 0:
        return 0.0, 1.0
    share, z2 = successes / trials, Z95 * Z95
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = share * (1 - share) / trials + z2 / (4 * trials * trials)
    half = Z95 * sqrt(spread) / (1 + z2 / trials)
    low = 0.0 if successes == 0 else max(centre - half, 0.0)
    high = 1.0 if successes == trials else min(centre + half, 1.0)
    return low, high


def mean(values: Array) -> float:
    """Return the mean of values [n], added in order; NaN of none."""
    return float(np.add.accumulate(values)[-1] / len(values)) if len(values) else nan


def means(values: Array) -> Array:
    """Return the means of the finite values of rows [s, n], added in order [s]; NaN of none."""
    finite = np.isfinite(values)
    total, count = np.zeros(len(values)), np.count_nonzero(finite, axis=1)
    for column in np.where(finite, values, 0.0).T:
        total += column
    return np.where(count > 0, total / np.maximum(count, 1), nan)


def bootstrap(values: Array) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean of values [n], one a seed; NaN of none.

    Seeds are drawn with replacement (Efron, Annals of Statistics 7, 1979), the same draws for every
    setting, so that two settings are compared on the same seeds. Where all seeds agree the interval
    has no width: it tells nothing of seeds that were not run.
    """
    low, high = bootstrap_means(values[None])
    return float(low[0]), float(high[0])


def bootstrap_means(values: Array) -> tuple[Array, Array]:
    """Return the intervals of ``bootstrap`` of the rows of values [s, n], arrays [s].

    Values that are not finite are left out; NaN for a row without any other.
    """
    return _by_count(values, _mean_intervals)


def bootstrap_medians(values: Array) -> tuple[Array, Array]:
    """Return the 95 % percentile intervals of the medians of the rows of values [s, n], arrays [s].

    Values that are not finite are left out. The same places are drawn of every row's sorted values,
    so the order of the seeds plays no part.
    """
    return _by_count(values, _median_intervals)


def _by_count(values: Array, intervals: Callable[[Array], Array]) -> tuple[Array, Array]:
    """Return the intervals of rows [s, n], found together for those with as many finite values."""
    finite = np.isfinite(values)
    counts = np.count_nonzero(finite, axis=1)
    found = np.full((2, len(values)), nan)
    for count in sorted(set(counts.tolist()) - {0}):
        rows = np.flatnonzero(counts == count)
        kept = values[rows][finite[rows]].reshape(-1, count)
        for at in range(0, len(rows), AT_ONCE):
            found[:, rows[at : at + AT_ONCE]] = intervals(kept[at : at + AT_ONCE])
    return found[0], found[1]


def _mean_intervals(values: Array) -> Array:
    """Return the interval of each row of values [s, n], [2, s]: the seeds of a draw in order."""
    count = values.shape[1]
    found = np.empty((2, len(values)))
    varied = (values != values[:, :1]).any(axis=1)
    found[:] = np.add.accumulate(values, axis=1)[:, -1] / count + 0.0  # of rows without a spread
    columns = np.ascontiguousarray(values[varied].T)
    total = np.zeros((RESAMPLES, columns.shape[1]))
    for drawn in resamples(count):
        total += columns[drawn]
    found[:, varied] = _quantiles((total / count).T)
    return found


def _median_intervals(values: Array) -> Array:
    """Return the interval of the median of each row of values [s, n], [2, s]."""
    places = np.sort(resamples(values.shape[1]), axis=0)  # the order statistics of each resample
    ordered, middle = np.sort(values, axis=1), len(places) // 2
    return _quantiles((ordered[:, places[(len(places) - 1) // 2]] + ordered[:, places[middle]]) / 2)


def _quantiles(values: Array) -> Array:
    """Return the 2.5 % and 97.5 % quantiles of each row of values [s, resamples], [2, s]."""
    return np.partition(values, (LOW, HIGH), axis=1)[:, [LOW, HIGH]].T


def median_over_seeds(values: Array, seeds: Array) -> tuple[float, float, float]:
    """Return the median of the finite values [n] and its 95 % interval, whole seeds drawn again.

    ``seeds`` [n] tells which seed a value is of; seeds without a value are not drawn.
    """
    kept = np.isfinite(values)
    if not kept.any():
        return np.nan, np.nan, np.nan
    order = np.argsort(values[kept], kind="stable")
    ordered = values[kept][order]
    names, seed = np.unique(seeds[kept][order], return_inverse=True)
    drawn = resamples(len(names))
    times = np.zeros((RESAMPLES, len(names)), np.int32)
    np.add.at(times, (np.arange(RESAMPLES), drawn), 1)
    size = max(1, HELD // len(ordered))
    found = [_weighted_medians(ordered, times[at : at + size][:, seed])
             for at in range(0, RESAMPLES, size)]  # fmt: skip
    medians = np.sort(np.concatenate(found))
    return float(np.median(ordered)), float(medians[LOW]), float(medians[HIGH])


def _weighted_medians(ordered: Array, times: Array) -> Array:
    """Return the median of sorted values [n] for each row of how often they are drawn [k, n]."""
    reached = np.cumsum(times, axis=1, dtype=np.int64)
    total = reached[:, -1:]
    low, high = (2 * reached >= total).argmax(axis=1), (2 * reached > total).argmax(axis=1)
    return (ordered[low] + ordered[high]) / 2


@cache
def sign_test(more: int, fewer: int) -> float:
    """Return the exact two-sided p value of so many changes one way and so many the other.

    McNemar's test as a sign test: under no effect each of the n changes goes either way with chance
    1/2. Whole numbers up to the one division, so the same bits everywhere; 1 without a change.
    """
    changes = more + fewer
    tail = sum(comb(changes, k) for k in range(min(more, fewer) + 1))
    return min(2 * tail, 1 << changes) / (1 << changes)


def holm(p: Array) -> Array:
    """Return p values [m] adjusted for m comparisons (Holm, Scand. J. Statist. 6, 1979)."""
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(
        np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)) if len(p) else p, 1.0
    )
    return adjusted


@cache
def resamples(count: int) -> Array:
    """Return which of ``count`` seeds each resample takes, [count, resamples]."""
    words = words32(np.uint64(0), stream_key(0, RESAMPLE), count * RESAMPLES, np.uint64(count))
    return (words.reshape(count, RESAMPLES) * np.uint64(count) >> np.uint64(32)).astype(np.int64)


def middle(values: Array) -> float:
    """Return the middle one of values [n], the lower of two; NaN of none.

    Infinity stands for "later than was looked": where more than half are, the median is too. With
    all censored at one time this is the Kaplan-Meier median.
    """
    return float(np.sort(values)[(len(values) - 1) // 2]) if len(values) else nan


def middle_interval(values: Array) -> tuple[float, float]:
    """Return the 95 % interval of the median, two of the sorted values [n]; NaN of fewer than 6.

    Free of distribution: the median lies outside with the chance that a fair coin falls on one side
    too often (Thompson, Annals of Mathematical Statistics 7, 1936).
    """
    rank = _median_rank(len(values))
    if rank is None:
        return nan, nan
    found = np.sort(values)
    return float(found[rank]), float(found[-1 - rank])


@cache
def _median_rank(count: int) -> int | None:
    """Return the largest k with P(Binomial(count, 1/2) <= k) at most 2.5 %; None without one."""
    total, rank = 0, None
    for k in range(count):
        total += comb(count, k)
        if 40 * total > 1 << count:
            return rank
        rank = k
    return rank
