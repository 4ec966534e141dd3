"""What the settings of a run say to a claim: which of them test it, and which agree.

``frame`` puts all that a claim may speak of in one table, a row a setting. Networks that diverged
say nothing.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from symbreak import facts
from symbreak.claims import VERDICTS, Check, Claim
from symbreak.components import spell
from symbreak.seeds import places
from symbreak.settings import COLUMNS, REGISTRIES, Setting
from symbreak.verdicts import counts_of

Array = np.ndarray

ROUNDED = 1e-12  # so that .3 and .2 differ by no more than .1
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt,
    "not": operator.ne,
}  # fmt: skip


def frame(verdicts: pd.DataFrame, networks: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the rows of verdicts.csv with all that a claim may speak of, a column each.

    Factors are text, as in labels; ``n_broken`` and its like count the networks of a verdict.
    """
    rows = verdicts.reset_index(drop=True)
    settings = [Setting.from_record(dict(zip(COLUMNS, values, strict=True)))
                for values in rows[list(COLUMNS)].itertuples(index=False)]  # fmt: skip
    shares = list(map(counts_of, rows["shares"]))
    counts = {f"n_{name}": [int(s.get(name, 0)) for s in shares] for name in VERDICTS}
    known = pd.DataFrame([facts.all_of(s) for s in settings], rows.index).assign(**counts)
    distinct = (known["n_broken"] + known["n_redundant"]) / (
        rows["replicates"] - known["n_diverged"]
    ).replace(0, np.nan)
    labels = pd.DataFrame([s.record() for s in settings], rows.index)
    labels = labels.map(lambda value: spell(value) if isinstance(value, float) else value)
    place = None if networks is None else places(networks, rows)
    twins = repeats(pd.concat([known, labels], axis=1), networks, place)
    kept = rows.drop(columns=[*COLUMNS, *known.columns.intersection(rows.columns)])
    extra = pd.Series([s.label for s in settings], rows.index)
    return pd.concat([kept, labels, known, twins], axis=1).assign(
        distinct_share=distinct, label=extra
    )


def drawn(rows: pd.DataFrame) -> Array:
    """Tell which settings a draw reaches, in their start or in training [n]."""
    return ((rows["drawn_start"] != "no") | (rows["noise"] != "none")).to_numpy()


def repeats(rows: pd.DataFrame, networks: pd.DataFrame | None,
            place: Array | None = None) -> pd.DataFrame:  # fmt: skip
    """Return how many networks of each setting repeat another, and how many of them differ.

    A network repeats another where nothing of its start and training is drawn, as all replicates
    of its setting; and where it is frozen without biases, so that its bits are its start's, as
    all networks of that start and replicate, each trained in a job of its own.
    """
    names = ["repeats", "repeats_different"]
    if networks is None or place is None:
        return pd.DataFrame(0, rows.index, names)
    columns = ["init", "hidden", "dtype", "drawn_start", "biases"]
    found = rows[columns].assign(quiet=~drawn(rows), row=rows.index).iloc[place]
    found = found.reset_index(drop=True).assign(
        **{name: networks[name].to_numpy() for name in ("replicate", "verdict", "checksum")}
    )
    quiet = found["quiet"]
    still = (found["verdict"] == "frozen") & (found["biases"] == "absent")
    still &= found["drawn_start"] == "yes"
    keys = (quiet, ["row"]), (still, ["init", "hidden", "dtype", "replicate"])
    total = pd.DataFrame(0, rows.index, names)
    for mask, key in keys:
        part = found[mask]
        groups = part.groupby(key)["checksum"]
        twin, other = groups.transform("size") > 1, groups.transform("nunique") > 1
        for name, flags in zip(names, (twin, twin & other), strict=True):
            total[name] += flags.groupby(part["row"]).sum().reindex(rows.index, fill_value=0)
    return total.astype(np.int64)


def tested(claim: Claim, rows: pd.DataFrame) -> Array:
    """Tell which settings test a claim [n]: those it is about that hold what it asks for."""
    mask = np.ones(len(rows), bool)
    for check in claim.tested_by:
        mask &= passes(check, rows)
    for check in claim.expects:
        names = [check.column, *(b for _, b in check.bounds if isinstance(b, str))]
        mask &= rows[names].notna().all(axis=1).to_numpy()
    if claim.networks:
        mask &= counted(claim, rows)[1] > 0
    if claim.unchanged:
        mask &= rows[claim.unchanged[0]].notna().to_numpy()
        part = rows[mask]
        several = part.groupby(_siblings(claim))["label"].transform("size") > 1
        mask[mask] = several.to_numpy()
    return mask


def agreeing(claim: Claim, rows: pd.DataFrame) -> Array:
    """Tell which of the tested settings agree with a claim [n]."""
    mask = np.ones(len(rows), bool)
    for check in claim.expects:
        mask &= passes(check, rows)
    if claim.networks:
        good, total = counted(claim, rows)
        mask &= good == total
    if claim.unchanged:
        groups = rows.groupby(_siblings(claim))[claim.unchanged[0]]
        mask &= (groups.transform("nunique") == 1).to_numpy() | (
            spans(groups) <= claim.within + ROUNDED if claim.within else False
        )
    return mask


def spans(groups: Any) -> Array:
    """Return the largest less the smallest value of each row's group [n]."""
    return (groups.transform("max") - groups.transform("min")).to_numpy()


def _siblings(claim: Claim) -> list[str]:
    """Return the factors that settings share which a claim compares."""
    return [name for name in COLUMNS if name not in claim.unchanged[1:]]


def counted(claim: Claim, rows: pd.DataFrame) -> tuple[Array, Array]:
    """Return how many networks have a verdict that the claim allows, and how many have any [n].

    Those that diverged count only for a claim that speaks of them.
    """
    allowed, any_of = asked_of(claim)
    good, total = ([f"n_{name}" for name in names] for names in (allowed, any_of))
    return rows[good].sum(axis=1).to_numpy(), rows[total].sum(axis=1).to_numpy()


def asked_of(claim: Claim) -> tuple[list[str], list[str]]:
    """Return the verdicts that the claim allows, and those that count for it."""
    allowed = [name for name in VERDICTS if name in claim.networks]
    return allowed, sorted({*VERDICTS[1:], *allowed})


def passes(check: Check, rows: pd.DataFrame) -> Array:
    """Tell which settings pass a check [n]; a component's name stands for all its labels."""
    values = rows[check.column]
    mask = np.ones(len(rows), bool)
    for name, bound in check.bounds:
        limit = rows[bound] if isinstance(bound, str) else bound
        mask &= COMPARE[name](values.astype(float), limit).to_numpy()
    if check.values:
        inside = values.isin(check.values)
        if check.column in REGISTRIES:
            names = values.map(lambda label: REGISTRIES[check.column].parse(label).name)
            inside |= names.isin(check.values)
        mask &= inside.to_numpy() != check.negated
    return mask
