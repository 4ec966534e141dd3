"""When, how fast and how far units come apart: planted courses give back what was planted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged_networks import a_model
from networks_strategies import INPUTS
from symbreak import dynamics, groups, metrics, statistics, tempo
from symbreak.networks import Trained, join_layers

quick = settings(deadline=None, max_examples=30)
SEEDS = st.integers(0, 10**6)
UNITS = 4
LENGTH = INPUTS + 2


def course(vectors: np.ndarray, steps: np.ndarray) -> Trained:
    """Networks whose units have these neuron vectors [r, c, u, k] at these steps."""
    incoming, bias, outgoing = np.split(vectors, [INPUTS, INPUTS + 1], axis=-1)
    out = np.swapaxes(outgoing, -1, -2), np.zeros((*vectors.shape[:2], 1))
    weights = join_layers([(incoming, bias[..., 0]), out])
    scores = np.zeros(weights.shape[:2])
    return Trained(a_model((vectors.shape[2],)), INPUTS, steps, weights,
                   np.ones((len(weights), weights.shape[2]), bool), *[scores] * 4)  # fmt: skip


def measured(*courses: Trained) -> pd.DataFrame:
    return dynamics.table(courses, metrics.distances(courses)["l2_whole"].to_numpy())


def spread(size: np.ndarray, seed: int = 0) -> np.ndarray:
    """Vectors [1, c, u, k] of units around zero, as far from it as ``size`` [c]."""
    apart = np.random.default_rng(seed).normal(size=(UNITS, LENGTH))
    return (size[:, None, None] * apart)[None]


@quick
@given(rate=st.floats(0.001, 0.2), seed=SEEDS)
def test_a_planted_exponential_gives_back_its_rate(rate: float, seed: int) -> None:
    steps = np.unique(np.geomspace(1, 20 / rate, 60).astype(int))
    size = 1e-9 * np.exp(rate * steps)
    row = measured(course(spread(size, seed), steps)).iloc[0]
    assert row["rate_largest"] == pytest.approx(rate, rel=1e-6)
    assert row["rate_least"] == pytest.approx(rate, rel=1e-6)
    assert row["no_rate_largest"] == ""


def test_only_the_log_linear_stretch_counts() -> None:
    """A slow start below ten times the first distance and a plateau near the peak are left out."""
    steps = np.arange(100)
    growing = 1e-8 * np.exp(0.3 * (steps - 20))
    size = np.where(steps < 20, 1e-9, np.minimum(growing, 1.0))
    row = measured(course(spread(size), steps)).iloc[0]
    inside = (size >= 1e-8 * 0.999) & (size <= 0.1)
    assert row["rate_largest"] == pytest.approx(0.3, rel=1e-6)
    assert abs(row["points_largest"] - inside.sum()) <= 1


@pytest.mark.parametrize(
    ("size", "why"),
    [
        ([0, 0, 0, 0, 0, 0], dynamics.ALWAYS_EQUAL),
        ([0, 1e-3, 2e-3, 4e-3, 8e-3, 9e-3], dynamics.SHORT_RISE),
        ([1e-9, 1e-9, 1e-9, 1, 1, 1], dynamics.FEW_POINTS),
    ],
)
def test_without_a_stretch_there_is_no_rate_but_a_reason(size: list[float], why: str) -> None:
    row = measured(course(spread(np.array(size)), np.arange(6))).iloc[0]
    assert np.isnan(row["rate_largest"])
    assert row["no_rate_largest"] == why


def breaking(order: list[int]) -> np.ndarray:
    """Vectors [1, c, u, k]: all units equal, then two groups, then all distinct, then one group."""
    base = np.ones((4, UNITS, LENGTH))
    base[1, [1, 3]] = 2
    base[2] += np.arange(UNITS)[:, None]
    return base[None, :, order]


@given(order=st.permutations(range(UNITS)))
def test_times_and_groups_do_not_depend_on_the_order_of_units(order: list[int]) -> None:
    row = measured(course(breaking(order), np.array([0, 3, 10, 30]))).iloc[0]
    assert (row["split_after"], row["split_by"]) == (0, 3)
    assert (row["break_after"], row["break_by"]) == (3, 10)
    assert row["outcome"] == dynamics.BROKE
    counts = [row[f"equal_{name}"] for name in ("first", "most", "last", "splits", "merges")]
    assert counts == [1, 4, 1, 3, 3]
    assert (row["peak_step"], row["end"]) == (10, 0)


def test_units_that_start_distinct_have_no_time_to_break() -> None:
    apart = breaking([0, 1, 2, 3])[:, 2:]
    row = measured(course(apart, np.array([0, 5]))).iloc[0]
    assert row["outcome"] == dynamics.APART
    assert row[["split_after", "split_by", "break_after", "break_by"]].isna().all()
    assert row["equal_merges"] == 3


def test_a_network_that_never_breaks_is_censored_at_its_last_finite_checkpoint() -> None:
    whole, lost = (course(breaking([0, 1, 2, 3])[:, [0, 0, 1, 1]], np.array([0, 3, 10, 30]))
                   for _ in range(2))  # fmt: skip
    lost.weights[:, 2:] = np.nan
    rows = measured(whole, replace(lost, setting=a_model((UNITS,), "relu")))
    assert (rows["outcome"] == dynamics.UNBROKEN).all()
    assert rows["break_by"].isna().all()
    assert rows["break_after"].tolist() == [30, 3]
    assert rows["split_by"].fillna(-1).tolist() == [10, -1]
    assert rows["end"].isna().tolist() == [False, True]
    assert rows["equal_last"].tolist() == [2, 1]


def networks(times: list[float]) -> pd.DataFrame:
    """The table of a setting whose networks break at these steps, of 0 to 9; NaN: never."""
    steps = np.arange(10)
    vectors = np.ones((len(times), 10, UNITS, LENGTH))
    for vector, time in zip(vectors, times, strict=True):
        vector[steps >= time] += np.arange(UNITS)[:, None]
    return measured(course(vectors, steps))


@pytest.mark.parametrize(
    ("times", "broke", "half"),
    [([2, 4, np.nan], 2, 4), ([2, np.nan, np.nan], 1, np.nan), ([0, 0, 3, 5], 2, 3),
     ([7] * 5, 5, 7), ([0, 0], 0, np.nan)],
)  # fmt: skip
def test_unbroken_networks_count_as_later_than_every_other(
    times: list[float], broke: int, half: float
) -> None:
    row = tempo.settings(networks(times)).iloc[0]
    assert row["broke"] == broke
    assert row["starts_distinct"] == times.count(0)
    assert row["break_by"] == pytest.approx(half, nan_ok=True)
    assert row["break_after"] == pytest.approx(half - 1, nan_ok=True)


def test_the_interval_of_a_median_is_open_where_it_passes_the_end() -> None:
    row = tempo.settings(networks([1, 2, 3, 4, 5, 6, 7, np.nan, np.nan, np.nan])).iloc[0]
    assert (row["break_by"], row["break_by_low"]) == (5, 2)
    assert np.isnan(row["break_by_high"])


@pytest.mark.parametrize("count", [6, 9, 16, 32, 101])
def test_the_interval_covers_the_median_at_least_95_times_in_100(count: int) -> None:
    samples = np.random.default_rng(count).random((4000, count))
    found = np.array([statistics.middle_interval(sample) for sample in samples])
    covered = np.mean((found[:, 0] <= 0.5) & (found[:, 1] >= 0.5))
    assert 0.94 < covered < 1
    assert covered < 0.99 or count < 10  # not wider than needed


def test_fewer_than_six_values_have_no_interval() -> None:
    assert np.isnan(statistics.middle_interval(np.arange(5.0))).all()
    assert np.isnan(statistics.middle(np.zeros(0)))


@st.composite
def partitions(draw: st.DrawFn) -> np.ndarray:
    """Labels [c, u] of the units' groups at each checkpoint."""
    units = draw(st.integers(2, 6))
    rows = st.lists(st.integers(0, units - 1), min_size=units, max_size=units)
    return np.array(draw(st.lists(rows, min_size=1, max_size=5)))


@given(labels=partitions())
def test_groups_at_the_end_are_those_at_the_start_with_splits_less_merges(
    labels: np.ndarray,
) -> None:
    together = labels[:, :, None] == labels[:, None, :]
    count = groups.count(together)
    assert count.tolist() == [len(set(row)) for row in labels.tolist()]
    splits, merges = groups.changes(together)
    assert count[-1] == count[0] + splits - merges
    back = groups.changes(together[::-1])
    assert (back[0], back[1]) == (merges, splits)  # backwards a split is a merge


def test_a_chain_of_near_units_is_one_group() -> None:
    near = np.array([[True, False, False, True, False, True]])  # 12 13 14 23 24 34
    assert groups.count(groups.grouped(near, 4)).tolist() == [1]
    assert groups.count(groups.grouped(near & False, 4)).tolist() == [4]


@pytest.mark.parametrize(
    ("size", "pulled"),
    [([0, 4, 1], 1), ([3, 4, 1], 0), ([0, 4, 3], 0), ([4, 2, 1], 0), ([0, 0, 0], 0)],
)
def test_units_come_together_again_only_if_they_came_apart(size: list[float], pulled: int) -> None:
    found = measured(course(spread(np.array(size, float)), np.arange(3)))
    assert tempo.settings(found)["pulled"].tolist() == [pulled]
