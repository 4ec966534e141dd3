"""Pairs of settings that differ in one factor: who is paired with whom, and what is compared."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
import report_results
from hypothesis import given, settings
from hypothesis import strategies as st
from networks_strategies import plain_setting, rows_for
from symbreak import contrasts, statistics, trainer, verdicts
from symbreak.components import spell
from symbreak.networks import Trained
from symbreak.settings import COLUMNS, REGISTRIES, Experiment, Setting

SEEDS = st.integers(0, 10**6)
REPLICATES = 6
quick = settings(deadline=None, max_examples=12)
EXPERIMENT = report_results.small(
    training={**report_results.SMALL["training"], "learning_rate": [0.5, 0.1],
              "batch_size": [8, "full"], "arithmetic": ["blas", "exact"]},
    grid={**report_results.SMALL["grid"], "init": ["zeros", "normal"]},
)  # fmt: skip
COUNTS = ["replicates", "same_start", "identical", "distinct_pairs", "broken_first",
          "broken_second", "to_broken", "from_broken", "pairs", "p", "p_holm"]  # fmt: skip


def all_settings(experiment: Experiment) -> list[Setting]:
    return [s for c in experiment.combinations() for s in experiment.settings(*c)]


def random_networks(experiment: Experiment, seed: int) -> pd.DataFrame:
    """Return networks with random results, a few distinct ones, some of them diverged."""
    random = np.random.default_rng(seed)
    rows = list(product(all_settings(experiment), range(REPLICATES)))
    count = len(rows)
    table = pd.DataFrame([{**s.record(), "replicate": r} for s, r in rows])
    table["diverged"] = random.random(count) < 0.1
    table["verdict"] = np.where(random.random(count) < 0.5, "broken", "symmetric")
    for name in ("test_loss", "max_distance", "neglected"):
        numbers = random.normal(size=count)
        table[name] = np.where(table["diverged"], np.nan, numbers)
    for name in ("checksum", "start_weights", "start_biases"):
        table[name] = [f"{i:016x}" for i in random.integers(0, 3, count)]
    return table.assign(verdict=table["verdict"].where(~table["diverged"], "diverged"))


def compare(networks: pd.DataFrame) -> pd.DataFrame:
    """Return the contrasts of networks that hold what they neglect."""
    return contrasts.table(
        networks.drop(columns="neglected"),
        networks[[*COLUMNS, "replicate", "neglected"]].assign(step=1),
    )


def second(row: pd.Series) -> tuple[str, ...]:
    """Return the labels of the second setting of a pair."""
    return labels({**row, row["factor"]: row["value"]})


def labels(record: dict[str, Any] | pd.Series) -> tuple[str, ...]:
    return tuple(spell(record[n]) if isinstance(record[n], float) else str(record[n])
                 for n in COLUMNS)  # fmt: skip


def networks_of(networks: pd.DataFrame, wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the networks of a setting in the order of their replicates."""
    first = networks.drop_duplicates(list(COLUMNS))
    at = next(i for i, row in zip(first.index, first.to_dict("records"), strict=True)
              if labels(row) == wanted)  # fmt: skip
    return networks.loc[at : at + REPLICATES - 1].to_dict("records")


def test_every_setting_meets_every_one_that_differs_in_one_factor_from_a_neutral_start() -> None:
    table = compare(random_networks(EXPERIMENT, 0))
    found = [(labels(row), second(row)) for _, row in table.iterrows()]
    neutral = {"dropout": "none", "bias": "none", "arithmetic": "exact", "batch_size": "full",
               "init": "zeros", "activation": "tanh", "learning_rate": "0.5"}  # fmt: skip
    every = [labels(s.record()) for s in all_settings(EXPERIMENT)]
    expected = [
        (a, b) for a, b in product(every, every)
        if len(differ := [i for i in range(len(a)) if a[i] != b[i]]) == 1
        and a[differ[0]] == neutral[COLUMNS[differ[0]]]
    ]  # fmt: skip
    assert sorted(found) == sorted(expected)
    assert len(set(found)) == len(found)
    family = table.groupby("factor")["comparisons"]
    assert (family.first() == family.size()).all()
    for _, rows in table.groupby("factor"):
        assert (rows["p_holm"].to_numpy() == statistics.holm(rows["p"].to_numpy())).all()
    assert (table["p_holm"] > table["p"]).any()


@quick
@given(seed=SEEDS)
def test_a_pair_is_compared_replicate_by_replicate(seed: int) -> None:
    networks = random_networks(EXPERIMENT, seed)
    table = compare(networks)
    row = table.iloc[seed % len(table)]
    both = (networks_of(networks, wanted) for wanted in (labels(row), second(row)))
    pairs = list(zip(*both, strict=True))
    finite = [(x, y) for x, y in pairs if not x["diverged"] and not y["diverged"]]
    broken = [(x["verdict"] == "broken", y["verdict"] == "broken") for x, y in pairs]
    apart = {"init": "start_weights", "bias": "start_biases"}.get(row["factor"])
    starts = {"start_weights", "start_biases"} - {apart}
    assert row["to_broken"] == broken.count((False, True))
    assert row["from_broken"] == broken.count((True, False))
    assert row["p"] == statistics.sign_test(row["to_broken"], row["from_broken"])
    assert row["pairs"] == len(finite)
    assert row["identical"] == sum(x["checksum"] == y["checksum"] for x, y in finite)
    assert row["distinct_pairs"] == len({(x["checksum"], y["checksum"]) for x, y in pairs})
    assert row["same_start"] == sum(all(x[n] == y[n] for n in starts) for x, y in pairs)
    for name, column in contrasts.MEASURES.items():
        differences = np.array([y[column] - x[column] for x, y in finite])
        low, high = statistics.bootstrap(differences)
        mean = statistics.mean(differences)
        found = row[[f"{name}_{end}" for end in ("difference", "low", "high")]].to_list()
        assert np.array_equal(found, [mean, low, high], equal_nan=True)


@quick
@given(seed=SEEDS)
def test_a_setting_differs_in_nothing_from_itself(seed: int) -> None:
    networks = random_networks(EXPERIMENT, seed)
    networks = networks[networks["dropout"] == "none"]
    again = networks.assign(dropout="hidden-0.5")
    table = compare(pd.concat([networks, again], ignore_index=True)).query("factor == 'dropout'")
    assert len(table) == len(networks) / REPLICATES
    assert (table["identical"] == table["pairs"]).all()
    assert (table["same_start"] == REPLICATES).all()
    assert (table[["p", "p_holm"]] == 1).all(axis=None)
    zero = [f"{name}_{end}" for name in contrasts.MEASURES for end in ("difference", "low", "high")]
    assert (table.loc[table["pairs"] > 0, zero] == 0).all(axis=None)


@quick
@given(seed=SEEDS)
def test_the_other_way_round_all_signs_flip(seed: int) -> None:
    """No activation is neutral: the first one of the config is what others are compared with."""
    forth = random_networks(EXPERIMENT, seed)
    order = [*forth[forth["activation"] == "sigmoid"].index, *forth[forth["activation"] == "tanh"]
             .index]  # fmt: skip
    back = forth.loc[order].reset_index(drop=True)
    a, b = (
        compare(n).query("factor == 'activation'").sort_values(list(COLUMNS), ignore_index=True)
        for n in (forth, back)
    )
    assert (set(a["value"]), set(b["value"])) == ({"sigmoid"}, {"tanh"})
    same = ["same_start", "identical", "distinct_pairs", "pairs", "p", "p_holm"]
    pd.testing.assert_frame_equal(a[same], b[same])
    pairs = [("to_broken", "from_broken"), ("broken_first", "broken_second")]
    for one, other in [*pairs, *(pair[::-1] for pair in pairs)]:
        assert (a[one] == b[other]).all()
    for name in contrasts.MEASURES:
        for one, other in (("difference", "difference"), ("low", "high"), ("high", "low")):
            flipped = -b[f"{name}_{other}"].to_numpy()
            assert np.array_equal(a[f"{name}_{one}"], flipped, equal_nan=True)


@quick
@given(seed=SEEDS)
def test_the_order_of_rows_and_of_replicates_changes_nothing_that_it_should_not(seed: int) -> None:
    networks = random_networks(EXPERIMENT, seed)
    table = compare(networks)
    backwards = networks.assign(place=networks.groupby(list(COLUMNS), sort=False).ngroup())
    backwards = backwards.sort_values(["place", "replicate"], ascending=[True, False])
    pd.testing.assert_frame_equal(compare(backwards.reset_index(drop=True)), table)
    order = np.random.default_rng(seed).permutation(REPLICATES)
    renamed = compare(networks.assign(replicate=order[networks["replicate"]]))
    pd.testing.assert_frame_equal(renamed[COUNTS], table[COUNTS])
    for name in contrasts.MEASURES:
        mine, theirs = (t[f"{name}_difference"] for t in (table, renamed))
        assert theirs.to_numpy() == pytest.approx(mine.to_numpy(), abs=1e-12, nan_ok=True)


@pytest.fixture(scope="module")
def trained() -> dict[Setting, Trained]:
    return report_results.train(EXPERIMENT)


def judge(trained: dict[Setting, Trained]) -> pd.DataFrame:
    x = report_results.dataset(EXPERIMENT).x_train
    found = verdicts.networks(trained.values(), x, EXPERIMENT.redundancy)
    return compare(found.assign(neglected=0.0))


def test_settings_that_differ_in_one_factor_start_from_the_same_bits(
    trained: dict[Setting, Trained],
) -> None:
    table = judge(trained)
    assert (table["same_start"] == table["replicates"]).all()
    idle = table[(table["identical"] == table["replicates"]) & (table["factor"] == "dropout")]
    assert set(idle["init"]) == {"zeros"}  # tanh networks of zeros, which nothing can move
    assert len(idle) < (table["factor"] == "dropout").sum()


def test_one_bit_of_one_weight_before_the_first_step_is_seen(
    trained: dict[Setting, Trained],
) -> None:
    setting = next(s for s in trained if s.dropout.name == "hidden" and s.bias.name == "none")
    for place, factor in ((0, "dropout"), (-1, "dropout")):  # a weight, and the output's bias
        weights = trained[setting].weights.copy()
        weights[1, 0, place] = np.nextafter(weights[1, 0, place], 9)
        table = judge({**trained, setting: replace(trained[setting], weights=weights)})
        changed = table[table["same_start"] < table["replicates"]]
        one = changed[changed["factor"] == factor]
        assert len(one) == 1
        assert one["same_start"].iloc[0] == EXPERIMENT.replicates - 1
        apart = "bias" if place else "init"
        assert apart not in set(changed["factor"])  # the factor that sets these itself


@pytest.mark.parametrize("kind", ["init", "bias", "activation", "optimizer"])
def test_settings_that_differ_in_one_choice_see_the_same_masks_and_rows(kind: str) -> None:
    """What a contrast rests on: every draw but those of the choice itself is shared bit for bit."""
    names = {"init": "uniform", "bias": "normal", "activation": "relu", "optimizer": "adam"}
    base = plain_setting(dropout="hidden", batch_size=10, bias="zeros")
    x, y = rows_for(base)
    drawn = []
    for setting in (base, replace(base, **{kind: REGISTRIES[kind].choose(names[kind])})):
        seen: list[bytes] = []

        def watch(name: str, layer: int, values: np.ndarray, seen: list[bytes] = seen):
            seen += [values.tobytes()] * (name in ("noise", "rows"))
            return values

        start = trainer.initial_parameters(setting, x.shape[1], 3, 1)
        draws = trainer.Draws(3, 1)
        list(trainer.train_one(setting, start, x, y, draws, np.array([5]), watch))
        drawn.append(seen)
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 5 * (1 + len(base.hidden))
