"""The measure job: the networks of an initializer, measured batch by batch, in bounded memory.

A batch is whole parts (``networks.part_size``), of one file or of several, so that networks that
start alike are measured once. How they fall into batches changes no value.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from symbreak import learned, networks
from symbreak.data import Dataset
from symbreak.files import written
from symbreak.networks import HELD, Trained
from symbreak.settings import COLUMNS

BATCH = HELD  # bytes of the weights, or of the distances, of a batch; at least one part


class Rows:
    """A parquet file that grows by a row group at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: pq.ParquetWriter | None = None

    def add(self, table: pd.DataFrame) -> None:
        """Write a row group; the first one decides the types."""
        if self.file is None:
            self.file = pq.ParquetWriter(self.path, types(table))
        rows = pa.Table.from_pandas(table, schema=self.file.schema, preserve_index=False)
        self.file.write_table(rows)

    def __enter__(self) -> "Rows":
        """Return this."""
        return self

    def __exit__(self, *error: object) -> None:
        """Finish the file."""
        if self.file:
            self.file.close()


def whole_settings(path: str | Path) -> Iterator[pd.DataFrame]:
    """Yield the rows of such a file a row group at a time, never a setting in two pieces."""
    rest = pd.DataFrame()
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        rows = file.read_row_group(group).to_pandas()
        rows = pd.concat([rest, rows], ignore_index=True) if len(rest) else rows
        inside = np.all([rows[name] == rows[name].iloc[-1] for name in COLUMNS], axis=0)
        if not inside.all():
            yield rows[~inside]
        rest = rows[inside]
    yield rest


def types(table: pd.DataFrame) -> pa.Schema:
    """Return the types of a table's columns; room for labels that later rows bring."""
    schema = pa.Schema.from_pandas(table, preserve_index=False)
    for i, column in enumerate(schema):
        if pa.types.is_dictionary(column.type):
            wide = pa.dictionary(pa.int32(), column.type.value_type)
            schema = schema.set(i, column.with_type(wide))
    return schema


def batches(files: Iterable[str | Path], limit: int) -> Iterator[list[Trained]]:
    """Yield the networks of weight files in lists that take no more bytes than ``limit``.

    A part that takes more is alone.
    """
    batch: list[Trained] = []
    size = 0
    for part in (part for file in files for part in networks.parts(file)):
        bytes_ = len(part.weights) * networks.part_bytes(part.widths, len(part.steps))
        if batch and size + bytes_ > limit:
            yield batch
            batch, size = [], 0
        batch.append(part)
        size += bytes_
    yield batch


def measure(files: Iterable[str | Path], outputs: Mapping[str, str | Path], rows: Dataset,
            seed: int, redundancy: float, neglect: float) -> None:  # fmt: skip
    """Write the tables of ``learned.tables`` of all networks of these files, each to its path."""
    with ExitStack() as stack:
        tables = {
            name: stack.enter_context(Rows(stack.enter_context(written(path))))
            for name, path in outputs.items()
        }
        for batch in batches(files, BATCH):
            for name, table in learned.tables(batch, rows, seed, redundancy, neglect):
                tables[name].add(table)
