"""Bisection: at which values of a number does what is seen change?

A pure search: it asks for the label of a value and knows nothing else of it. Middles are made of
IEEE basic operations only, so the same labels lead to the same values on every machine.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise

MIXED = "mixed"  # the label of a value at which no verdict prevails
MOST_CHANGES = 16  # neighbours with different labels; more are no boundaries, and are left as found


@dataclass(frozen=True)
class Interval:
    """The values to search, and how closely: two values are close enough within ``tolerance``.

    It is a share of the lower value where both ends have the same sign (middles are geometric
    there), else of the whole width.
    """

    low: float
    high: float
    tolerance: float

    @property
    def is_log(self) -> bool:
        """Whether both ends have the same sign, so that values are spaced by their ratio."""
        return self.low > 0 or self.high < 0

    def middle(self, low: float, high: float) -> float:
        """Return the geometric mean of two values, or the arithmetic one."""
        if self.is_log:
            size = math.sqrt(abs(low)) * math.sqrt(abs(high))
            return size if low > 0 else -size
        return low / 2 + high / 2

    def is_wide(self, low: float, high: float) -> bool:
        """Tell whether two values are further apart than the tolerance, with a float between."""
        if self.is_log:
            small, large = sorted((abs(low), abs(high)))
            wide = large > small * (1 + self.tolerance)
        else:
            wide = high - low > self.tolerance * (self.high - self.low)
        return wide and low < self.middle(low, high) < high

    def scan(self, halvings: int) -> list[float]:
        """Return the 2^halvings + 1 values that halving the whole so often gives, in order."""
        values = [self.low, self.high]
        for _ in range(halvings):
            middles = (self.middle(*pair) for pair in pairwise(values))
            values = sorted({*values, *middles})
        return values

    def most_values(self, halvings: int) -> int:
        """Return how many values ``search`` asks for at most."""
        if self.is_log:
            small, large = sorted((abs(self.low), abs(self.high)))
            width = math.log(large) - math.log(small)
            cells = width / math.log1p(self.tolerance)
        else:
            cells = 1 / self.tolerance
        depth = max(0, math.ceil(math.log2(max(1.0, cells))) + 1 - halvings)
        return 2**halvings + 1 + MOST_CHANGES * depth


@dataclass(frozen=True)
class Boundary:
    """Between ``low`` and ``high`` the label changes from ``below`` to ``above``.

    Values between them that were tried are all mixed; there are none where one of the two is.
    """

    low: float
    high: float
    below: str
    above: str


def search(label_of: Callable[[float], str], interval: Interval, halvings: int) -> dict[float, str]:
    """Return the label of each value tried, in their order.

    First the ``scan``, then the middle of every two neighbours with different labels, again and
    again until they are close enough. Changes that lie closer together than two neighbours of the
    scan are not seen. Ends early where more than MOST_CHANGES neighbours differ.
    """
    found = {value: label_of(value) for value in interval.scan(halvings)}
    while True:
        differ = [(a, b) for a, b in pairwise(sorted(found)) if found[a] != found[b]]
        wide = [pair for pair in differ if interval.is_wide(*pair)]
        if not wide or len(differ) > MOST_CHANGES:
            return dict(sorted(found.items()))
        for pair in wide:
            value = interval.middle(*pair)
            found[value] = label_of(value)


def boundaries(labels: Mapping[float, str]) -> list[Boundary]:
    """Return where the label changes, from the labels of values in order.

    A mixed stretch between two different labels is the inside of one boundary; one between two
    equal labels, or at an end, has boundaries of its own.
    """
    runs = [
        (label, [value for value, _ in group])
        for label, group in groupby(labels.items(), lambda item: item[1])
    ]
    ends = [
        (label, values[0], values[-1])
        for i, (label, values) in enumerate(runs)
        if not (label == MIXED and 0 < i < len(runs) - 1 and runs[i - 1][0] != runs[i + 1][0])
    ]
    return [Boundary(a[2], b[1], a[0], b[0]) for a, b in pairwise(ends)]
