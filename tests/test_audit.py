"""The audit: frameworks train the same network, and only inexact sums separate equal units."""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from symbreak import audit, cli, trainer
from symbreak.frameworks import ACTIVATIONS, FRAMEWORKS, Task
from symbreak.initializers import BIASES, INITIALIZERS
from symbreak.networks import network_widths, neuron_vectors
from symbreak.settings import REGISTRIES, Setting

EXACT = ("symbreak reference", "symbreak compiled")
ROWS, STEPS = 40, 8
few = settings(max_examples=20, deadline=None)


def task(width: int = 5, dtype: str = "float64", **fields: Any) -> Task:
    """Equal units on rows of noise; labels of one input's sign, and a few wrong ones."""
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 3))
    y = (x[:, 0] + random.normal(size=ROWS) > 0).astype(dtype)
    return Task(x.astype(dtype), y, width, **fields)


def after(name: str, what: Task, steps: int) -> np.ndarray:
    """Return the neuron vectors of a framework after some steps; skips where it is missing."""
    if FRAMEWORKS[name].absence:
        pytest.skip(FRAMEWORKS[name].absence or "")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # a framework that warns was used wrongly
        return list(islice(FRAMEWORKS[name].train(what), steps))[-1]


@few
@given(
    width=st.integers(2, 64),
    dtype=st.sampled_from(["float64", "float32"]),
    batch=st.sampled_from([None, 1, 7, 32]),
    activation=st.sampled_from(ACTIVATIONS),
    value=st.sampled_from([0.5, -0.3, 0.01]),
    name=st.sampled_from(EXACT),
)
def test_exact_engines_never_separate_equal_units(name: str, **fields) -> None:
    units = FRAMEWORKS[name].train(task(**fields))
    assert audit.first_difference(units, STEPS) == (audit.EQUAL, None)


@pytest.mark.parametrize("value", [0.5, 0.0])
@pytest.mark.parametrize("batch", [None, 16])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", [name for name in FRAMEWORKS if name not in EXACT])
def test_every_framework_trains_the_same_network(name, activation, batch, value) -> None:
    """Up to rounding, also from zeros, where every logit is exactly zero."""
    what = task(activation=activation, batch=batch, value=value)
    found, expected = (after(one, what, STEPS) for one in (name, EXACT[1]))
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_framework_keeps_the_precision_it_is_given(name: str) -> None:
    assert after(name, task(dtype="float32"), 1).dtype == np.float32


@given(
    step=st.integers(1, 9), unit=st.integers(0, 3), parameter=st.integers(0, 4),
    dtype=st.sampled_from(["float64", "float32"]), value=st.sampled_from([0.0, 0.5, -1e-310]),
)  # fmt: skip
def test_a_single_bit_is_found_at_its_step(step, unit, parameter, dtype, value) -> None:
    def units() -> Iterator[np.ndarray]:
        for now in range(1, 20):
            vectors = np.full((4, 5), value, dtype)
            bits = vectors.view(f"u{vectors.dtype.itemsize}")
            bits[unit, parameter] ^= now >= step
            yield vectors

    assert audit.first_difference(units(), 19) == (audit.SEPARATED, step)
    assert audit.first_difference(units(), step - 1) == (audit.EQUAL, None)


def test_equal_units_that_are_no_longer_finite_have_diverged() -> None:
    units = [np.full((3, 2), value) for value in (1.0, 1e300, np.inf)]
    assert audit.first_difference(units, 2) == (audit.EQUAL, None)
    assert audit.first_difference(units, 3) == (audit.DIVERGED, None)


def blas_weights(what: Task, steps: int) -> np.ndarray:
    """Return neuron vectors [steps, units, p] of a whole run of the trainer with ``blas``."""
    names = ("constant", "none", "zeros", what.activation, "sgd")
    kinds = zip(REGISTRIES.items(), names, strict=True)
    setting = Setting(
        **{kind: registry.choose(name) for (kind, registry), name in kinds},
        hidden=(what.width,), learning_rate=what.rate, weight_decay=0.0, batch_size=None,
        arithmetic="blas", dtype=what.x.dtype.name,
    )  # fmt: skip
    assert setting.init == INITIALIZERS.choose("constant", value=what.value)
    assert setting.bias == BIASES.choose("zeros")
    start = trainer.initial_parameters(setting, 3, 0, 0)[None]
    stops = np.arange(1, steps + 1)
    weights, _ = trainer.train(setting, start, np.zeros(1, int), what.x, what.y, 0, stops)
    return neuron_vectors(weights[0], network_widths(3, setting.hidden), 1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_blas_engine_is_reported_at_the_step_of_a_whole_run(dtype: str) -> None:
    """One run of many steps, looked at afterwards, against the audit's step by step."""
    widths = [2, 4, 5, 7, 13]
    what = task(dtype=dtype)
    grid = audit.Grid(what.x, what.y, widths, [None], [dtype], steps=30)
    table = audit.audit(grid, ["symbreak blas"])
    for row in table.itertuples():
        vectors = blas_weights(replace(what, width=row.width), 30)
        apart = (vectors != vectors[:, :1]).any(axis=(1, 2))
        first = 1 + int(np.argmax(apart)) if apart.any() else None
        assert (None if pd.isna(row.first_step) else row.first_step) == first
        assert row.outcome == (audit.EQUAL if first is None else audit.SEPARATED)


def run(*arguments: str) -> tuple[int, str]:
    """Return exit code and output of the command; a traceback is no sentence."""
    done = CliRunner().invoke(cli.main, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, done.output


def small(folder: Path, *more: str) -> tuple[int, str]:
    return run("audit", "--widths", "2,5", "--steps", "3", "--output", str(folder),
               "--framework", "numpy", "--framework", "jax", *more)  # fmt: skip


def test_the_command_writes_what_it_prints(tmp_path: Path) -> None:
    code, output = small(tmp_path, "--framework", "symbreak compiled")
    assert code == 0, output
    table = pd.read_csv(tmp_path / "audit.csv")
    assert set(table["framework"]) >= {"NumPy", "symbreak compiled"}
    assert len(table) == table["framework"].nunique() * 2 * 2 * 2  # dtypes, batches, widths
    assert set(table.loc[table["framework"] == "symbreak compiled", "outcome"]) == {"equal"}
    assert table["first_step"].notna().equals(table["outcome"] == "separated")
    for name, version in zip(table["framework"], table["version"], strict=True):
        assert f"| {name} " in output
        assert str(version) in output
    assert (tmp_path / "audit.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "audit.svg").read_text()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_users_table_is_audited(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("a,b,sold\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(12)))
    code, output = small(tmp_path, "--data", str(table), "--target", "sold")
    assert code == 0, output
    assert "12 rows" in output


def test_a_missing_framework_is_named_and_left_out(tmp_path: Path, monkeypatch) -> None:
    gone = replace(FRAMEWORKS["JAX"], module="no_such_module")
    monkeypatch.setitem(FRAMEWORKS, "JAX", gone)
    code, output = small(tmp_path)
    assert code == 0
    assert "JAX: not installed; pip install jax" in output
    assert set(pd.read_csv(tmp_path / "audit.csv")["framework"]) == {"NumPy"}


def test_an_interrupted_audit_leaves_the_old_table(tmp_path: Path, monkeypatch) -> None:
    assert small(tmp_path)[0] == 0
    before = (tmp_path / "audit.csv").read_bytes()

    def full_disk(self, path, **options) -> None:
        Path(path).write_text("half a tab")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full_disk)
    code, output = small(tmp_path)
    assert code == 1
    assert "cannot be written (no space left on device)" in output
    assert (tmp_path / "audit.csv").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--widths", "1-3"], "'1-3' is no number from 2 to 4,096"),
        (["--widths", "5,x"], "'x' is no number"),
        (["--batch", "0"], "or full"),
        (["--rate", "nan"], "nan is not a finite number"),
        (["--steps", "0"], "0 is not in the range x>=1"),
        (["--framework", "keras"], "'keras' is not one of 'numpy'"),
        (["--data", "flwer"], "not demand or flower"),
        (["--data", "none.csv", "--target", "y"], "none.csv: there is no such file"),
    ],
)
def test_a_bad_option_is_answered_in_a_sentence(arguments: list[str], sentence: str) -> None:
    code, output = run("audit", *arguments)
    assert code in (1, 2)
    assert sentence in output


def test_help_lists_every_command_with_its_sentence() -> None:
    code, output = run("--help")
    assert code == 0
    for name, command in cli.main.commands.items():
        first = (command.help or "").splitlines()[0]
        assert f"{name}  " in output
        assert first in output, "the sentence is too long for the list of commands"


DOCS = "".join((Path(__file__).parents[1] / "docs" / name).read_text()
               for name in ("audit.md", "theory.md"))  # fmt: skip


def test_the_docs_name_every_framework_option_and_column(tmp_path: Path) -> None:
    small(tmp_path)
    for column in pd.read_csv(tmp_path / "audit.csv"):
        assert f"`{column}`" in DOCS
    for command in cli.main.commands.values():
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert f"`{parameter.opts[0]}`" in DOCS, parameter.opts
    assert all(f"| {name} " in DOCS for name in FRAMEWORKS)
