"""The tables that a site offers: which there are, in which forms, and what of a site has to agree.

``KINDS`` is the one place that says which files of a site are held by property P (the same bits on
every CPU): ``verify`` judges those and only reports the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd

from symbreak import measuring
from symbreak.settings import COLUMNS, Experiment

TABLES = "tables"
HELD, VALUES, REPORTED = "held", "values", "reported"
# The first pattern that fits a path in a site decides.
KINDS = (
    ("config/*", VALUES),  # what the keys say: a comment may differ
    (f"{TABLES}/*.csv", HELD),  # byte for byte, but for rows of blas arithmetic
    (f"{TABLES}/*.parquet", VALUES),  # cell by cell: the encoding depends on the library's version
    ("*", REPORTED),  # pages, pictures, provenance: they follow versions, machine and time
)
LABELS = {"hidden": str, "batch_size": str, "value": str}  # labels that look like numbers
DISTANCES = ("l2_incoming", "l2_outgoing", "l2_whole")


@dataclass(frozen=True)
class Table:
    """A table of a site: its name, where it comes from, and what a row is.

    ``source`` is in the experiment's results, with * for every initializer; ``section`` is what the
    heading of its columns in docs/files.md names. Large ones have no CSV.
    """

    name: str
    source: str
    row: str
    section: str = ""
    as_csv: bool = True


ALL = (
    Table("verdicts", "verdicts.csv", "a setting"),
    Table("networks", "networks.parquet", "a network, with the checksum of its weights"),
    Table("claims", "claims.csv", "a claim"),
    Table("distances", "distances/*.parquet", "a setting, hidden layer and checkpoint",
          "distances.csv"),
    Table("contrasts", "contrasts.csv", "a pair of settings that differ in one choice"),
    Table("dynamics", "dynamics.csv", "a setting and hidden layer"),
    Table("dynamics_networks", "dynamics/*.parquet", "a network and hidden layer", as_csv=False),
    Table("properties", "properties/*.parquet", "a network, hidden layer and checkpoint",
          as_csv=False),
    Table("by_verdict", "by_verdict.csv", "a verdict"),
    Table("neglect", "neglect.csv", "a kind of start, kind of noise and threshold"),
    Table("over_training", "over_training.csv", "a verdict and checkpoint"),
    Table("sensitivity", "sensitivity.csv", "a threshold"),
    Table("hunt", "hunt.csv", "a random setting outside the grid"),
)  # fmt: skip


def kind(path: str) -> str:
    """Return what has to agree of a site's file: one of HELD, VALUES and REPORTED."""
    return next(kind for pattern, kind in KINDS if fnmatch(path, pattern))


def tables(experiment: Experiment) -> Iterator[tuple[Table, pd.DataFrame, bytes]]:
    """Yield each table of an experiment's results with its rows and, empty without one, its CSV.

    A CSV of the results is kept byte for byte.
    """
    results = Path(experiment.results)
    for table in ALL:
        read = distances if table.name == "distances" else frame
        yield _table(table, read(experiment, table.source), results / table.source)
    rows = Path(experiment.data_file)
    learned = Table(rows.stem, rows.name, "an example to learn", "data")
    yield _table(learned, pd.read_csv(rows), rows)
    for source in map(Path, experiment.boundary_files):
        name = f"{source.stem}-{source.parent.name}"
        table = Table(name, source.name, f"one of the {source.stem}", "boundaries/<request>/")
        yield _table(table, pd.read_csv(source), source)


def _table(table: Table, rows: pd.DataFrame, source: Path) -> tuple[Table, pd.DataFrame, bytes]:
    if source.suffix == ".csv":
        return table, rows, source.read_bytes()
    text = rows.to_csv(index=False, lineterminator="\n") if table.as_csv else ""
    return table, rows, text.encode()


def write(experiment: Experiment, folder: Path) -> list[tuple[Table, pd.DataFrame]]:
    """Write the tables as Parquet and CSV into a folder; returns each with its first row."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for table, rows, text in tables(experiment):
        rows.to_parquet(folder / f"{table.name}.parquet", index=False)
        if text:
            (folder / f"{table.name}.csv").write_bytes(text)
        found.append((table, rows))
    return found


def frame(experiment: Experiment, source: str) -> pd.DataFrame:
    """Return a table of the results; the parts of one that is kept by initializer, in its order."""
    folder = Path(experiment.results)
    if source.endswith(".csv"):
        return pd.read_csv(folder / source, dtype=LABELS)
    if "*" not in source:
        return pd.read_parquet(folder / source)
    parts = (pd.read_parquet(folder / source.replace("*", init.label)) for init in experiment.init)
    return pd.concat(parts, ignore_index=True)


def distances(experiment: Experiment, source: str) -> pd.DataFrame:
    """Return the least, median and largest distance of two units over all networks of a setting.

    The distances of every pair are a hundred times larger, and the same run makes them again.
    Distances that are not finite are left out; ``networks`` counts the networks with finite ones.
    """
    keys = [*COLUMNS, "layer", "step"]
    parts = []
    files = (Path(experiment.results) / source.replace("*", i.label) for i in experiment.init)
    for pairs in (rows for file in files for rows in measuring.whole_settings(file)):
        groups = pairs.groupby(keys, observed=True, sort=False)
        found = groups[list(DISTANCES)].agg(["min", "median", "max"])
        found.columns = ["_".join(names) for names in found.columns]
        counts = pairs["replicate"].where(pairs["l2_whole"].notna())
        found.insert(0, "networks", counts.groupby([pairs[key] for key in keys], observed=True,
                                                   sort=False).nunique())  # fmt: skip
        parts.append(found.reset_index())
    labels = {name: str for name in keys if parts[0][name].dtype == "category"}
    return pd.concat([part.astype(labels) for part in parts], ignore_index=True)
