"""Timing of a cell: the contenders take turns, several rounds, one thread on one core."""

import gc
import os
import sys
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np

from bench import agreement
from bench.cells import Cell
from bench.contenders import Contender, Run, contenders_for
from bench.problem import Problem, new_problem

ENOUGH_STEPS, FEWEST_STEPS = 32, 4  # among which the cost of starting a call is shared
SLOW = 2.0  # seconds of a measurement, beyond which steps and rounds are the fewest
FEWEST_ROUNDS = 3


@dataclass(frozen=True)
class Figure:
    """Microseconds a network-step over the rounds, and the seconds before the first step."""

    contender: str
    median: float
    low: float
    high: float
    start_up: float


@dataclass
class Entrant:
    """A contender ready for its turns."""

    contender: Contender
    run: Run
    starts: np.ndarray
    steps: int
    start_up: float
    found: list[float]

    def turn(self) -> None:
        """Take one measurement, unless three slow ones are there."""
        slow = self.found and self.found[0] * self.steps * len(self.starts) > SLOW * 1e6
        if slow and len(self.found) >= FEWEST_ROUNDS:
            return
        begin = perf_counter()
        self.run(self.starts, self.steps)
        seconds = perf_counter() - begin
        self.found.append(1e6 * seconds / self.steps / len(self.starts))


def stay_on_one_core() -> None:
    """Keep this process on one core: thread pools then have nowhere to go."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measure(cell: Cell, rounds: int, seconds: float) -> list[Figure]:
    """Return a figure a contender; raises OtherWork if one does not do the same training."""
    problem = new_problem(cell)
    entrants = [prepare(c, problem, seconds) for c in contenders_for(cell.dropout)]
    for _ in range(rounds):
        for entrant in entrants:
            entrant.turn()
    figures = [
        Figure(e.contender.name, median(e.found), min(e.found), max(e.found), e.start_up)
        for e in entrants
    ]
    del entrants
    forget()
    return figures


def prepare(contender: Contender, problem: Problem, seconds: float) -> Entrant:
    """Compile, check the work, and find how many steps fill a measurement."""
    if not contender.stacked:
        problem = problem.first(1)
    begin = perf_counter()
    run = contender.make(problem)
    steps = agreement.steps_to_compare(problem)
    trained = run(problem.starts, steps)
    first = perf_counter() - begin
    agreement.check(contender.name, problem, trained)
    begin = perf_counter()
    run(problem.starts, steps)
    again = perf_counter() - begin
    enough = steps_to_time(again / steps, seconds, problem.epoch)
    return Entrant(contender, run, problem.starts, enough, first - again, [])


def steps_to_time(step: float, seconds: float, epoch: int) -> int:
    """Return how many steps, in whole epochs, to take in a measurement; a step takes ``step`` s."""
    steps = max(FEWEST_STEPS, min(ENOUGH_STEPS, SLOW / step), seconds / step)
    return max(1, round(steps / epoch)) * epoch


def forget() -> None:
    """Give back what compiled code holds."""
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
    gc.collect()
