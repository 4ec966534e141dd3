"""The hunt: random settings, trained and judged, to find one that the theory predicts wrongly.

Case i of a hunt depends only on (seed, i), so one case can be run again by itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from symbreak import agreement, theory, trainer, verdicts
from symbreak.components import Choice, spell
from symbreak.networks import Trained, network_widths
from symbreak.settings import REGISTRIES, Setting
from symbreak.start import start_of

Array = np.ndarray
Train = Callable[..., tuple[Array, Array]]

NUMBERS = {  # of a component's parameters by name; others keep their default
    "value": (0.5, -0.5, 0.01, 2.0, 0.0, -3.0, 0.1),
    "first": (0.5, 1.0, -0.25),
    "second": (-0.5, 0.0, 0.5),
    "std": (0.5, 0.1, 1e-3, 1e-24, 2.0, 0.0),
    "limit": (0.5, 0.1, 1e-3),
    "eps": (1e-2, 1e-4, 1e-8, 1e-12, 1e-18, 1e-24),
    "p": (0.5, 0.2, 0.05, 0.8, 0.01, 0.0),
}
WIDEST = {1: 12, 2: 7, 3: 5}  # the most units of a layer, by the number of hidden layers
DECAYS = (0, 0, 0, 0, 0, 1e-3, 1e-3, 0.03, 0.03)  # and now and then 1 / learning rate
STEPS = (1, 2, 3, 10, 40, 150, 400, 1000)
OFTEN = (0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.03, 0.01)  # long runs cost most
DECAYED = (0.13, 0.13, 0.13, 0.13, 0.13, 0.2, 0.11, 0.04)  # they matter where a start is forgotten
INPUTS, MOST_ROWS = 6, 40
RANGES = (
    f"widths 2 to {max(WIDEST.values())}, at most {max(WIDEST)} hidden layers, 1 to {STEPS[-1]} "
    f"steps, 4 to {MOST_ROWS} rows of at most {INPUTS} inputs"
)
REDUNDANCY = 0.99  # what it tells apart is one verdict to the theory
CASES, REPLICATES = 100, 3  # of the hunt that every experiment makes


@dataclass(frozen=True, eq=False)
class Case:
    """A setting with rows x [b, d], y [b] to train on, steps, and replicates from 0."""

    number: int
    setting: Setting
    x: Array
    y: Array
    rows: str
    steps: int
    replicates: int
    seed: int

    @property
    def label(self) -> str:
        """The setting, rows and steps in a line."""
        return f"{self.setting.label}, {len(self.x)} {self.rows} rows, {self.steps} steps"


@dataclass(frozen=True)
class Compared:
    """What the theory says of a case and what training gives."""

    case: Case
    agreed: agreement.Agreement
    measured: dict[str, int]


def case(seed: int, number: int, replicates: int = 6) -> Case:
    """Return case ``number`` of the hunt with this seed."""
    random = np.random.default_rng([seed, number])
    rows, (x, y) = _rows(random)
    depth = int(random.choice([1, 1, 1, 2, 2, 3]))
    hidden = tuple(int(n) for n in random.integers(2, WIDEST[depth] + 1, depth))
    rate = float(random.choice([0.01, 0.1, 1.0, 1.0]))
    choices = {kind: _choice(random, kind) for kind in REGISTRIES}
    setting = Setting(
        **choices, hidden=hidden, learning_rate=rate,
        weight_decay=float(random.choice([*DECAYS, 1 / rate])),
        batch_size=int(random.choice([0, 0, 0, 1, 2, 7, 8])), arithmetic="exact",
        dtype=str(random.choice(["float64", "float64", "float32"])),
    )  # fmt: skip
    setting = replace(setting, batch_size=min(setting.batch_size or 0, len(x)) or None)
    steps = int(random.choice(STEPS, p=DECAYED if setting.weight_decay else OFTEN))
    return Case(number, setting, x, y, rows, steps, replicates, seed)


def _choice(random: np.random.Generator, kind: str) -> Choice:
    registry = REGISTRIES[kind]
    name = str(random.choice(list(registry)))
    values = {p.name: float(random.choice(NUMBERS[p.name])) for p in registry[name].parameters
              if p.name in NUMBERS}  # fmt: skip
    return registry.choose(name, **values)


def _rows(random: np.random.Generator) -> tuple[str, tuple[Array, Array]]:
    """Return a name and x [b, d], y [b]: rows of either sign or one, balanced or not, xor."""
    kind = str(random.choice(["normal", "balanced", "positive", "whole", "xor", "zero column"]))
    inputs, count = (
        int(random.integers(1, INPUTS + 1)),
        2 * int(random.integers(2, MOST_ROWS // 2 + 1)),
    )
    x = random.normal(size=(count, inputs))
    if kind == "xor":
        x = np.tile(np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], float), (count // 4, 1))
        return kind, (x, (x[:, 0] * x[:, 1] < 0).astype(float))
    y = (x.sum(axis=1) + random.normal(size=count) > 0).astype(float)
    y[:2] = 0, 1
    if kind == "balanced":
        y = random.permutation(np.arange(count) % 2).astype(float)
    elif kind == "positive":
        x = abs(x)
    elif kind == "whole":
        x = np.round(2 * x)
    elif kind == "zero column":
        x[:, 0] = 0
    return kind, (x, y)


def compare(found: Case, train: Train = trainer.train) -> Compared:
    """Train a case and compare it with what the theory says of it."""
    setting = found.setting
    x, y = (np.ascontiguousarray(part, setting.dtype) for part in (found.x, found.y))
    replicates = np.arange(found.replicates)
    starts = [start_of(setting, x, y, found.seed, r, found.steps) for r in range(found.replicates)]
    predictions = [theory.predict(start) for start in starts]
    parameters = np.stack([start.parameters for start in starts])
    stops = np.array([0, found.steps])
    with np.errstate(all="ignore"):
        weights, moved = train(setting, parameters, replicates, x, y, found.seed, stops)
    weights[~np.isfinite(weights).all(axis=-1)] = np.nan
    score = np.zeros((len(replicates), 2))
    trained = Trained(setting, x.shape[1], stops, weights, moved, *[score] * 4)
    assert trained.widths == network_widths(x.shape[1], setting.hidden)
    measured = verdicts.networks([trained], x, REDUNDANCY)["verdict"].tolist()
    counts = {name: measured.count(name) for name in verdicts.VERDICTS if name in measured}
    return Compared(found, agreement.agreement(predictions, measured), counts)


def hunt(
    seed: int, numbers: range, replicates: int = 6, train: Train = trainer.train
) -> Iterator[Compared]:
    """Yield the comparison of each case."""
    for number in numbers:
        yield compare(case(seed, number, replicates), train)


def table(seed: int) -> pd.DataFrame:
    """Return the hunt of an experiment, a row a case; it depends on nothing but the seed."""
    found = hunt(seed, range(CASES), REPLICATES)
    return pd.DataFrame([row(one) for one in found])


def row(found: Compared) -> dict[str, Any]:
    """Return a comparison as a row of hunt.csv."""
    return {
        "case": found.case.number,
        "setting": found.case.label,
        "predicted": "; ".join(f"{n} {spell(round(c, 3))}" for n, c in found.agreed.expected),
        "measured": "; ".join(f"{name} {count}" for name, count in found.measured.items()),
        "agrees": "yes" if found.agreed.holds else "no",
        "known": "yes" if found.agreed.known else "no",
        "rule": found.agreed.rule,
    }


def summary(found: list[Compared]) -> str:
    """Return how many comparisons disagree, and of how many the theory left something open."""
    wrong = sum(not one.agreed.holds for one in found)
    chance = sum(one.agreed.known and one.agreed.verdict == "mixed" for one in found)
    left = sum(not one.agreed.known for one in found)
    nothing = sum(one.agreed.holds and one.agreed.says_nothing for one in found)
    diverged = sum("diverged" in one.measured for one in found)
    return (
        f"{wrong} of {len(found)} disagree, {len(found) - wrong - nothing} agree, of {nothing} the "
        f"theory says nothing. (Predicted by their shares: {chance}. Only narrowed down: "
        f"{left - nothing}. With networks that diverged, which are left out: {diverged}.)"
    )


def sentence(found: Compared) -> str:
    """Return a disagreement in words, with the command that runs it again."""
    expected = ", ".join(f"{name} {spell(round(n, 3))}" for name, n in found.agreed.expected)
    measured = ", ".join(f"{name} {n}" for name, n in found.measured.items())
    return (
        f"case {found.case.number}: {found.case.label}\n"
        f"  predicted {expected} (rule: {found.agreed.rule}); measured {measured}\n"
        f"  {found.agreed.reason}\n"
        f"  symbreak hunt --seed {found.case.seed} --only {found.case.number}"
    )
