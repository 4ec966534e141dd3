"""A user's own CSV table: read, checked in every cell, and split.

The format: UTF-8 (a byte order mark is fine), commas, a header, finite numbers, and a target of
0 and 1 (or false and true; which of two other words means 1 would be a guess). Blank lines count
for nothing. The first thing wrong is named by file, line, column and value.
"""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from symbreak.components import nearest
from symbreak.settings import Table
from symbreak.streams import SPLIT, uniforms

SPLIT_COLUMN = "split"
MANY = 10  # columns or lines that a sentence names
WORDS = {"false": 0.0, "true": 1.0}  # of the target, beside 0 and 1
Record = tuple[int, list[str]]  # number of the line where it starts, cells
Columns = dict[str, list]  # a table: a list of values a column, in the order of its file
Types = Mapping[str, Callable[[str, str], object]]  # what reads a cell, given it and its place


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
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        reason = str(getattr(error, "strerror", None) or error).lower()
        raise DataError(f"{path}: cannot be read ({reason}); name a readable CSV file") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8; "
            "save the file as UTF-8"
        ) from None


def read_records(path: str) -> list[Record]:
    """Return the records of a CSV file, the header first, each with the number of its line.

    Raises DataError where the file is missing, empty, not UTF-8, broken or ragged, or no row
    follows the header.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    found: list[Record] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells) or len(cells) > 1:
                found.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path}, line {line}: not CSV ({error}); check the quotes of this row"
        ) from None
    if not found:
        raise DataError(f"{path}: the file is empty; it needs a header and rows")
    if len(found) == 1:
        raise DataError(f"{path}: there are no rows under the header; add some")
    check_widths(path, found)
    return found


def check_widths(path: str, records: list[Record]) -> None:
    """Raise DataError unless every record has as many cells as the header, apart by commas."""
    line, header = records[0]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        raise DataError(
            f"{path}, line {line}: {cell_name(header[0])} is one column; separate columns by commas"
        )
    width = len(header)
    for line, cells in records:
        if len(cells) != width:
            raise DataError(
                f"{path}, line {line}: {counted(len(cells), 'cell')} under a header of "
                f"{counted(width, 'column')}; give every row one cell a column"
            )


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, as in ``1 cell`` and ``2 cells``."""
    return f"{count} {noun}" + "s" * (count != 1)


def listed(names: Sequence[str]) -> str:
    """Return column names as a sentence lists them, the first few of many."""
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    return ", ".join(map(repr, names[:MANY])) + more


def check_header(path: str, line: int, header: list[str], target: str) -> None:
    """Raise DataError unless the names are distinct, hold the target and leave a feature."""
    place = f"{path}, line {line}"
    for number, name in enumerate(header, start=1):
        if not name:
            raise DataError(f"{place}: column {number} has no name; give it one")
        if name in header[: number - 1]:
            raise DataError(f"{place}: column {name!r} is there twice; rename or remove one")
    if target not in header:
        near = nearest(target, header)
        known = f"the nearest is {near!r}" if near else f"the columns are {listed(header)}"
        raise DataError(f"{place}: there is no target column {target!r}; {known}")
    if SPLIT_COLUMN in header:
        raise DataError(
            f"{place}: column {SPLIT_COLUMN!r} has the name of the column that is added "
            "(train or test); rename it"
        )
    if len(header) == 1:
        raise DataError(
            f"{place}: there is no column but the target {target!r}; add a feature column"
        )


def finite(text: str) -> float | None:
    """Return the finite number that a cell holds, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None  # Python reads 1_000


def number(text: str, place: str) -> float:
    """Return a feature's finite number; raises DataError, which begins with the place."""
    value = finite(text)
    if value is None:
        raise DataError(
            f"{place}: {cell_name(text)} is not a finite number; "
            "write one such as 3.5, or remove the row or the column"
        )
    return value


def label(text: str, place: str) -> int:
    """Return a target's 0 or 1, from 0, 1, 0.0, 1.0, false or true; raises DataError."""
    value = WORDS.get(text.strip().lower(), finite(text))
    if value not in (0, 1):
        raise DataError(
            f"{place}: {cell_name(text)} is not a binary target; write 0 or 1 (or false or true)"
        )
    return int(value)


def cell_name(text: str) -> str:
    """Return how a sentence names a cell's text, shortened."""
    if not text.strip():
        return "an empty cell"
    return repr(text if len(text) <= 40 else text[:37] + "...")


def read_columns(path: str, target: str) -> Columns:
    """Return the features (float) in the order of the file, then the target (0 or 1).

    Raises DataError for everything wrong within one file.
    """
    records = read_records(path)
    header = [name.strip() for name in records[0][1]]
    check_header(path, records[0][0], header, target)
    columns = typed(path, header, records[1:], {target: label})
    return {name: columns[name] for name in header if name != target} | {target: columns[target]}


def typed(path: str, header: list[str], records: list[Record], types: Types) -> Columns:
    """Return the cells by column, each by the function of its column in ``types``, or a number."""
    columns: Columns = {name: [] for name in header}
    for line, cells in records:
        for name, text in zip(header, cells, strict=True):
            place = f"{path}, line {line}, column {name!r}"
            columns[name].append(types.get(name, number)(text, place))
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


def read_table(table: Table, seed: int) -> Columns:
    """Return the user's table: features, target and split, a list a column.

    With a test file its rows follow those of the first; else a fifth of the rows is for testing.
    Raises DataError, one sentence, at the first thing that is wrong.
    """
    columns = read_columns(table.path, table.target)
    check_classes(columns[table.target], table)
    if table.test_path is None:
        return columns | {SPLIT_COLUMN: stratified_split(columns[table.target], seed)}
    test = read_columns(table.test_path, table.target)
    check_same(columns, table.path, test, table.test_path)
    rows = len(columns[table.target]), len(test[table.target])
    both = {name: values + test[name] for name, values in columns.items()}
    return both | {SPLIT_COLUMN: ["train"] * rows[0] + ["test"] * rows[1]}


def check_classes(labels: Sequence[int], table: Table) -> None:
    """Raise DataError unless both classes are there, with a row left to test where one is due."""
    place = f"{table.path}, column {table.target!r}"
    for value in (0, 1):
        count = labels.count(value)
        if count == 0:
            raise DataError(f"{place}: every row is {1 - value}; add rows of the other class")
        if count == 1 and table.test_path is None:
            raise DataError(
                f"{place}: only one row is {value}, too few for training and test; "
                "give each class two rows or more, or a test_path"
            )


def check_same(train: Columns, path: str, test: Columns, test_path: str) -> None:
    """Raise DataError unless both files have the same columns, in any order."""
    for name in train:
        if name not in test:
            raise DataError(f"{test_path}: column {name!r} of {path} is missing; add it")
    for name in test:
        if name not in train:
            raise DataError(f"{test_path}: column {name!r} is not in {path}; remove it")
