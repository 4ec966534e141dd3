"""Where a verdict changes: networks trained at one value of a number after the other.

At each value all replicates of a setting are trained and judged, from the same draws at every
value. A verdict prevails where the 95 % Wilson interval of its share of the networks lies above one
half; the search (``bisection.py``) looks for where the prevailing verdict changes.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from symbreak import bisection, engine, training, verdicts
from symbreak.agreement import SAME
from symbreak.bisection import MIXED, Boundary
from symbreak.components import spell
from symbreak.data import Dataset
from symbreak.refining import Request
from symbreak.rules import ORDER
from symbreak.selftest import self_test
from symbreak.statistics import mean, wilson

Networks = Mapping[float, pd.DataFrame]  # the rows of ``verdicts.networks`` at each value, in order

POINTS = ("replicates", "verdict", "shares", "broken_fraction", "broken_low", "broken_high",
          "predicted", "agrees", "predicted_shares", "known", "rule", "loss_median",
          "accuracy_median", "diverged")  # fmt: skip
BOUNDARIES = ("low", "high", "below", "above", "replicates", "shares_low", "shares_high", "steady",
              "theory", "predicted_low", "predicted_high")  # fmt: skip
THEORY = {
    "found": "predicts the boundary between two of the values tried",
    "none": "predicts the verdicts beside it, and no such boundary",
    "open": "does not tell which verdict it is beside it",
    "same": "knows the two verdicts as one",
    "silent": "predicts nothing there",
}


def tables(request: Request, run: training.Run, rows: Dataset,
           redundancy: float) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Return the rows of points.csv and of boundaries.csv by name; prints each value's verdicts."""
    if request.setting.arithmetic == "exact":
        self_test(engine.train, request.setting.dtype)
    networks: dict[float, pd.DataFrame] = {}

    def label_of(value: float) -> str:
        networks[value] = judged(request, run, rows, redundancy, value)
        return prevailing(networks[value]["verdict"].tolist())

    labels = bisection.search(label_of, request.interval, request.scan)
    ordered = {value: networks[value] for value in labels}
    return {"points": points(ordered, labels), "boundaries": boundaries(ordered, labels)}


def judged(request: Request, run: training.Run, rows: Dataset, redundancy: float,
           value: float) -> pd.DataFrame:  # fmt: skip
    """Return the networks trained at a value, a row each, with verdicts and predictions."""
    trained = [training.train_setting(request.at(value), {**run, "checkpoints": 2}, rows)]
    found = verdicts.networks(trained, rows.x_train, redundancy)
    counts = found["verdict"].value_counts(sort=False)
    print(f"{request.vary} {spell(value)}: {', '.join(f'{k} {n}' for k, n in counts.items())}")
    return verdicts.with_theory(found, trained, rows, run["seed"])


def prevailing(names: list[str]) -> str:
    """Return the verdict that surely most networks have, or mixed."""
    sure = [name for name in set(names) if wilson(names.count(name), len(names))[0] > 0.5]
    return sure[0] if sure else MIXED


def points(networks: Networks, labels: Mapping[float, str]) -> pd.DataFrame:
    """Return a row a value tried: what verdicts.csv says of a setting, and which prevails."""
    judged = pd.concat([verdicts.settings(rows) for rows in networks.values()], ignore_index=True)
    table = judged[list(POINTS)]
    table.insert(0, "prevails", list(labels.values()))
    table.insert(0, "value", list(networks))
    return table


def boundaries(networks: Networks, labels: Mapping[float, str]) -> pd.DataFrame:
    """Return a row a boundary, in order of the values."""
    found = bisection.boundaries(labels)
    after, before = [-np.inf, *(b.high for b in found)], [*(b.low for b in found), np.inf]
    predicted = bisection.boundaries({v: expected(rows) for v, rows in networks.items()})
    table = [
        (b.low, b.high, b.below, b.above, len(networks[b.low]), shares(networks[b.low]),
         shares(networks[b.high]), steady(networks, b, after[i], before[i + 1]),
         *foretold(networks, b, predicted))
        for i, b in enumerate(found)
    ]  # fmt: skip
    return pd.DataFrame(table, columns=list(BOUNDARIES))


def shares(rows: pd.DataFrame) -> str:
    """Return how many networks have each verdict, as in verdicts.csv."""
    return str(verdicts.settings(rows)["shares"].iloc[0])


def steady(networks: Networks, found: Boundary, after: float, before: float) -> int:
    """Return how many networks cross a boundary at most once.

    Between the neighbouring boundaries (``after`` and ``before``) they never come back to the
    verdict of below, nor to that of above, once they have left it.
    """
    tried = [rows["verdict"].tolist() for v, rows in networks.items() if after <= v <= before]
    return sum(crosses_once(names, found) for names in zip(*tried, strict=True))


def crosses_once(names: Sequence[str], found: Boundary) -> bool:
    """Tell whether in a network's verdicts all of below come first, then all of above."""
    order = [name for name, _ in groupby(names)]
    order = [name for name in order if name in (found.below, found.above)]
    return order in ([], [found.below], [found.above], [found.below, found.above])


def expected(rows: pd.DataFrame) -> str:
    """Return the verdict that the theory expects of more than half of the networks, or mixed.

    Mixed also where it predicts nothing, or does not tell.
    """
    if not rows["known"].all():
        return MIXED
    chances = {name: mean(rows[f"predicted_{name}"].to_numpy()) for name in ORDER}
    return next((name for name, chance in chances.items() if chance > 0.5), MIXED)


def foretold(networks: Networks, found: Boundary,
             predicted: Sequence[Boundary]) -> tuple[str, float, float]:  # fmt: skip
    """Return what the theory says of a boundary, one of ``THEORY``, and between which values.

    The values are those of the nearest predicted boundary of the same two verdicts, else NaN.
    """
    kind = tuple(SAME.get(name, name) for name in (found.below, found.above))
    same = [b for b in predicted if (b.below, b.above) == kind]
    if same:
        near = min(same, key=lambda b: abs(b.low - found.low))
        return "found", near.low, near.high
    if kind[0] == kind[1]:
        return "same", np.nan, np.nan
    beside = pd.concat([rows for v, rows in networks.items() if found.low <= v <= found.high])
    if not beside["rule"].all():
        return "silent", np.nan, np.nan
    return "none" if beside["known"].all() else "open", np.nan, np.nan
