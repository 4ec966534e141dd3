"""A user's own CSV table: read, checked in every cell, and split.

The format: UTF-8 (a byte order mark is fine), commas, a header, finite numbers, and a target of
0 and 1 (or true and false). The first thing wrong is named by file, line, column and value.
"""

import csv
import difflib
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from symbreak.settings import Table
from symbreak.streams import SPLIT, uniforms

SPLIT_COLUMN = "split"
LABELS = {"0": 0, "1": 1, "false": 0, "true": 1}
Record = tuple[int, list[str]]  # number of the line where it starts, cells


class DataError(ValueError):
    """A table that cannot be used: one sentence with the place, the value and what is right."""


def read_text(path: str) -> str:
    """Return the text of a UTF-8 file without its byte order mark; raises DataError."""
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file; name a CSV file that exists") from None
    except IsADirectoryError:
        raise DataError(f"{path}: this is a directory; name a CSV file in it") from None
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise DataError(f"{path}: cannot be read ({reason}); name a readable CSV file") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8; "
            "save the file as UTF-8"
        ) from None


def read_records(path: str) -> tuple[list[str], list[Record]]:
    """Return the header and the records of a CSV file; blank lines are skipped.

    Raises DataError where the file is missing, empty, not UTF-8, broken or ragged.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    found: list[Record] = []
    start = 1
    try:
        for cells in reader:
            if cells:
                found.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path}, line {start}: not CSV ({error}); check the quotes of this row"
        ) from None
    if not found:
        raise DataError(f"{path}: the file is empty; it needs a header and rows")
    header = [name.strip() for name in found[0][1]]
    for line, cells in found[1:]:
        if len(cells) != len(header):
            raise DataError(
                f"{path}, line {line}: {len(cells)} cells under a header of {len(header)} columns; "
                "give every row one cell a column"
            )
    return header, found[1:]


def check_header(path: str, header: list[str], target: str) -> None:
    """Raise DataError unless the names are distinct, hold the target and leave a feature."""
    for number, name in enumerate(header, start=1):
        if not name:
            raise DataError(f"{path}, line 1: column {number} has no name; give it one")
        if name in header[: number - 1]:
            raise DataError(
                f"{path}, line 1: column {name!r} is there twice; rename or remove one of them"
            )
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        raise DataError(f"{path}, line 1: {header[0]!r} is one column; separate columns by commas")
    if target not in header:
        nearest = difflib.get_close_matches(target, header, n=1, cutoff=0.0)[0]
        raise DataError(
            f"{path}, line 1: there is no target column {target!r}; the nearest is {nearest!r}"
        )
    if SPLIT_COLUMN in header:
        raise DataError(
            f"{path}, line 1: column {SPLIT_COLUMN!r} has the name of the column that is added "
            "(train or test); rename it"
        )
    if len(header) == 1:
        raise DataError(
            f"{path}, line 1: there is no column but the target {target!r}; add a feature column"
        )


def number(text: str, path: str, line: int, column: str) -> float:
    """Return a cell's finite number; raises DataError naming the cell."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value) and "_" not in text:  # Python reads 1_000 as a thousand
        return value
    raise DataError(
        f"{path}, line {line}, column {column!r}: {cell_name(text)} is not a finite number; "
        "write one such as 3.5, or remove the row"
    )


def label(text: str, path: str, line: int, column: str) -> int:
    """Return a target's 0 or 1, from 0, 1, true or false; raises DataError naming the cell."""
    known = LABELS.get(text.strip().lower())
    if known is not None:
        return known
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if value in (0.0, 1.0):  # 1.0, as spreadsheets write it
        return int(value)
    raise DataError(
        f"{path}, line {line}, column {column!r}: {cell_name(text)} is not a binary target; "
        "write 0 or 1 (or false or true)"
    )


def cell_name(text: str) -> str:
    """Return how a sentence names a cell's text, shortened."""
    if not text.strip():
        return "an empty cell"
    return repr(text if len(text) <= 40 else text[:37] + "...")


def read_columns(path: str, target: str) -> dict[str, list]:
    """Return the features (float) in the order of the file, then the target (0 or 1).

    Raises DataError for everything wrong within one file.
    """
    header, records = read_records(path)
    check_header(path, header, target)
    if not records:
        raise DataError(f"{path}: there are no rows under the header; add some")
    columns: dict[str, list] = {name: [] for name in header if name != target} | {target: []}
    for line, cells in records:
        for name, text in zip(header, cells, strict=True):
            convert = label if name == target else number
            columns[name].append(convert(text, path, line, name))
    return columns


def stratified_split(labels: Sequence[int], seed: int) -> list[str]:
    """Return "train" or "test" for each row: of each class 20 % are test rows, rounded, one at
    least, those with the smallest draws. Each class must have two rows or more.
    """
    classes = np.asarray(labels)
    draws = uniforms(seed, 0, SPLIT, len(classes))
    split = np.full(len(classes), "train", dtype=object)
    for value in (0, 1):
        rows = np.flatnonzero(classes == value)
        count = max(1, (2 * len(rows) + 5) // 10)
        split[rows[np.argsort(draws[rows], kind="stable")[:count]]] = "test"
    return split.tolist()


def read_table(table: Table, seed: int) -> dict[str, list]:
    """Return the user's table: features, target and split, a list a column.

    With a test file its rows follow those of the first; else a fifth of the rows is for testing.
    Raises DataError, one sentence, at the first thing that is wrong.
    """
    columns = read_columns(table.path, table.target)
    labels = columns[table.target]
    enough = 1 if table.test_path is not None else 2
    for value in (0, 1):
        count = labels.count(value)
        if count == 0:
            raise DataError(
                f"{table.path}, column {table.target!r}: every row is {1 - value}; "
                "add rows of the other class"
            )
        if count < enough:
            raise DataError(
                f"{table.path}, column {table.target!r}: only one row is {value}, too few for "
                "training and test; give each class two rows or more, or a test_path"
            )
    if table.test_path is None:
        return columns | {SPLIT_COLUMN: stratified_split(labels, seed)}
    return joined(columns, table, table.test_path)


def joined(columns: dict[str, list], table: Table, test_path: str) -> dict[str, list]:
    """Return training and test rows in one table; raises DataError unless the columns agree."""
    test = read_columns(test_path, table.target)
    for name in columns:
        if name not in test:
            raise DataError(
                f"{test_path}, line 1: column {name!r} of {table.path} is missing; add it"
            )
    for name in test:
        if name not in columns:
            raise DataError(
                f"{test_path}, line 1: column {name!r} is not in {table.path}; remove it"
            )
    train_rows, test_rows = (len(part[table.target]) for part in (columns, test))
    both = {name: values + test[name] for name, values in columns.items()}
    return both | {SPLIT_COLUMN: ["train"] * train_rows + ["test"] * test_rows}
