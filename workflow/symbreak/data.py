"""The data of an experiment: made, written as CSV, and loaded for training.

The written table holds the features, the properties (of the demand story only), the target and
``split`` (train or test). Numbers are written in the shortest text that reads back to the same
bits, so what is trained on is what the file says.
"""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symbreak import story
from symbreak.settings import Demand, Table
from symbreak.table import (
    MANY,
    SPLIT_COLUMN,
    Columns,
    label,
    listed,
    read_records,
    read_table,
    typed,
)
from symbreak.table import DataError as DataError

# An eighth of all shirts or more sell: of more rows, less than one table in 10^45 has no such one.
FEW_ROWS = 1000


@dataclass(frozen=True)
class Dataset:
    """What a network is trained and judged on; float64, C order.

    ``x_*`` [rows, features], on the scale of training; ``y_*`` [rows] of 0.0 and 1.0;
    ``properties_*`` [rows, properties], as written, without columns for a user's table.
    """

    features: tuple[str, ...]
    properties: tuple[str, ...]
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    properties_train: np.ndarray
    properties_test: np.ndarray


def make(data: Demand | Table, seed: int) -> Columns:
    """Return the table of an experiment; raises DataError where a user's file is not usable."""
    return read_table(data, seed) if isinstance(data, Table) else story.generate(data, seed)


def check(data: Demand | Table, seed: int, batches: Sequence[int | None] = ()) -> None:
    """Raise DataError if the data cannot be made or learned from, or is smaller than a batch.

    A plan calls it before anything runs.
    """
    if isinstance(data, Demand):  # what a checked config says can always be made
        if not data.balanced and data.rows <= FEW_ROWS:
            check_drawn(dataset(data, make(data, seed)).y_train, seed)
        return
    found = dataset(data, make(data, seed))
    check_varying(data, found)
    rows = len(found.y_train)
    for batch in batches:
        if batch is not None and batch > rows:
            raise DataError(
                f"{data.path}: training.batch_size is {batch}, more than the {rows} training rows; "
                f"write at most {rows}, or full"
            )
    for name, column in zip(found.features, found.x_test.T, strict=True):
        if not np.isfinite(column).all():
            raise DataError(
                f"{data.test_path or data.path}, column {name!r}: a test row is more than 1e308 "
                "standard deviations away from the training rows; remove it"
            )


def check_varying(data: Table, found: Dataset) -> None:
    """Raise DataError where no feature varies over the training rows. One that does not, among
    others that do, is allowed.
    """
    if all(column.min() == column.max() for column in found.x_train.T):
        have = "has" if len(found.features) == 1 else "each have"
        raise DataError(
            f"{data.path}: {listed(found.features)} {have} one value in all training rows, so "
            "there is nothing to learn from; add a column that varies"
        )


def check_drawn(labels: np.ndarray, seed: int) -> None:
    """Raise DataError unless the training rows drawn, [rows], hold both classes."""
    if labels.min() == labels.max():
        raise DataError(
            f"data.rows: all {len(labels)} training rows are {labels[0]:.0f} with seed {seed}; "
            "write more rows, another seed, or balanced: true"
        )


def count_rows(columns: Columns) -> str:
    """Return a sentence with the numbers of training rows, test rows, and rows that are both."""
    rows = list(zip(*(v for name, v in columns.items() if name != SPLIT_COLUMN), strict=True))
    parts = columns[SPLIT_COLUMN]
    train = {row for row, part in zip(rows, parts, strict=True) if part == "train"}
    test = [(line, row) for line, (row, part) in enumerate(zip(rows, parts, strict=True), start=2)
            if part == "test"]  # fmt: skip
    both = [line for line, row in test if row in train]
    text = f"{len(rows) - len(test)} training rows and {len(test)} test rows"
    if not both:
        return f"{text}, none of which is a training row, too."
    shown = ", ".join(map(str, both[:MANY])) + ", ..." * (len(both) > MANY)
    return (
        f"{text}, {len(both)} of which are training rows, too (lines {shown} of the table): unless "
        "rows are alike by nature, losses and accuracies on test rows are too good."
    )


def csv_text(columns: Columns) -> str:
    """Return a table as CSV: shortest exact numbers, a newline after each row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))  # csv writes repr of a float
    return text.getvalue()


def write_csv(columns: Columns, path: str | Path) -> None:
    """Write ``csv_text`` in UTF-8; the folder must exist."""
    Path(path).write_text(csv_text(columns), encoding="utf-8", newline="")


def read_csv(path: str | Path, target: str) -> Columns:
    """Return the table that ``write_csv`` wrote; raises DataError where the file is not one."""
    (_, header), *records = read_records(str(path))
    for name in (target, SPLIT_COLUMN):
        if name not in header:
            raise DataError(f"{path}, line 1: there is no column {name!r}; make the data again")
    return typed(str(path), header, records, {target: label, SPLIT_COLUMN: split_name})


def split_name(text: str, place: str) -> str:
    """Return train or test; raises DataError for another text."""
    if text not in ("train", "test"):
        raise DataError(f"{place}: {text!r} is neither train nor test; make the data again")
    return text


def load_for(data: Demand | Table, path: str | Path) -> Dataset:
    """Return the dataset of the table that ``make`` made for this data and ``write_csv`` wrote."""
    return dataset(data, read_csv(path, target_of(data)))


def target_of(data: Demand | Table) -> str:
    """Return the name of the column to predict."""
    return data.target if isinstance(data, Table) else story.TARGET


def dataset(data: Demand | Table, columns: Columns) -> Dataset:
    """Return the arrays of a table, standardized unless a user's table is not to be."""
    target = target_of(data)
    properties = () if isinstance(data, Table) else story.PROPERTIES
    others = {target, SPLIT_COLUMN, *properties}
    features = tuple(name for name in columns if name not in others)
    train = np.array(columns[SPLIT_COLUMN]) == "train"
    x, scores = matrix(columns, features), matrix(columns, properties)
    y = np.array(columns[target], np.float64)
    if isinstance(data, Demand) or data.standardize:
        for j in range(len(features)):
            x[:, j] = standardized(x[:, j], train)
    test = ~train
    return Dataset(
        features, properties, x[train], y[train], x[test], y[test], scores[train], scores[test]
    )


def matrix(columns: Columns, names: Sequence[str]) -> np.ndarray:
    """Return the named columns, [rows, names] float64."""
    values = np.zeros((len(columns[SPLIT_COLUMN]), len(names)))
    for j, name in enumerate(names):
        values[:, j] = columns[name]
    return values


def standardized(column: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return (column - mean) / std with mean and population std of the training rows.

    ``column`` [rows] float64, ``train`` [rows] bool. Sums are exact (``math.fsum``), so no order
    of the rows matters. A column that is constant on the training rows has no scale and becomes
    zeros. The column is first scaled by a power of two, exactly, so that squares of 1e300 do not
    overflow; a test row that does becomes infinite.
    """
    known = column[train]
    if known.min() == known.max():
        return np.zeros(len(column))
    exponent = int(np.frexp(np.abs(known).max())[1])
    with np.errstate(over="ignore"):
        unit = np.ldexp(column, -exponent)
        mean = math.fsum(unit[train]) / len(known)
        deviation = unit - mean
        squares = deviation[train] * deviation[train]
        return deviation / math.sqrt(math.fsum(squares) / len(known))
