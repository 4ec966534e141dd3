"""What the judge job writes: verdicts with what replicates learned, and how firm verdicts are.

A reduction: ``part`` keeps little of one initializer's tables, ``tables`` puts the parts together.
``sensitivity`` judges all networks again with other thresholds ``redundancy``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from symbreak import config, contrasts, court, learned, pooled, tempo, verdicts
from symbreak import neglect as neglected
from symbreak.measuring import Rows
from symbreak.settings import COLUMNS
from symbreak.statistics import bootstrap, mean
from symbreak.story import PROPERTIES
from symbreak.verdicts import MIXED, VERDICTS

SWEEP = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999)
CHECKSUMS = ("checksum", "start_weights", "start_biases")
COMPARED = ("replicate", "verdict", "diverged", "test_loss", "max_distance", *CHECKSUMS)
MEASURES = ("neglected", "coverage", "effective_width", "effective_rank")  # of a network
SUMMED = ("neglected_mean", "neglected_low", "neglected_high", "neglected_untrained_mean",
          "coverage_mean", "coverage_untrained_mean", "effective_width_mean",
          "effective_rank_mean")  # fmt: skip


@dataclass(frozen=True)
class Part:
    """What the judge job keeps of one initializer's networks.

    ``judged`` has a row a network, ``learned`` a row a network at its first and last checkpoint,
    both without texts and without what no table needs; ``traced`` is what ``over_training`` takes,
    the rest are rows of their CSV files, of ``sensitivity`` with numbers that add up.
    """

    settled: pd.DataFrame
    sensitivity: pd.DataFrame
    dynamics: pd.DataFrame
    traced: pd.DataFrame
    judged: pd.DataFrame
    learned: pd.DataFrame


def parts(files: Iterable[Sequence[str]], path: Path, redundancy: float,
          neglect: float) -> Iterator[Part]:  # fmt: skip
    """Yield the parts of (networks, properties, dynamics) files; writes all networks to ``path``.

    The tables of one initializer are held at a time.
    """
    with Rows(path) as every:
        for names in files:
            judged, found, dynamics = map(pd.read_parquet, names)
            every.add(judged)
            yield part(judged, found, dynamics, redundancy, neglect)


def part(judged: pd.DataFrame, found: pd.DataFrame, dynamics: pd.DataFrame, redundancy: float,
         neglect: float) -> Part:  # fmt: skip
    """Return what is kept of one initializer, or of several.

    ``judged`` has a row a network (``verdicts.networks``), ``found`` is the table of ``learned``,
    ``dynamics`` that of ``dynamics``.
    """
    rows = networks(found, neglect)
    settled = with_learned(verdicts.settings(judged), rows)
    last = rows.groupby(list(COLUMNS), sort=False)["step"].transform("max")
    ends = rows[(rows["step"] == 0) | (rows["step"] == last)]
    kept = judged[[*COLUMNS, *COMPARED]].copy()
    for name in CHECKSUMS:
        kept[name] = np.array([int(text, 16) for text in kept[name]], np.uint64)
    return Part(
        settled.assign(**pooled.median_columns(judged)),
        sensitivity(judged, found, redundancy),
        tempo.settings(dynamics),
        traced(judged, found, neglect),
        apart(kept.astype(dict.fromkeys([*COLUMNS, "verdict"], "category"))),
        apart(ends.astype(dict.fromkeys(COLUMNS, "category"))),
    )


def tables(parts: Iterable[Part], neglect: float,
           own_claims: str | None = None) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Return the rows of each CSV file of the judge job by the file's name.

    ``own_claims`` is the path of a file of claims.
    """
    every = list(parts)
    settled, moving, lines = (
        pd.concat([getattr(part, name) for part in every], ignore_index=True)
        for name in ("settled", "dynamics", "traced")
    )
    swept = summed([part.sensitivity for part in every])
    judged, rows = together([p.judged for p in every]), together([p.learned for p in every])
    every.clear()
    return {
        "verdicts": settled,
        "claims": court.table(config.claims(own_claims), settled, judged, rows),
        "sensitivity": swept,
        "over_training": over_training(lines),
        "by_verdict": pooled.by_verdict(rows, settled),
        "neglect": neglected.table(rows, settled, neglect),
        "contrasts": contrasts.table(judged, rows),
        "dynamics": moving,
    }


def apart(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with each column in memory of its own, which is free once it is taken out."""
    columns = {str(name): table[name].array.copy() for name in table}
    return pd.DataFrame(columns, copy=False)


def together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables one below the other; categories stay categories, in order of appearance."""
    columns: dict[str, Any] = {}
    for name in list(map(str, tables[0])):
        parts = [table.pop(name) for table in tables]  # so that no column is held twice
        if isinstance(parts[0].dtype, pd.CategoricalDtype):
            columns[name] = union_categoricals(parts)
        else:
            columns[name] = np.concatenate(parts)
    return pd.DataFrame(columns, copy=False)


def summed(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of ``sensitivity`` of all parts from those of each."""
    total = tables[0].copy()
    counts = total.columns[1:]
    for table in tables[1:]:
        total[counts] += table[counts]
    return total


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


def traced(judged: pd.DataFrame, found: pd.DataFrame, neglect: float) -> pd.DataFrame:
    """Return what networks had learned at each checkpoint, with their verdicts at the end.

    Of the replicates that are measured at every checkpoint (``learned.TRACED``). Networks are left
    out from the checkpoint on at which they have diverged.
    """
    first = found[found["replicate"] < learned.TRACED]
    keys = [*COLUMNS, "replicate"]
    rows = networks(first, neglect).merge(judged[[*keys, "verdict"]], on=keys)
    return rows[rows["least_correlation"].notna()][["verdict", "step", *MEASURES]]


def over_training(rows: pd.DataFrame) -> pd.DataFrame:
    """Return means over the rows of ``traced``, a row a verdict and checkpoint."""
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
