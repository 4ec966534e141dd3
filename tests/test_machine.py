"""Compiled code in files: what is damaged is compiled again, never run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from networks_strategies import plain_setting, rows_for, starts
from numba import njit, types
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


def test_code_that_takes_a_function_from_outside_is_refused() -> None:
    import llvmlite.binding as llvm

    @njit
    def outside(x):
        return np.tanh(x)

    outside.compile((types.float64,))
    (compiled,) = outside.overloads.values()
    module = llvm.parse_assembly(compiled.library.get_llvm_str())
    module.get_function(compiled.fndesc.llvm_func_name).name = kernels.SYMBOL
    with pytest.raises(NotCompiled, match="tanh"):
        kernels.emit(module)


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
    weights, _ = trainer.train(setting, starts(setting, 2), np.arange(2), *rows_for(setting), 1,
                               np.array([3]))  # fmt: skip
    assert np.isfinite(weights).all()


def test_a_compiler_that_is_switched_off_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels.numba.config, "DISABLE_JIT", 1)
    with pytest.raises(MachineError, match="unset it"):
        kernels.object_code(NAME, DTYPE, ())
