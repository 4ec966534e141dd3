"""Where two versions of a published file differ: the first line and column, in a sentence."""

import csv
import io
from collections.abc import Sequence

import pandas as pd
import yaml

from symbreak import downloads
from symbreak.settings import COLUMNS

Rows = list[list[str]]
MOST = 60  # characters of a cell that are shown


def differ(path: str, ours: bytes, theirs: bytes) -> str:
    """Return the first difference of two versions of a file; empty where what counts is equal.

    Tables are compared cell by cell, without their rows of blas arithmetic; configs by what their
    keys say.
    """
    if path.endswith((".csv", ".parquet")):
        return tables(*(_rows(path, data) for data in (ours, theirs)))
    same = yaml.safe_load(ours) == yaml.safe_load(theirs)
    return "" if same else "says other things"


def _rows(path: str, data: bytes) -> Rows:
    if path.endswith(".parquet"):
        text = pd.read_parquet(io.BytesIO(data)).to_csv(index=False, lineterminator="\n")
    else:
        text = data.decode("utf-8", errors="replace")
    return list(csv.reader(io.StringIO(text, newline="")))


def tables(ours: Rows, theirs: Rows) -> str:
    """Return the first difference of two tables, whose first rows are the names of columns."""
    header, other = (rows[0] if rows else [] for rows in (ours, theirs))
    if header != other:
        return _headers(header, other)
    ours, theirs = exact(ours), exact(theirs)
    pairs = zip(ours[1:], theirs[1:], strict=False)  # a difference of length is said below
    changed = [(i, a, b) for i, (a, b) in enumerate(pairs, start=2) if a != b]
    if changed:
        more = f" ({len(changed):,} rows differ)" if len(changed) > 1 else ""
        return _cell(header, *changed[0]) + more
    if len(ours) != len(theirs):
        return f"has {len(ours) - 1:,} rows here and {len(theirs) - 1:,} in the published one"
    return ""


def exact(rows: Rows) -> Rows:
    """Return the rows without those of blas arithmetic, which depend on the machine."""
    if not rows or "arithmetic" not in rows[0]:
        return rows
    at = rows[0].index("arithmetic")
    return [row for row in rows if len(row) <= at or row[at] != "blas"]


def _headers(ours: Sequence[str], theirs: Sequence[str]) -> str:
    for name, where in ((set(ours) - set(theirs), "only here"),
                        (set(theirs) - set(ours), "only in the published one")):  # fmt: skip
        if name:
            return f"has the column {min(name)} {where}"
    return "has its columns in another order"


def _cell(header: Sequence[str], number: int, ours: Sequence[str], theirs: Sequence[str]) -> str:
    if len(ours) != len(theirs):
        return f"row {number - 1}: has {len(ours)} cells here, {len(theirs)} in the published one"
    at = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
    labels = [ours[i] for i, name in enumerate(header) if name in COLUMNS or name == "replicate"]
    of = f" ({' '.join(labels)})" if labels else ""
    mine, published = (_short(value) for value in (ours[at], theirs[at]))
    return f"row {number - 1}{of}, column {header[at]}: {mine} here, {published} published"


def _short(value: str) -> str:
    return (value if len(value) <= MOST else value[:MOST] + "...") or "empty"


def judged(table: downloads.Table, columns: Sequence[str], with_blas: bool) -> bool:
    """Tell whether a table is the same on every machine, given whether blas arithmetic takes part.

    Where it does, tables that put settings together hold what it does, too.
    """
    if not with_blas or table.section == "data" or table.name == "hunt":
        return True
    return "arithmetic" in columns and table.name != "contrasts"
