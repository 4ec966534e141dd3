"""What a run takes, said before it: the ranges hold what was measured, and grow with the work."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from symbreak import config, costs, estimate, plan
from symbreak.components import Choice
from symbreak.settings import Experiment

from bench.shorter import shorten

ROOT = Path(__file__).parents[1]
CONFIGS = {path.stem: path for path in sorted((ROOT / "config").glob("*.yaml"))}
TINY = config.read(CONFIGS["tiny"])
# CPU seconds and megabytes by stage of real runs on the machine of costs.csv: docs/grid.md.
MEASURED = list(csv.DictReader((ROOT / "docs/grid.csv").read_text().splitlines()))


def experiment_of(run: dict[str, str]) -> Experiment:
    found = config.read(CONFIGS.get(run["experiment"], CONFIGS["full"]))
    if run["experiment"] in CONFIGS:
        return found
    part = config.load(str(CONFIGS["full"]))
    shorten(part, 0.01)
    return config.experiment(part)


@pytest.mark.parametrize("run", MEASURED, ids=lambda run: f"{run['experiment']}-{run['stage']}")
def test_the_ranges_hold_what_was_measured(run: dict[str, str]) -> None:
    experiment = experiment_of(run)
    found = estimate.estimate(experiment)
    if run["cpu_seconds"]:
        low, high = (found.seconds | {"all": found.total})[run["stage"]]
        assert low <= float(run["cpu_seconds"]) <= high
    if run["megabytes"]:
        stated = {"train": plan.train_megabytes, "measure": plan.measure_megabytes,
                  "pages": plan.pages_megabytes, "judge": plan.judge_megabytes,
                  "report": plan.report_megabytes}[run["stage"]](experiment)  # fmt: skip
        assert float(run["megabytes"]) <= stated


def test_every_measured_cell_lies_in_the_range_of_its_fit() -> None:
    for cell in costs.table():
        low, _, high = costs.microseconds(cell.setting, costs.ROWS, plan.DEMAND_INPUTS)
        if cell.engine == plan.engine_name(cell.setting):  # not the reference, of exact settings
            assert low * 0.999 <= cell.low
            assert cell.high <= high * 1.001


def test_a_component_that_was_never_measured_is_taken_for_numpys() -> None:
    setting = TINY.settings(TINY.init[0], TINY.dropout[0], TINY.bias[0])[0]
    assert plan.engine_name(setting) == "exact"
    assert plan.engine_name(replace(setting, arithmetic="blas")) == "blas"
    own = replace(setting, activation=Choice("mine"))
    assert plan.engine_name(own) == "reference"
    assert plan.step_seconds(own, 800, 4) > 10 * plan.step_seconds(setting, 800, 4)


@settings(deadline=None)
@given(factor=st.integers(2, 50), name=st.sampled_from(["replicates", "steps"]))
def test_more_work_takes_longer(factor: int, name: str) -> None:
    more = replace(TINY, **{name: factor * getattr(TINY, name)})
    one, other = estimate.estimate(TINY), estimate.estimate(more)
    assert other.seconds["train"] > one.seconds["train"]
    assert other.total[0] > one.total[0]
    assert other.disk >= one.disk


@settings(deadline=None)
@given(machine=st.floats(0.2, 5))
def test_another_machine_widens_the_range(machine: float) -> None:
    (low, high), (least, most) = (estimate.estimate(TINY, m).total for m in (1.0, machine))
    assert least <= low <= high <= most


@settings(deadline=None)
@given(cores=st.integers(1, 1000))
def test_more_cores_take_no_longer_and_never_less_than_what_runs_alone(cores: int) -> None:
    found = estimate.estimate(TINY)
    assert found.wall(cores + 1) <= found.wall(cores)
    assert found.wall(cores)[0] >= found.seconds["judge"][0] + found.seconds["report"][0]


def test_the_full_grid_is_a_million_networks_and_its_jobs_fit_a_small_machine() -> None:
    full = config.read(CONFIGS["full"])
    assert len(full) * full.replicates >= 1_000_000
    assert set(plan.models(full)[0].record()) >= {"init", "dtype"}
    assert plan.train_megabytes(full) == plan.train_megabytes(replace(full, init=full.init[:1]))
    more = replace(full, replicates=100 * full.replicates)
    assert plan.train_megabytes(more) <= plan.BASE_MB + 4 * 30 + 1
    assert plan.measure_megabytes(more) == plan.measure_megabytes(full)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_is_told_in_words(name: str) -> None:
    experiment = config.read(CONFIGS[name])
    text = estimate.text(experiment, estimate.estimate(experiment))
    networks = len(experiment) * experiment.replicates
    assert f"{networks:,} networks" in text
    assert "core-hours" in text
    assert "GB" in text
