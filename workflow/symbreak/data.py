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
from symbreak.table import SPLIT_COLUMN, label, number, read_records, read_table
from symbreak.table import DataError as DataError

FEWEST_ROWS = 10  # of a generated table: eight for training, two for the test


@dataclass(frozen=True)
class Frame:
    """A table as it is written: a list a column, in order; which columns are no features."""

    columns: dict[str, list]
    target: str
    properties: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Return the names of the inputs, in order."""
        return features_of(list(self.columns), self.target, self.properties)


@dataclass(frozen=True)
class Dataset:
    """What a network is trained and judged on; float64, C order.

    ``x_*`` [rows, inputs], standardized by ``mean`` and ``std`` [inputs] of the training rows
    (0 and 1 where not standardized); ``y_*`` [rows] of 0.0 and 1.0; ``properties_*``
    [rows, properties], unscaled, without columns for a user's table.
    """

    features: tuple[str, ...]
    target: str
    properties: tuple[str, ...]
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    properties_train: np.ndarray
    properties_test: np.ndarray
    mean: np.ndarray
    std: np.ndarray


def features_of(
    names: Sequence[str], target: str, properties: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the columns that are inputs: neither target nor property nor split."""
    return tuple(name for name in names if name not in {target, SPLIT_COLUMN, *properties})


def make(data: Demand | Table, seed: int) -> Frame:
    """Return the table of an experiment; raises DataError where a user's file is not usable."""
    if isinstance(data, Table):
        return Frame(read_table(data, seed), data.target)
    check(data, seed)
    return Frame(story.generate(data, seed), story.TARGET, story.PROPERTIES)


def check(data: Demand | Table, seed: int) -> None:
    """Raise DataError if the data cannot be made; what a plan calls before anything runs."""
    if isinstance(data, Table):
        read_table(data, seed)
        return
    if data.rows < FEWEST_ROWS:
        raise DataError(f"data.rows is {data.rows}; a demand table needs {FEWEST_ROWS} or more")
    if not (math.isfinite(data.noise) and data.noise >= 0):
        raise DataError(f"data.noise is {data.noise}; it must be zero or a positive finite number")


def csv_text(frame: Frame) -> str:
    """Return the frame as CSV: shortest exact numbers, a newline after each row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(zip(*frame.columns.values(), strict=True))  # csv writes repr of a float
    return text.getvalue()


def write_csv(frame: Frame, path: str | Path) -> None:
    """Write ``csv_text`` in UTF-8; the folder must exist."""
    Path(path).write_text(csv_text(frame), encoding="utf-8", newline="")


def read_csv(path: str | Path, target: str, properties: Sequence[str] = ()) -> Frame:
    """Return the frame that ``write_csv`` wrote; raises DataError where the file is not one."""
    header, records = read_records(str(path))
    for name in (target, SPLIT_COLUMN, *properties):
        if name not in header:
            raise DataError(f"{path}, line 1: there is no column {name!r}; make the data again")
    if not records:
        raise DataError(f"{path}: there are no rows under the header; make the data again")
    columns: dict[str, list] = {}
    for name, cells in zip(header, zip(*(row for _, row in records), strict=True), strict=True):
        if name == SPLIT_COLUMN:
            columns[name] = list(cells)
            continue
        convert = label if name == target else number
        lines = (line for line, _ in records)
        columns[name] = [
            convert(c, str(path), at, name) for at, c in zip(lines, cells, strict=True)
        ]
    return Frame(columns, target, tuple(properties))


def dataset(frame: Frame, standardize: bool = True) -> Dataset:
    """Return the arrays of a frame, scaled by the training rows unless ``standardize`` is false."""
    in_train = np.array(frame.columns[SPLIT_COLUMN]) == "train"
    x = matrix(frame, frame.features)
    properties = matrix(frame, frame.properties)
    y = np.array(frame.columns[frame.target], np.float64)
    inputs = x.shape[1]
    mean, std = np.zeros(inputs), np.ones(inputs)
    if standardize:
        for j in range(inputs):
            x[:, j], mean[j], std[j] = standardized(x[:, j], in_train)
    return Dataset(
        frame.features,
        frame.target,
        frame.properties,
        x[in_train],
        y[in_train],
        x[~in_train],
        y[~in_train],
        properties[in_train],
        properties[~in_train],
        mean,
        std,
    )


def matrix(frame: Frame, names: Sequence[str]) -> np.ndarray:
    """Return the named columns, [rows, names] float64."""
    rows = len(frame.columns[SPLIT_COLUMN])
    values = np.zeros((rows, len(names)))
    for j, name in enumerate(names):
        values[:, j] = frame.columns[name]
    return values


def standardized(column: np.ndarray, in_train: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return (column - mean) / std, the mean and the std (population) of the training rows.

    Sums are exact (``math.fsum``), so no order of the rows matters. A column that is constant on
    the training rows has no scale: it becomes zeros, with its value as mean and 1 as std. The
    column is first scaled by a power of two, exactly, so that squares of 1e300 do not overflow.
    """
    train = column[in_train]
    if train.min() == train.max():
        return np.zeros(len(column)), float(train[0]), 1.0
    exponent = int(np.frexp(np.abs(train).max())[1])
    unit = np.ldexp(train, -exponent)
    mean = math.fsum(unit) / len(unit)
    deviation = unit - mean
    std = math.sqrt(math.fsum(deviation * deviation) / len(unit))
    scaled = (np.ldexp(column, -exponent) - mean) / std
    return scaled, float(np.ldexp(mean, exponent)), float(np.ldexp(std, exponent))


def load(
    path: str | Path, target: str, properties: Sequence[str] = (), standardize: bool = True
) -> Dataset:
    """Return the dataset of a written table; raises DataError where the file is not one."""
    return dataset(read_csv(path, target, properties), standardize)


def load_for(data: Demand | Table, path: str | Path) -> Dataset:
    """Return the dataset of the table that ``make`` made for this data and ``write_csv`` wrote."""
    if isinstance(data, Table):
        return load(path, data.target, (), data.standardize)
    return load(path, story.TARGET, story.PROPERTIES)
