"""A whole small experiment in one process, and what this process runs on.

    python portable_run.py CONFIG FOLDER

Writes the files of the pipeline into a folder, and ``machine.json``: the CPU features, routines and
instructions that were used. Variables that restrict them are set by who calls this.
"""

import ctypes
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pandas as pd
from numpy._core import _multiarray_umath as core
from symbreak import (
    config,
    data,
    files,
    judging,
    kernels,
    learned,
    networks,
    processor,
    trainer,
    training,
)
from symbreak.settings import Experiment

ARITHMETIC = re.compile(r"v?(?:add|sub|mul|div|sqrt|min|max)([ps])[sd]$")
FUSED = re.compile(r"vfn?m(?:add|sub)")
MATHEMATICS = ("sin", "cos", "tan", "atan", "exp2f", "sinf")


def run(experiment: Experiment, folder: Path) -> None:
    """Do what the rules do, from the data to the verdicts."""
    with files.written(folder / "data.csv") as path:
        data.write_csv(data.make(experiment.data, experiment.seed), path)
    table = data.load_for(experiment.data, folder / "data.csv")
    thresholds = experiment.redundancy, experiment.neglect
    found: dict[str, list[pd.DataFrame]] = {}
    for init in experiment.init:
        trained = []
        for _, dropout, bias in (c for c in experiment.combinations() if c[0] == init):
            chosen = experiment.settings(init, dropout, bias)
            done = list(training.train(chosen, experiment.run(), table))
            if init.name == "normal":
                check_reference(done, experiment, table)
            file = folder / "train" / init.label / dropout.label / f"{bias.label}.npz"
            with files.written(file) as path:
                networks.save(path, done)
            trained += done
        for name, rows in learned.tables(trained, table, experiment.seed, *thresholds):
            found.setdefault(name, []).append(rows)
            with files.written(folder / name / f"{init.label}.parquet") as path:
                rows.to_parquet(path, index=False)
    every, *rest = (pd.concat(found[name], ignore_index=True)
                    for name in ("networks", "properties", "dynamics"))  # fmt: skip
    every.to_parquet(folder / "networks.parquet", index=False)
    part = judging.part(every, *rest, *thresholds)
    for name, rows in judging.tables([part], experiment.neglect).items():
        files.write_text(folder / f"{name}.csv", rows.to_csv(index=False, lineterminator="\n"))


def check_reference(
    done: list[networks.Trained], experiment: Experiment, table: data.Dataset
) -> None:
    """Stop unless the reference engine has the weights of the compiled one, here too."""
    for trained in done:
        setting = trained.setting
        x, y = (part.astype(setting.dtype) for part in (table.x_train, table.y_train))
        few = np.array([0, len(trained.weights) - 1])  # of a full block, and the one beside it
        start, stops = trained.weights[few, 0], trained.steps
        weights, _ = trainer.train(setting, start, few, x, y, experiment.seed, stops)
        assert weights.tobytes() == trained.weights[few].tobytes(), setting.label


def listings() -> dict[str, str]:
    """Keep the assembly of everything that is compiled from now on, by name and precision."""
    kept: dict[str, str] = {}
    make, emit = kernels.object_code, kernels.emit

    def listed(name: str, dtype: str, arguments: tuple[Any, ...]) -> bytes:
        def both(module: Any) -> bytes:
            code = emit(module)
            copy = llvm.parse_bitcode(module.as_bitcode())
            kept[f"{name} {dtype}"] = processor.target_machine().emit_assembly(copy)
            return code

        kernels.emit = both
        return make(name, dtype, arguments)

    kernels.object_code = listed
    return kept


def instructions(assembly: str) -> dict[str, int]:
    """Count packed and scalar floating-point arithmetic, fused operations and widest registers."""
    found: Counter[str] = Counter(packed=0, scalar=0, fused=0, xmm=0, ymm=0, zmm=0)
    for operation, operands in re.findall(r"^\s+(\w+)\s+(.*)$", assembly, re.M):
        if kind := ARITHMETIC.match(operation):
            found["packed" if kind[1] == "p" else "scalar"] += 1
        found["fused"] += bool(FUSED.match(operation))
        for register in ("xmm", "ymm", "zmm"):
            found[register] += f"%{register}" in operands
    return dict(found)


def blas_core() -> str:
    """Return the name of the CPU that NumPy's OpenBLAS chose its kernels for."""
    (library,) = (Path(np.__file__).parents[1] / "numpy.libs").glob("libscipy_openblas*")
    name = ctypes.CDLL(str(library)).scipy_openblas_get_corename64_
    name.restype = ctypes.c_char_p
    return name().decode()


def mathematics() -> dict[str, int]:
    """Return where in the C library's file the routines lie that it chose for this CPU."""
    library = ctypes.CDLL("libm.so.6")
    maps = Path("/proc/self/maps").read_text()
    base = min(int(line.split("-")[0], 16) for line in maps.splitlines() if "/libm.so.6" in line)
    return {name: (ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0) - base
            for name in MATHEMATICS}  # fmt: skip


def main(file: str, folder: Path) -> None:
    kept = listings()
    run(config.read(file), folder)
    machine = {
        "target": processor.target(),
        "numpy": sorted(name for name, on in core.__cpu_features__.items() if on),
        "blas": blas_core(),
        "libm": mathematics(),
        "code": {name: instructions(text) for name, text in kept.items()},
    }
    (folder / "machine.json").write_text(json.dumps(machine, indent=1))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
