"""The claims as cards of the report: a verdict with its sign, condition, evidence, counterexample.

All of it is made from the rows of claims.csv; nothing here knows HTML.
"""

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from symbreak.claims import VERDICTS
from symbreak.conditions import NOUNS
from symbreak.court import FALSE, HOLDS, PARTLY, UNTESTED
from symbreak.settings import Setting
from symbreak.summary import Grid, listed, plural

SIGNS = {HOLDS: "✓", PARTLY: "if", FALSE: "✗", UNTESTED: "–"}
KINDS = {HOLDS: "holds", PARTLY: "if", FALSE: "false", UNTESTED: "not"}
SHOWN = ("init", "dropout", "bias")  # of a setting, beside the factors that vary


@dataclass(frozen=True)
class Counterexample:
    """A setting that contradicts a claim, what was found, and the same beside it where it holds.

    ``path`` and ``beside`` are the ids of the two.
    """

    setting: str
    path: str
    found: str
    instead: str = ""
    found_there: str = ""
    beside: str = ""


@dataclass(frozen=True)
class Card:
    """A claim as the report shows it; ``verdict`` is a whole sentence, ``kind`` a class name."""

    id: str
    title: str
    says: str
    source: str
    kind: str
    sign: str
    verdict: str
    evidence: tuple[str, ...]
    counterexample: Counterexample | None
    try_with: str = ""


def cards(grid: Grid, claims: pd.DataFrame, command: str = "snakemake --cores 4") -> list[Card]:
    """Return a card a claim, in the order of the table; ``command`` runs the experiment."""
    return [_card(grid, row, command) for row in claims.itertuples()]


def _card(grid: Grid, row: Any, command: str) -> Card:
    tested = row.verdict != UNTESTED
    return Card(
        f"claim-{row.claim}", row.title, row.says, row.source, KINDS[row.verdict],
        SIGNS[row.verdict], verdict(row), tuple(evidence(row)) if tested else (),
        counterexample(grid, row) if tested and row.verdict != HOLDS else None,
        "" if tested else attempt(row.try_with, grid.experiment.name, command),
    )  # fmt: skip


def verdict(row: Any) -> str:
    """Return the verdict as a sentence."""
    if row.verdict == PARTLY:
        comma = "," * row.condition.startswith("unless")
        return f"Holds{comma} {row.condition}."
    if row.verdict == UNTESTED:
        return f"Not tested: {row.condition}."
    return f"{row.verdict.capitalize()}."


def attempt(try_with: Any, experiment: str, command: str) -> str:
    """Return the commands that test a claim; empty where it names neither them nor a config.

    ``{experiment}`` and ``{command}`` stand for the name of this one and for what runs it.
    """
    if not isinstance(try_with, str) or not try_with:
        return ""
    if re.fullmatch(r"\S+\.ya?ml", try_with):
        return f"snakemake --cores 4 --configfile {try_with}"
    return try_with.replace("{experiment}", experiment).replace("{command}", command)


def evidence(row: Any) -> list[str]:
    """Return the sentences of numbers: settings, networks with their interval, columns shown."""
    agree = "agrees" if row.settings == 1 else "agree"
    found = [
        f"{row.settings_agree:,.0f} of {plural(int(row.settings), 'setting')} of "
        f"{plural(int(row.replicates), 'network')} {agree}{where(row)}."
    ]
    if pd.notna(row.networks_agree):
        found.append(
            f"Of all their networks {row.networks_agree:,.0f} of {row.networks:,.0f} do, "
            f"{percent(row.share)} ({interval(row)})."
        )
    if isinstance(row.agrees_where, str) and row.agrees_where:
        found.append(f"Here settings agree where {row.agrees_where}.")
    if isinstance(row.evidence, str) and row.evidence:
        found.append(f"{row.evidence.replace('; ', ', ')}.")
    return found


def interval(row: Any) -> str:
    """Return the interval of a share over seeds in words, or why there is none."""
    if not row.settings_drawn:
        return "nothing is drawn in these settings"
    if pd.isna(row.share_low):
        return "no interval"
    if row.share_low == row.share_high:
        return "the same with every seed of this run"
    return f"95 % interval {100 * row.share_low:.1f} to {100 * row.share_high:.1f}, by seeds"


def where(row: Any) -> str:
    """Return how the settings that agree lie to the condition."""
    if row.verdict != PARTLY:
        return ""
    others, left = row.settings - row.settings_inside, row.settings_agree - row.settings_inside
    every = f"all {row.settings_inside:,.0f} under the condition"
    return f": {every}, {f'{left:,.0f}' if left else 'none'} of the {others:,.0f} others"


def percent(share: float) -> str:
    """Return a share in percent; only a whole one is 100 %, only none is 0 %."""
    text = f"{100 * share:.0f}"
    if text == "100" and share < 1:
        return "more than 99 %"
    if text == "0" and share > 0:
        return "less than 1 %"
    return f"{text} %"


def counterexample(grid: Grid, row: Any) -> Counterexample:
    """Return the smallest counterexample of a claim, in words."""
    against = next(s for s in grid.settings if s.label == row.counterexample)
    record = against.record()
    labels = [_named(n, record[n]) for n in record if n in SHOWN or n in grid.factors]
    setting, found = listed(labels), readable(row.found)
    setting = setting[0].upper() + setting[1:]
    if not isinstance(row.changed, str):
        return Counterexample(setting, against.path, found)
    changes = [m for part in row.changed.split("; ")
               if (m := re.fullmatch(r"(\w+): (.*) -> (.*)", part))]  # fmt: skip
    instead = [f"{_named(m[1], m[2])} instead of {m[3]}" for m in changes]
    other = record | {m[1]: m[2] for m in changes}
    return Counterexample(setting, against.path, found, listed(instead), readable(row.found_there),
                          Setting.from_record(other).path)  # fmt: skip


def _named(factor: str, label: str) -> str:
    return f"{NOUNS.get(factor, factor.replace('_', ' '))} {label}"


def readable(found: str) -> str:
    """Return what was found in words, as in ``broken in 21, redundant in 11 networks``."""
    parts = [part.split(" ", 1) for part in found.split("; ")]
    if all(first in VERDICTS for first, _ in parts):
        *others, (name, count) = parts
        last = f"{name} in {plural(int(count), 'network')}"
        return ", ".join([*(f"{name} in {count}" for name, count in others), last])
    return found.replace("; ", ", ").replace("_", " ")
