"""The report's words on neglected properties: by start and noise, and by verdict."""

from typing import Any

import pandas as pd

from symbreak.story import PROPERTIES
from symbreak.summary import WORDS, listed, plural

NAMED = ("symmetric", "redundant", "broken")  # verdicts of which a sentence speaks
KINDS = {
    ("different", "none"): "neurons start different, no noise of their own",
    ("different", "own"): "neurons start different, each meets its own noise",
    ("equal", "none"): "neurons start alike, no noise of their own",
    ("equal", "own"): "neurons start alike, each meets its own noise",
}


def at(table: pd.DataFrame, threshold: float) -> list[dict[Any, Any]]:
    """Return the rows of a threshold, one a kind of start and noise; none where not known."""
    return table[table["threshold"] == threshold].to_dict("records")


def which_sentence(table: pd.DataFrame, threshold: float) -> str:
    """Return which property is neglected how often, by start and noise; empty where not known."""
    rows = table[table["threshold"] == threshold]
    parts = [
        f"{KINDS[str(row['start']), str(row['noise'])]}: "
        + listed([f"{name} in {100 * row[f'neglects_{name}_mean']:.0f} %" for name in PROPERTIES])
        for _, row in rows.iterrows()
    ]
    return f"Which property is it? Of networks whose {'; whose '.join(parts)}." if parts else ""


def by_verdict(found: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``by_verdict.csv`` in the order of the words; none where not known."""
    table = found[found["neglected_untrained_mean"].notna()].set_index("verdict")
    order = [word.name for word in WORDS if word.name in table.index]
    return table.loc[order].reset_index()


def verdict_sentence(found: pd.DataFrame) -> str:
    """Return how many properties settings of the verdicts ``NAMED`` neglect, before and after."""
    table = by_verdict(found).set_index("verdict")
    if table.empty:
        return (
            "Neglect is not measured: a table of your own has no known properties, or no network "
            "has stayed finite."
        )
    rows = [(name, table.loc[name]) for name in NAMED if name in table.index]
    parts = [f"{row['neglected_mean']:.2f} in {name} settings "
             f"({row['neglected_untrained_mean']:.2f} before training)"
             for name, row in rows]  # fmt: skip
    if not parts:
        return "There is neither a symmetric, a redundant nor a broken setting to compare."
    ends = [f"{row['neglected_low']:.2f} to {row['neglected_high']:.2f} "
            f"over {plural(int(float(str(row['seeds']))), 'seed')}" for _, row in rows]  # fmt: skip
    return (
        f"Of three properties, networks neglect {listed(parts)} on average; "
        f"95 % {'interval' if len(ends) == 1 else 'intervals'} after training: {listed(ends)}."
    )
