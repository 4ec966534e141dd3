"""Properties: what a unit carries given the others, who is whose unit, and what is neglected."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from symbreak import functional, metrics, properties
from symbreak.data import dataset, make
from symbreak.settings import Demand

SEEDS = st.integers(0, 10**6)
DEMAND = Demand(200, 0.5, True)
TRAIN = dataset(DEMAND, make(DEMAND, 7)).properties_train


def partial(activations: np.ndarray, known: np.ndarray = TRAIN) -> np.ndarray:
    """Return the partial correlations [u, q] of activations [b, u]."""
    z, constant = metrics.centred(activations[None])
    towards = properties.directions(known)
    products = metrics.row_products(z, towards.columns[:, :, None])
    size = metrics.row_products(z, z).diagonal(axis1=1, axis2=2)
    return properties.partial_correlations(products, size, constant)[0]


def roles(size: np.ndarray, group: list[int]) -> properties.Roles:
    return properties.roles(size[None], np.array([group]))


def by_regression(a: np.ndarray, known: np.ndarray, j: int) -> float:
    """Correlate what a regression on the other properties leaves of both."""
    others = np.column_stack([np.ones(len(a)), np.delete(known, j, axis=1)])
    left = [v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in (a, known[:, j])]
    return float(np.corrcoef(left)[0, 1])


@given(seed=SEEDS, mix=st.floats(0, 3), rows=st.integers(10, 60))
def test_a_partial_correlation_is_that_of_what_regressions_leave(seed, mix, rows) -> None:
    random = np.random.default_rng(seed)
    known = random.normal(size=(rows, 3)) + mix * random.normal(size=(rows, 1))
    a = random.normal(size=(rows, 4)) + known @ random.normal(size=(3, 4))
    found = partial(a, known)
    for u in range(4):
        for j in range(3):
            assert found[u, j] == pytest.approx(by_regression(a[:, u], known, j), abs=1e-9)


@given(seed=SEEDS, scale=st.floats(1e-100, 1e100), shift=st.floats(-5, 5))
def test_scale_sign_and_offset_of_a_unit_change_only_its_sign(seed, scale, shift) -> None:
    a = np.random.default_rng(seed).normal(size=(len(TRAIN), 1)) + TRAIN[:, :1]
    turned = (a + shift) * -scale
    assert partial(turned) == pytest.approx(-partial(a), abs=1e-9)


@given(order=st.permutations(range(4)), scale=st.sampled_from([-3.0, 1e-9, 1.0]))
def test_units_that_compute_the_properties_cover_all_three(order, scale) -> None:
    """The planted network: a unit a property, and one that is dead."""
    planted = np.column_stack([TRAIN * scale, np.ones(len(TRAIN))])[:, order]
    z, constant = metrics.centred(planted[None])
    correlation = metrics.correlations(metrics.row_products(z, z), constant)
    found = properties.roles(partial(planted)[None], functional.same_function(correlation, 0.99))
    assert found.own.sum() == pytest.approx(3, abs=1e-9)
    assert [order[unit - 1] for unit in found.unit[0]] == [0, 1, 2]


@pytest.mark.parametrize("j", range(3))
def test_a_unit_that_computes_one_property_carries_no_other(j: int) -> None:
    assert partial(TRAIN[:, [j]])[0] == pytest.approx(np.eye(3)[j], abs=1e-9)


def test_a_mixture_carries_every_property_but_is_the_unit_of_one() -> None:
    found = partial(TRAIN.sum(axis=1, keepdims=True))
    assert found[0] == pytest.approx([1, 1, 1], abs=1e-9)
    six = np.repeat(found, 6, axis=0)
    shared = roles(six, [0] * 6)
    assert np.count_nonzero(shared.own) == 1
    assert np.allclose(shared.best, 1)
    assert np.count_nonzero(roles(six, list(range(6))).own) == 3  # told apart they would do
    assert properties.spare_units(six[None], 0.7).tolist() == [5]


@given(seed=SEEDS, units=st.integers(1, 6), order=st.randoms(use_true_random=False))
def test_the_order_of_units_changes_no_coverage_and_renames_the_assigned(seed, units, order):
    random = np.random.default_rng(seed)
    size = random.uniform(0.01, 1, size=(units, 3))
    group = functional.first_of_group(
        np.array([random.integers(0, 2, (units, units)).astype(bool)]).repeat(2, 0)
    )[0]
    moved = order.sample(range(units), units)
    heads = {g: min(i for i, u in enumerate(moved) if group[u] == g) for g in group}
    mine, theirs = roles(size, group), roles(size[moved], [heads[group[u]] for u in moved])
    assert mine.own.sum() == pytest.approx(theirs.own.sum(), abs=1e-12)
    names = [moved[unit - 1] + 1 if unit else 0 for unit in theirs.unit[0]]
    assert names == mine.unit[0].tolist()
    assert (mine.best == theirs.best).all()
    counts = [properties.spare_units(s[None], 0.5)[0] for s in (size, size[moved])]
    assert counts[0] == counts[1]


@given(seed=SEEDS, units=st.integers(1, 6))
def test_no_other_assignment_covers_more(seed: int, units: int) -> None:
    size = np.random.default_rng(seed).uniform(size=(units, 3))
    found = roles(size, list(range(units)))
    padded = np.concatenate([size, np.zeros((3, 3))])
    every = (padded[list(u), range(3)].sum() for u in permutations(range(units + 3), 3))
    assert found.own.sum() == pytest.approx(max(every))
    assert (found.own <= found.best).all()


def test_of_a_group_the_unit_that_carries_most_is_named() -> None:
    size = np.array([[0.2, 0.1, 0.0], [0.9, 0.1, 0.0], [0.1, 0.8, 0.0]])
    found = roles(size, [0, 0, 2])
    assert found.unit.tolist() == [[2, 3, 0]]
    assert found.own.tolist() == [[0.9, 0.8, 0.0]]


@given(seed=SEEDS)
def test_a_property_that_the_others_explain_is_carried_by_no_unit(seed: int) -> None:
    random = np.random.default_rng(seed)
    known = random.normal(size=(30, 2))
    twice = np.column_stack([known, known @ [1.0, -2.0]])
    found = partial(random.normal(size=(30, 3)), twice)
    assert (found == 0).all()


@given(seed=SEEDS, units=st.integers(1, 9))
def test_units_without_known_properties_carry_nothing(seed: int, units: int) -> None:
    a = np.random.default_rng(seed).normal(size=(12, units))
    assume(units)
    found = partial(a, np.zeros((12, 0)))
    assert found.shape == (units, 0)
    assert properties.roles(found[None], np.zeros((1, units), int)).own.shape == (1, 0)
    assert properties.spare_units(found[None], 0.7).tolist() == [0]
