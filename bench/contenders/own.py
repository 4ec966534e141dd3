"""This project's two engines."""

from types import ModuleType

import numpy as np
from symbreak import engine, trainer

from bench.contenders import Run
from bench.problem import SEED, Problem


def compiled(problem: Problem) -> Run:
    """Train by the compiled engine."""
    return _by(engine, problem)


def reference(problem: Problem) -> Run:
    """Train by the reference in NumPy."""
    return _by(trainer, problem)


def _by(method: ModuleType, problem: Problem) -> Run:
    def run(starts: np.ndarray, steps: int) -> np.ndarray:
        weights, _ = method.train(problem.cell.setting, starts, np.arange(len(starts)), problem.x,
                                  problem.y, SEED, np.array([steps]))  # fmt: skip
        return weights[:, 0]

    return run
