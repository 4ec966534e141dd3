"""The benchmark of the report's size: its grids are as large as they say, its pages all differ."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_results import dataset
from symbreak import learned, pages
from symbreak.networks import Trained
from symbreak.settings import Experiment, Setting

from bench import report_grid, report_size
from bench.report_size import TARGETS, Figures, Turn


@pytest.mark.parametrize("size", report_grid.MODELS)
def test_a_grid_has_as_many_settings_as_it_says(size: int) -> None:
    assert len(report_grid.experiment(size)) == size
    assert size in TARGETS


@pytest.fixture(scope="module")
def row(experiment: Experiment, trained: dict[Setting, Trained]) -> report_grid.Row:
    """The page of a setting with random starts."""
    rows, networks = dataset(experiment), list(trained.values())[-1:]
    found = learned.table(networks, rows, experiment.redundancy, experiment.neglect)
    return pages.table(networks, found, rows, experiment.neglect).to_dict("records")[0]


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1000))
def test_a_changed_page_has_the_shape_of_the_page_and_other_numbers(
    row: report_grid.Row, seed: int
) -> None:
    new = report_grid.changed(row, np.random.default_rng(seed))
    assert set(new) == set(row)
    for name in ("points", "after", "activations"):
        assert len(new[name]) == len(row[name])
        assert not np.array_equal(new[name], row[name])
    for name in (name for name in row if name.endswith("_text")):
        assert len(new[name]) == len(row[name])
    again = report_grid.changed(row, np.random.default_rng(seed))
    assert all(np.array_equal(again[name], new[name]) for name in ("points", "after"))


def test_the_table_says_medians_ranges_and_targets() -> None:
    turns = [Turn(1, 1, 5, 1, 3_000), Turn(2, 1, 6, 1, 3_000), Turn(30, 2, 7, 2, 3_000)]
    row = Figures(3_000, "one file", 1_900_000, 1_900_000, turns)
    text = report_size.table([row]).splitlines()[-1]
    assert "1.90 (at most 2)" in text
    assert "2 (1 to 30; at most 500)" in text
    assert "6 (5 to 7)" in text
