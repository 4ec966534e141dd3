"""A run's networks by setting and seed: what claims draw again for their intervals.

The same replicate of two settings has the same draws, so that a seed counts once: as its share, or
its mean, over all settings of a claim. Letters: s settings, r replicates, n networks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from symbreak.pooled import LEARNED, spread
from symbreak.settings import COLUMNS
from symbreak.statistics import bootstrap, mean, means

Array = np.ndarray
Interval = tuple[float, float]

UNKNOWN = np.nan, np.nan


@dataclass(frozen=True)
class Seeds:
    """Verdicts [s, r], empty where there is no network, and measures [s, r], NaN where unknown.

    ``measures`` have the names of their means in verdicts.csv, as in ``neglected_mean``.
    """

    verdicts: Array
    measures: Mapping[str, Array] = field(default_factory=dict)

    def of(self, rows: Array) -> "Seeds":
        """Return the networks of some settings, a mask [s]."""
        measures = {name: values[rows] for name, values in self.measures.items()}
        return Seeds(self.verdicts[rows], measures)

    def share(self, allowed: Iterable[str], counted: Iterable[str]) -> Interval:
        """Return the interval of the share of networks with an allowed verdict, a share a seed."""
        good, total = (np.isin(self.verdicts, list(names)).sum(axis=0)
                       for names in (allowed, counted))  # fmt: skip
        return bootstrap(good[total > 0] / total[total > 0])

    def mean(self, column: str) -> tuple[float, float, float]:
        """Return the mean of the seeds' means of a measure over the settings, and its interval."""
        seeds = means(self.measures[column].T)
        seeds = seeds[np.isfinite(seeds)]
        return mean(seeds), *bootstrap(seeds)


def of_run(verdicts: pd.DataFrame, networks: pd.DataFrame,
           learned: pd.DataFrame | None = None) -> Seeds:  # fmt: skip
    """Return the networks of a run, settings in the order of the rows of verdicts.csv.

    ``networks`` has a row a network, ``learned`` a row a network and checkpoint.
    """
    shape = len(verdicts), int(networks["replicate"].max()) + 1
    names = spread(networks["verdict"].to_numpy(str), places(networks, verdicts),
                   networks["replicate"].to_numpy(), "", shape)  # fmt: skip
    return Seeds(names, {} if learned is None else _measures(verdicts, learned, shape))


def _measures(verdicts: pd.DataFrame, learned: pd.DataFrame,
              shape: tuple[int, int]) -> dict[str, Array]:  # fmt: skip
    place, step = places(learned, verdicts), learned["step"].to_numpy()
    last = np.zeros(shape[0], step.dtype)
    np.maximum.at(last, place, step)
    finite = learned["least_correlation"].notna().to_numpy()
    ends = {0: finite & (step == 0), -1: finite & (step == last[place])}
    replicate, found = learned["replicate"].to_numpy(), {}
    for name, (measure, checkpoint) in LEARNED.items():
        at = ends[checkpoint]
        values = learned[measure].to_numpy(np.float64)[at]
        found[f"{name}_mean"] = spread(values, place[at], replicate[at], np.nan, shape)
    return found


def places(rows: pd.DataFrame, settings: pd.DataFrame) -> Array:
    """Return the place of each row's setting among settings [n]."""
    number = rows.groupby(list(COLUMNS), sort=False, observed=True).ngroup().to_numpy()
    firsts = rows.iloc[np.unique(number, return_index=True)[1]]
    ours, theirs = (pd.MultiIndex.from_frame(table[list(COLUMNS)].astype(object))
                    for table in (settings, firsts))  # fmt: skip
    return ours.get_indexer(theirs)[number]
