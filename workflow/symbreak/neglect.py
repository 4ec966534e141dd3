"""Who neglects properties, by start and noise, and how much of the answer hangs on the threshold.

Two counts a network: of properties without a neuron of their own (``neglected``: equal neurons have
one between them, so they neglect two of three by definition), and of properties that no neuron
carries at all (``uncarried``). Letters: n networks, s settings, r replicates, q properties.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from symbreak import facts
from symbreak.pooled import spread
from symbreak.settings import COLUMNS, Setting
from symbreak.statistics import bootstrap, mean, means
from symbreak.story import PROPERTIES

Array = np.ndarray

SWEEP = (0.3, 0.5, 0.7, 0.9)
COUNTS = {"neglected": [f"own_{name}" for name in PROPERTIES],
          "uncarried": [f"best_{name}" for name in PROPERTIES]}  # fmt: skip
MEASURED = [f"{name}{when}" for name in COUNTS for when in ("", "_untrained")]
EACH = {f"neglects_{name}": [f"own_{name}"] for name in PROPERTIES}  # the share that neglects it
ENDS = [f"{name}_{end}" for name in (*MEASURED, *EACH) for end in ("mean", "low", "high")]


def table(rows: pd.DataFrame, settled: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return a row a kind of start, kind of noise and threshold; none where nothing is known.

    ``rows`` has a row a network and checkpoint (``judging.networks``), ``settled`` a row a setting
    with its ``starts_distinct``; ``threshold`` is the experiment's own.
    """
    columns = [
        *COLUMNS,
        "replicate",
        "step",
        *(name for names in COUNTS.values() for name in names),
    ]
    there = rows["own_" + PROPERTIES[0]].notna() & rows["least_correlation"].notna()
    known = rows.loc[there, columns]
    kinds = settled[list(COLUMNS)].assign(start=_start(settled), noise=_noise(settled))
    known = known.merge(kinds, on=list(COLUMNS))
    known["last"] = known["step"] == known["step"].max()
    known = known[known["last"] | (known["step"] == 0)]
    parts = [
        {"start": start, "noise": noise, "threshold": value} | found
        for (start, noise), part in known.groupby(["start", "noise"], sort=True)
        for value, found in _swept(part, sorted({*SWEEP, threshold}))
    ]
    return pd.DataFrame(parts, columns=["start", "noise", "threshold", "settings", "seeds", *ENDS])


def _start(settled: pd.DataFrame) -> Array:
    """Return whether all units of all layers of all replicates start different [s]."""
    return np.where(settled["starts_distinct"] == settled["replicates"], "different", "equal")


def _noise(settled: pd.DataFrame) -> list[str]:
    """Return, as declared, whether units of a layer meet noise of their own [s]."""
    columns = settled[list(COLUMNS)].astype(object).itertuples(index=False)
    settings = (Setting.from_record(dict(zip(COLUMNS, row, strict=True))) for row in columns)
    return ["own" if facts.noise(setting) == "own" else "none" for setting in settings]


def _swept(part: pd.DataFrame, thresholds: list[float]) -> Iterator[tuple[float, dict[str, Any]]]:
    setting = part.groupby(list(COLUMNS), sort=False).ngroup().to_numpy()
    replicate, last = part["replicate"].to_numpy(), part["last"].to_numpy()
    seeds = len(set(replicate.tolist()))
    for value in thresholds:
        found: dict[str, Any] = {"settings": int(setting.max()) + 1, "seeds": seeds}
        for name, columns in COUNTS.items():
            count = np.count_nonzero(part[columns].to_numpy() < value, axis=1).astype(np.float64)
            for when, at in (("", last), ("_untrained", part["step"].to_numpy() == 0)):
                found |= _interval(f"{name}{when}", count[at], setting[at], replicate[at])
        for name, columns in EACH.items():
            lacks = (part[columns].to_numpy()[last, 0] < value).astype(np.float64)
            found |= _interval(name, lacks, setting[last], replicate[last])
        yield value, found


def _interval(name: str, count: Array, setting: Array, replicate: Array) -> dict[str, float]:
    """Return the mean over the settings, with its interval over the seeds."""
    each = means(spread(count, setting, replicate).T)
    each = each[np.isfinite(each)]
    low, high = bootstrap(each)
    return {f"{name}_mean": mean(each), f"{name}_low": low, f"{name}_high": high}
