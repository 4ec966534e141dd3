"""Verdicts: of a layer, of a network, of a setting; and the tables that carry them."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from symbreak import agreement, metrics
from symbreak.components import spell
from symbreak.data import Dataset
from symbreak.networks import Trained, neuron_vectors, split_layers
from symbreak.settings import COLUMNS
from symbreak.statistics import wilson

# From the least broken to the most: a network has its least broken layer's verdict.
VERDICTS = {
    "diverged": "a weight is no longer a finite number",
    "frozen": "no part of any neuron vector moved in any step",
    "symmetric": "all units are bitwise identical, and they moved",
    "tied": "some units are bitwise identical, not all",
    "redundant": "all units are distinct, but they compute the same up to sign and scale",
    "broken": "all units are distinct, and some two compute different things",
}
MIXED = "mixed"
RESULTS = ("replicates", "verdict", "predicted", "agrees", "distinct_min", "distinct_max", "moved",
           "broken_fraction", "broken_low", "broken_high", "max_distance_median", "loss_median",
           "accuracy_median", "diverged")  # fmt: skip
NOT_FIRST = ("learning_rate", "weight_decay")  # columns of a setting that stand at the end
HEAD = tuple(name for name in COLUMNS if name not in NOT_FIRST)


def networks(trained: Iterable[Trained], x: np.ndarray, redundancy: float) -> pd.DataFrame:
    """Return a row a network: its verdict, what decided it, its losses and a checksum.

    ``x`` [b, d] are the training rows; units whose activations all correlate by ``redundancy`` or
    more (in absolute value) are functionally the same.
    """
    return metrics.joined([_network_rows(t, x, redundancy) for t in trained])


def with_theory(rows: pd.DataFrame, trained: Sequence[Trained], data: Dataset,
                seed: int) -> pd.DataFrame:  # fmt: skip
    """Return the rows of ``networks`` with what the theory predicts of each, beside it."""
    return rows.assign(**agreement.columns(trained, data.x_train, data.y_train, seed))


def _network_rows(trained: Trained, x: np.ndarray, redundancy: float) -> dict[str, Any]:
    final = trained.weights[:, -1]
    count = len(final)
    finite = np.isfinite(final).all(axis=-1)
    correlation = metrics.least_correlation(trained.setting, final, trained.widths, x)
    layers = [
        _layer(trained, layer, finite, correlation[:, layer - 1] >= redundancy)
        for layer in metrics.hidden_layers(trained)
    ]
    ranks = np.stack([layer["rank"] for layer in layers])
    least = ranks.argmin(axis=0)  # the first of equally unbroken layers
    names = np.array(list(VERDICTS))
    chosen = {
        name: np.stack([layer[name] for layer in layers])[least, np.arange(count)]
        for name in ("equal", "distinct", "units", "moved", "max_distance")
    }
    return {
        **{name: [value] * count for name, value in trained.setting.record().items()},
        "replicate": trained.replicates,
        "checksum": [checksum(weights) for weights in final],
        "verdict": names[ranks.min(axis=0)],
        "layer_verdicts": ["; ".join(names[rank]) for rank in ranks.T],
        **chosen,
        **{name: getattr(trained, name)[:, -1]
           for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy")},
        "diverged": ~finite,
        "starts_distinct": starts_distinct(trained),
        **start_checksums(trained),
    }  # fmt: skip


def start_checksums(trained: Trained) -> dict[str, list[str]]:
    """Return the checksums of each network's weights and of its biases before the first step."""
    layers = split_layers(trained.weights[:, 0], trained.widths)
    weights, biases = (
        np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
        for parts in zip(*layers, strict=True)
    )
    return {
        "start_weights": [checksum(row) for row in weights],
        "start_biases": [checksum(row) for row in biases],
    }


def starts_distinct(trained: Trained) -> np.ndarray:
    """Tell of each network whether all units of every layer differ before the first step [n]."""
    layers = [neuron_vectors(trained.weights[:, 0], trained.widths, layer)
              for layer in metrics.hidden_layers(trained)]  # fmt: skip
    distinct = [metrics.distinct_units(vectors) == vectors.shape[1] for vectors in layers]
    return np.all(distinct, axis=0)


def _layer(trained: Trained, layer: int, finite: np.ndarray, same: np.ndarray) -> dict[str, Any]:
    """Return what decides the verdict of one layer of each network, arrays [n]."""
    vectors = neuron_vectors(trained.weights[:, -1], trained.widths, layer)
    units = vectors.shape[1]
    distinct = metrics.distinct_units(vectors)
    moved = neuron_vectors(trained.moved, trained.widths, layer).any(axis=(1, 2))
    order = list(VERDICTS)
    rank = np.select(
        [~finite, ~moved, distinct == 1, distinct < units, same],
        [order.index(name) for name in order[:-1]],
        order.index("broken"),
    )
    return {
        "rank": rank,
        "equal": finite & (distinct == 1),
        "distinct": np.where(finite, distinct, 0),
        "units": np.full(len(vectors), units),
        "moved": moved,
        "max_distance": metrics.largest_distance(vectors.astype(np.float64)),
    }


def checksum(weights: np.ndarray) -> str:
    """Return 16 hex digits of a network's weights (64 bits of BLAKE2b, little-endian floats)."""
    data = weights.astype(weights.dtype.newbyteorder("<")).tobytes()
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def settings(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of verdicts.csv, a setting each, from the rows of its networks."""
    groups = rows.groupby(list(COLUMNS), sort=False, observed=True)
    return pd.DataFrame([_setting_row(dict(zip(COLUMNS, key, strict=True)), group)
                         for key, group in groups])  # fmt: skip


def counts_text(counts: Iterable[tuple[Any, float]]) -> str:
    """Return the numbers of networks by verdict as a text, as in ``broken 14; frozen 6``."""
    return "; ".join(f"{name} {spell(round(float(count), 3))}" for name, count in counts)


def counts_of(text: str) -> dict[str, float]:
    """Return the numbers of networks by verdict behind such a text; of an empty one, none."""
    parts = (part.rpartition(" ") for part in text.split("; ") if part)
    return {name: float(count) for name, _, count in parts}


def _setting_row(setting: dict[str, Any], group: pd.DataFrame) -> dict[str, Any]:
    counts = group["verdict"].value_counts(sort=False)
    ordered = sorted(
        counts.items(), key=lambda item: (-item[1], list(VERDICTS).index(str(item[0])))
    )
    broken, total = int(counts.get("broken", 0)), len(group)
    low, high = wilson(broken, total)
    theory = agreement.of_rows(group)
    values = (
        total, ordered[0][0] if len(ordered) == 1 else MIXED,
        theory.verdict if theory else "", ("yes" if theory.holds else "no") if theory else "",
        group["distinct"].min(), group["distinct"].max(), int(group["moved"].sum()),
        broken / total, low, high, group["max_distance"].median(), group["test_loss"].median(),
        group["test_accuracy"].median(), int(group["diverged"].sum()),
    )  # fmt: skip
    return {
        **{name: setting[name] for name in HEAD},
        **dict(zip(RESULTS, values, strict=True)),
        **{name: setting[name] for name in NOT_FIRST},
        "shares": counts_text(ordered),
        "starts_distinct": int(group["starts_distinct"].sum()),
        "predicted_shares": counts_text(theory.expected if theory else ()),
        "rule": theory.rule if theory else "",
        "reason": theory.reason if theory else "",
        "known": ("yes" if theory.known else "no") if theory else "",
    }
