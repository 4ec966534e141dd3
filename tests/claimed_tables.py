"""Tables of verdicts made by hand, for the tests of claims."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from symbreak import config
from symbreak.settings import COLUMNS, Experiment, Setting

ROOT = Path(__file__).parents[1]
DEFAULT = yaml.safe_load((ROOT / "config/default.yaml").read_text())
SMALL = {
    **DEFAULT,
    "model": {"hidden": [[4]], "activation": ["tanh", "sigmoid"]},
    "training": {**DEFAULT["training"], "batch_size": ["full", 32]},
    "grid": {
        "init": ["zeros", "constant", "tied", "normal"],
        "dropout": ["none", {"input": {"p": 0.2}}, "hidden"],
        "bias": ["none", "constant", "normal"],
    },
}
REPLICATES = 4


def settings_of(experiment: Experiment) -> list[Setting]:
    return [s for c in experiment.combinations() for s in experiment.settings(*c)]


SETTINGS = settings_of(config.experiment(SMALL))
RECORDS = pd.DataFrame([s.record() for s in SETTINGS])


def verdicts(shares: Sequence[str] | str, records: pd.DataFrame = RECORDS,
             **columns: object) -> pd.DataFrame:  # fmt: skip
    """Rows of verdicts.csv with these shares, one of them or one a row."""
    names = [s.split()[0] if ";" not in s else "mixed" for s in np.atleast_1d(shares)]
    numbers = {"neglected_mean": 0.5, "neglected_low": 0.4, "neglected_high": 0.6,
               "neglected_untrained_mean": 1.0}  # fmt: skip
    return records.assign(**{"replicates": REPLICATES, "shares": shares, **numbers, **columns},
                          verdict=names if len(names) > 1 else names[0])  # fmt: skip


def networks(table: pd.DataFrame, verdict: str | None = None) -> pd.DataFrame:
    """Rows of networks.parquet for every row and replicate, with checksums that all differ.

    Verdicts are those of the shares, in their order, where none is given.
    """
    counts = [part.split() for shares in table["shares"] for part in shares.split("; ")]
    names = verdict or [name for name, count in counts for _ in range(int(count))]
    pairs = product(table[list(COLUMNS)].to_dict("records"), range(REPLICATES))
    rows = pd.DataFrame([{**record, "replicate": r} for record, r in pairs])
    return rows.assign(verdict=names, checksum=[f"{i:016x}" for i in range(len(rows))])
