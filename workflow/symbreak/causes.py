"""One cause at a time: from all-equal units and nothing random, what alone sets them apart.

A trial is a pair of settings of ``contrasts.csv`` whose first starts with equal units, has the
first or neutral value of every factor that could separate them, and ends with equal units; its
second differs in one of these factors only.
"""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from symbreak import facts
from symbreak.settings import COLUMNS, Setting
from symbreak.statistics import wilson
from symbreak.summary import Grid, Row, listed, number, value_label
from symbreak.verdicts import counts_of

CAUSES = {"arithmetic": "rounding", "batch_size": "order", "dropout": "mask", "bias": "bias"}
APART = ("tied", "redundant", "broken")  # verdicts of units that are no longer all equal
LEVEL = 0.05  # below it an adjusted p value is called more than chance
SHOWN = 60  # trials that the page lists


@dataclass(frozen=True)
class Trial:
    """An equal start with one thing changed: both rows of verdicts, and the row of contrasts."""

    start: Setting
    before: Row
    after: Row
    pair: Row

    @property
    def networks(self) -> int:
        """The replicates of each of the two settings."""
        return int(self.pair.replicates)

    @property
    def apart(self) -> int:
        """The networks whose units moved and are no longer all equal."""
        counts = counts_of(self.after.shares)
        return sum(int(count) for name, count in counts.items() if name in APART)

    @property
    def certain(self) -> bool:
        """Whether each setting's networks are one network: nothing that is drawn reaches them."""
        return bool(self.pair.distinct_pairs == 1)

    @property
    def interval(self) -> str:
        """The Wilson interval of the share that came apart, in percent."""
        return "{:.0f}–{:.0f}".format(*(100 * end for end in wilson(self.apart, self.networks)))

    @property
    def same(self) -> bool:
        """Whether all that the factor does not set was bit for bit the same before step 1."""
        return bool(self.pair.same_start == self.networks)

    @property
    def idle(self) -> bool:
        """Whether every network ended with bit for bit the same weights, too."""
        return bool(self.pair.identical == self.networks)

    @property
    def loss(self) -> tuple[str, str]:
        """The mean paired difference of the test loss, and its interval."""
        return _ends(self.pair.loss_difference, self.pair.loss_low, self.pair.loss_high)

    @property
    def distance(self) -> tuple[str, str]:
        """The median largest distance of two units after training, and its interval."""
        after = self.after
        return _ends(after.max_distance_median, after.max_distance_median_low,
                     after.max_distance_median_high)  # fmt: skip


def _ends(middle: float, low: float, high: float) -> tuple[str, str]:
    if not math.isfinite(middle):
        return "not finite", ""
    return number(middle), f"{number(low)} to {number(high)}"


@dataclass(frozen=True)
class Cause:
    """One value of one factor, alone, from every equal start that the grid holds."""

    factor: str
    first: str
    value: str
    trials: tuple[Trial, ...]

    @property
    def kind(self) -> str:
        """What it is, in a word: rounding, order, mask or bias."""
        return CAUSES[self.factor]

    @property
    def label(self) -> str:
        """The factor and its value in words, as in ``batch size 32``."""
        return f"{self.factor.replace('_', ' ')} {self.value}"

    @property
    def broke(self) -> int:
        """The equal starts of which some network came apart."""
        return sum(trial.apart > 0 for trial in self.trials)

    @property
    def always(self) -> bool:
        """Whether every network of every equal start came apart."""
        return all(trial.apart == trial.networks for trial in self.trials)

    @property
    def same(self) -> int:
        """The trials in which all else was the same."""
        return sum(trial.same for trial in self.trials)


def causes(grid: Grid, contrasts: pd.DataFrame) -> list[Cause]:
    """Return every cause that the grid holds alone, in the order of ``CAUSES`` and the config."""
    labels = {f: [value_label(v) for v in getattr(grid.experiment, f)] for f in CAUSES}
    first = contrasts.drop_duplicates("factor").set_index("factor")
    base = {f: str(first.loc[f, f]) if f in first.index else labels[f][0] for f in CAUSES}
    rows = contrasts[contrasts["factor"].isin(list(CAUSES))]
    for factor, label in base.items():
        rows = rows[rows[factor].astype(str) == label]
    found: dict[tuple[str, str], list[Trial]] = {}
    for row in rows.itertuples():
        if trial := _trial(grid, row):
            found.setdefault((str(row.factor), str(row.value)), []).append(trial)
    return [
        Cause(factor, base[factor], label, tuple(found[factor, label]))
        for factor in CAUSES for label in labels[factor]
        if (factor, label) in found
    ]  # fmt: skip


def starts_equal(setting: Setting) -> bool:
    """Tell whether all units start equal and no dropout acts, as the components are declared."""
    return facts.start(setting) == "equal" and facts.dropped(setting) == "no"


def _trial(grid: Grid, pair: Row) -> Trial | None:
    """Return the trial of a pair; None where its first setting is no equal start that stays so."""
    record = {name: getattr(pair, name) for name in COLUMNS}
    first = Setting.from_record(record)
    second = Setting.from_record(record | {pair.factor: pair.value})
    before, after = grid.rows.get(first), grid.rows.get(second)
    if before is None or after is None or not starts_equal(first):
        return None
    ends_equal = before.distinct_min == before.distinct_max == 1
    return Trial(first, before, after, pair) if ends_equal else None


def answer(found: list[Cause]) -> str:
    """Return which causes alone set equal units apart, which do at times, and which never."""
    groups = {
        "in every network": [c for c in found if c.always],
        "in some": [c for c in found if c.broke and not c.always],
        "in none": [c for c in found if not c.broke],
    }
    parts = [(listed([c.label for c in group]), where, len(group))
             for where, group in groups.items() if group]  # fmt: skip
    verb = "sets" if parts and parts[0][2] == 1 else "set"
    words = [f"{names} {where}" for names, where, _ in parts[1:]]
    first = [f"{names} {verb} equal neurons apart {where}" for names, where, _ in parts[:1]]
    return f"Alone, {'; '.join(first + words)}." if parts else ""


def starts(found: list[Cause]) -> list[Setting]:
    """Return the equal starts, each once, in order."""
    return list(dict.fromkeys(trial.start for cause in found for trial in cause.trials))


def varied(settings: list[Setting]) -> list[str]:
    """Return the columns in which settings differ."""
    records = [setting.record() for setting in settings]
    return [name for name in COLUMNS if len({record[name] for record in records}) > 1]


def context(grid: Grid, contrasts: pd.DataFrame) -> dict[str, Any]:
    """Return what the report's templates of causes and comparisons take."""
    found = causes(grid, contrasts)
    equal = starts(found)
    return {
        "causes": found, "causes_text": answer(found), "causes_starts": equal,
        "causes_varied": varied(equal), "causes_shown": SHOWN, "families": families(contrasts),
    }  # fmt: skip


def families(contrasts: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what came of the comparisons with each value, in their order, a row a value."""
    return [
        {
            "factor": "initializer" if factor == "init" else str(factor).replace("_", " "),
            "first": str(rows[factor].iloc[0]),
            "value": str(value), "pairs": len(rows), "comparisons": rows["comparisons"].iloc[0],
            "certain": int((rows["distinct_pairs"] == 1).sum()),
            "idle": int((rows["identical"] == rows["replicates"]).sum()),
            **{name: int(((rows[name] > rows[other]) & (rows["p_holm"] < LEVEL)).sum())
               for name, other in (("to_broken", "from_broken"), ("from_broken", "to_broken"))},
        }
        for (factor, value), rows in contrasts.groupby(["factor", "value"], sort=False)
    ]  # fmt: skip
