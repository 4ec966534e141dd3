"""Rounding as the hidden source of asymmetry: settings with ``exact`` and with ``blas`` sums.

Shown where a grid has both. A pair is the same setting with either arithmetic, in which some
neurons start equal and no noise treats them differently; only rounding can then set them apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from symbreak import facts
from symbreak.breaks import by_setting
from symbreak.settings import Setting
from symbreak.summary import Grid, Row, listed

EXACT, BLAS = "exact", "blas"
FACTORS = ("init", "dropout", "bias")


@dataclass(frozen=True)
class Pair:
    """One setting and hidden layer with both arithmetics: what became of its neurons."""

    label: str
    exact: str
    blas: str
    separated: bool  # by blas
    exact_separated: bool
    first: float
    accuracies: tuple[float, float]  # medians over the test rows


@dataclass(frozen=True)
class Rounding:
    """The pairs of an experiment, the factors that name them, and a sentence on them."""

    factors: tuple[str, ...]
    pairs: tuple[Pair, ...]
    sentence: str


def rounding(grid: Grid, dynamics: pd.DataFrame) -> Rounding | None:
    """Return the pairs with their sentence, None where there are none."""
    factors = _factors(grid)
    pairs = tuple(_pairs(grid, by_setting(dynamics), factors))
    if not pairs:
        return None
    sentence = _sentence(pairs, ", ".join(factors), _kernels(dynamics), grid.experiment.steps)
    return Rounding(factors, pairs, sentence)


def _factors(grid: Grid) -> tuple[str, ...]:
    """Return the columns of a setting that have several values, arithmetic apart."""
    crossed = [name for name in FACTORS if len(getattr(grid.experiment, name)) > 1]
    found = [*crossed, *(name for name in grid.factors if name != "arithmetic")]
    return tuple(found or ["hidden"])


def _pairs(grid: Grid, rows: dict[Setting, list[Row]],
           factors: tuple[str, ...]) -> Iterator[Pair]:  # fmt: skip
    for setting in grid.rows:
        other = replace(setting, arithmetic=BLAS)
        if setting.arithmetic != EXACT or other not in grid.rows or facts.noise(setting) == "own":
            continue
        for exact, blas in zip(rows[setting], rows[other], strict=True):
            if exact.starts_distinct == exact.replicates:
                continue
            record = setting.record()
            label = " ".join(str(record[name]) for name in factors)
            layer = f", hidden layer {exact.layer}" if len(rows[setting]) > 1 else ""
            yield Pair(
                label + layer, _outcome(exact, grid.experiment.steps),
                _outcome(blas, grid.experiment.steps), blas.split > 0, exact.split > 0,
                blas.split_by,
                (grid.rows[setting].accuracy_median, grid.rows[other].accuracy_median),
            )  # fmt: skip


def _outcome(row: Row, steps: int) -> str:
    """Return when neurons that started equal first differed, and how many distinct are left."""
    networks = row.replicates - row.starts_distinct
    if not row.split:
        return f"never in {steps:,} steps"
    left = f"{row.equal_last_mean:g} distinct"
    share = "" if row.split == networks else f" in {row.split} of {networks}"
    if row.split_by != row.split_by:
        return f"separated{share}; {left}"
    return f"after step {row.split_after:,.0f}, by step {row.split_by:,.0f}{share}; {left}"


def _kernels(dynamics: pd.DataFrame) -> str:
    """Return the libraries and kernels that the networks were trained with."""
    names = [name for name in dynamics["blas"].dropna().unique() if name]
    return listed(names) if names else "of unknown kernel"


def _sentence(pairs: tuple[Pair, ...], factors: str, kernels: str, steps: int) -> str:
    apart = [pair for pair in pairs if pair.separated]
    wrong = sum(pair.exact_separated for pair in pairs)
    which = f" ({factors}: {listed([p.label for p in apart])})" if 0 < len(apart) <= 20 else ""
    first = [pair.first for pair in apart if pair.first == pair.first]
    when = f", the first of them by step {min(first):,.0f}" if first else ""
    counted = "hidden layers" if any("hidden layer" in p.label for p in pairs) else "settings"
    return (
        f"NumPy's @ ({kernels}) separates equal neurons in {len(apart)} of {len(pairs)} {counted}"
        f"{which}{when}; sums in one order do so in {wrong or 'none'}, in {steps:,} steps. "
        "Nothing but the order of additions differs; another machine may separate others."
    )
