"""Tables of what units learned: rows, baselines, means over replicates, the threshold's sweep."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged_networks import a_model, judged, random_layers, rows_with_properties, trained
from networks_strategies import INPUTS
from symbreak import judging, learned, networks, statistics, verdicts
from symbreak.networks import Trained, network_widths
from symbreak.settings import COLUMNS, Setting
from symbreak.story import PROPERTIES

SEEDS = st.integers(0, 10**6)
quick = settings(deadline=None, max_examples=25)
OWN = [f"own_{name}" for name in PROPERTIES]


def measured(*groups: Trained, known: bool = True, redundancy: float = 0.99) -> pd.DataFrame:
    rows = rows_with_properties(groups[0].setting, known)
    return learned.table(groups, rows, redundancy, 0.7)


def nets(setting: Setting, count: int, seed: int = 0) -> list[list[networks.Layer]]:
    widths = network_widths(INPUTS, setting.hidden)
    return [random_layers(widths, seed + i) for i in range(count)]


def one_property_each(units: int) -> list[networks.Layer]:
    """Return a network whose unit u sees input u alone (then again from the first)."""
    return [(np.eye(INPUTS)[np.arange(units) % INPUTS], np.zeros(units)),
            (np.ones((1, units)), np.zeros(1))]  # fmt: skip


def test_a_row_a_network_layer_and_checkpoint_and_the_first_replicate_at_all() -> None:
    setting = a_model((4, 3))
    table = measured(trained(setting, *nets(setting, 3), checkpoints=5))
    rows = set(zip(table["replicate"], table["layer"], table["step"], strict=True))
    expected = {(r, layer, step) for r in range(3) for layer in (1, 2) for step in range(5)
                if r < learned.TRACED or step in (0, 4)}  # fmt: skip
    assert rows == expected
    assert len(table) == len(expected)
    lesioned = table["lesion_most"].notna()
    assert set(table[lesioned]["step"]) == {4}
    assert set(table[lesioned]["replicate"]) == {0}
    assert (table["lesion_most"] >= table["lesion_least"])[lesioned].all()


def test_units_that_see_one_property_each_neglect_none_and_equal_units_neglect_two() -> None:
    setting = a_model((6,))
    apart = one_property_each(6)
    equal = [(apart[0][0][:1].repeat(6, 0), apart[0][1]), apart[1]]
    zero = [(0 * apart[0][0], apart[0][1]), apart[1]]
    last = measured(trained(setting, apart, equal, zero)).query("step == 1")
    assert last["neglected"].tolist() == [0, 2, 3]
    assert last["neglect"].tolist() == ["", "awareness; quality", "; ".join(PROPERTIES)]
    assert last["coverage"].to_numpy() == pytest.approx([3, 1, 0])
    assert last["spare"].tolist() == [3, 5, 0]
    assert last["effective_width"].tolist() == [3, 1, 0]
    assert last["effective_rank"].iloc[1] == pytest.approx(1)
    assert last["dead"].tolist() == [0, 0, 6]
    assert last["unit_affordability"].tolist() == [1, 1, 0]


@quick
@given(seed=SEEDS, order=st.permutations(range(5)))
def test_the_order_of_units_changes_nothing_but_their_numbers(seed: int, order: list[int]) -> None:
    setting = a_model((5,))
    (w, b), (out, bias) = nets(setting, 1, seed)[0]
    moved = [(w[order], b[order]), (out[:, order], bias)]
    mine, theirs = (measured(trained(setting, net)) for net in ([(w, b), (out, bias)], moved))
    for name in mine.columns.difference([*COLUMNS]):
        if name.startswith("unit_"):
            renamed = [order[unit - 1] + 1 if unit else 0 for unit in theirs[name]]
            assert renamed == mine[name].tolist()
        elif name == "neglect":
            assert mine[name].tolist() == theirs[name].tolist()
        else:
            assert theirs[name].to_numpy() == pytest.approx(mine[name], abs=1e-9, nan_ok=True)


def test_networks_are_measured_alike_whatever_is_measured_beside_them() -> None:
    setting = a_model((3, 2), "gelu")
    many = nets(setting, 40)
    together = measured(trained(setting, *many)).query("step == 1").sort_values(
        ["replicate", "layer"])  # fmt: skip
    alone = pd.concat([measured(trained(setting, net)).query("step == 1") for net in many])
    apart = ["replicate", "lesion_most", "lesion_least"]
    pd.testing.assert_frame_equal(*(
        table.drop(columns=apart).reset_index(drop=True) for table in (together, alone)
    ))  # fmt: skip


def test_a_diverged_network_has_no_numbers_and_no_part_in_means() -> None:
    setting = a_model((6,))
    group = trained(setting, one_property_each(6), *nets(setting, 2))
    group.weights[1, -1] = np.nan
    table = measured(group)
    lost = table[(table["replicate"] == 1) & (table["step"] == 1)].iloc[0]
    assert lost[[*OWN, "coverage", "neglected", "effective_rank"]].isna().all()
    assert (lost["effective_width"], lost["dead"], lost["neglect"]) == (0, 0, "")
    kept = table[(table["replicate"] != 1) & (table["step"] == 1)]
    row = judging.settings(judging.networks(table, 0.7)).iloc[0]
    assert row["coverage_mean"] == pytest.approx(kept["coverage"].mean())
    group.weights[:, -1] = np.nan
    rows = judging.with_learned(verdicts.settings(judged(group)),
                                judging.networks(measured(group), 0.7))  # fmt: skip
    assert rows["neglected_mean"].isna().all()
    assert rows["neglected_untrained_mean"].notna().all()


def test_without_known_properties_their_columns_are_empty_and_the_others_are_not() -> None:
    setting = a_model((4,))
    group = trained(setting, *nets(setting, 3))
    table = measured(group, known=False)
    assert table[[*OWN, "coverage", "neglected"]].isna().all(axis=None)
    assert (table["neglect"] == "").all()
    same = ["least_correlation", "effective_rank", "effective_width", "lesion_most"]
    pd.testing.assert_frame_equal(table[same], measured(group)[same])
    row = judging.settings(judging.networks(table, 0.7)).iloc[0]
    empty = [name for name in judging.SUMMED if name.startswith(("neglected", "coverage"))]
    assert row[empty].isna().all()
    assert row["effective_width_mean"] == 4


def test_of_several_layers_one_that_carries_a_property_is_enough() -> None:
    setting = a_model((3, 2))
    table = measured(trained(setting, *nets(setting, 6)))
    whole = judging.networks(table, 0.7).query("step == 1")
    layers = [table.query("step == 1 and layer == @k").set_index("replicate") for k in (1, 2)]
    best = np.maximum(*(layer[OWN].to_numpy() for layer in layers))
    assert whole["neglected"].tolist() == (best < 0.7).sum(axis=1).tolist()
    width = np.minimum(*(layer["effective_width"].to_numpy() for layer in layers))
    assert whole["effective_width"].tolist() == width.tolist()


@quick
@given(seed=SEEDS, threshold=st.sampled_from(judging.SWEEP))
def test_the_sweep_gives_the_verdicts_of_judging_again(seed: int, threshold: float) -> None:
    random = np.random.default_rng(seed)
    groups = []
    for activation in ("tanh", "linear"):
        setting = a_model((3, 2), activation)
        found = nets(setting, 4, seed)
        for (w, _), _, _ in found[:3]:
            w[1:] = w[0] + random.choice([0, 0.03, 0.1, 0.4]) * w[1:]
        groups.append(trained(setting, *found))
    judge = [judged(*groups, redundancy=t) for t in (0.99, threshold)]
    now, then = (verdicts.settings(rows) for rows in judge)
    table = judging.sensitivity(judge[0], measured(*groups), 0.99)
    row = table.set_index("redundancy").loc[threshold]
    assert row["networks_changed"] == (judge[0]["verdict"] != judge[1]["verdict"]).sum()
    assert row["networks_redundant"] == (judge[1]["verdict"] == "redundant").sum()
    assert row["settings_changed"] == (now["verdict"] != then["verdict"]).sum()
    assert row["settings_broken"] == (then["verdict"] == "broken").sum()
    assert table.set_index("redundancy").loc[0.99, "networks_changed"] == 0


def test_learning_over_training_starts_untrained_and_ends_at_the_verdicts_networks() -> None:
    setting = a_model((6,))
    apart = one_property_each(6)
    equal = [(apart[0][0][:1].repeat(6, 0), apart[0][1]), apart[1]]
    groups = [trained(a_model((6,), "tanh"), apart, checkpoints=4),
              trained(a_model((6,), "linear"), equal, checkpoints=4)]  # fmt: skip
    groups[0].weights[:, 0] = trained(setting, equal).weights[:, 0]
    rows = judging.over_training(judging.traced(judged(*groups), measured(*groups), 0.7))
    assert rows["verdict"].tolist() == ["symmetric"] * 4 + ["tied"] * 4
    assert rows["step"].tolist() == [0, 1, 2, 3] * 2
    assert rows["neglected_mean"].tolist() == [2] * 4 + [2, 0, 0, 0]
    assert rows["effective_width_mean"].tolist() == [1] * 4 + [1, 3, 3, 3]
    groups[0].weights[:, 2:] = np.nan
    rows = judging.over_training(judging.traced(judged(*groups), measured(*groups), 0.7))
    assert rows[rows["verdict"] == "diverged"]["step"].tolist() == [0, 1]


@given(seed=SEEDS, count=st.integers(2, 60))
def test_a_bootstrap_interval_holds_the_mean_and_moves_with_the_values(seed, count) -> None:
    values = np.random.default_rng(seed).normal(size=count)
    low, high = statistics.bootstrap(values)
    inside = [values.min(), low, statistics.mean(values), high, values.max()]
    assert (np.diff(inside) >= -1e-12).all()
    shifted = statistics.bootstrap(4 * values + 1)
    assert shifted == pytest.approx((4 * low + 1, 4 * high + 1), abs=1e-9)


def test_bootstrap_intervals_hold_the_true_mean_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    held = [low <= 0 <= high for low, high in
            (statistics.bootstrap(random.normal(size=32)) for _ in range(400))]  # fmt: skip
    assert 0.90 <= np.mean(held) <= 0.97  # percentile intervals of 32 values hold a little less


def test_bootstrap_draws_every_seed_equally_often() -> None:
    drawn = statistics.resamples(32)
    assert drawn.shape == (32, statistics.RESAMPLES)
    counts = np.bincount(drawn.ravel(), minlength=32)
    assert abs(counts / drawn.size * 32 - 1).max() < 0.15
    assert np.isnan(statistics.bootstrap(np.zeros(0))).all()
