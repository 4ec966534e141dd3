"""The files of figures: read, written whole, and ratios computed from them."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from symbreak import files

from bench.cells import Cell
from bench.contenders import OURS
from bench.exactness import Failures
from bench.floor import FLOOR, Machine, floor
from bench.measure import Figure

CELL = ["hidden", "activation", "batch", "dtype", "dropout", "networks"]
TIME, LOW, HIGH = "microseconds_a_network_step", "low", "high"
COLUMNS = [*CELL, "contender", TIME, LOW, HIGH]
DIGITS = "%.4g"


def rows_of(cell: Cell, figures: Iterable[Figure], machine: Machine) -> pd.DataFrame:
    """Return a cell's rows of the table, the floor last."""
    least = floor(cell, machine)
    found = [(f.contender, f.median, f.low, f.high) for f in figures]
    rows = [(*cell.labels.values(), *row) for row in [*found, (FLOOR, least, least, least)]]
    return pd.DataFrame(rows, columns=COLUMNS)


def read(path: Path) -> pd.DataFrame:
    """Return the table of figures, without rows if there is no file."""
    if not path.exists():
        return pd.DataFrame({name: [] for name in COLUMNS})
    return pd.read_csv(path, dtype={name: str for name in [*CELL, "contender"]})


def write(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, whole or not at all."""
    files.write_text(path, table.to_csv(index=False, float_format=DIGITS, lineterminator="\n"))


def failures_table(failures: Iterable[Failures]) -> pd.DataFrame:
    """Return a row a contender with the cases in which it breaks each property."""
    table = pd.DataFrame([asdict(f) for f in failures])
    table["e3"] = table["e3"].astype("Int64")
    return table.rename(columns={"e1": "E1", "e2": "E2", "e3": "E3"})


def done(table: pd.DataFrame) -> set[tuple[str, ...]]:
    """Return the labels of the cells that a table holds."""
    return {tuple(row) for row in table[CELL].itertuples(index=False)}


def ratios(table: pd.DataFrame, below: str = OURS) -> pd.DataFrame:
    """Return each row's time over that of ``below`` in the same cell: ratio, low, high.

    Low and high are the farthest that the rounds of both allow.
    """
    ours = table.loc[table["contender"] == below, [*CELL, TIME, LOW, HIGH]]
    both = table.merge(ours, on=CELL, suffixes=("", "_ours"))
    found = both[[*CELL, "contender"]].copy()
    found["ratio"] = both[TIME] / both[f"{TIME}_ours"]
    found[LOW] = both[LOW] / both[f"{HIGH}_ours"]
    found[HIGH] = both[HIGH] / both[f"{LOW}_ours"]
    return found[found["contender"] != below]


def wide(ratios: pd.DataFrame) -> pd.DataFrame:
    """Return a row a cell (in their order) and a column a contender, ratios in the cells."""
    cells = ratios[CELL].drop_duplicates()
    pivot = ratios.pivot(index=CELL, columns="contender", values="ratio")
    return pivot.loc[list(cells.itertuples(index=False, name=None))]
