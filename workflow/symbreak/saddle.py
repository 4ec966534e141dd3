"""The saddle: how far neurons that start nearly equal come apart, against how near they start.

Shown where the grid has an initializer declared ``near`` with three or more values of ``eps``.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from symbreak import figures
from symbreak.breaks import by_setting
from symbreak.components import Choice, spell
from symbreak.dynamics import REACHED
from symbreak.examples import pairs_of
from symbreak.settings import REGISTRIES, Experiment, Setting
from symbreak.statistics import middle, middle_interval
from symbreak.summary import Row, listed, makes_noise, number
from symbreak.svg import Figure

EPS = "eps"
FEWEST = 3  # values of eps


@dataclass(frozen=True)
class Line:
    """One activation: a point an eps, from the largest, with the row of each and its networks."""

    activation: str
    eps: tuple[float, ...]
    rows: tuple[Row, ...]
    times: np.ndarray  # [eps, replicates]: the step by which the distance was reached; NaN: never


@dataclass(frozen=True)
class Told:
    """What the table says of one activation."""

    activation: str
    first: str
    last: str
    cost: str
    never: str


@dataclass(frozen=True)
class Saddle:
    """The figures of one family of starts, the table beside them, and a sentence on it."""

    title: str
    sentence: str
    steps: Figure
    distance: Figure
    rows: tuple[Told, ...]


def families(experiment: Experiment) -> list[list[Choice]]:
    """Return the initializers that differ only in ``eps``, from the largest, three or more."""
    found: dict[Choice, list[tuple[float, Choice]]] = {}
    for choice in experiment.init:
        component = REGISTRIES["init"][choice.name]
        values = REGISTRIES["init"].named(choice)
        if component.facts["hidden"] == "near" and values.get(EPS):
            others = tuple(value for name, value in values.items() if name != EPS)
            found.setdefault(Choice(choice.name, others), []).append((values[EPS], choice))
    return [[choice for _, choice in sorted(several, reverse=True)]
            for several in found.values() if len(several) >= FEWEST]  # fmt: skip


def saddles(experiment: Experiment, dynamics: pd.DataFrame,
            networks: Callable[[str], pd.DataFrame]) -> list[Saddle]:  # fmt: skip
    """Return a saddle a family; ``networks`` takes an initializer's label, as ``dynamics``.

    Of the other factors the first value of each is shown: of dropout one without noise, where
    there is one.
    """
    rows = by_setting(dynamics)
    known = {setting.init for setting in rows}
    there = ([init for init in family if init in known] for family in families(experiment))
    return [_saddle(experiment, family, rows, networks) for family in there
            if len(family) >= FEWEST]  # fmt: skip


def _saddle(experiment: Experiment, family: list[Choice], rows: dict[Setting, list[Row]],
            networks: Callable[[str], pd.DataFrame]) -> Saddle:  # fmt: skip
    tables = {choice: networks(choice.label) for choice in family}
    dropout = min(experiment.dropout, key=makes_noise)
    lines = []
    for activation in experiment.activation:
        settings = [
            next(s for s in experiment.settings(choice, dropout, experiment.bias[0])
                 if s.activation == activation) for choice in family
        ]  # fmt: skip
        known = [s for s in settings if s in rows]
        if known:
            lines.append(_line(known, rows, tables))
    shown = settings[0]
    title = (f"{family[0].name}, dropout {dropout.label}, bias {shown.bias.label}, hidden "
             f"{shown.record()['hidden']}, first hidden layer")  # fmt: skip
    sentence = _sentence(lines, experiment.steps)
    table = pd.DataFrame(_points(lines))
    return Saddle(
        title,
        sentence,
        figures.saddle_steps(
            table, experiment.steps, f"Steps to a distance of 0.5. {sentence}", title
        ),
        figures.saddle_distance(
            table, f"Largest distance at the end by eps. {_ends(lines)}", title
        ),
        tuple(map(_told, lines)),
    )  # fmt: skip


def _line(settings: list[Setting], rows: dict[Setting, list[Row]],
          tables: dict[Choice, pd.DataFrame]) -> Line:  # fmt: skip
    times = [pairs_of(tables[s.init], s, 1)["reach_by"].to_numpy(np.float64) for s in settings]
    eps = tuple(REGISTRIES["init"].named(s.init)[EPS] for s in settings)
    found = tuple(rows[s][0] for s in settings)
    return Line(settings[0].activation.label, eps, found, np.stack(times))


def _points(lines: list[Line]) -> Iterator[dict[str, float | str]]:
    for line in lines:
        for eps, row in zip(line.eps, line.rows, strict=True):
            yield {"activation": line.activation, "eps": eps, "by": row.reach_by,
                   "low": row.reach_by_low, "high": row.reach_by_high,
                   "end": row.end_median}  # fmt: skip


def costs(line: Line) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps that each replicate needs for a factor of ten, [r], and the eps used.

    The least-squares slope of the time over -log10 eps, of every eps from which all of the
    networks got there; empty where those are fewer than three.
    """
    every = np.isfinite(line.times).all(axis=1)
    eps = np.array(line.eps)[every]
    if len(eps) < FEWEST:
        return np.zeros(0), eps
    x = -np.log10(eps)
    x = x - x.mean()
    return x @ line.times[every] / (x @ x), eps


def _sentence(lines: list[Line], steps: int) -> str:
    """Return what a ten times nearer start costs, and which lines never come apart from where."""
    parts = [f"{line.activation} {_cost(line)}" for line in lines if len(costs(line)[0])]
    costly = (
        f"A start that is ten times nearer costs more steps: {listed(parts)}; so many of the "
        f"middle seed of {lines[0].times.shape[1]}, with 95 % intervals. "
        if parts
        else ""
    )
    rest = [
        f"{line.activation} from {_eps(max(never))} down"
        for line in lines
        if (never := _never(line))
    ]
    if not rest:
        return (
            f"{costly}Half of the networks or more get to a distance of {REACHED} from every eps."
        )
    return (f"{costly}Half of the networks or more do not get to a distance of {REACHED} in "
            f"{steps:,} steps: {listed(rest)}.")  # fmt: skip


def _told(line: Line) -> Told:
    got = [(e, r) for e, r in zip(line.eps, line.rows, strict=True) if r.reach_by == r.reach_by]
    ends = [f"step {row.reach_by:,.0f} from {_eps(eps)}" for eps, row in got[:1] + got[-1:]]
    cost, never = "–", _never(line)
    if len(costs(line)[0]):
        cost = f"{_cost(line)}; the straight line leaves {_bend(line):.1f} % of the variance"
    return Told(line.activation, ends[0] if ends else "–", ends[-1] if len(got) > 1 else "–",
                cost, f"from {_eps(max(never))} down" if never else "–")  # fmt: skip


def _never(line: Line) -> list[float]:
    """Return the values of eps from which more than half of the networks never got there."""
    return [e for e, row in zip(line.eps, line.rows, strict=True) if row.reach_by != row.reach_by]


def _cost(line: Line) -> str:
    slopes, _ = costs(line)
    low, high = middle_interval(slopes)
    interval = f" ({low:.1f} to {high:.1f})" if math.isfinite(low) else ""
    return f"{middle(slopes):.1f}{interval}"


def _bend(line: Line) -> float:
    """Return how much of the variance of the median times a straight line leaves, in percent."""
    _, used = costs(line)
    at = [i for i, eps in enumerate(line.eps) if eps in used]
    y = np.median(line.times[at], axis=1)
    return float(100 * (1 - np.corrcoef(-np.log10(used), y)[0, 1] ** 2))


def _ends(lines: list[Line]) -> str:
    """Return the largest distances at the end from the largest and the smallest eps."""
    return " ".join(
        f"{line.activation}: {number(line.rows[0].end_median)} from eps {_eps(line.eps[0])}, "
        f"{number(line.rows[-1].end_median)} from {_eps(line.eps[-1])}." for line in lines
    )  # fmt: skip


def _eps(value: float) -> str:
    return number(value) if value < 1e-3 else spell(value)
