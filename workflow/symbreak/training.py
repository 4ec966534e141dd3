"""Training of a combination: every setting and replicate of it, by the engine that fits.

``exact`` arithmetic runs on the compiled engine, ``blas`` on the reference with NumPy's ``@``, one
network at a time so that a network's bits do not depend on the others.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from time import process_time
from types import ModuleType
from typing import TypedDict

import numpy as np

from symbreak import blas, engine, machine, trainer
from symbreak.data import Dataset
from symbreak.networks import Trained, network_widths, part_size
from symbreak.processor import NotCompiled
from symbreak.selftest import self_test
from symbreak.settings import REGISTRIES, Setting

BY_REFERENCE = "the reference engine trains with it, 25 to 270 times slower"


class Run(TypedDict):
    """What the settings of an experiment share: seed, steps, checkpoints and replicates."""

    seed: int
    steps: int
    checkpoints: int
    replicates: int


def checkpoint_steps(steps: int, count: int) -> np.ndarray:
    """Return the numbers of steps at which weights are kept: 0, log-spaced, and ``steps`` [c].

    Each number once, so there may be fewer than ``count``. Found by integer arithmetic: the k-th is
    the least n with n^m >= steps^k, where m is the number of gaps.
    """
    gaps = count - 2
    found = {0, steps} | {_root(steps**k, gaps, steps) for k in range(gaps)}
    return np.array(sorted(found), np.int64)


def _root(power: int, degree: int, high: int) -> int:
    """Return the least whole number of at least 1 whose ``degree``-th power reaches ``power``."""
    low = 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if middle**degree >= power else (middle + 1, high)
    return low


def train(settings: Sequence[Setting], run: Run, dataset: Dataset) -> Iterator[Trained]:
    """Yield the trained networks of each setting, in parts that fit memory; prints their CPU time.

    How networks are put together in parts changes no bit of theirs.
    """
    for dtype in sorted({s.dtype for s in settings if s.arithmetic == "exact"}):
        _tested(dtype)
    checkpoints = len(checkpoint_steps(run["steps"], run["checkpoints"]))
    for setting in settings:
        widths = network_widths(dataset.x_train.shape[1], setting.hidden)
        size = part_size(widths, checkpoints)
        for first in range(0, run["replicates"], size):
            last = min(first + size, run["replicates"])
            yield train_setting(setting, run, dataset, range(first, last))


@cache
def _tested(dtype: str) -> None:
    """Test the engine in a precision, once in a process; raises WrongBits (``selftest.py``)."""
    self_test(engine.train, dtype)


def train_setting(setting: Setting, run: Run, dataset: Dataset,
                  part: range | None = None) -> Trained:  # fmt: skip
    """Return trained replicates of a setting, all or some, with losses at every checkpoint."""
    begin = process_time()
    x, y, x_test, y_test = (
        np.ascontiguousarray(rows, setting.dtype)
        for rows in (dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test)
    )
    stops = checkpoint_steps(run["steps"], run["checkpoints"])
    replicates = np.array(part or range(run["replicates"]))
    start = np.stack(
        [
            trainer.initial_parameters(setting, x.shape[1], run["seed"], r)
            for r in replicates.tolist()
        ]
    )
    method = engine_of(setting)
    with np.errstate(all="ignore"):  # a diverging network is counted, not warned about
        weights, moved = method.train(setting, start, replicates, x, y, run["seed"], stops)
        flat = weights.reshape(-1, weights.shape[-1])
        scores = [
            score.reshape(weights.shape[:2])
            for rows in ((x, y), (x_test, y_test))
            for score in method.losses(setting, flat, *rows)
        ]
    diverged = ~np.isfinite(weights).all(axis=-1)
    weights[diverged] = np.nan
    moved[diverged[:, -1]] = True
    for loss, accuracy in (scores[:2], scores[2:]):
        loss[diverged] = np.nan
        accuracy[diverged | np.isnan(loss)] = np.nan
    count = len(replicates) * run["steps"]
    seconds = process_time() - begin
    print(f"{setting.label}: {seconds:.2f} s of CPU time, "
          f"{1e6 * seconds / count:.2f} us a network and step")  # fmt: skip
    train_loss, train_accuracy, test_loss, test_accuracy = scores
    kernel = "" if setting.arithmetic == "exact" else blas.label()
    return Trained(setting, x.shape[1], stops, weights, moved, train_loss, test_loss,
                   train_accuracy, test_accuracy, blas=kernel,
                   first=int(replicates[0]))  # fmt: skip


def engine_of(setting: Setting) -> ModuleType:
    """Return the engine that trains a setting; says so where a component cannot be compiled."""
    if setting.arithmetic != "exact":
        return trainer
    try:
        engine.loops(setting)
    except NotCompiled as reason:
        print(f"{setting.label}: {reason}; {BY_REFERENCE}")
        return trainer
    return engine


def compile_kernels(dtype: str) -> None:
    """Compile the training step and every component's loop for a precision, once, into files."""
    for kind in engine.KINDS:
        for component in REGISTRIES[kind]:
            try:
                machine.address(f"{kind}-{component}", dtype)
            except NotCompiled as reason:
                print(f"{reason}; {BY_REFERENCE}")
    self_test(engine.train, dtype)
