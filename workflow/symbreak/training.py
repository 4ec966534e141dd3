"""Training of a combination: every setting and replicate of it, by the engine that fits.

``exact`` arithmetic runs on the compiled engine, ``blas`` on the reference with NumPy's ``@``, one
network at a time so that a network's bits do not depend on the others.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from time import process_time
from typing import TypedDict

import numpy as np

from symbreak import engine, machine, trainer
from symbreak.data import Dataset
from symbreak.initializers import INITIALIZERS
from symbreak.networks import Trained, network_widths, neuron_vectors
from symbreak.settings import REGISTRIES, Record, Setting
from symbreak.streams import DATA, uniforms


class Run(TypedDict):
    """What the settings of an experiment share: seed, steps, checkpoints and replicates."""

    seed: int
    steps: int
    checkpoints: int
    replicates: int


class WrongBits(RuntimeError):
    """This machine's arithmetic gives other bits than it should: nothing it trains is usable."""


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


def train(records: Iterable[Record], run: Run, dataset: Dataset) -> list[Trained]:
    """Return the trained networks of each setting; prints the CPU time of each."""
    self_test()
    return [train_setting(Setting.from_record(record), run, dataset) for record in records]


def train_setting(setting: Setting, run: Run, dataset: Dataset) -> Trained:
    """Return the trained replicates of a setting, with losses at every checkpoint."""
    begin = process_time()
    x, y, x_test, y_test = (
        np.ascontiguousarray(part, setting.dtype)
        for part in (dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test)
    )
    stops = checkpoint_steps(run["steps"], run["checkpoints"])
    replicates = np.arange(run["replicates"])
    start = np.stack(
        [
            trainer.initial_parameters(setting, x.shape[1], run["seed"], r)
            for r in range(run["replicates"])
        ]
    )
    method = engine if setting.arithmetic == "exact" else trainer
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
    return Trained(setting, x.shape[1], stops, weights, moved, train_loss, test_loss,
                   train_accuracy, test_accuracy)  # fmt: skip


def compile_kernels(dtype: str) -> None:
    """Compile the training step and every component's loop for a precision, once, into files."""
    for kind in ("activation", "optimizer", "dropout"):
        for component in REGISTRIES[kind]:
            machine.address(f"{kind}-{component}", dtype)
    x, y = (part.astype(dtype) for part in _small_rows())
    setting = _equal_units(dtype)
    start = trainer.initial_parameters(setting, x.shape[1], 0, 0)[None]
    engine.train(setting, start, np.zeros(1, int), x, y, 0, np.array([1]))


KNOWN_BITS = "339367cfdfd52fb0"  # the reference has the same (tests/test_exact.py)


def self_test() -> None:
    """Raise WrongBits unless equal units stay equal here (E1) and the bits are the known ones (P).

    Trains two networks for eight steps on the compiled engine: one of equal units, one random.
    """
    digest, equal = self_test_digest(engine.train)
    if not equal:
        raise WrongBits("self-test: equal units came out different on this machine (E1); "
                        "train elsewhere, and report the CPU and the versions")  # fmt: skip
    if digest != KNOWN_BITS:
        raise WrongBits(f"self-test: this machine's bits are {digest}, not {KNOWN_BITS} (P); "
                        "train elsewhere, and report the CPU and the versions")  # fmt: skip


def self_test_digest(train: Callable[..., tuple[np.ndarray, np.ndarray]]) -> tuple[str, bool]:
    """Return the digest of the self-test's weights, and whether its equal units are equal."""
    x, y = _small_rows()
    digest, equal = hashlib.blake2b(digest_size=8), True
    for init in ("constant", "normal"):
        setting = replace(_equal_units("float64"), init=INITIALIZERS.choose(init))
        start = trainer.initial_parameters(setting, x.shape[1], 1, 0)[None]
        weights, _ = train(setting, start, np.zeros(1, int), x, y, 1, np.array([8]))
        digest.update(weights.astype("<f8").tobytes())
        if init == "constant":
            units = neuron_vectors(weights[0, 0], network_widths(x.shape[1], setting.hidden), 1)
            equal = bool((units == units[0]).all())
    return digest.hexdigest(), equal


def _equal_units(dtype: str) -> Setting:
    """Return a setting of five equal tanh units: a width at which ``@`` separates them."""
    choices = {kind: registry.choose(name) for (kind, registry), name in zip(
        REGISTRIES.items(), ("constant", "none", "zeros", "tanh", "sgd"), strict=True)}  # fmt: skip
    return Setting(**choices, hidden=(5,), learning_rate=0.5, weight_decay=0.0, batch_size=None,
                   arithmetic="exact", dtype=dtype)  # fmt: skip


def _small_rows() -> tuple[np.ndarray, np.ndarray]:
    """Return 20 rows of three inputs, and labels of their first input's sign."""
    x = uniforms(1, 0, DATA, 60).reshape(20, 3) * 4 - 2
    return x, (x[:, 0] > 0).astype(np.float64)
