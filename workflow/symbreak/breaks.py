"""When neurons come apart, and whether they stay apart: the report's tables and sentences.

All from the rows of ``dynamics.csv``. Times are never averaged: a setting's time is that of its
middle network, a group's that of its middle setting, and what never happened counts as later.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from symbreak.settings import COLUMNS, Setting
from symbreak.statistics import middle
from symbreak.summary import Row, listed, number, plural

LN2 = math.log(2)
COMBINATION = COLUMNS[:3]  # named of every setting; the rest where it varies


@dataclass(frozen=True)
class Breaks:
    """Layers of settings with equal neurons at the start, and in how many all neurons came apart
    in every network, in some, or only some neurons did.
    """

    label: str
    layers: int
    every: int
    some: int
    split: int
    times: str

    @property
    def none(self) -> int:
        """The layers in which no network even split."""
        return self.layers - self.every - self.some - self.split


@dataclass(frozen=True)
class Growth:
    """Layers of settings in which half of the networks or more have a growth rate."""

    label: str
    layers: int
    rates: str
    doubling: str


def by_setting(dynamics: pd.DataFrame) -> dict[Setting, list[Row]]:
    """Return the rows of each setting, a hidden layer each."""
    found: dict[Setting, list[Row]] = {}
    records: list[Any] = dynamics[list(COLUMNS)].to_dict("records")
    for record, row in zip(records, dynamics.itertuples(), strict=True):
        found.setdefault(Setting.from_record(record), []).append(row)
    return found


def at_risk(dynamics: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with networks whose neurons do not all start distinct."""
    return dynamics[dynamics["starts_distinct"] < dynamics["replicates"]]


def context(dynamics: pd.DataFrame, steps: int) -> dict[str, Any]:
    """Return what the page shows of a table of dynamics, by the names in the template."""
    return {
        "counted": counted(dynamics),
        "breaks": breaks(dynamics), "growths": list(growths(dynamics)),
        "break_text": break_sentence(dynamics, steps), "reunion_text": reunion_sentence(dynamics),
    }  # fmt: skip


def counted(dynamics: pd.DataFrame) -> str:
    """Return what a row stands for."""
    return "hidden layers" if dynamics["layer"].nunique() > 1 else "settings"


def breaks(dynamics: pd.DataFrame) -> list[Breaks]:
    """Return what became of neurons that start equal, a row a dropout."""
    return [_breaks(str(label), part) for label, part in at_risk(dynamics).groupby(
        "dropout", sort=False)]  # fmt: skip


def _breaks(label: str, part: pd.DataFrame) -> Breaks:
    networks = part["replicates"] - part["starts_distinct"]
    every = int((part["broke"] == networks).sum())
    some = int(((part["broke"] > 0) & (part["broke"] < networks)).sum())
    split = int(((part["broke"] == 0) & (part["split"] > 0)).sum())
    late = part["break_by"].fillna(math.inf).to_numpy(np.float64)
    half = middle(late)
    if not math.isfinite(late.min()):
        times = "in no setting"
    elif not math.isfinite(half):
        times = f"earliest by step {late.min():,.0f}, the middle one never"
    else:
        row = part[part["break_by"] == half].iloc[0]
        last = late.max()
        end = f"step {last:,.0f}" if math.isfinite(last) else "never"
        times = (f"between steps {row.break_after:,.0f} and {half:,.0f} "
                 f"(earliest by step {late.min():,.0f}, latest {end})")  # fmt: skip
    return Breaks(label, len(part), every, some, split, times)


def break_sentence(dynamics: pd.DataFrame, steps: int) -> str:
    """Return how many networks came apart, in a sentence; none is left out."""
    part = at_risk(dynamics)
    if part.empty:
        return "In every network all neurons differ from the start: none has a time to break."
    networks = int((part["replicates"] - part["starts_distinct"]).sum())
    broke, split = int(part["broke"].sum()), int(part["split"].sum())
    some = f", and some of them in {split - broke:,} more" if split > broke else ""
    rest = (f"; in the other {networks - split:,} none had by the last of their {steps:,} steps"
            if networks > split else "")  # fmt: skip
    layers = " (a hidden layer each)" if dynamics["layer"].nunique() > 1 else ""
    return (
        f"Of {plural(networks, 'network')}{layers} in which some neurons start equal, all neurons "
        f"came to differ in {broke:,}{some}{rest}. In exact arithmetic equal neurons "
        "without noise of their own stay equal for ever; with it, what would have come later is "
        "not known."
    )


def growths(dynamics: pd.DataFrame) -> Iterator[Growth]:
    """Yield the growth rates of the largest distance by activation, of settings that have one."""
    most = dynamics[2 * dynamics["rate_networks"] >= dynamics["replicates"]]
    for label, part in most.groupby("activation", sort=False):
        low, half, high = part["rate_median"].quantile([0.0, 0.5, 1.0])
        doubling = f"{number(LN2 / half)} steps" if half > 0 else "does not grow"
        rates = f"{number(half)} (from {number(low)} to {number(high)})"
        yield Growth(str(label), len(part), rates, doubling)


def reunion_sentence(dynamics: pd.DataFrame) -> str:
    """Return in how many settings neurons come together again, and where they do so most."""
    pulled = dynamics[2 * dynamics["pulled"] > dynamics["replicates"]]
    if pulled.empty:
        return (f"In none of {len(dynamics):,} {counted(dynamics)} does the largest distance start "
                "and end below half of its peak in most networks.")  # fmt: skip
    share = (pulled["end_median"] / pulled["peak_median"]).fillna(0)
    row: Row = list(pulled.itertuples())[int(share.to_numpy().argmin())]
    counts = pulled["dropout"].value_counts(sort=False)
    kinds = listed([f"{count:,} with dropout {name}" for name, count in counts.items()])
    setting = Setting.from_record({name: getattr(row, name) for name in COLUMNS}).record()
    label = ", ".join(_named(name, str(setting[name])) for name in COLUMNS
                      if name in COMBINATION or dynamics[name].nunique() > 1)  # fmt: skip
    peak, end = (_with_interval(row, name) for name in ("peak", "end"))
    return (
        f"In {len(pulled):,} of {len(dynamics):,} {counted(dynamics)} neurons come apart and "
        "together again: in most networks the largest distance starts and ends below half of its "
        f"peak ({kinds}). Furthest in {label}: the middle network's distance peaks at {peak} and "
        f"ends at {end}; groups of near neurons split {row.near_splits_mean:.1f} times and merge "
        f"{row.near_merges_mean:.1f} times in the mean of {plural(row.replicates, 'network')}."
    )


def _named(factor: str, label: str) -> str:
    return label if factor == "init" else f"{factor.replace('_', ' ')} {label}"


def _with_interval(row: Row, name: str) -> str:
    half, low, high = (getattr(row, f"{name}_{part}") for part in ("median", "low", "high"))
    known = math.isfinite(low) and math.isfinite(high)
    interval = f" (95 % interval {number(low)} to {number(high)})" if known else ""
    return f"{number(half)}{interval}"
