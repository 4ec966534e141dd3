"""Compiled code in files: what is damaged is compiled again, never run."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from networks_strategies import plain_setting, rows_for, starts
from symbreak import engine, kernels, machine, trainer, training
from symbreak.activations import ACTIVATIONS
from symbreak.processor import MachineError, NotCompiled

NAME, DTYPE = "optimizer-sgd", "float64"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a compiled function, in a folder of its own, and nothing linked yet."""
    monkeypatch.setenv("SYMBREAK_KERNELS", str(tmp_path))
    machine.folder.cache_clear()
    monkeypatch.setattr(machine, "LINKED", {})
    machine.address(NAME, DTYPE)
    machine.LINKED.clear()
    yield machine.folder() / f"{NAME}-{DTYPE}.o"
    machine.folder.cache_clear()


DAMAGES = {
    "truncated": lambda code: code[: len(code) // 2],
    "empty": lambda code: b"",
    "a bit flipped": lambda code: code[:-1] + bytes([code[-1] ^ 1]),
    "foreign": lambda code: Path("/proc/self/exe").read_bytes()[:4000],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_compiled_again(file: Path, damage, capsys) -> None:
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert machine.address(NAME, DTYPE)
    assert f"{file} is damaged" in capsys.readouterr().out
    assert machine.read(file) is not None


def test_another_functions_file_is_not_taken(file: Path) -> None:
    other = file.with_name(f"optimizer-adam-{DTYPE}.o")
    other.write_bytes(file.read_bytes())
    assert machine.read(other) is None


def test_a_folder_that_cannot_be_written_costs_time_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("SYMBREAK_KERNELS", str(tmp_path / "a file"))
    machine.folder.cache_clear()
    monkeypatch.setattr(machine, "LINKED", {})
    assert machine.address(NAME, DTYPE)
    assert "is not kept" in capsys.readouterr().out
    machine.folder.cache_clear()


@pytest.mark.parametrize("name", ["tanh", "exp", "log", "sin", "exp2"])
def test_code_that_takes_a_function_from_outside_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The C library's mathematics, called by its name or through a function of LLVM's."""
    function = getattr(np, name)

    def outside(z):
        return function(z), z

    mine = replace(ACTIVATIONS["tanh"], name=name, function=kernels.numba.njit(outside))
    monkeypatch.setitem(ACTIVATIONS._components, name, mine)
    with pytest.raises(NotCompiled, match=name):
        kernels.object_code(f"activation-{name}", DTYPE, ())


def rounded(z):
    """A user's activation that only NumPy can run: its steps are looked up in a table."""
    steps = np.linspace(-1, 1, 9, dtype=z.dtype)
    return steps[np.searchsorted(steps[1:], z).astype(str).astype(int)], np.ones_like(z)


def test_a_component_for_numpy_only_is_trained_by_the_reference_engine(
    monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    mine = replace(ACTIVATIONS["tanh"], name="rounded", function=rounded)
    monkeypatch.setitem(ACTIVATIONS._components, "rounded", mine)
    setting = replace(plain_setting(), activation=ACTIVATIONS.choose("rounded"))
    with pytest.raises(NotCompiled):
        engine.loops(setting)
    assert training.engine_of(setting) is trainer
    assert "activation-rounded cannot be compiled" in capsys.readouterr().out
    assert training.engine_of(plain_setting()) is engine
    x, y = rows_for(setting)
    rows = SimpleNamespace(x_train=x, y_train=y, x_test=x, y_test=y)
    run: training.Run = {"seed": 1, "steps": 3, "checkpoints": 2, "replicates": 2}
    done = training.train_setting(setting, run, rows)
    weights, _ = trainer.train(setting, starts(setting, 2, seed=1), np.arange(2), x, y, 1,
                               np.array([0, 3]))  # fmt: skip
    assert done.weights.tobytes() == weights.tobytes()
    assert "the reference engine trains with it" in capsys.readouterr().out


def test_a_compiler_that_is_switched_off_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels.numba.config, "DISABLE_JIT", 1)
    with pytest.raises(MachineError, match="unset it"):
        kernels.object_code(NAME, DTYPE, ())
