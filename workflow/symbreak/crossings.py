"""What the report says of boundaries: a sentence, a table and a figure for each search.

Made of the tables of ``boundary.py``; nothing here knows HTML.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from symbreak import figures, svg
from symbreak.bisection import MIXED
from symbreak.refining import Request
from symbreak.schema import NOUNS
from symbreak.settings import COLUMNS, REGISTRIES, Experiment
from symbreak.statistics import wilson
from symbreak.summary import are, listed, number, plural, value_label
from symbreak.svg import Figure
from symbreak.verdicts import counts_of

Row = Any  # a row of a table, its columns as attributes
WORDS = {"none": "predicts none", "open": "does not tell", "same": "one verdict to it",
         "silent": "predicts nothing"}  # fmt: skip
EMPTY = dict.fromkeys(("predicted", "predicted_shares", "rule", "agrees", "known"), "")


@dataclass(frozen=True)
class Search:
    """A request with the rows of its points.csv and boundaries.csv."""

    request: Request
    points: pd.DataFrame
    boundaries: pd.DataFrame

    @property
    def what(self) -> str:
        """What was varied, in words."""
        kind, component = self.request.vary.split(".")[0], self.request.component
        return f"{self.parameter} of {NOUNS[kind]} {component}" if component else self.parameter

    def spell(self, value: float) -> str:
        """Return a value with as many digits as the search is exact to, three at least."""
        return number(value, max(3, 1 + math.ceil(-math.log10(self.request.interval.tolerance))))

    @property
    def parameter(self) -> str:
        """The varied number's name, in words."""
        return self.request.parameter.replace("_", " ")

    @property
    def held(self) -> Iterator[tuple[str, str]]:
        """What was held fixed: the names of factors and parameters, and their values."""
        setting, varied = self.request.setting, self.request.vary.split(".")
        for name in COLUMNS:
            value = getattr(setting, name)
            if name != varied[0]:
                yield name.replace("_", " "), value_label(value)
            elif self.request.component:
                others = REGISTRIES[name].named(value) | {self.request.parameter: None}
                yield from ((k, number(v)) for k, v in others.items() if v is not None)

    @property
    def wrong(self) -> list[Row]:
        """The values at which the theory does not agree."""
        return list(self.points[self.points["agrees"] == "no"].itertuples())

    @property
    def rows(self) -> list[Row]:
        """The values tried, in order."""
        return list(self.points.itertuples())

    @property
    def crossed(self) -> list[Row]:
        """The boundaries, in order."""
        return list(self.boundaries.itertuples())


def read(experiment: Experiment) -> list[Search]:
    """Return the searches of an experiment from its folder, but those that are still missing."""
    folder = Path(experiment.results) / "boundaries"
    found = []
    for record in experiment.refine:
        if not (folder / record["name"] / "boundaries.csv").exists():
            continue
        points, boundaries = (
            pd.read_csv(folder / record["name"] / f"{name}.csv").fillna(EMPTY)
            for name in ("points", "boundaries")
        )
        found.append(Search(Request.from_record(record), points, boundaries))
    return found


def sentence(search: Search) -> str:
    """Return which verdict most networks have where."""
    spell, name = search.spell, search.parameter
    rows = search.crossed
    count = len(search.points)
    networks = plural(search.points["replicates"].iloc[0], "network")
    each = f"{networks} at each of {plural(count, 'value')}"
    if not rows:
        low, high = search.request.interval.low, search.request.interval.high
        prevails = search.points["prevails"].iloc[0]
        found = f"most networks are {prevails}" if prevails != MIXED else "no verdict prevails"
        return f"No change between {name} = {spell(low)} and {spell(high)}: {found} ({each})."
    parts = [f"{_noun(rows[0].below)} up to {name} = {spell(rows[0].low)}"]
    parts += [f"{_noun(a.above)} from {spell(a.high)} to {spell(b.low)}" for a, b in pairwise(rows)]
    parts.append(f"{_noun(rows[-1].above)} from {spell(rows[-1].high)} on")
    return f"Most networks are {listed(parts)} ({each})."


def _noun(label: str) -> str:
    return "of no one verdict" if label == MIXED else label


def theory(search: Search) -> str:
    """Return at how many values the theory agrees; empty where it predicts nothing."""
    told = search.points["agrees"].isin(["yes", "no"]).sum()
    if not told:
        return ""
    wrong, narrowed = len(search.wrong), (search.points["known"] == "no").sum()
    found = "all of them" if not wrong else f"{told - wrong} of them"
    rest = f"; at {narrowed} it only says which verdicts are possible" if narrowed else ""
    tried = plural(len(search.points), "value")
    return f"The theory predicted {told} of {tried}, and agrees at {found}{rest}."


def disagreements(searches: Sequence[Search]) -> str:
    """Return, for the head of the report, how often theory and searches disagree; else nothing."""
    wrong = sum(len(search.wrong) for search in searches)
    if not wrong:
        return ""
    tried = sum(len(search.points) for search in searches)
    return f"In the searches for boundaries the theory disagrees at {wrong} of {tried} values"


def table(search: Search) -> Iterator[dict[str, str]]:
    """Yield the cells of each boundary: from, to, between, networks at both sides, theory."""
    shares = dict(zip(search.points["value"], search.points["shares"], strict=True))
    for row in search.crossed:
        yield {
            "below": row.below, "above": row.above,
            "between": f"{search.spell(row.low)} to {search.spell(row.high)}",
            "at_low": share(shares[row.low], row.below),
            "at_high": share(shares[row.high], row.above),
            "steady": f"{row.steady} of {row.replicates}",
            "theory": _theory(search, row),
        }  # fmt: skip


def share(shares: str, verdict: str) -> str:
    """Return how many networks have a verdict, with its Wilson interval; all, if it is mixed."""
    found = counts_of(shares)
    if verdict == MIXED:
        return shares
    total = int(sum(found.values()))
    count = int(found.get(verdict, 0))
    low, high = wilson(count, total)
    return f"{count} of {total} {verdict} ({100 * low:.0f}–{100 * high:.0f} %)"


def coverage(replicates: int) -> float:
    """Return the chance, in percent, that an interval covers the median boundary of networks.

    Of networks that cross once: half of all have crossed at the median, and the interval covers it
    where of these replicates neither side has a sure majority there.
    """
    sure = next(k for k in range(replicates + 1) if wilson(k, replicates)[0] > 0.5)
    ways = sum(math.comb(replicates, k) for k in range(replicates - sure + 1, sure))
    return 100 * ways / 2**replicates


def _theory(search: Search, row: Row) -> str:
    """Return where the theory puts a boundary, or why it does not."""
    if row.theory == "found":
        return f"{search.spell(row.predicted_low)} to {search.spell(row.predicted_high)}"
    return WORDS[row.theory]


def figure(search: Search) -> Figure:
    """Return the shares of verdicts at the values tried, around the boundaries."""
    rows = [
        {"value": row.value, "verdict": name, "count": counts_of(row.shares).get(name, 0.0),
         "total": row.replicates, "theory": expected(row, name)}
        for row in search.rows for name in _verdicts(search)
    ]  # fmt: skip
    found = pd.DataFrame(rows)
    for side, end in enumerate(("low", "high")):
        pairs = zip(found["count"], found["total"], strict=True)
        found[end] = [wilson(int(count), int(total))[side] for count, total in pairs]
    found["share"] = found["count"] / found["total"]
    marks = [(row.low, row.high) for row in search.crossed]
    return figures.shares(found, marks, _limits(search), search.request.interval.is_log,
                          search.what, sentence(search),
                          f"boundaries/{search.request.record()['name']}/points.csv")  # fmt: skip


def expected(row: Row, verdict: str) -> float:
    """Return the share that the theory expects at a value; NaN where it does not tell."""
    if row.known != "yes":
        return math.nan
    return counts_of(row.predicted_shares).get(verdict, 0.0) / float(row.replicates)


def foretold(row: Row) -> str:
    """Return what the theory expects at a value: numbers of networks, or the possible verdicts."""
    if row.known == "no":
        return f"leaves open: {', '.join(counts_of(row.predicted_shares))}"
    return row.predicted_shares or "–"


def _verdicts(search: Search) -> list[str]:
    """Return the verdicts that occur at some value."""
    seen = {name for text in search.points["shares"] for name in counts_of(text)}
    return [name for name in svg.VERDICTS if name in seen]


def _limits(search: Search) -> tuple[float, float]:
    """Return the part of the range with all boundaries, and a gap of the scan on both sides."""
    interval = search.request.interval
    scan = interval.scan(search.request.scan)
    if search.boundaries.empty:
        return interval.low, interval.high
    first, last = search.boundaries["low"].min(), search.boundaries["high"].max()
    below = [value for value in scan if value <= first]
    above = [value for value in scan if value >= last]
    return below[max(-2, -len(below))], above[min(1, len(above) - 1)]


def answer(searches: Sequence[Search]) -> str:
    """Return how many boundaries were found in how many searches."""
    total = sum(len(search.boundaries) for search in searches)
    without = sum(search.boundaries.empty for search in searches)
    searched = plural(len(searches), "search", "searches")
    text = f"{searched} found {plural(total, 'boundary', 'boundaries')}"
    return text + (f"; {without} {are(without)} without any." if without else ".")
