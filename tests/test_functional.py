"""How many different things units compute: groups, eigenvalues, ranks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from symbreak import functional, metrics

SEEDS = st.integers(0, 10**6)
quick = settings(deadline=None, max_examples=40)


def correlation(activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the correlations [1, u, u] of activations [b, u], and which units are constant."""
    z, constant = metrics.centred(activations[None])
    return metrics.correlations(metrics.row_products(z, z), constant), constant


def some(seed: int, rows: int, units: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(size=(rows, units)) + random.normal(size=(rows, 1))


@quick
@given(seed=SEEDS, rows=st.integers(1, 700), count=st.sampled_from([1, 2, 30, 900]),
       widths=st.tuples(st.integers(1, 4), st.integers(1, 4)))  # fmt: skip
def test_sums_over_rows_go_row_by_row_however_many_there_are(seed, rows, count, widths) -> None:
    random = np.random.default_rng(seed)
    a, b = (random.normal(size=(rows, width, count)) for width in widths)
    total = np.zeros((*widths, count))
    for left, right in zip(a[:, :, None], b[:, None], strict=True):
        total = total + left * right
    assert (metrics.row_products(a, b) == total.transpose(2, 0, 1)).all()


@quick
@given(seed=SEEDS, units=st.integers(2, 64), rank=st.integers(1, 64))
def test_eigenvalues_are_those_of_lapack(seed: int, units: int, rank: int) -> None:
    half = np.random.default_rng(seed).normal(size=(units, min(rank, units)))
    matrix = half @ half.T
    found = functional.eigenvalues(matrix[None])[0]
    assert found == pytest.approx(np.linalg.eigvalsh(matrix), abs=1e-13 * np.trace(matrix))


@quick
@given(seed=SEEDS, units=st.integers(2, 9), count=st.integers(2, 5))
def test_a_matrix_has_its_eigenvalues_whatever_lies_beside_it(seed, units, count) -> None:
    half = np.random.default_rng(seed).normal(size=(count, units, units))
    matrices = half + half.transpose(0, 2, 1)
    together = functional.eigenvalues(matrices)
    alone = [functional.eigenvalues(matrix[None])[0] for matrix in matrices]
    assert (together == np.stack(alone)).all()


@pytest.mark.parametrize("units", range(2, 20))
def test_a_sweep_has_every_pair_once_and_a_round_each_unit_at_most_once(units: int) -> None:
    played = functional.rounds(units)
    pairs = [pair for p, q in played for pair in zip(p.tolist(), q.tolist(), strict=True)]
    assert sorted(pairs) == [(p, q) for p in range(units) for q in range(p + 1, units)]
    assert all(len({*p, *q}) == 2 * len(p) for p, q in played)


@quick
@given(seed=SEEDS, units=st.integers(2, 8))
def test_ranks_lie_between_one_and_the_number_of_units(seed: int, units: int) -> None:
    found = correlation(some(seed, 30, units))
    rank, ratio = functional.effective_rank(*found)[0], functional.participation_ratio(*found)[0]
    assert 1 <= ratio <= rank + 1e-9 <= units + 2e-9


@given(units=st.integers(2, 12), dead=st.integers(0, 3))
def test_ranks_count_units_that_are_orthogonal_and_not_those_that_are_dead(units, dead) -> None:
    waves = np.linalg.qr(np.column_stack([np.ones(40), some(units, 40, units)]))[0][:, 1:]
    found = correlation(np.concatenate([waves, np.ones((40, dead))], axis=1))
    assert functional.effective_rank(*found)[0] == pytest.approx(units)
    assert functional.participation_ratio(*found)[0] == pytest.approx(units)


@pytest.mark.parametrize("signs", [[1, 1, 1], [1, -1, 2], [-1e-30, 1e30, 1]])
def test_units_that_are_multiples_of_one_have_rank_one(signs: list[float]) -> None:
    found = correlation(some(1, 20, 1) * signs)
    assert functional.effective_rank(*found)[0] == pytest.approx(1)
    assert functional.participation_ratio(*found)[0] == pytest.approx(1)


def test_a_layer_of_dead_units_has_rank_zero() -> None:
    found = correlation(np.ones((20, 4)))
    assert functional.effective_rank(*found).tolist() == [0]
    assert functional.participation_ratio(*found).tolist() == [0]


@quick
@given(seed=SEEDS, order=st.permutations(range(6)), redundancy=st.floats(0.1, 1))
def test_the_order_of_units_permutes_their_groups(seed, order, redundancy) -> None:
    found, constant = correlation(some(seed, 20, 6))
    moved = found[:, order][:, :, order]
    mine, theirs = (functional.same_function(c, redundancy)[0] for c in (found, moved))
    for i, u in enumerate(order):
        for j, v in enumerate(order):
            assert (mine[u] == mine[v]) == (theirs[i] == theirs[j])
    ranks = [functional.effective_rank(c, constant)[0] for c in (found, moved)]
    assert ranks[0] == pytest.approx(ranks[1], rel=1e-12)


def test_a_chain_of_alike_units_is_one_group() -> None:
    chain = np.eye(5, dtype=bool)
    for a, b in ((4, 2), (2, 3), (3, 0)):
        chain[a, b] = chain[b, a] = True
    assert functional.first_of_group(chain[None]).tolist() == [[0, 1, 0, 0, 0]]


def test_a_layer_too_wide_for_its_eigenvalues_has_a_participation_ratio_alone() -> None:
    found = correlation(some(3, 30, functional.WIDEST + 1))
    assert np.isnan(functional.effective_rank(*found)).all()
    assert 1 < functional.participation_ratio(*found)[0] < functional.WIDEST
