"""The dynamics of a setting, a row a hidden layer, from the rows of its networks.

Networks whose units have not all come apart by the end are right-censored: they count as later than
every other, and no mean is taken of times.
"""

from math import inf, isfinite, nan
from typing import Any

import numpy as np
import pandas as pd

from symbreak.dynamics import APART, BROKE
from symbreak.settings import COLUMNS
from symbreak.statistics import mean, middle, middle_interval, wilson

Array = np.ndarray
Row = dict[str, float]

MEASURES = {"rate": "rate_largest", "rate_least": "rate_least", "peak": "peak", "end": "end"}
COUNTS = tuple(f"{kind}_{name}" for kind in ("equal", "near")
               for name in ("most", "last", "splits", "merges"))  # fmt: skip
PULLED = 0.5  # of its peak: units whose distance starts and ends below it were pulled together


def settings(found: pd.DataFrame) -> pd.DataFrame:
    """Return a row a setting and hidden layer from the table of ``dynamics``."""
    keys = [*COLUMNS, "layer"]
    columns = {name: found[name].to_numpy() for name in found.columns.difference(keys)}
    plain = found[keys].astype({name: object for name in COLUMNS})
    groups = plain.groupby(keys, sort=False).indices
    places: dict[Any, Any] = dict(groups)  # the rows of a setting and layer
    rows = [dict(zip(keys, key, strict=True)) | _row({n: c[at] for n, c in columns.items()})
            for key, at in places.items()]  # fmt: skip
    return pd.DataFrame(rows)


def _row(of: dict[str, Array]) -> dict[str, float | str]:
    """Return the values of one setting and layer from the columns of its networks."""
    risk = of["outcome"] != APART
    broke = int(np.count_nonzero(of["outcome"] == BROKE))
    low, high = wilson(broke, int(risk.sum()))
    row: dict[str, float | str] = {
        "replicates": len(risk), "starts_distinct": int(len(risk) - risk.sum()),
        "split": int(np.isfinite(of["split_by"]).sum()),
        **times("split", of["split_after"][risk], of["split_by"][risk]),
        "broke": broke, "broke_low": low, "broke_high": high,
        **times("break", of["break_after"][risk], of["break_by"][risk]),
        "reached": int(np.isfinite(of["reach_by"]).sum()),
        **times("reach", of["reach_after"], of["reach_by"]),
    }  # fmt: skip
    for name, column in MEASURES.items():
        row |= _median(name, of[column])
    pulled = np.maximum(of["start"], of["end"]) < PULLED * of["peak"]
    row |= {"pulled": int(np.count_nonzero(pulled))}
    row |= {f"{name}_mean": mean(of[name].astype(np.float64)) for name in COUNTS}
    return row | {"blas": str(of["blas"][0])}


def times(name: str, after: Array, by: Array) -> Row:
    """Return between which steps the middle network got there, and the 95 % interval of the later.

    NaN where more than half of the networks never did (a median, an end of the interval), or where
    there are fewer than six (the interval).
    """
    late = np.where(np.isnan(by), inf, by)
    half, ends = middle(late), middle_interval(late)
    known = isfinite(half)
    before = float(after[late == half].max()) if known else nan
    values = (before, half, *ends)
    names = ("after", "by", "by_low", "by_high")
    return {f"{name}_{part}": value if isfinite(value) else nan
            for part, value in zip(names, values, strict=True)}  # fmt: skip


def _median(name: str, values: Array) -> Row:
    """Return how many networks have the value, their median and its 95 % interval."""
    known = values[np.isfinite(values)]
    low, high = middle_interval(known)
    return {f"{name}_networks": len(known), f"{name}_median": middle(known),
            f"{name}_low": low, f"{name}_high": high}  # fmt: skip
