"""What the report says in numbers and sentences, all of it computed from the tables.

Nothing here knows HTML. ``Grid`` holds the experiment's settings beside the rows of
``verdicts.csv``; a setting without a row is missing and is counted as such.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from symbreak import agreement, facts, hunt
from symbreak.components import Choice, spell
from symbreak.settings import COLUMNS, FULL, REGISTRIES, Experiment, Setting
from symbreak.statistics import median_over_seeds

Row = Any  # a row of verdicts.csv, its columns as attributes
Identity = tuple[str, ...]


@dataclass(frozen=True)
class Word:
    """A verdict's name, the sign that stands for it, and what it means to a reader."""

    name: str
    symbol: str
    meaning: str


WORDS = (
    Word("broken", "≠", "Every neuron is distinct, and some pair does a different job."),
    Word("redundant", "≈", "Every neuron is distinct, yet all of them do the same job."),
    Word("tied", "∷", "The neurons form groups; within a group they are equal to the last bit."),
    Word("symmetric", "=", "The neurons learned, but all of them are equal to the last bit."),
    Word("frozen", "‖", "No weight or bias of any neuron changed in any step."),
    Word("mixed", "◐", "The replicates of the setting do not agree; the cell gives the shares."),
    Word("diverged", "∞", "The weights grew beyond every number; nothing can be said of them."),
)
FACTORS = tuple(name for name in COLUMNS if name not in ("init", "dropout", "bias"))


@dataclass(frozen=True)
class Origin:
    """Settings that have the same reason, if any, for their neurons to differ."""

    label: str
    phrase: str
    settings: int
    broken: int

    @property
    def share(self) -> float:
        """The broken settings, in percent."""
        return 100 * self.broken / self.settings


@dataclass(frozen=True)
class Change:
    """What happens to the verdicts where one factor goes from one value to another."""

    factor: str
    first: str
    second: str
    pairs: int
    moves: tuple[tuple[str, str, int], ...]

    @property
    def changed(self) -> int:
        """The number of pairs of settings whose verdicts differ."""
        return sum(count for _, _, count in self.moves)


class Grid:
    """The settings of an experiment in its order, and the row of verdicts of each."""

    def __init__(self, experiment: Experiment, verdicts: pd.DataFrame) -> None:
        self.experiment = experiment
        self.settings = [
            s
            for combination in experiment.combinations()
            for s in experiment.settings(*combination)
        ]
        by_identity = {
            tuple(map(_text, values)): row
            for values, row in zip(
                verdicts[list(COLUMNS)].itertuples(index=False), verdicts.itertuples(), strict=True
            )
        }
        found = ((s, by_identity.get(identity(s))) for s in self.settings)
        self.rows: dict[Setting, Row] = {s: row for s, row in found if row is not None}
        unknown = len(by_identity) - len(self.rows)
        if unknown:
            raise ValueError(
                f"{unknown} of {len(by_identity)} rows of the verdicts are of no setting of "
                f"experiment {experiment.name}; judge it again"
            )

    def verdict(self, setting: Setting) -> str | None:
        """Return the verdict of a setting, None where it is missing."""
        row = self.rows.get(setting)
        return None if row is None else str(row.verdict)

    @cached_property
    def counts(self) -> Counter[str]:
        """The number of settings of each verdict that occurs."""
        return Counter(str(row.verdict) for row in self.rows.values())

    @property
    def missing(self) -> list[Setting]:
        """The settings of the experiment that no row tells of."""
        return [s for s in self.settings if s not in self.rows]

    @property
    def diverged(self) -> list[tuple[Setting, Row]]:
        """The settings with networks that diverged."""
        return [(s, row) for s, row in self.rows.items() if row.diverged]

    @property
    def predicted(self) -> int:
        """The number of settings of which the theory predicts something."""
        return sum(row.agrees in ("yes", "no") for row in self.rows.values())

    @property
    def narrowed(self) -> int:
        """The number of settings of which the theory only says which verdicts are possible."""
        return sum(row.known == "no" for row in self.rows.values())

    @property
    def silent(self) -> int:
        """The number of settings of which it says nothing: every verdict is possible."""
        return sum(_says_nothing(row.known, row.predicted_shares) for row in self.rows.values())

    @property
    def disagreements(self) -> list[tuple[Setting, Row]]:
        """The settings of which the theory predicts what was not measured."""
        return [(s, row) for s, row in self.rows.items() if row.agrees == "no"]

    @cached_property
    def factors(self) -> dict[str, tuple[Any, ...]]:
        """The factors of the model that have more than one value, with their values."""
        values = {name: tuple(getattr(self.experiment, name)) for name in FACTORS}
        return {name: several for name, several in values.items() if len(several) > 1}

    @cached_property
    def models(self) -> list[Setting]:
        """The settings of the first combination: each stands for its model."""
        e = self.experiment
        return e.settings(e.init[0], e.dropout[0], e.bias[0])


def identity(setting: Setting) -> Identity:
    """Return the labels of a setting, spelled as ``verdicts.csv`` spells them."""
    return tuple(map(_text, setting.record().values()))


def _text(value: Any) -> str:
    return spell(float(value)) if isinstance(value, Real) else str(value)


def value_label(value: Any) -> str:
    """Return the spelling of a factor's value, as in tables and paths."""
    if isinstance(value, Choice):
        return value.label
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    return FULL if value is None else _text(value)


ORIGINS = {
    "start": ("neurons start different", "whose neurons start different"),
    "noise": (
        "neurons start alike, each meets its own noise",
        "whose neurons start alike (all, or in groups) and each meet noise of their own",
    ),
    "none": ("neurons start alike, no noise of their own", "with neither"),
}


def origins(grid: Grid) -> list[Origin]:
    """Return the settings by where a difference between neurons could come from.

    Neurons start different where those of every layer do, in every replicate.
    """
    totals, broken = Counter[str](), Counter[str]()
    for setting, row in grid.rows.items():
        own = "noise" if facts.noise(setting) == "own" else "none"
        kind = "start" if row.starts_distinct == row.replicates else own
        totals[kind] += 1
        broken[kind] += row.verdict == "broken"
    return [Origin(*texts, totals[k], broken[k]) for k, texts in ORIGINS.items() if totals[k]]


def answer(grid: Grid) -> str:
    """Return the answer in one sentence, its numbers counted from the verdicts."""
    if not grid.rows:
        return "No setting has a verdict yet."
    parts = [f"{o.broken:,} of the {o.settings:,} {o.phrase}" for o in origins(grid)]
    return (
        f"Of {plural(len(grid.rows), 'setting')}, {grid.counts['broken']:,} end with neurons "
        f"that are distinct, and do not all do the same, {in_all(grid.experiment.replicates)}: "
        f"{'; '.join(parts)}."
    )


def others(grid: Grid) -> str:
    """Return the counts of every other verdict in one sentence; empty where there is none."""
    counts = [(grid.counts[w.name], w.name) for w in WORDS[1:] if grid.counts[w.name]]
    if not counts:
        return ""
    return f"Of the others, {listed([f'{n:,} {are(n)} {name}' for n, name in counts])}."


def theory(grid: Grid) -> str:
    """Return how often the theory was right; empty where nothing was predicted."""
    if not grid.predicted:
        return ""
    wrong, silent = len(grid.disagreements), grid.silent
    narrowed = grid.narrowed - silent
    told = grid.predicted - silent
    found = "every prediction agrees" if not wrong else (
        f"{wrong:,} {'does' if wrong == 1 else 'do'} not agree"
    )  # fmt: skip
    rest = f"; of {narrowed:,} it only says which verdicts are possible" if narrowed else ""
    rest += f"; of {silent:,} more it says nothing, as every verdict is possible" if silent else ""
    return (
        f"The theory predicted {told:,} of these settings from the declarations and the training "
        f"rows, without a trained weight: {found} with what was measured. Broken and redundant are "
        f"one verdict to it{rest}."
    )


def hunted(cases: pd.DataFrame) -> str:
    """Return how often the theory was wrong of random settings outside the grid, in a sentence."""
    wrong, narrowed = (int((cases[name] == "no").sum()) for name in ("agrees", "known"))
    silent = sum(map(_says_nothing, cases["known"], cases["predicted"]))
    return (
        f"A hunt through {len(cases):,} random settings outside this grid ({hunt.RANGES}; any "
        f"component, batch, decay and precision) found {wrong:,} of which it is wrong; of "
        f"{narrowed - silent:,} it only says which verdicts are possible, and of {silent:,} "
        "nothing."
    )


def _says_nothing(known: str, expected: str) -> bool:
    return known == "no" and agreement.says_nothing(False, agreement.possible(expected))


def number(value: float, digits: int = 3) -> str:
    """Return a value with so many digits; a bare 0 stands for an exact zero only."""
    if not math.isfinite(value):
        return "not finite"
    text = f"{value:.{digits}g}" if value else "0"
    return re.sub("e([+-])0*", r"e\1", text).replace("e+", "e").replace("-", "−")


def span(low: float, high: float) -> str:
    """Return a range in two decimals, as in ``0.62 to 0.96``; one number where they show as one."""
    ends = dict.fromkeys((f"{low:.2f}", f"{high:.2f}"))
    return " to ".join(ends)


def plural(count: int, noun: str, several: str = "") -> str:
    """Return a count with its noun, as in ``1 network`` and ``1,620 settings``."""
    return f"{count:,} {noun if count == 1 else several or f'{noun}s'}"


def in_all(replicates: int) -> str:
    """Return in which networks of a setting something holds that holds in every one."""
    return "in its one replicate" if replicates == 1 else f"in all {replicates} replicates"


def are(count: int) -> str:
    """Return the verb for a count."""
    return "is" if count == 1 else "are"


def listed(parts: list[str]) -> str:
    """Return parts as an enumeration in words."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def chosen(grid: Grid) -> list[Setting]:
    """Return one setting of each verdict that occurs, in the order of the words.

    The rule: of the initializer with most settings of the verdict, those without dropout before
    the others, then the order of the experiment.
    """
    typical = Counter((row.verdict, s.init) for s, row in grid.rows.items())

    def preference(setting: Setting) -> tuple[int, bool]:
        return -typical[grid.verdict(setting), setting.init], makes_noise(setting.dropout)

    found = sorted(grid.rows, key=preference)  # sorting keeps the order where two are as good
    first = {grid.verdict(s): s for s in reversed(found)}
    return [first[word.name] for word in WORDS if word.name in first]


def makes_noise(dropout: Choice) -> bool:
    """Tell whether a dropout multiplies anything, as its declaration says."""
    return REGISTRIES["dropout"][dropout.name].facts["place"] != "nowhere"


def changes(grid: Grid) -> Iterator[Change]:
    """Yield, for each value of each factor, the verdicts that differ from the first value's."""
    for factor, (first, *rest) in grid.factors.items():
        base = [s for s in grid.rows if getattr(s, factor) == first]
        for value in rest:
            pairs = [(s, replace(s, **{factor: value})) for s in base]
            found = [(grid.verdict(a), grid.verdict(b)) for a, b in pairs if b in grid.rows]
            moves = Counter((str(a), str(b)) for a, b in found if a != b).most_common()
            yield Change(
                factor, value_label(first), value_label(value), len(found),
                tuple((a, b, count) for (a, b), count in moves),
            )  # fmt: skip


def losses(networks: pd.DataFrame) -> pd.DataFrame:
    """Return the test loss at the last checkpoint by a network's verdict, best known words first.

    Columns verdict, networks, seeds, the quartiles low, median, high, and the interval of the
    median over the seeds, median_low, median_high (nats; NaN for diverged).
    """
    loss = networks["test_loss"].astype(float).groupby(networks["verdict"].astype(str))
    table = (
        loss.quantile(np.array([0.25, 0.5, 0.75]))
        .unstack()
        .set_axis(["low", "median", "high"], axis=1)
    )
    table.insert(0, "networks", loss.size())
    groups = networks.groupby(networks["verdict"].astype(str))
    table.insert(1, "seeds", groups["replicate"].nunique())
    for verdict, rows in groups:
        found = median_over_seeds(rows["test_loss"].to_numpy(float), rows["replicate"].to_numpy())
        table.loc[verdict, ["median", "median_low", "median_high"]] = found
    order = [word.name for word in WORDS if word.name in table.index]
    return table.loc[order].rename_axis("verdict").reset_index()


def loss_sentence(table: pd.DataFrame) -> str:
    """Return how the losses of symmetric and of broken networks compare, whichever is lower."""
    rows = table.set_index("verdict")
    if not {"broken", "symmetric"} <= set(rows.index):
        return "There is no pair of broken and symmetric networks to compare."
    both = rows.loc[["symmetric", "broken"]]
    symmetric, broken = both["median"].tolist()
    ends = "; ".join(
        f"{low:.3f} to {high:.3f} of the {name} ({plural(seeds, 'seed')})"
        for name, low, high, seeds in zip(
            both.index, both["median_low"], both["median_high"], both["seeds"], strict=True
        )
    )
    ends = f" 95 % intervals of the medians: {ends}."
    if round(broken, 3) == round(symmetric, 3):
        return (
            "Broken and symmetric networks have the same median test loss, "
            f"{broken:.3f} nats.{ends}"
        )
    side = "higher" if symmetric > broken else "lower"
    ends += " The settings of the two differ in more than their verdict."
    return (
        f"The median symmetric network has a test loss of {symmetric:.3f} nats, "
        f"{abs(symmetric - broken):.3f} {side} than the median broken network ({broken:.3f}).{ends}"
    )
