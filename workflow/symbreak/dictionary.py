"""The data dictionary of a site: what each column of its tables means, from the pages of the docs.

The docs are the one place that declares columns; this only reads their tables.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from symbreak.downloads import Table

HEADING = re.compile(r"^## (.*)$", re.M)
ROW = re.compile(r"^\| `(\w+)` \|(.*?)\|(.*?)\|(.*)\|$", re.M)
SETTING, VERDICTS = "The columns of a setting", "`verdicts.csv`"
TYPES = ("text", "whole", "number", "flag")
HEADER = ("table", "column", "unit", "type", "meaning")

Meaning = tuple[str, str, str]  # unit, type, meaning


class Docs:
    """What the pages docs/files.md and data/README.md say of columns."""

    def __init__(self, columns: str, data: str) -> None:
        parts = HEADING.split(columns)[1:]
        self.sections = dict(zip(parts[::2], map(_rows, parts[1::2]), strict=True))
        self.data = {name: (unit, "", f"{meaning}; {allowed}" if allowed else meaning)
                     for name, (unit, allowed, meaning) in _rows(data).items()}  # fmt: skip

    def meaning(self, table: Table, column: str) -> Meaning | None:
        """Return what a column of a table means; None where no page says it."""
        if table.section == "data":
            return self.data.get(column)
        source = table.section or table.source.replace("*", "<init>")
        for key in (f"`{source}`", SETTING, VERDICTS):
            for heading, rows in self.sections.items():
                if key in heading and column in rows:
                    return rows[column]
        return None


def _rows(text: str) -> dict[str, Meaning]:
    return {name: (unit.strip(), of_type.strip(), meaning.strip())
            for name, unit, of_type, meaning in ROW.findall(text)}  # fmt: skip


def text(docs: Docs, tables: Iterable[tuple[Table, pd.DataFrame]]) -> str:
    """Return the dictionary as CSV, a row a column of a table, in the tables' order."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for table, rows in tables:
        for column in map(str, rows.columns):
            unit, of_type, meaning = docs.meaning(table, column) or ("", "", "")
            of_type = of_type if of_type in TYPES else _type(rows, column)
            writer.writerow([table.name, column, unit, of_type, meaning])
    return out.getvalue()


def _type(rows: pd.DataFrame, column: str) -> str:
    """Return the type in the words of the docs, as the values have it."""
    kind = rows[column].dtype.kind
    return {"b": "flag", "i": "whole", "u": "whole", "f": "number"}.get(kind, "text")


def undeclared(docs: Docs, tables: Sequence[tuple[Table, pd.DataFrame]]) -> Mapping[str, list[str]]:
    """Return, by table, the columns of which no page says what they mean."""
    found = {table.name: [column for column in rows.columns if not docs.meaning(table, column)]
             for table, rows in tables}  # fmt: skip
    return {name: columns for name, columns in found.items() if columns}
