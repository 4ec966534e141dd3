"""The report's pages on dynamics, from real small runs: the saddle, rounding, paths, the flower."""

import html
import re
from typing import Any

import numpy as np
import pytest
import report_results
from report_page import MADE_BY
from symbreak import breaks, report, saddle
from symbreak.settings import Experiment

EPS = [1e-2, 1e-5, 1e-8, 1e-11, 1e-18]  # the last is lost
STEPS = 700


def near_starts() -> Experiment:
    return report_results.small(
        experiment="near",
        model={"hidden": [[3]], "activation": ["tanh", "linear"]},
        training={"learning_rate": 1.0, "steps": STEPS, "arithmetic": "exact"},
        grid={"init": [{"constant_eps": {"value": 0.5, "eps": eps}} for eps in EPS],
              "dropout": ["none"], "bias": ["zeros"]},
        replicates=6,
        checkpoints=50,
    )  # fmt: skip


@pytest.fixture(scope="module")
def near() -> tuple[Experiment, report.Results]:
    experiment = near_starts()
    return experiment, report_results.results(experiment, report_results.train(experiment))


@pytest.fixture(scope="module")
def found(near: tuple[Experiment, report.Results]) -> saddle.Saddle:
    experiment, results = near
    (one,) = saddle.saddles(experiment, results.dynamics, results.times)
    return one


def test_tanh_needs_as_many_steps_more_for_every_factor_and_linear_never_comes_apart(
    near: tuple[Experiment, report.Results],
) -> None:
    _, results = near
    rows = results.dynamics.set_index("activation")
    times = rows.loc["tanh", "reach_by"].to_numpy()
    assert np.isfinite(times[:-1]).all()
    assert np.isnan(times[-1])  # below one unit in the last place
    more = np.diff(times[1:-1])
    assert more == pytest.approx(np.full(len(more), more.mean()), rel=0.25)
    assert np.isnan(rows.loc["linear", "reach_by"].to_numpy()[1:]).all()


def test_the_growth_rate_explains_the_steps_that_a_factor_costs(
    near: tuple[Experiment, report.Results], found: saddle.Saddle
) -> None:
    """A distance that grows by e in 1 / rate steps needs ln 10 / rate for a factor of ten."""
    tanh = near[1].dynamics.query("activation == 'tanh' and rate_networks == 6")
    cost = float(re.match(r"[\d.]+", found.rows[0].cost)[0])
    assert cost == pytest.approx((np.log(10) / tanh["rate_median"]).median(), rel=0.25)


def test_the_sentence_and_the_table_have_the_numbers_of_the_runs(
    near: tuple[Experiment, report.Results], found: saddle.Saddle
) -> None:
    rows = near[1].dynamics.query("activation == 'tanh'")["reach_by"]
    assert f"step {rows.iloc[0]:,.0f} from 0.01" in found.rows[0].first
    assert f"step {rows.iloc[3]:,.0f} from 1e−11" in found.rows[0].last
    assert "tanh from 1e−18 down" in found.sentence
    assert found.rows[1].cost == "–"
    assert [row.activation for row in found.rows] == ["tanh", "linear"]


def test_only_starts_from_which_every_network_comes_apart_tell_what_a_factor_costs() -> None:
    """An eps from which the slow networks are not seen would make the others look cheaper."""
    times = np.array([[20.0, 30], [120, 130], [220, 230], [320, np.nan]])
    eps = (1e-2, 1e-4, 1e-6, 1e-8)
    assert saddle.costs(saddle.Line("tanh", eps, (), times))[0] == pytest.approx([50, 50])
    few = saddle.Line("tanh", eps[2:], (), times[2:])
    assert len(saddle.costs(few)[0]) == 0


def test_the_figure_has_a_mark_an_eps_and_those_that_never_came_apart_are_hollow(
    near: tuple[Experiment, report.Results], found: saddle.Saddle
) -> None:
    points = near[1].dynamics
    never = int(points["reach_by"].isna().sum())
    marks = [use for use in re.findall(r"<use [^>]*>", found.steps.svg) if "--muted" not in use]
    hollow = [use for use in marks if 'fill-opacity="0"' in use]
    assert len(hollow) == never > 0
    assert len(marks) == len(points) + len(found.rows)  # and one a line in the legend


def test_two_values_of_eps_are_no_saddle() -> None:
    few = report_results.small(grid={
        "init": [{"constant_eps": {"eps": e}} for e in EPS[:2]] + ["normal"],
        "dropout": ["none"], "bias": ["none"]})  # fmt: skip
    assert saddle.families(few) == []
    other = [{"constant_eps": {"value": v, "eps": e}} for v in (0.5, 1) for e in EPS[:3]]
    many = report_results.small(grid={"init": other, "dropout": ["none"], "bias": ["none"]})
    assert [len(family) for family in saddle.families(many)] == [3, 3]


def test_the_report_shows_the_saddle_and_no_rounding_without_blas(
    near: tuple[Experiment, report.Results], found: saddle.Saddle
) -> None:
    text = html.unescape(report.build(*near, MADE_BY))
    assert found.sentence in text
    assert 'id="rounding"' not in text


def test_without_equal_starts_no_time_to_break_is_told(near: Any) -> None:
    dynamics = near[1].dynamics
    apart = dynamics[dynamics["starts_distinct"] == dynamics["replicates"]]
    assert "none has a time to break" in breaks.break_sentence(apart, STEPS)
    equal = dynamics[dynamics["starts_distinct"] == 0].iloc[:1].assign(split=5, broke=2)
    sentence = breaks.break_sentence(equal, STEPS)
    assert sentence.startswith("Of 6 networks in which some neurons start equal, all neurons came")
    assert "to differ in 2, and some of them in 3 more; in the other 1 none" in sentence


def test_neurons_that_come_together_again_are_told_with_their_peak_and_end(near: Any) -> None:
    dynamics = near[1].dynamics
    assert "In none of" in breaks.reunion_sentence(dynamics.assign(pulled=0))
    planted = dynamics.assign(pulled=0)
    planted.loc[2, ["pulled", "peak_median", "end_median"]] = 6, 0.65, 0.2
    assert "peaks at 0.65" in breaks.reunion_sentence(planted)
    assert "ends at 0.2" in breaks.reunion_sentence(planted)
