"""How far a run is: jobs done, running, failed and left, and about how long they still take.

Knows jobs by number and rule only. ``expect`` gives the seconds that a job of each rule is expected
to take, so that the share that is done is one of work, not of jobs.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

BAR = 24  # characters
PARTS = 20  # lines that a log file gets: one every 5 %
EARLY = 0.02  # a share too small to tell the time left from

_expected: dict[str, float] = {}


def expect(seconds: Mapping[str, float]) -> None:
    """Set the seconds that a job of each rule is expected to take."""
    _expected.clear()
    _expected.update(seconds)


class Progress:
    """The state of a run. Jobs that are not known to have ended are running or left."""

    def __init__(
        self, jobs: Mapping[str, int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``jobs`` is the number of jobs by rule."""
        self.total = sum(jobs.values())
        self.jobs, self.clock, self.start = dict(jobs), clock, clock()
        self.running: dict[Any, str] = {}
        self.failed: dict[Any, str] = {}
        self.done: Counter[str] = Counter()
        self.told = 0

    def started(self, job: Any, rule: str) -> None:
        """Count a job as running, at its second try again."""
        self.failed.pop(job, None)
        self.running[job] = rule

    def finished(self, job: Any) -> None:
        """Count a job as done."""
        self.failed.pop(job, None)
        rule = self.running.pop(job, None)
        if rule is not None:
            self.done[rule] += 1

    def fails(self, job: Any, rule: str) -> None:
        """Count a job as failed, until it is tried again."""
        self.running.pop(job, None)
        self.failed[job] = rule

    @property
    def share(self) -> float:
        """The part of the work that is done, from 0 to 1."""
        weight = {rule: _expected.get(rule, min(_expected.values(), default=1.0))
                  for rule in self.jobs}  # fmt: skip
        whole = sum(weight[rule] * count for rule, count in self.jobs.items())
        done = sum(weight[rule] * self.done[rule] for rule in self.jobs)
        return done / whole if whole else 1.0

    @property
    def counts(self) -> str:
        """The jobs in words."""
        done = sum(self.done.values())
        left = self.total - done - len(self.running) - len(self.failed)
        return (f"{done:,} of {self.total:,} jobs done, {len(self.running):,} running, "
                f"{len(self.failed):,} failed, {left:,} left")  # fmt: skip

    @property
    def remaining(self) -> str:
        """About how long the rest takes, as the work done so far took; empty where it is early."""
        share = self.share
        if not EARLY < share < 1:
            return ""
        return f", about {duration((self.clock() - self.start) * (1 - share) / share)}"

    def bar(self) -> str:
        """Return the line that a terminal shows."""
        full = int(BAR * self.share)
        drawn = "#" * full + "-" * (BAR - full)
        return f"[{drawn}] {100 * self.share:3.0f} %  {self.counts}{self.remaining}"

    def line(self) -> str | None:
        """Return a line for a log file at each 5 % of the work, else None."""
        part = int(PARTS * self.share + 1e-9)
        if part <= self.told:
            return None
        self.told = part
        return f"{100 * part // PARTS:3d} %  {self.counts}{self.remaining}"


def duration(seconds: float) -> str:
    """Return a time to one unit, as in ``40 s`` and ``3 h``."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
