"""Property P: the same bits on every CPU. A small experiment on lowered CPUs, in real runs.

What is lowered: the instructions that our own code is compiled for, NumPy's dispatch, OpenBLAS's
kernels and the C library's dispatch. Each run reports what it used, and a test proves that every
restriction took effect. `arithmetic: blas` is left out: its rows depend on the machine by design.
NumPy's own baseline (SSE4.2 in its wheels) cannot be lowered from outside.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from llvmlite.binding import get_host_cpu_features
from numpy._core import _multiarray_umath as core
from symbreak import engine

if platform.machine() != "x86_64" or sys.platform != "linux":
    pytest.skip("its restrictions are those of x86-64 and Linux", allow_module_level=True)

ROOT = Path(__file__).parents[1]
HERE = get_host_cpu_features()
CONFIG = {
    "experiment": "portable",
    "seed": 7,
    "data": {"kind": "demand", "rows": 40, "noise": 0.5, "balanced": True},
    "model": {"hidden": [[4, 3]], "activation": ["sigmoid", "tanh", "gelu"]},
    "training": {
        "optimizer": ["sgd", "adam"], "learning_rate": 0.5, "batch_size": ["full", 16],
        "steps": 20, "arithmetic": "exact", "dtype": ["float64", "float32"],
    },
    "grid": {
        "init": ["constant", "normal", "orthogonal"],
        "dropout": ["none", "gaussian"],
        "bias": ["zeros"],
    },
    "replicates": 17,  # sixteen in the lanes, and one with its rows in them
    "checkpoints": 4,
}  # fmt: skip
# Targets from the oldest x86-64 on: processor, what it has to have, its widest registers.
TARGETS = {
    "sse2": ("x86-64", (), "xmm"),
    "sse4": ("nehalem", ("sse4.2",), "xmm"),
    "avx": ("sandybridge", ("avx",), "ymm"),
    "avx2": ("haswell", ("avx2", "fma"), "ymm"),
}
RUNS = [*(name for name, (_, needs, _) in TARGETS.items() if all(HERE[n] for n in needs)), "host"]
NUMPY_DISPATCH = [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]]
LIBRARY_DISPATCH = ("AVX512F", "AVX512VL", "AVX512BW", "AVX512DQ", "AVX2", "AVX", "FMA", "FMA4",
                    "BMI2", "ERMS", "SSE4_2", "SSE4_1", "SSSE3")  # fmt: skip
PRESCOTT = "Katmai"  # what OpenBLAS calls it: it shares Prescott's kernels
LOWERED = {
    "NPY_DISABLE_CPU_FEATURES": " ".join(NUMPY_DISPATCH),
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in LIBRARY_DISPATCH),
}


def variables(name: str) -> dict[str, str]:
    """Return the environment of a run: everything lowered below AVX2, nothing on the host."""
    plain = {key: value for key, value in os.environ.items()
             if not key.startswith(("NUMBA_CPU", "NPY_", "OPENBLAS_CORE", "GLIBC_"))}  # fmt: skip
    plain |= {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "workflow")}
    if name == "host":
        return plain
    plain |= {"NUMBA_CPU_NAME": TARGETS[name][0], "NUMBA_CPU_FEATURES": ""}
    if name == "avx2":
        return plain | {"OPENBLAS_CORETYPE": "Haswell"}
    return plain | LOWERED | {"OPENBLAS_CORETYPE": "Prescott"}


def start(command: list[Any], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, *map(str, command)], cwd=folder, env=environment,
                          capture_output=True, text=True, check=False, timeout=900)  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every run in one process, two at a time: a folder each, and one for machine code."""
    base = tmp_path_factory.mktemp("portable")
    (base / "portable.yaml").write_text(yaml.safe_dump(CONFIG))

    def run(name: str) -> None:
        environment = variables(name) | {"SYMBREAK_KERNELS": str(base / "kernels")}
        start([ROOT / "tests/portable_run.py", "portable.yaml", name], base, environment)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, RUNS))
    return base


def machine(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / name / "machine.json").read_text())


TABLES = ("distances", "dynamics", "properties")


def digests(results: Path, table: Path) -> dict[str, str]:
    """Return a checksum of each file: bytes of CSVs, arrays of weights, columns of tables."""
    found = {path.name: [path.read_bytes()] for path in sorted(results.glob("*.csv"))
             if path.name != "data.csv"}  # fmt: skip
    found["data"] = [table.read_bytes()]
    for path in sorted(results.glob("train/*/*/*.npz")):
        with np.load(path, allow_pickle=False) as arrays:  # records name the kernel of blas
            found[str(path.relative_to(results))] = [
                part for key in sorted(arrays) if key != "records"
                for part in (key.encode(), arrays[key].tobytes())
            ]  # fmt: skip
    tables = (sorted(results.glob(f"{name}/*.parquet")) for name in TABLES)
    for path in [results / "networks.parquet", *chain.from_iterable(tables)]:
        found[str(path.relative_to(results))] = [pd.read_parquet(path).to_csv().encode()]
    return {name: hashlib.blake2b(b"\0".join(parts)).hexdigest() for name, parts in found.items()}


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, str]:
    return digests(folder / "host", folder / "host/data.csv")


def test_every_kind_of_file_is_compared(folder: Path, expected: dict[str, str]) -> None:
    kinds = {name.split("/")[0] for name in expected}
    assert kinds == {"verdicts.csv", "claims.csv", "sensitivity.csv", "over_training.csv",
                     "by_verdict.csv", "neglect.csv", "contrasts.csv", "dynamics.csv", "data",
                     "train", "networks.parquet", *TABLES}  # fmt: skip
    assert sum(name.startswith("train/") for name in expected) == 6
    for batch in (16, 32):  # of both, networks in the lanes and one alone
        assert {len(one) for one in engine.blocks(CONFIG["replicates"], batch)} == {1, 16}
    rows = pd.read_csv(folder / "host/verdicts.csv")
    assert {"symmetric", "broken"} <= set(rows["verdict"])  # bits that differ would show
    assert not rows["diverged"].any()


@pytest.mark.parametrize("name", RUNS[:-1])
def test_a_lowered_cpu_gives_the_same_bits(folder: Path, expected: dict, name: str) -> None:
    assert digests(folder / name, folder / name / "data.csv") == expected


@pytest.mark.parametrize("name", RUNS[:-1])
def test_initial_weights_are_the_same(folder: Path, name: str) -> None:
    """Checkpoint 0 by itself: a wrong start is another fault than a wrong step."""
    for path in sorted((folder / "host/train").glob("*/*/*.npz")):
        other = folder / name / path.relative_to(folder / "host")
        with np.load(path) as mine, np.load(other) as theirs:
            weights = [key for key in mine if mine[key].ndim == 3]
            assert weights
            for key in weights:
                assert mine[key][:, 0].tobytes() == theirs[key][:, 0].tobytes()


@pytest.mark.parametrize("name", RUNS[:-1])
def test_our_code_was_compiled_for_the_lowered_cpu(folder: Path, name: str) -> None:
    """No wider register and no fused operation in the code that ran; as wide as allowed."""
    used = machine(folder, name)
    cpu, _, widest = TARGETS[name]
    assert used["target"] == [cpu, ""]
    step = used["code"]["run float64"]
    allowed = ["xmm", "ymm", "zmm"]
    assert step[widest] > 100
    for code in used["code"].values():
        assert not sum(code[register] for register in allowed[allowed.index(widest) + 1 :])
        assert code["fused"] == 0
    assert {"run float64", "run float32", "activation-gelu float64"} <= used["code"].keys()


@pytest.mark.parametrize("name", RUNS[:-1])
def test_libraries_were_lowered(folder: Path, name: str) -> None:
    used, host = machine(folder, name), machine(folder, "host")
    assert used["blas"] == {"avx2": "Haswell"}.get(name, PRESCOTT)
    if name == "avx2":
        return
    assert not set(used["numpy"]) & set(NUMPY_DISPATCH)
    if HERE["avx2"]:
        assert set(host["numpy"]) & set(NUMPY_DISPATCH)
        # The C library's sin, atan and so on are other routines, at other places in its file.
        assert all(used["libm"][routine] != place for routine, place in host["libm"].items())


@pytest.mark.skipif(not HERE["avx2"], reason="there is nothing to lower")
def test_blas_does_differ(folder: Path) -> None:
    """The control: `arithmetic: blas` under the same restrictions has other bits, same data."""
    control = json.loads(json.dumps(CONFIG))
    control["training"] |= {"arithmetic": "blas", "dtype": "float64", "batch_size": "full"}
    control["grid"] |= {"init": ["normal"], "dropout": ["none"]}
    (folder / "blas.yaml").write_text(yaml.safe_dump(control))
    found = []
    for name in ("host", RUNS[0]):
        environment = variables(name) | {"SYMBREAK_KERNELS": str(folder / "kernels")}
        start([ROOT / "tests/portable_run.py", "blas.yaml", f"blas-{name}"], folder, environment)
        found.append(digests(folder / f"blas-{name}", folder / f"blas-{name}" / "data.csv"))
    host, lowered = found
    assert host["data"] == lowered["data"]
    weights = [name for name in host if name.startswith("train/")]
    assert all(host[name] != lowered[name] for name in weights)


def test_hot_loops_are_vectorized_and_nothing_is_fused(folder: Path) -> None:
    """A loop that lost its vectors costs 1.5 to 5 times, and no test of bits would show it."""
    code = machine(folder, "host")["code"]
    widest = "zmm" if HERE["avx512f"] else "ymm" if HERE["avx"] else "xmm"
    for name, count in code.items():
        assert count["fused"] == 0, name
        if name.startswith(("activation", "optimizer-sgd")):
            assert count["scalar"] == 0, name
        if not name.startswith("dropout") or "gaussian" in name:  # others compare and select
            assert count["packed"] > 0, name
        if not name.startswith("dropout-none"):
            assert count[widest] > 0, name
        if name.startswith(("run", "dropout-gaussian")):
            # Scalar code is left beside the loops, for arrays that overlap: none does.
            assert count["packed"] > 3 * count["scalar"], name


@pytest.mark.parametrize(("name", "cores"), [("host", "1"), (RUNS[0], "4")])
def test_the_pipeline_gives_the_same_bits(
    folder: Path, expected: dict, name: str, cores: str
) -> None:
    """Snakemake's own jobs, one at a time and four at a time, on the machine code listed above."""
    checkout = folder / f"checkout-{name}"
    for part in ("workflow", "config"):
        shutil.copytree(ROOT / part, checkout / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("Snakefile", "environment.yml"):
        shutil.copy(ROOT / part, checkout)
    results = checkout / "results/portable"
    shutil.copytree(folder / "kernels", results / "kernels")
    environment = variables(name) | {"PYTHONPATH": str(checkout / "workflow")}
    steps = sorted((results / "kernels").glob("*/run-*.o"))
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    start(["-m", "snakemake", "--cores", cores, "--configfile", folder / "portable.yaml", "--",
           results.relative_to(checkout) / "verdicts.csv"], checkout, environment)  # fmt: skip
    assert digests(results, checkout / "data/portable/demand.csv") == expected
    assert sorted((results / "kernels").glob("*/run-*.o")) == steps  # it needed no other code
