"""The claims held against the verdicts: which settings test each, what they say, and where not.

``table`` gives the rows of claims.csv. A claim *holds* where every setting that tests it agrees,
*holds when* a simple rule separates those that do (``conditions``), and is *false* otherwise.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from symbreak import evidence, seeds
from symbreak.claims import NUMBERS, Check, Claim
from symbreak.components import spell
from symbreak.conditions import Rule, condition, phrase
from symbreak.seeds import UNKNOWN, Seeds
from symbreak.settings import COLUMNS
from symbreak.statistics import mean

Array = np.ndarray

HOLDS, PARTLY, FALSE, UNTESTED = "holds", "holds when", "false", "not tested"
COUNTS = ("settings", "settings_agree", "settings_inside", "settings_drawn", "networks",
          "networks_agree", "replicates")  # fmt: skip
RESULTS = ("verdict", "condition", "agrees_where", "settings", "settings_agree", "settings_inside",
           "settings_drawn", "networks", "networks_agree", "share", "share_low", "share_high",
           "replicates", "evidence", "counterexample", "found", "instead_of", "found_there",
           "changed", "try_with")  # fmt: skip
NO_FINDING = ("distinct_share", "neglected_low", "neglected_high")  # shown with what they belong to
IN_WORDS = {"distinct_share": "the share of networks whose units all end distinct"}


def table(claims: Iterable[Claim], verdicts: pd.DataFrame,
          networks: pd.DataFrame | None = None,
          learned: pd.DataFrame | None = None) -> pd.DataFrame:  # fmt: skip
    """Return a row a claim, from the rows of verdicts.csv and of networks.parquet.

    ``learned`` has a row a network and checkpoint (``judging.networks``). Without networks there
    are no intervals.
    """
    rows = evidence.frame(verdicts, networks)
    run = None if networks is None else seeds.of_run(verdicts, networks, learned)
    words = ("id", "title", "says", "source", "try_with")
    found = [{**{name: getattr(c, name) for name in words}, **judged(c, rows, run)} for c in claims]
    table = pd.DataFrame(found, columns=[*words[:-1], *RESULTS]).rename(columns={"id": "claim"})
    return table.astype(dict.fromkeys(COUNTS, "Int64"))


def judged(claim: Claim, rows: pd.DataFrame, run: Seeds | None = None) -> dict[str, Any]:
    """Return the values of ``RESULTS`` of one claim; ``rows`` is an ``evidence.frame``."""
    tested = evidence.tested(claim, rows)
    part = rows[tested].reset_index(drop=True)
    if part.empty or claim.untested:
        why = claim.untested or why_untested(claim, rows)
        return {"verdict": UNTESTED, "condition": why, "settings": 0}
    run = run and run.of(tested)
    drawn = int(evidence.drawn(part).sum())
    good, total = evidence.counted(claim, part)
    agrees = evidence.agreeing(claim, part)
    rule = None if agrees.all() else condition(part, agrees)
    share = float(good.sum() / total.sum()) if claim.networks else float(agrees.mean())
    known = run and drawn and claim.networks
    low, high = run.share(*evidence.asked_of(claim)) if run and known else UNKNOWN
    verdict = HOLDS if agrees.all() else PARTLY if rule else FALSE
    return {
        "verdict": verdict, "condition": rule.words if rule else "",
        "agrees_where": agrees_where(claim), "settings_drawn": drawn,
        "settings": len(part), "settings_agree": int(agrees.sum()),
        "settings_inside": _inside(rule, agrees),
        "networks": int(total.sum()),
        "networks_agree": int(good.sum()) if claim.networks else None,
        "share": share, "share_low": low, "share_high": high,
        "replicates": int(part["replicates"].max()),
        "evidence": "; ".join(shown(part, run if drawn else None, *c) for c in claim.shows),
        **({} if agrees.all() else counterexample(claim, part, agrees)),
    }  # fmt: skip


def _inside(rule: Rule | None, agrees: Array) -> int:
    return rule.settings if rule else int(agrees.sum()) * bool(agrees.all())


def agrees_where(claim: Claim) -> str:
    """Return what a claim that compares settings asks of them, in words; empty of others."""
    if not claim.unchanged:
        return ""
    names = (IN_WORDS.get(name, f"the {name}") for name in claim.unchanged)
    column, factor = (name.replace("_", " ") for name in names)
    same = f"differs by no more than {spell(claim.within)}" if claim.within else "is the same"
    return f"{column} {same} between settings that differ in {factor} alone"


def shown(rows: pd.DataFrame, run: Seeds | None, column: str, words: str) -> str:
    """Return a column's total (of counts) or mean over the settings, with what it is.

    A mean of which the networks' values are known is that of the seeds' means over the settings,
    and has its interval beside it. Without ``run`` there is none.
    """
    values = rows[column].to_numpy()
    if values.dtype.kind == "i":
        return f"{int(values.sum()):,} {words}"
    if run is None or column not in run.measures:
        return f"{mean(values):.2f} {words}"
    middle, low, high = run.mean(column)
    return f"{middle:.2f} ({low:.2f} to {high:.2f}) {words}"


def why_untested(claim: Claim, rows: pd.DataFrame) -> str:
    """Return why no setting tests a claim: what no setting is, or what none is at once."""
    alone = [c for c in claim.tested_by if not evidence.passes(c, rows).any()]
    what = " and ".join(asked(c) for c in alone or claim.tested_by)
    if not what:
        return "no setting of this experiment has what the claim speaks of"
    return f"no setting of this experiment is one where {what}"


def asked(check: Check) -> str:
    """Return a check in words."""
    if check.values:
        words = phrase(check.column, tuple(map(_word, check.values)))
        return f"it is not so that {words}" if check.negated else words
    bounds = (f"{name.replace('_', ' ')} {_word(bound)}" for name, bound in check.bounds)
    return f"{check.column} is {' and '.join(bounds)}"


def _word(value: str | float) -> str:
    return spell(value) if isinstance(value, float) else value


def counterexample(claim: Claim, rows: pd.DataFrame, agrees: Array) -> dict[str, Any]:
    """Return the tested setting that contradicts the claim and changes least from one that agrees.

    Where the claim compares settings, it is two of them that differ in what should not matter. Of
    several as near, the first in the order of the table.
    """
    factors = np.stack([np.unique(rows[name].to_numpy(str), return_inverse=True)[1]
                        for name in COLUMNS])  # fmt: skip
    value = rows[claim.unchanged[0]].to_numpy() if claim.unchanged else agrees
    free = [name in claim.unchanged[1:] or not claim.unchanged for name in COLUMNS]
    fixed = factors[~np.array(free)]
    best: tuple[int, int, int | None] = (len(COLUMNS) + 1, int(np.flatnonzero(~agrees)[0]), None)
    for i in np.flatnonzero(~agrees):
        near = (fixed == fixed[:, [i]]).all(axis=0)
        others = np.flatnonzero(apart(value, value[i], claim.within) & near)
        if not len(others):
            continue
        changes = (factors[:, others] != factors[:, [i]]).sum(axis=0)
        nearest = int(changes.argmin())
        best = min(best, (int(changes[nearest]), int(i), int(others[nearest])), key=lambda b: b[0])
        if best[0] == 1:
            break
    return _told(claim, rows, *best[1:])


def apart(values: Array, value: Any, within: float) -> Array:
    """Tell which values differ from one of them by more than ``within`` [n]."""
    return np.abs(values - value) > within + evidence.ROUNDED if within else values != value


def _told(claim: Claim, rows: pd.DataFrame, i: int, other: int | None) -> dict[str, Any]:
    """Return the columns that tell of a counterexample, row i, beside the other row."""
    told = {"counterexample": rows["label"][i], "found": findings(claim, rows, i)}
    if other is None:
        return told
    changed = [f"{name}: {rows[name][other]} -> {rows[name][i]}" for name in COLUMNS
               if rows[name][other] != rows[name][i]]  # fmt: skip
    return told | {"instead_of": rows["label"][other], "found_there": findings(claim, rows, other),
                   "changed": "; ".join(changed)}  # fmt: skip


def findings(claim: Claim, rows: pd.DataFrame, i: int) -> str:
    """Return what a setting shows of what the claim speaks of: numbers, or its verdicts."""
    names = [c.column for c in claim.expects] + list(claim.unchanged[:1])
    names += [b for c in claim.expects for _, b in c.bounds if isinstance(b, str)]
    words = {name: name for name in names if name in NUMBERS and name not in NO_FINDING}
    words |= {name: text for name, text in claim.shows if name in words}
    texts = [f"{_number(rows, i, name)} {text}" for name, text in words.items()]
    return "; ".join(texts or [rows["shares"][i]])


def _number(rows: pd.DataFrame, i: int, name: str) -> str:
    """Return a number of a setting, with its interval where verdicts.csv has it."""
    ends = [name.replace("_mean", end) for end in ("_low", "_high")] if "_mean" in name else []
    low_high = [spell(round(float(rows[n][i]), 3)) for n in ends if n in rows]
    interval = f" ({' to '.join(low_high)})" if len(low_high) == 2 else ""
    return f"{spell(round(float(rows[name][i]), 3))}{interval}"
