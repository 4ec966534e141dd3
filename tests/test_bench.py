"""The benchmark: its records are complete, its tables right, and contenders do the same work."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from symbreak import engine, optimizers

from bench import agreement, cells, exactness, floor, tables
from bench.cells import Cell
from bench.contenders import BEST_PEER, CONTENDERS, OURS, Contender, contenders_for
from bench.measure import Figure, steps_to_time
from bench.page import page
from bench.problem import Orders, Problem, new_problem

AXES = {  # of the issue that asks for the benchmark
    "hidden": {(4,), (16,), (64,), (16, 16)},
    "activation": {"tanh", "relu", "sigmoid"},
    "batch": {None, 32},
    "dtype": {"float64", "float32"},
    "dropout": {"none", "hidden"},
    "networks": {1, 16, 100, 1000},
}
MACHINE = floor.Machine(operation=0.02, division=0.3, byte=0.01)
HERE = {c.name: c for c in CONTENDERS if c.module == "own" or c.needs == ("jax",)}
SMALL = [
    Cell((4,), "tanh", None, "float64", "none", 16),
    Cell((3, 5), "sigmoid", 32, "float64", "none", 16),
    Cell((4,), "relu", 32, "float32", "hidden", 16),
]


@pytest.mark.parametrize("found", [cells.all_cells(), cells.some_cells()], ids=["full", "some"])
def test_cells_cover_every_axis(found: list[Cell]) -> None:
    assert len(set(found)) == len(found)
    for axis, values in AXES.items():
        assert values <= {getattr(cell, axis) for cell in found}, axis


def test_full_crosses_the_axes() -> None:
    found = set(cells.all_cells())
    assert len(found) == 6 * 3 * 2 * 2 * 2 * 4
    assert set(cells.some_cells()) <= found


def test_contenders_are_the_peers_of_the_issue_and_can_be_made() -> None:
    names = {c.name for c in CONTENDERS}
    assert names == {"symbreak", "symbreak_reference", "sklearn_loop", "torch_loop", "torch_vmap",
                     "torch_bmm", "jax_vmap", "jax_hand"}  # fmt: skip
    for contender in (c for c in CONTENDERS if c.installed):
        module = import_module(f"bench.contenders.{contender.module}")
        assert callable(getattr(module, contender.function))


def test_a_missing_package_leaves_its_contender_out() -> None:
    assert not replace(CONTENDERS[0], needs=("no_such_package",)).installed


@pytest.mark.parametrize("cell", SMALL, ids=lambda cell: "-".join(cell.labels.values()))
@pytest.mark.parametrize("contender", HERE.values(), ids=HERE)
def test_contenders_do_the_same_training(contender: Contender, cell: Cell) -> None:
    pytest.importorskip("jax")
    problem = new_problem(cell)
    problem = problem if contender.stacked else problem.first(1)
    run = contender.make(problem, quick=True)
    agreement.check(
        contender.name, problem, run(problem.starts, agreement.steps_to_compare(problem))
    )


def trained_by(setting, problem: Problem) -> np.ndarray:
    stops = np.array([agreement.steps_to_compare(problem)])
    rows = problem.x, problem.y
    return engine.train(setting, problem.starts, np.arange(16), *rows, 99, stops)[0][:, 0]


@pytest.mark.parametrize("cell", SMALL[:2], ids=["full", "batch"])
def test_other_work_is_refused(cell: Cell) -> None:
    """Another rate, or no training at all, is not timed."""
    problem = new_problem(cell)
    slower = replace(cell.setting, learning_rate=cells.RATE / 2)
    agreement.check("same", problem, trained_by(cell.setting, problem))
    for wrong in (trained_by(slower, problem), problem.starts):
        with pytest.raises(agreement.OtherWork, match="does not train the same"):
            agreement.check("other", problem, wrong)


def test_jax_learns_from_a_logit_of_zero() -> None:
    """Networks of zeros: the usual loss has no slope there."""
    pytest.importorskip("jax")
    cell = Cell((4,), "sigmoid", networks=2)
    problem = new_problem(cell)
    rows = np.r_[0:400, 400:1000:2]  # not balanced: the output bias must move
    problem = replace(problem, x=problem.x[rows], y=problem.y[rows])
    problem = replace(problem, starts=np.zeros_like(problem.starts))
    expected = HERE[OURS].make(problem)(problem.starts, 3)
    assert np.count_nonzero(expected)
    for name in ("jax_vmap", BEST_PEER):
        found = HERE[name].make(problem, quick=True)(problem.starts, 3)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_peers_orders_are_permutations_that_differ() -> None:
    orders = Orders(3, 50)
    first, second = next(orders), next(orders)
    for order in (*first, *second):
        assert sorted(order) == list(range(50))
    assert len({tuple(order) for order in (*first, *second)}) == 6


def test_our_engine_breaks_nothing_and_a_broken_contender_is_counted(monkeypatch) -> None:
    case = (5, 100, "float64")
    assert exactness.broken_by(HERE[OURS], *case) == (False, False, False)
    module = import_module("bench.contenders.own")
    compiled = module.compiled

    def rounding(problem: Problem):
        run = compiled(problem)
        return lambda starts, steps: (
            run(starts, steps) + 1e-16 * np.arange(starts.shape[1]) * len(starts)
        )

    monkeypatch.setattr(module, "compiled", rounding)
    assert exactness.broken_by(HERE[OURS], *case) == (True, True, True)


def figures(**times: tuple[float, float, float]) -> list[Figure]:
    return [Figure(name, *time, start_up=0.5) for name, time in times.items()]


def some_table() -> pd.DataFrame:
    first = figures(symbreak=(2.0, 1.0, 4.0), jax_hand=(3.0, 2.5, 5.0), sklearn_loop=(40, 30, 50))
    second = figures(symbreak=(1.0, 1.0, 1.0), jax_hand=(0.5, 0.25, 1.0))
    return pd.concat([tables.rows_of(SMALL[0], first, MACHINE),
                      tables.rows_of(SMALL[2], second, MACHINE)])  # fmt: skip


def test_the_table_has_the_columns_of_the_issue_and_reads_back(tmp_path) -> None:
    table = some_table()
    tables.write(tmp_path / "benchmark.csv", table)
    header = (tmp_path / "benchmark.csv").read_text().splitlines()[0]
    assert header == ("hidden,activation,batch,dtype,dropout,networks,contender,"
                      "microseconds_a_network_step,low,high")  # fmt: skip
    back = tables.read(tmp_path / "benchmark.csv")
    assert tables.done(back) == {tuple(cell.labels.values()) for cell in (SMALL[0], SMALL[2])}
    pd.testing.assert_frame_equal(tables.ratios(back), tables.ratios(table), rtol=1e-3,
                                  check_dtype=False)  # fmt: skip


def test_ratios_are_times_over_ours_with_the_widest_range() -> None:
    found = tables.ratios(some_table()).set_index(["hidden", "batch", "contender"])
    row = found.loc[("4", "full", BEST_PEER)]
    assert (row["ratio"], row["low"], row["high"]) == (1.5, 2.5 / 4, 5.0)
    assert found.loc[("4", "32", BEST_PEER), "ratio"] == 0.5
    assert OURS not in found.index.get_level_values("contender")


def test_the_page_holds_every_cell_and_contender() -> None:
    failures = tables.failures_table(
        [exactness.Failures(c.name, 0, 1, 2 if c.stacked else None, 6) for c in CONTENDERS]
    )
    machines = dict.fromkeys(cells.DTYPES, MACHINE)
    text = page(some_table(), failures, machines, {OURS: 0.5}, rounds=3, seconds=0.1)
    for contender in CONTENDERS:
        assert f"| `{contender.name}` |" in text
    assert "| 4 | tanh | full | float64 | none | 16 | 2 (1 to 4) |" in text
    assert "1.50 (0.62 to 5.00)" in text
    assert "none: no stack" in text


def test_floor_counts_the_operations_of_the_formulas() -> None:
    assert floor.counted(optimizers.sgd, "float64") == (2, 0)
    assert floor.counted(optimizers.adam, "float64").divisions == 4  # one is a root
    narrow, wide = (floor.floor(Cell((width,)), MACHINE) for width in (4, 64))
    assert 8 < wide / narrow < 16
    assert floor.floor(Cell((16,), "relu"), MACHINE) < floor.floor(Cell((16,), "tanh"), MACHINE)
    assert floor.floor(Cell((16,), dropout="hidden"), MACHINE) > floor.floor(Cell((16,)), MACHINE)


def test_a_measurement_takes_enough_steps_in_whole_epochs() -> None:
    assert steps_to_time(1e-3, 0.15, 1) == 150
    assert steps_to_time(0.01, 0.15, 1) == 32  # starting a call is shared by enough steps
    assert steps_to_time(1.0, 0.15, 1) == 4  # but slow ones do not take for ever
    assert steps_to_time(1e-3, 0.15, 32) == 160
    assert steps_to_time(1.0, 0.15, 32) == 32


def test_contenders_without_dropout_are_left_out() -> None:
    assert "sklearn_loop" not in {c.name for c in contenders_for("hidden")}
