"""Distances, verdicts and intervals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks_strategies import INPUTS, plain_setting, rows_for
from symbreak import metrics, verdicts
from symbreak.networks import Trained, join_layers, network_widths
from symbreak.statistics import wilson

SETTING = plain_setting(init="constant", bias="zeros", hidden=(5,))
WIDTHS = network_widths(INPUTS, SETTING.hidden)
X, _ = rows_for(SETTING)


def trained(final: np.ndarray, moved: bool = True) -> Trained:
    """Return networks [n, p] with two checkpoints, of which the last is ``final``."""
    count, p = final.shape
    weights = np.stack([np.zeros_like(final), final], axis=1)
    score = np.zeros((count, 2))
    return Trained(SETTING, INPUTS, np.array([0, 1]), weights, np.full((count, p), moved),
                   score, score, score, score)  # fmt: skip


def network(units: np.ndarray) -> np.ndarray:
    """Return the parameters [1, p] of a network with these neuron vectors [5, inputs + 2]."""
    incoming, bias, outgoing = units[:, :INPUTS], units[:, INPUTS], units[:, INPUTS + 1]
    return join_layers([(incoming, bias), (outgoing[None], np.zeros(1))])[None]


def verdict_of(units: np.ndarray, moved: bool = True) -> str:
    rows = verdicts.networks([trained(network(units), moved)], X, 0.99)
    return str(rows["verdict"][0])


def random_units(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(5, INPUTS + 2))


def test_verdicts_of_one_layer() -> None:
    units = random_units(1)
    equal = np.repeat(units[:1], 5, axis=0)
    copied = np.concatenate([units[:4], units[:1]])
    scaled = equal * np.array([1.0] * (INPUTS + 1) + [2.0])
    scaled[:, -1] *= np.arange(1, 6)
    assert verdict_of(units) == "broken"
    assert verdict_of(equal) == "symmetric"
    assert verdict_of(equal, moved=False) == "frozen"
    assert verdict_of(units, moved=False) == "frozen"
    assert verdict_of(copied) == "tied"
    assert verdict_of(scaled) == "redundant"
    assert verdict_of(np.full_like(units, np.nan)) == "diverged"


def test_opposite_units_are_redundant_and_a_constant_one_is_different() -> None:
    units = random_units(2)
    opposite = np.repeat(units[:1], 5, axis=0) * np.array([[1], [-1], [1], [-1], [1]])
    opposite[:, -1] = np.arange(1, 6)
    assert verdict_of(opposite) == "redundant"
    opposite[0, : INPUTS + 1] = 0
    assert verdict_of(opposite) == "broken"


def test_units_that_differ_in_the_last_bit_are_distinct() -> None:
    equal = np.repeat(random_units(3)[:1], 5, axis=0)
    equal[2, 0] = np.nextafter(equal[2, 0], 9)
    assert verdicts.networks([trained(network(equal))], X, 0.99)["distinct"][0] == 2
    tiny = np.zeros((5, INPUTS + 2))
    tiny[1, 0] = 5e-324  # a distance whose square underflows is still a difference
    assert verdicts.networks([trained(network(tiny))], X, 0.99)["distinct"][0] == 2
    tiny[1, 0] = -0.0
    assert verdicts.networks([trained(network(tiny))], X, 0.99)["distinct"][0] == 1


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), order=st.permutations(range(5)))
def test_the_order_of_units_changes_no_verdict_and_permutes_distances(seed: int, order) -> None:
    units = random_units(seed)
    units[1] = units[0] if seed % 2 else units[1]
    mine, theirs = (
        verdicts.networks([trained(network(u))], X, 0.99) for u in (units, units[order])
    )
    columns = ["verdict", "distinct", "max_distance", "equal"]
    pd.testing.assert_frame_equal(mine[columns], theirs[columns])
    tables = [metrics.distances([trained(network(u))]) for u in (units, units[order])]
    last = [t[t["step"] == 1]["l2_whole"].sort_values().to_numpy() for t in tables]
    assert (last[0] == last[1]).all()


@given(seed=st.integers(0, 10**6))
def test_distances_agree_with_numpy(seed: int) -> None:
    units = random_units(seed)
    table = metrics.distances([trained(network(units))]).query("step == 1")
    for row in table.itertuples():
        a, b = units[row.unit_a - 1], units[row.unit_b - 1]
        assert row.l2_whole == pytest.approx(np.linalg.norm(a - b))
        assert row.l2_outgoing == pytest.approx(abs(a[-1] - b[-1]))
        cosine = 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert row.cosine_whole == pytest.approx(cosine, abs=1e-12)


def test_a_setting_has_its_networks_verdict_or_is_mixed() -> None:
    units = random_units(4)
    equal = np.repeat(units[:1], 5, axis=0)
    rows = verdicts.networks(
        [trained(np.concatenate([network(units), network(equal), network(units)]))], X, 0.99
    )
    row = verdicts.settings(rows).iloc[0]
    assert (row["verdict"], row["shares"]) == ("mixed", "broken 2; symmetric 1")
    assert row["broken_fraction"] == pytest.approx(2 / 3)
    assert row["broken_low"] < 2 / 3 < row["broken_high"]
    alone = verdicts.settings(rows[rows["verdict"] == "broken"]).iloc[0]
    assert (alone["verdict"], alone["replicates"]) == ("broken", 2)


def test_wilson_intervals_are_the_published_ones() -> None:
    assert wilson(20, 20) == (pytest.approx(0.8389, abs=1e-4), 1.0)
    assert wilson(100, 100)[0] == pytest.approx(0.9630, abs=1e-4)
    assert wilson(0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert wilson(0, 0) == (0.0, 1.0)


@given(trials=st.integers(1, 500), data=st.data())
def test_wilson_holds_the_share_and_is_symmetric(trials: int, data) -> None:
    successes = data.draw(st.integers(0, trials))
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    mirrored = wilson(trials - successes, trials)
    assert low == pytest.approx(1 - mirrored[1], abs=1e-12)
