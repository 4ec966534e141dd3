"""A unit keeps its name: matching undoes any order, scale and sign of the units."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from symbreak import matching

SEEDS = st.integers(0, 10**6)


def some(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@given(seed=SEEDS, order=st.permutations(range(6)))
def test_units_in_another_order_get_their_names_back(seed: int, order: list[int]) -> None:
    vectors = some(seed, 6, 5)
    moved = vectors[order] + 1e-6 * some(seed + 1, 6, 5)
    assert np.array_equal(np.array(order)[matching.by_weights(vectors, moved)], np.arange(6))


@given(seed=SEEDS, order=st.permutations(range(4)), signs=st.lists(
    st.sampled_from([-1, 1]), min_size=4, max_size=4), power=st.integers(-40, 40))  # fmt: skip
def test_replicates_are_matched_whatever_the_scale_and_sign(
    seed: int, order: list[int], signs: list[int], power: int
) -> None:
    activations = some(seed, 40, 4)
    other = (activations * signs * 2.0**power + 3)[:, order]
    matched, correlation = matching.by_function(activations, other)
    assert np.array_equal(np.array(order)[matched], np.arange(4))
    assert correlation == pytest.approx(signs, abs=1e-3)


@given(seed=SEEDS)
def test_a_matching_uses_every_unit_once_and_no_swap_makes_it_shorter(seed: int) -> None:
    a, b = some(seed, 5, 3), some(seed + 1, 5, 3)
    matched = matching.by_weights(a, b)
    assert sorted(matched) == list(range(5))

    def length(order: np.ndarray) -> float:
        return float(np.linalg.norm(a - b[order], axis=1).sum())

    for i in range(5):
        for j in range(i):
            swapped = matched.copy()
            swapped[[i, j]] = matched[[j, i]]
            assert length(matched) <= length(swapped) + 1e-12


@given(seed=SEEDS, data=st.data())
def test_names_follow_units_through_every_shuffle(seed: int, data: st.DataObject) -> None:
    vectors = some(seed, 5, 4)
    orders = [np.arange(5), *(np.array(data.draw(st.permutations(range(5)))) for _ in range(3))]
    names = matching.through_training(np.stack([vectors[order] for order in orders]))
    for order, name in zip(orders, names, strict=True):
        assert np.array_equal(order[name], np.arange(5))


@pytest.mark.parametrize("units", [2, 3, 6, 17])
def test_equal_units_keep_their_places(units: int) -> None:
    equal = np.ones((3, units, 4))
    assert (matching.through_training(equal) == np.arange(units)).all()


@pytest.mark.parametrize("units", [5, 13, 33])
@given(seed=SEEDS)
def test_equal_units_keep_their_places_beside_one_that_hardly_differs(
    seed: int, units: int
) -> None:
    """As rounding leaves them: any order of the equal ones is as short, but for rounding."""
    drift = np.cumsum(0.1 * some(seed, 12, 1, 4), axis=0).repeat(units, axis=1)
    drift[:, -1] += 1e-14
    assert (matching.through_training(drift) == np.arange(units)).all()
