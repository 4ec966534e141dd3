"""Contrasts: pairs of settings that differ in one factor only, compared replicate by replicate.

A draw depends on the seed, the replicate, its purpose, step and place, and on nothing else of a
setting (``streams.py``). So two settings that differ in one factor share all others, bit for bit,
and a difference between them has this one cause. Letters: s settings, r replicates, m pairs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from symbreak import statistics
from symbreak.components import spell
from symbreak.pooled import spread
from symbreak.settings import COLUMNS, FULL, REGISTRIES

Array = np.ndarray

NEUTRAL = {"batch_size": FULL, "arithmetic": "exact"}
DECLARED = {"dropout": ("place", "nowhere"), "bias": ("units", "absent")}  # the fact that says so
STARTS = {"init": "start_weights", "bias": "start_biases"}  # what a factor itself sets at the start
EMPTY = {"f": np.nan, "b": False, "i": -1}  # where a setting has no such replicate
MEASURES = {"loss": "test_loss", "neglected": "neglected", "max_distance": "max_distance"}


@dataclass(frozen=True)
class Paired:
    """The networks as arrays [s, r], settings in the order of the grid.

    ``labels`` are the values of each factor in the order of the config, ``codes`` [s, 11] which of
    them a setting has, ``keys`` [s] the codes as one number, digits by ``strides`` [11].
    ``columns`` hold a value a network: NaN, False or -1 where there is none.
    """

    labels: list[list[Any]]
    codes: Array
    keys: Array
    strides: Array
    columns: dict[str, Array]

    def pairs(self, place: int, first: int, second: int) -> tuple[Array, Array]:
        """Return the settings [m] with a factor's first value, and those with its second instead.

        ``place`` says which factor; values are numbers of ``labels``.
        """
        base = np.flatnonzero(self.codes[:, place] == first)
        wanted = self.keys[base] + (second - first) * self.strides[place]
        found = np.searchsorted(self.keys, wanted).clip(max=len(self.keys) - 1)
        there = self.keys[found] == wanted
        return base[there], found[there]


def table(networks: pd.DataFrame, learned: pd.DataFrame) -> pd.DataFrame:
    """Return a row a pair of settings that differ in one factor only; its columns: docs/files.md.

    ``networks`` has a row a network, in the order of the grid (``verdicts.networks``), ``learned``
    a row a network and checkpoint with what it neglects (``judging.networks``). The first setting
    of a pair has the factor's neutral value, or the config's first where it has none.
    """
    keys = [*COLUMNS, "replicate"]
    last = learned[[*keys, "step", "neglected"]].sort_values("step", kind="stable")
    last = last.drop_duplicates(keys, keep="last").drop(columns="step")
    paired = arranged(networks.merge(last, "left", keys, validate="1:1"))
    places = [place for place, labels in enumerate(paired.labels) if len(labels) > 1]
    return pd.concat([family(paired, place) for place in places or [0]], ignore_index=True)


def arranged(networks: pd.DataFrame) -> Paired:
    """Return networks, a row each, as arrays [s, r]."""
    coded = [pd.factorize(networks[name]) for name in COLUMNS]
    sizes = [len(labels) for _, labels in coded]
    strides = np.cumprod([1, *sizes[:0:-1]], dtype=np.int64)[::-1]
    codes = np.stack([code for code, _ in coded], axis=1)
    keys, first, setting = np.unique(codes @ strides, return_index=True, return_inverse=True)
    replicate = networks["replicate"].to_numpy()
    columns = {
        name: spread(values, setting, replicate, EMPTY[values.dtype.kind])
        for name, values in _columns(networks)
    }
    return Paired([list(labels) for _, labels in coded], codes[first], keys, strides, columns)


def _columns(networks: pd.DataFrame) -> Iterator[tuple[str, Array]]:
    """Yield what is compared of each network: numbers, flags, and texts as numbers from 0."""
    finite = ~networks["diverged"].to_numpy(bool)
    yield "finite", finite
    yield "broken", (networks["verdict"] == "broken").to_numpy()
    for name, column in MEASURES.items():
        yield name, networks[column].to_numpy(np.float64)
    for name in ("checksum", *STARTS.values()):
        yield name, pd.factorize(networks[name])[0]


def neutral(factor: str, labels: Sequence[Any]) -> int:
    """Return the place of a factor's neutral value among its labels; the first where none is."""
    if factor in DECLARED:
        fact, value = DECLARED[factor]
        registry = REGISTRIES[factor]
        flags = [registry[registry.parse(label).name].facts[fact] == value for label in labels]
    else:
        flags = [label == NEUTRAL.get(factor) for label in labels]
    return flags.index(True) if True in flags else 0


def family(paired: Paired, place: int) -> pd.DataFrame:
    """Return the rows of one factor, value by value: a family of comparisons."""
    labels = paired.labels[place]
    base = neutral(COLUMNS[place], labels)
    others = [value for value in range(len(labels)) if value != base]
    found = [paired.pairs(place, base, value) for value in others]
    first, second = (np.concatenate([pair[i] for pair in found] or [np.zeros(0, int)])
                     for i in (0, 1))  # fmt: skip
    settings = {
        name: pd.Index(values).take(paired.codes[first, i])
        for i, (name, values) in enumerate(zip(COLUMNS, paired.labels, strict=True))
    }
    texts = [spell(label) if isinstance(label, float) else label for label in labels]
    value = np.repeat([texts[value] for value in others], [len(pair[0]) for pair in found])
    return pd.DataFrame({
        **settings, "factor": COLUMNS[place], "value": value,
        **compared(paired.columns, first, second, COLUMNS[place]),
    })  # fmt: skip


def compared(columns: dict[str, Array], first: Array, second: Array,
             factor: str) -> dict[str, Array]:  # fmt: skip
    """Return what pairs of settings have in common and how they differ, second minus first."""
    one, other = ({name: values[at] for name, values in columns.items()} for at in (first, second))
    both = one["finite"] & other["finite"]
    set_apart = STARTS.get(factor)
    starts = [one[name] == other[name] for name in STARTS.values() if name != set_apart]
    more, fewer = other["broken"] & ~one["broken"], one["broken"] & ~other["broken"]
    there = one["checksum"] >= 0
    p = np.array([statistics.sign_test(*changes) for changes in zip(
        _count(more).tolist(), _count(fewer).tolist(), strict=True)])  # fmt: skip
    found = {
        "replicates": _count(there),
        "same_start": _count(there & np.all(starts, axis=0)),
        "identical": _count(both & (one["checksum"] == other["checksum"])),
        "distinct_pairs": _distinct(one["checksum"], other["checksum"]),
        "broken_first": _count(one["broken"]), "broken_second": _count(other["broken"]),
        "to_broken": _count(more), "from_broken": _count(fewer),
        "p": p, "p_holm": statistics.holm(p), "comparisons": np.full(len(p), len(p)),
        "pairs": _count(both),
    }  # fmt: skip
    for name in MEASURES:
        difference = np.where(both, other[name], np.nan) - one[name]
        found[f"{name}_difference"] = statistics.means(difference)
        found[f"{name}_low"], found[f"{name}_high"] = statistics.bootstrap_means(difference)
    return found


def _count(flags: Array) -> Array:
    return np.count_nonzero(flags, axis=1)


def _distinct(one: Array, other: Array) -> Array:
    """Return how many different pairs (one, other) each row of [m, r] has [m]; -1 is none."""
    pairs = np.sort(np.where(one < 0, -1, one * (other.max(initial=0) + 1) + other), axis=1)
    new = np.diff(pairs, axis=1, prepend=-1) != 0
    return _count(new)
