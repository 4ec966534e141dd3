"""What the judge job writes: verdicts with what replicates learned, and how firm verdicts are.

``sensitivity`` judges all networks again with other thresholds ``redundancy``.
"""

from typing import Any

import numpy as np
import pandas as pd

from symbreak import config, contrasts, court, learned, pooled, tempo, verdicts
from symbreak import neglect as neglected
from symbreak.settings import COLUMNS
from symbreak.statistics import bootstrap, mean
from symbreak.story import PROPERTIES
from symbreak.verdicts import MIXED, VERDICTS

SWEEP = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999)
MEASURES = ("neglected", "coverage", "effective_width", "effective_rank")  # of a network
SUMMED = ("neglected_mean", "neglected_low", "neglected_high", "neglected_untrained_mean",
          "coverage_mean", "coverage_untrained_mean", "effective_width_mean",
          "effective_rank_mean")  # fmt: skip


def tables(judged: pd.DataFrame, found: pd.DataFrame, dynamics: pd.DataFrame, redundancy: float,
           neglect: float, own_claims: str | None = None) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Return the rows of each CSV file of the judge job by the file's name.

    ``judged`` has a row a network (``verdicts.networks``), ``found`` is the table of ``learned``,
    ``dynamics`` that of ``dynamics``, ``own_claims`` the path of a file of claims.
    """
    rows = networks(found, neglect)
    settled = with_learned(verdicts.settings(judged), rows)
    settled = settled.assign(**pooled.median_columns(judged))
    return {
        "verdicts": settled,
        "claims": court.table(config.claims(own_claims), settled, judged, rows),
        "sensitivity": sensitivity(judged, found, redundancy),
        "over_training": over_training(judged, found, neglect),
        "by_verdict": pooled.by_verdict(rows, settled),
        "neglect": neglected.table(rows, settled, neglect),
        "contrasts": contrasts.table(judged, rows),
        "dynamics": tempo.settings(dynamics),
    }


def networks(found: pd.DataFrame, neglect: float) -> pd.DataFrame:
    """Return a row a network and checkpoint from the rows of its layers.

    A property has a unit of its own where it has one in some layer; width and rank are those of the
    narrowest layer.
    """
    keys = [*COLUMNS, "replicate", "step"]
    plain = found.astype({name: object for name in COLUMNS})
    own = [f"own_{name}" for name in PROPERTIES]
    best = [f"best_{name}" for name in PROPERTIES]
    largest, least = (
        [*own, *best, "coverage"],
        ["effective_width", "effective_rank", "least_correlation"],
    )
    rules = {name: "max" for name in largest} | {name: "min" for name in least}
    rows = plain.groupby(keys, sort=False).agg(rules).reset_index()
    rows["neglected"] = learned.neglected(rows[own].to_numpy(), neglect)
    return rows


def settings(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row a setting with the columns ``SUMMED``, means over its replicates.

    ``rows`` are those of ``networks``. Networks that diverged are left out; a number is NaN where
    none is left or nothing is known.
    """
    groups = rows.groupby(list(COLUMNS), sort=False)
    finite = rows["least_correlation"].notna()
    first = (finite & (rows["step"] == 0)).to_numpy()
    last = (finite & (rows["step"] == groups["step"].transform("max"))).to_numpy()
    columns = {name: rows[name].to_numpy(np.float64) for name in MEASURES}
    places: dict[Any, Any] = dict(groups.indices)  # the rows of a setting
    sums = [(*key, *_sums(columns, at[first[at]], at[last[at]])) for key, at in places.items()]
    return pd.DataFrame(sums, columns=[*COLUMNS, *SUMMED])


def _sums(columns: dict[str, np.ndarray], first: np.ndarray, last: np.ndarray) -> list[float]:
    """Return the values of ``SUMMED`` from the rows of a setting at its first and last step."""
    count = columns["neglected"][last]
    means = [mean(columns[name][at]) for name, at in (
        ("neglected", first), ("coverage", last), ("coverage", first),
        ("effective_width", last), ("effective_rank", last))]  # fmt: skip
    return [mean(count), *bootstrap(count), *means]


def with_learned(judged: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of verdicts.csv with the columns ``SUMMED`` at their end."""
    return judged.merge(settings(rows), "left", list(COLUMNS), validate="1:1")


def over_training(judged: pd.DataFrame, found: pd.DataFrame, neglect: float) -> pd.DataFrame:
    """Return means over networks by their verdict at the end, a row a verdict and checkpoint.

    Of the replicates that are measured at every checkpoint (``learned.TRACED``). Networks are left
    out from the checkpoint on at which they have diverged.
    """
    traced = found[found["replicate"] < learned.TRACED]
    keys = [*COLUMNS, "replicate"]
    rows = networks(traced, neglect).merge(judged[[*keys, "verdict"]], on=keys)
    rows = rows[rows["least_correlation"].notna()]
    parts = [
        {"verdict": verdict, "step": step, "networks": len(part)}
        | {f"{name}_mean": mean(part[name].to_numpy(np.float64)) for name in MEASURES}
        for (verdict, step), part in rows.groupby(["verdict", "step"])
    ]
    columns = ["verdict", "step", "networks", *(f"{name}_mean" for name in MEASURES)]
    order = {name: i for i, name in enumerate(VERDICTS)}
    table = pd.DataFrame(parts, columns=columns)
    return table.sort_values("verdict", key=lambda v: v.map(order), kind="stable")


def sensitivity(judged: pd.DataFrame, found: pd.DataFrame, redundancy: float) -> pd.DataFrame:
    """Return how verdicts change with the threshold ``redundancy``, a row a threshold.

    ``judged`` has a row a network (``verdicts.networks``), ``found`` is the table of ``learned``.
    """
    last = found[found.groupby(list(COLUMNS), observed=True)["step"].transform("max")
                 == found["step"]].astype({name: object for name in COLUMNS})  # fmt: skip
    keys = [*COLUMNS, "replicate"]
    least = last.groupby(keys, sort=False)["least_correlation"].agg(list)
    rows = judged[keys].copy()
    rows["least"] = least.loc[pd.MultiIndex.from_frame(judged[keys])].to_numpy()
    rows["layers"] = judged["layer_verdicts"].str.split("; ").to_numpy()
    now = _verdicts(rows, redundancy)
    thresholds = sorted({*SWEEP, redundancy})
    return pd.DataFrame([_changes(t, now, _verdicts(rows, t)) for t in thresholds])


def _verdicts(rows: pd.DataFrame, threshold: float) -> tuple[pd.Series, pd.Series]:
    """Return the verdict of each network and of each setting for one threshold."""
    order = list(VERDICTS)
    split = order.index("redundant"), order.index("broken")
    ranks = [
        min(split[least < threshold] if (rank := order.index(name)) in split else rank
            for name, least in zip(names, correlations, strict=True))
        for names, correlations in zip(rows["layers"], rows["least"], strict=True)
    ]  # fmt: skip
    networks = pd.Series(ranks, rows.index).map(dict(enumerate(order)))
    groups = networks.groupby([rows[name] for name in COLUMNS], sort=False)
    return networks, groups.first().where(groups.nunique() == 1, MIXED)


def _changes(threshold: float, now: tuple[pd.Series, pd.Series],
             then: tuple[pd.Series, pd.Series]) -> dict[str, float | int]:  # fmt: skip
    counts: dict[str, float | int] = {"redundancy": threshold}
    for name, before, after in zip(("networks", "settings"), now, then, strict=True):
        counts[name] = len(after)
        counts[f"{name}_redundant"] = int((after == "redundant").sum())
        counts[f"{name}_broken"] = int((after == "broken").sum())
        counts[f"{name}_changed"] = int((after != before).sum())
    return counts
