"""What rounding does alone, the ways of units, and the flower of the opening example."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import report_results
from click.testing import CliRunner
from symbreak import cli, opening, paths, rounding
from symbreak.networks import Trained
from symbreak.settings import Setting
from symbreak.summary import Grid


@pytest.fixture(scope="module")
def both() -> tuple[Grid, pd.DataFrame, dict[Setting, Trained]]:
    """Equal units of two widths in both arithmetics; random ones beside them."""
    experiment = report_results.small(
        experiment="both",
        model={"hidden": [[2], [5]], "activation": "tanh"},
        training={"learning_rate": 0.5, "steps": 30, "arithmetic": ["exact", "blas"]},
        grid={"init": ["constant", "normal"], "dropout": ["none", "hidden"], "bias": ["zeros"]},
    )
    trained = report_results.train(experiment)
    results = report_results.results(experiment, trained)
    return Grid(experiment, results.verdicts), results.dynamics, trained


def test_rounding_is_told_of_equal_units_without_noise_of_their_own_alone(both: Any) -> None:
    grid, dynamics, _ = both
    shown = rounding.rounding(grid, dynamics)
    assert [pair.label.split()[-1] for pair in shown.pairs] == ["2", "5"]
    assert not any(pair.exact_separated for pair in shown.pairs)
    assert "in one order do so in none" in shown.sentence


def test_the_kernel_is_that_of_the_networks_and_only_of_blas(both: Any) -> None:
    grid, dynamics, trained = both
    marked = dynamics.assign(blas=np.where(dynamics["arithmetic"] == "blas", "their own", ""))
    assert "(their own)" in rounding.rounding(grid, marked).sentence
    kernels = {t.setting.arithmetic: t.blas for t in trained.values()}
    assert kernels["exact"] == ""
    assert "kernel" in kernels["blas"]


def test_a_planted_separation_is_named_with_its_step(both: Any) -> None:
    grid, dynamics, _ = both
    width = (dynamics["hidden"] == "5") & (dynamics["arithmetic"] == "blas")
    planted = dynamics.assign(split=np.where(width, 3, 0))
    planted.loc[width, ["split_after", "split_by"]] = 7.0, 9.0
    shown = rounding.rounding(grid, planted)
    assert [pair.separated for pair in shown.pairs] == [False, True]
    assert "after step 7, by step 9" in shown.pairs[1].blas
    assert "1 of 2 settings" in shown.sentence


def test_a_name_follows_its_unit_and_the_plane_keeps_distances_of_flat_paths() -> None:
    random = np.random.default_rng(0)
    flat = random.normal(size=(8, 4, 2)) @ random.normal(size=(2, 7))
    points, share = paths.plane(flat)
    assert share == pytest.approx(1)
    for a, b in ((0, 1), (2, 3)):
        assert np.linalg.norm(points[a] - points[b]) == pytest.approx(
            np.linalg.norm(flat[a] - flat[b]))  # fmt: skip
    names = np.array([[0, 1, 2], [1, 0, 2], [1, 0, 2]])
    assert "change places 1 time;" in paths.swaps_sentence(names)
    assert "matched to itself" in paths.swaps_sentence(names[1:])


def test_in_one_order_the_flower_s_equal_units_stay_one_and_at_may_leave_more() -> None:
    for width in (3, 5, 7):
        ordered = opening.train(width, 200, opening.in_order)
        assert (ordered.first, ordered.distinct) == (None, 1)
        usual = opening.train(width, 200, opening.by_blas)
        assert (usual.first is None) == (usual.distinct == 1)


def test_the_flower_command_prints_a_line_a_width_and_its_kernel() -> None:
    done = CliRunner().invoke(cli.main, ["flower", "--widths", "2,3", "--steps", "20"])
    assert done.exit_code == 0, done.output
    assert re.findall(r"^\| (\d+) ", done.output, re.M) == ["2", "3"]
    assert "kernel" in done.output
