"""Intervals over seeds, the paired test and Holm's method, beside scipy and known distributions."""

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest
from symbreak import statistics

VALUES = st.floats(-1e6, 1e6, allow_subnormal=False)
MATRICES = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 12)), elements=VALUES)
SOME_MISSING = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 9)),
                      elements=st.one_of(VALUES, st.just(np.nan)))  # fmt: skip
quick = settings(deadline=None, max_examples=50)


@given(more=st.integers(0, 200), fewer=st.integers(0, 200))
def test_the_sign_test_is_scipys_binomial_test(more: int, fewer: int) -> None:
    found = statistics.sign_test(more, fewer)
    expected = binomtest(more, more + fewer).pvalue if more + fewer else 1.0
    assert found == pytest.approx(expected, rel=1e-9)
    assert found == statistics.sign_test(fewer, more)


def test_the_sign_test_of_changes_all_one_way_is_a_power_of_two() -> None:
    for changes in (1, 5, 6, 20, 32, 500):
        assert Fraction(statistics.sign_test(changes, 0)) == Fraction(2, 2**changes)


@given(p=st.lists(st.floats(0, 1), max_size=40))
def test_holm_raises_p_values_keeps_their_order_and_is_below_bonferroni(p: list[float]) -> None:
    raw = np.array(p)
    found = statistics.holm(raw)
    assert (found >= raw).all()
    assert (found <= np.minimum(1, raw * len(raw))).all()
    assert (np.diff(found[np.argsort(raw, kind="stable")]) >= 0).all()


def test_holm_gives_the_worked_example() -> None:
    """Four p values: the least times 4, the next times 3, and so on, none below one before it."""
    found = statistics.holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert found == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=20), seed=st.integers(0, 999))
def test_holm_does_not_depend_on_the_order_of_the_comparisons(p: list[float], seed: int) -> None:
    order = list(range(len(p)))
    random.Random(seed).shuffle(order)
    assert (statistics.holm(np.array(p)[order]) == statistics.holm(np.array(p))[order]).all()


@quick
@given(values=SOME_MISSING)
def test_rows_together_have_the_bits_of_each_row_alone(values: np.ndarray) -> None:
    means, medians = (f(values) for f in (statistics.bootstrap_means, statistics.bootstrap_medians))
    for i, row in enumerate(values):
        kept = row[np.isfinite(row)]
        assert np.array_equal(statistics.bootstrap(kept), [m[i] for m in means], equal_nan=True)
        alone = statistics.bootstrap_medians(kept[None])
        assert np.array_equal(np.ravel(alone), [m[i] for m in medians], equal_nan=True)


@quick
@given(values=MATRICES)
def test_a_bootstrap_adds_the_seeds_of_a_draw_in_order_and_takes_two_order_statistics(
    values: np.ndarray,
) -> None:
    """The same sums in plain Python: what property P asks for."""
    row, drawn = values[0].tolist(), statistics.resamples(values.shape[1]).T.tolist()
    means = []
    for seeds in drawn:
        total = 0.0
        for seed in seeds:
            total = total + row[seed]
        means.append(total / len(row))
    means.sort()
    assert statistics.bootstrap(values[0]) == (means[statistics.LOW], means[statistics.HIGH])


@quick
@given(values=MATRICES)
def test_the_interval_of_a_median_is_that_of_resamples_of_the_sorted_values(
    values: np.ndarray,
) -> None:
    row = np.sort(values[0])
    drawn = np.sort(np.median(row[statistics.resamples(len(row))], axis=0))
    low, high = statistics.bootstrap_medians(values[:1])
    assert (low[0], high[0]) == (drawn[statistics.LOW], drawn[statistics.HIGH])
    assert row[0] <= low[0] <= np.median(row) <= high[0] <= row[-1]


@quick
@given(values=MATRICES, seed=st.integers(0, 999))
def test_the_order_of_the_seeds_changes_no_interval_of_a_median(
    values: np.ndarray, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(values.shape[1])
    both = [statistics.bootstrap_medians(v) for v in (values, values[:, order])]
    assert np.array_equal(*both)


def test_intervals_of_medians_hold_the_true_one_as_often_as_they_say() -> None:
    """A skewed distribution (median log 2); 20 values give a little less than 95 %."""
    values = np.random.default_rng(1).exponential(size=(2000, 20))
    low, high = statistics.bootstrap_medians(values)
    assert 0.91 <= np.mean((low <= np.log(2)) & (np.log(2) <= high)) <= 0.98


def test_intervals_of_paired_means_hold_the_true_one_as_often_as_they_say() -> None:
    """Two settings that share most of what is random: only the difference is uncertain."""
    random_ = np.random.default_rng(2)
    shared = random_.normal(size=(2000, 32)) * 100
    first, second = (shared + random_.normal(size=shared.shape) + mean for mean in (0, 3))
    low, high = statistics.bootstrap_means(second - first)
    assert 0.91 <= np.mean((low <= 3) & (high >= 3)) <= 0.96
    assert (high - low).max() < 2.5  # the shared part is gone


def test_values_of_one_seed_are_drawn_together() -> None:
    """A thousand copies of each seed's value say no more than one of each."""
    seeds = np.arange(12)
    values = np.random.default_rng(3).normal(size=12)
    one = statistics.median_over_seeds(values, seeds)
    many = statistics.median_over_seeds(np.repeat(values, 1000), np.repeat(seeds, 1000))
    assert many == pytest.approx(one)


@quick
@given(values=SOME_MISSING)
def test_means_leave_out_what_is_not_finite(values: np.ndarray) -> None:
    for row, found in zip(values, statistics.means(values), strict=True):
        kept = row[np.isfinite(row)]
        assert np.isnan(found) if not len(kept) else found == pytest.approx(kept.mean(), rel=1e-6,
                                                                            abs=1e-6)  # fmt: skip
