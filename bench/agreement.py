"""Whether a contender does the same training: nothing is timed that does not.

Without randomness every contender must reach this engine's losses. With shuffling or dropout each
draws from its own generator, so the mean loss over networks must lie where other seeds of this
engine put it.
"""

from functools import cache

import numpy as np
from symbreak import engine

from bench.cells import Cell
from bench.problem import SEED, Problem, new_problem

COMPARED = 16  # networks
TOLERANCE = 1e-4  # nats; scikit-learn adds Adam's epsilon elsewhere, which is worth 2e-5
DEVIATIONS = 6.0


class OtherWork(RuntimeError):
    """A contender's networks end elsewhere: timing it would compare different work."""


def steps_to_compare(problem: Problem) -> int:
    """Return the number of steps after which losses are compared."""
    return problem.epoch if problem.shuffled else 8


def check(name: str, problem: Problem, trained: np.ndarray) -> None:
    """Raise OtherWork unless ``trained`` [n, p] is what ``steps_to_compare`` steps lead to."""
    expected = expected_losses(problem)
    trained = trained[: expected.shape[1]]
    found = losses(problem, trained)
    expected = expected[:, : len(found)]
    tolerance = TOLERANCE
    difference = found - expected.mean(axis=0)
    if problem.cell.random:
        seeds = len(expected)
        deviation = np.sqrt(expected.var(axis=0, ddof=1).mean() * (1 + 1 / seeds) / len(found))
        tolerance += DEVIATIONS * deviation
        difference = difference.mean(keepdims=True)
    worst = abs(difference).max()
    if not worst <= tolerance:
        raise OtherWork(f"{name} does not train the same networks: after "
                        f"{steps_to_compare(problem)} steps of {problem.cell.labels} its loss "
                        f"differs by {worst:.2g}, more than {tolerance:.2g}")  # fmt: skip


def losses(problem: Problem, parameters: np.ndarray) -> np.ndarray:
    """Return the mean cross-entropy [n] of networks [n, p] over all rows, without dropout."""
    return engine.losses(problem.cell.setting, parameters, problem.x, problem.y)[0]


def expected_losses(problem: Problem) -> np.ndarray:
    """Return this engine's losses [seeds, networks], one seed where nothing is drawn."""
    return _expected(problem.cell._replace(networks=min(COMPARED, len(problem.starts))))


@cache
def _expected(cell: Cell) -> np.ndarray:
    problem = new_problem(cell)
    networks = len(problem.starts)
    seeds = max(4, COMPARED // networks) if cell.random else 1
    replicates, stops = np.arange(networks), np.array([steps_to_compare(problem)])
    return np.stack(
        [
            losses(
                problem,
                engine.train(cell.setting, problem.starts, replicates, problem.x, problem.y,
                             SEED + seed, stops)[0][:, 0],
            )
            for seed in range(seeds)
        ]
    )  # fmt: skip
