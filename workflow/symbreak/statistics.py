"""Statistics of replicates: intervals for shares and for means. Portable operations only."""

from functools import cache
from math import comb, nan, sqrt

import numpy as np

from symbreak.streams import RESAMPLE, stream_key, words32

Array = np.ndarray

Z95 = 1.959963984540054  # the 97.5 % quantile of the standard normal distribution
RESAMPLES = 1000
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


def bootstrap(values: Array) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean of values [n], one a seed; NaN of none.

    Seeds are drawn with replacement (Efron, Annals of Statistics 7, 1979), the same draws for every
    setting, so that two settings are compared on the same seeds. Where all seeds agree the interval
    has no width: it tells nothing of seeds that were not run.
    """
    if not len(values):
        return nan, nan
    total = np.zeros(RESAMPLES)
    for drawn in resamples(len(values)):
        total = total + values[drawn]
    means = np.sort(total / len(values))
    return float(means[LOW]), float(means[HIGH])


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
