"""Statistics of replicates: intervals for shares."""

from math import sqrt

Z95 = 1.959963984540054  # the 97.5 % quantile of the standard normal distribution


def wilson(successes: int, trials: int) -> tuple[float, float]:
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
