"""What settings have in sum, with intervals at the level of seeds: medians, means by verdict.

The same replicate of two settings has the same draws, so networks of one seed are no independent
cases. What is drawn again is always the seed (the replicate) with all that belongs to it. Letters:
s settings, r replicates, n networks.
"""

from typing import Any

import numpy as np
import pandas as pd

from symbreak.settings import COLUMNS
from symbreak.statistics import bootstrap, bootstrap_medians, mean, means
from symbreak.verdicts import MIXED, VERDICTS

Array = np.ndarray

MEDIANS = {"max_distance_median": "max_distance", "loss_median": "test_loss",
           "accuracy_median": "test_accuracy"}  # fmt: skip
# Means by verdict: their names, and of which checkpoint (0 the first, -1 the last) of what.
LEARNED = {
    "neglected": ("neglected", -1), "neglected_untrained": ("neglected", 0),
    "coverage": ("coverage", -1), "coverage_untrained": ("coverage", 0),
    "effective_width": ("effective_width", -1), "effective_rank": ("effective_rank", -1),
}  # fmt: skip


def spread(values: Array, setting: Array, replicate: Array, empty: Any = np.nan,
           shape: tuple[int, int] | None = None) -> Array:  # fmt: skip
    """Return values [n] as [s, r], the least such shape or a given one; ``empty`` where none."""
    shape = shape or (int(setting.max(initial=-1)) + 1, int(replicate.max(initial=-1)) + 1)
    found = np.full(shape, empty, values.dtype)
    found[setting, replicate] = values
    return found


def median_columns(networks: pd.DataFrame) -> dict[str, Array]:
    """Return the intervals of the medians of verdicts.csv, arrays [s], settings as they come."""
    setting = networks.groupby(list(COLUMNS), sort=False, observed=True).ngroup().to_numpy()
    replicate, found = networks["replicate"].to_numpy(), {}
    for name, column in MEDIANS.items():
        values = spread(networks[column].to_numpy(np.float64), setting, replicate)
        found[f"{name}_low"], found[f"{name}_high"] = bootstrap_medians(values)
    return found


def by_verdict(learned: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Return what settings of each verdict learned: a row a verdict, from the least broken.

    ``learned`` has a row a network and checkpoint (``judging.networks``), ``judged`` a row a
    setting. The mean is that of the seeds' means over the settings; seeds are drawn again.
    """
    keys = list(COLUMNS)
    measures = sorted({measure for measure, _ in LEARNED.values()})
    needed = learned[[*keys, "replicate", "step", "least_correlation", *measures]]
    rows = needed.merge(judged[[*keys, "verdict"]].astype({"verdict": "category"}), on=keys)
    rows["last"] = rows["step"] == rows.groupby(keys, sort=False)["step"].transform("max")
    parts = [_learned(verdict, part) for verdict, part in rows.groupby("verdict", observed=True)]
    names = [f"{name}_{end}" for name in LEARNED for end in ("mean", "low", "high")]
    table = pd.DataFrame(parts, columns=["verdict", "settings", "seeds", *names])
    order = {name: place for place, name in enumerate([*VERDICTS, MIXED])}
    return table.sort_values("verdict", key=lambda v: v.map(order), ignore_index=True)


def _learned(verdict: Any, rows: pd.DataFrame) -> dict[str, Any]:
    setting = rows.groupby(list(COLUMNS), sort=False).ngroup().to_numpy()
    replicate = rows["replicate"].to_numpy()
    finite = rows["least_correlation"].notna().to_numpy()
    ends = {0: (rows["step"] == 0).to_numpy(), -1: rows["last"].to_numpy()}
    found = {"verdict": verdict, "settings": int(setting.max()) + 1,
             "seeds": len(set(replicate.tolist()))}  # fmt: skip
    for name, (measure, checkpoint) in LEARNED.items():
        at = finite & ends[checkpoint]
        values = rows[measure].to_numpy(np.float64)[at]
        seeds = means(spread(values, setting[at], replicate[at]).T)
        seeds = seeds[np.isfinite(seeds)]
        low, high = bootstrap(seeds)
        found |= {f"{name}_mean": mean(seeds), f"{name}_low": low, f"{name}_high": high}
    return found
