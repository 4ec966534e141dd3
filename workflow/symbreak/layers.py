"""What the theory knows of one hidden layer before a step is taken; its rules decide on it."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symbreak import chance, symmetry
from symbreak.signals import Signals
from symbreak.start import Start

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Layer:
    """What the theory knows of one hidden layer, k from 0, before a step is taken."""

    start: Start
    signals: Signals
    k: int

    @property
    def units(self) -> int:
        """The width."""
        return self.start.setting.hidden[self.k]

    @property
    def graded(self) -> Array:
        """Which units a gradient reaches [u]."""
        return self.signals.graded[self.k]

    @property
    def decayed(self) -> Array:
        """Which units weight decay moves [u]."""
        return self.signals.decayed[self.k]

    @cached_property
    def labels(self) -> Array:
        """The classes of equal units at the start [u]."""
        return symmetry.at_start(self.start, self.k)

    @cached_property
    def absorbed(self) -> Array:
        """The classes without the differences that the arithmetic loses [u]."""
        return symmetry.absorbed(self.start, self.signals, self.k)

    @cached_property
    def kept(self) -> Array:
        """The classes that are left when weight decay has erased differences, too [u]."""
        return symmetry.erased(self.start, self.signals, self.k, self.absorbed)

    @property
    def loses(self) -> bool:
        """Whether units that start different become equal."""
        return len(self.sizes) < len(set(self.labels.tolist()))

    @cached_property
    def sizes(self) -> Counter[int]:
        """The number of units of each class that is left."""
        return Counter(self.kept.tolist())

    @property
    def splits(self) -> bool:
        """Whether noise of their own reaches units that are equal."""
        several = any(self.sizes[c] > 1 and self.graded[self.kept == c].any() for c in self.sizes)
        return self.start.own_noise and several

    def _weight_sums(self, units: int, draws: float) -> chance.Sums:
        """Return the power sums of a unit's masks under DropConnect, in the steps of all draws."""
        first = float(self.signals.first_draws[self.k].max())
        steps = min(self.start.steps, draws / first) if first else self.start.steps
        return tuple(s**steps for s in chance.weight_sums(self.start.p, *self.fan, units))

    @property
    def fan(self) -> tuple[int, int, bool]:
        """The weights into and out of a unit, and whether it is silent without the former."""
        widths, start = self.start.widths, self.start
        silent = not start.has_bias and not start.passed_at_zero
        return widths[self.k], widths[self.k + 2], silent

    @property
    def lattice(self) -> tuple[int, int] | None:
        """How many rows pull the outgoing weights up and down in the first step.

        None unless all pull alike, and nothing else can move: then draws can balance exactly.
        """
        outputs, _, error = self.start.passed
        pull = error[:, None] * outputs[-1]
        if (outputs[0] == outputs[0][0]).all():  # rows that differ in their labels alone
            pull = error[:, None]
        elif (self.start.layers[-1][0] != 0).any():
            return None
        sizes = np.unique(abs(pull))
        if len(sizes) != 1 or sizes[0] == 0:
            return None
        return int((pull[:, 0] > 0).sum()), int((pull[:, 0] < 0).sum())

    def split(self, c: int, share: float = 1.0) -> tuple[float, float]:
        """Return the chances that a class's units all stay equal, and that all become different.

        ``share`` is the part of their draws that counts.
        """
        here, size = self.kept == c, self.sizes[c]
        draws = share * float(self.signals.draws[self.k][here].max())
        if size == 1 or not self.graded[here].any() or draws == 0:
            return 1.0, float(size == 1)
        if self.start.continuous:
            return 0.0, 1.0
        sums = self._sums(size, draws, share * float(self.signals.first_draws[self.k][here].max()))
        return sums[-1], chance.all_distinct(sums)

    def _sums(self, size: int, draws: float, first: float) -> chance.Sums:
        if self.start.place == "weights":
            return self._weight_sums(size, draws)
        pulls, last = self.lattice, len(self.start.setting.hidden) - 1
        if pulls is None or self.k < last:
            return chance.mask_sums(self.start.p, draws, size)
        plus, minus = (round(n * self.start.batch / len(self.start.x)) for n in pulls)
        once = chance.sums_of(chance.difference(self.start.p, plus, minus), size)
        return chance.times(once, chance.mask_sums(self.start.p, max(0.0, draws - first), size))
