"""The real thing: the tiny pipeline end to end, what reruns after a change, and the messages.

Everything runs on a copy of the checkout, so that a test may change the library.
"""

import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import numpy as np
import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[1]
TINY = yaml.safe_load((ROOT / "config/tiny.yaml").read_text())
VALUES = {axis: len(values) for axis, values in TINY["grid"].items()}  # of init, dropout and bias
COMBINATIONS = math.prod(VALUES.values())
SECONDS_FOR_NOTHING = 5


def snakemake(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a copy of the checkout, with the copy's library and these variables."""
    environment = os.environ | {
        "PYTHONPATH": str(folder / "workflow"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip


def planned(folder: Path, *arguments: str) -> dict[str, int]:
    """Return how many jobs of each rule would run."""
    done = snakemake(folder, "-n", *arguments)
    assert done.returncode == 0, done.stderr
    table = re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.M)
    return {rule: int(count) for rule, count in table if rule not in ("total", "all")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout with a finished tiny run; tests put back what they change."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("workflow", "config"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "environment.yml"):
        shutil.copy(ROOT / name, folder)
    done = snakemake(folder, "--configfile", "config/tiny.yaml")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


def test_it_makes_every_file(finished: Path) -> None:
    results = finished / "results/tiny"
    verdicts = pd.read_csv(results / "verdicts.csv")
    networks = pd.read_parquet(results / "networks.parquet")
    assert len(list((results / "train").glob("*/*/*.npz"))) == COMBINATIONS
    assert len(networks) == len(verdicts) * TINY["replicates"]
    assert networks["checksum"].str.fullmatch("[0-9a-f]{16}").all()
    assert (finished / "data/tiny/demand.csv").exists()
    assert "<html" in (finished / "reports/tiny/report.html").read_text()


def test_equal_units_stay_equal_and_random_ones_break(finished: Path) -> None:
    """With the same noise for all units, and no bias to tell them apart."""
    rows = pd.read_csv(finished / "results/tiny/verdicts.csv")
    without = rows[rows["dropout"] == "none"]
    equal = without[(without["init"] == "constant-0.5") & (without["bias"] == "none")]
    random = without[without["init"] == "normal-0.5"]
    assert set(equal["verdict"]) == {"symmetric"}
    assert "symmetric" not in set(random["verdict"])


def test_distances_hold_every_pair_at_every_checkpoint(finished: Path) -> None:
    table = pd.read_parquet(finished / "results/tiny/distances/normal-0.5.parquet")
    last = table.groupby(["hidden", "layer"], observed=True)["unit_b"].max()
    assert last.to_dict() == {
        ("-".join(map(str, hidden)), layer): width
        for hidden in TINY["model"]["hidden"]
        for layer, width in enumerate(hidden, start=1)
    }
    assert table["step"].min() == 0
    assert table["step"].max() == TINY["training"]["steps"]


def test_nothing_is_left_to_do(finished: Path) -> None:
    """And it takes 5 s at most to say so: the best of three, as other programs may be running."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        done = snakemake(finished, "--configfile", "config/tiny.yaml")
        times.append(time.perf_counter() - start)
        assert "Nothing to be done" in done.stdout + done.stderr
        if times[-1] < SECONDS_FOR_NOTHING:
            break
    assert min(times) < SECONDS_FOR_NOTHING


@contextmanager
def changed(file: Path, addition: str = "\n#\n") -> Iterator[None]:
    """Add text, a comment, to a file for as long as the block runs."""
    before = file.read_text()
    file.write_text(before + addition)
    try:
        yield
    finally:
        file.write_text(before)


def test_a_changed_trainer_retrains(finished: Path) -> None:
    with changed(finished / "workflow/symbreak/trainer.py"):
        assert planned(finished, "--configfile", "config/tiny.yaml")["train"] == COMBINATIONS


def test_a_changed_figure_retrains_nothing(finished: Path) -> None:
    with changed(finished / "workflow/symbreak/figures.py"):
        jobs = planned(finished, "--configfile", "config/tiny.yaml")
    assert jobs == {"pages": VALUES["init"], "report": 1}


def test_a_changed_comment_in_the_config_is_in_the_report_only(finished: Path) -> None:
    with changed(finished / "config/tiny.yaml"):
        assert planned(finished, "--configfile", "config/tiny.yaml") == {"report": 1}


@pytest.mark.parametrize(
    ("axis", "value"),
    [("init", "orthogonal"), ("dropout", {"hidden": {"p": 0.1}}), ("bias", "uniform")],
)
def test_one_more_value_trains_only_its_own_combinations(
    finished: Path, axis: str, value: str | dict
) -> None:
    grid = {**TINY["grid"], axis: [*TINY["grid"][axis], value]}
    (finished / "more.yaml").write_text(yaml.safe_dump({**TINY, "grid": grid}))
    jobs = planned(finished, "--configfile", "more.yaml")
    trains = COMBINATIONS // VALUES[axis]
    measures = 1 if axis == "init" else VALUES["init"]
    assert jobs == {
        "train": trains, "measure": measures, "pages": measures, "judge": 1, "report": 1,
    }  # fmt: skip


def test_shards_train_nothing_again_and_one_more_initializer_only_its_own(finished: Path) -> None:
    name = "shards.yaml"
    (finished / name).write_text(yaml.safe_dump({**TINY, "shards": 5}))
    assert set(planned(finished, "--configfile", name)) <= {"report"}
    grid = {**TINY["grid"], "init": [*TINY["grid"]["init"], "orthogonal"]}
    (finished / name).write_text(yaml.safe_dump({**TINY, "shards": 5, "grid": grid}))
    jobs = planned(finished, "--configfile", name)
    assert {rule: count for rule, count in jobs.items() if rule.startswith("train")} == {
        f"train_{number}": 1 for number in range(1, 6)
    }
    assert jobs["measure"] == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"grid": {**TINY["grid"], "init": ["zeroes"]}}, "the nearest is zeros"),
        ({"stepz": 1}, "stepz is unknown"),
        ({"data": {"kind": "csv", "path": "none.csv", "target": "y"}}, "there is no such file"),
    ],
)
def test_a_mistake_gives_one_sentence_before_anything_runs(
    finished: Path, change: dict, sentence: str
) -> None:
    (finished / "wrong.yaml").write_text(yaml.safe_dump({**TINY, **change, "experiment": "wrong"}))
    done = snakemake(finished, "--configfile", "wrong.yaml")
    assert done.returncode != 0
    assert sentence in done.stderr.splitlines()[-1]
    assert done.stderr.splitlines()[-1].startswith(("wrong.yaml: ", "none.csv: "))
    assert "Traceback" not in done.stderr
    assert not (finished / "results/wrong").exists()


def test_a_config_is_read_alone_not_merged_with_the_default(finished: Path) -> None:
    partial = {key: value for key, value in TINY.items() if key != "training"}
    (finished / "partial.yaml").write_text(yaml.safe_dump(partial))
    done = snakemake(finished, "-n", "--configfile", "partial.yaml")
    assert "section training is missing" in done.stderr


def compiled(folder: Path, experiment: str, to: Path | None = None) -> None:
    """Give an experiment, in another folder, the kernels of the tiny one: saves half a minute."""
    target = (to or folder) / f"results/{experiment}/kernels"
    shutil.copytree(folder / "results/tiny/kernels", target)


def test_own_table_runs_from_csv_to_report(finished: Path) -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(40, 3)).round(3), columns=["a", "b", "c"])
    table["label"] = (table["a"] + table["b"] > 0).astype(int)
    table.to_csv(finished / "own.csv", index=False)
    own = {**TINY, "experiment": "own", "replicates": 2,
           "model": {"hidden": [[3]], "activation": "tanh"},
           "training": {"learning_rate": 0.2, "steps": 20, "arithmetic": ["exact", "blas"]},
           "grid": {"init": ["constant", "normal"], "dropout": ["none"], "bias": ["none"]},
           "data": {"kind": "csv", "path": "own.csv", "target": "label"}}  # fmt: skip
    (finished / "own.yaml").write_text(yaml.safe_dump(own))
    compiled(finished, "own")
    done = snakemake(finished, "--configfile", "own.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    assert (finished / "reports/own/report.html").exists()
    with changed(finished / "own.csv", "1.5,1.5,1.5,1\n"):
        assert planned(finished, "--configfile", "own.yaml")["data"] == 1


def test_a_search_runs_alone_and_again_only_where_it_changes(finished: Path) -> None:
    request = {"vary": "init.constant_eps.eps", "from": 1e-20, "to": 1e-4, "scan": 2,
               "with": {"activation": "tanh", "hidden": [4]}}  # fmt: skip
    grid = {"init": ["constant"], "dropout": ["none"], "bias": ["none"]}
    search = {**TINY, "experiment": "search", "grid": grid, "replicates": 4, "refine": [request],
              "model": {"hidden": [[3]], "activation": "tanh"}}  # fmt: skip
    file = finished / "search.yaml"
    file.write_text(yaml.safe_dump(search))
    compiled(finished, "search")
    done = snakemake(finished, "--configfile", "search.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    folder = finished / "results/search/boundaries/constant_eps-eps"
    points, boundaries = (pd.read_csv(folder / f"{n}.csv") for n in ("points", "boundaries"))
    assert boundaries["below"].iloc[0] == "symmetric"
    assert set(boundaries["low"]) | set(boundaries["high"]) <= set(points["value"])
    assert 'id="boundaries"' in (finished / "reports/search/report.html").read_text()
    more = [request, {**request, "from": 1e-19}]
    file.write_text(yaml.safe_dump({**search, "refine": more}))
    assert planned(finished, "--configfile", "search.yaml") == {"refine": 1, "report": 1}


OTHER_WORKFLOW = """
configfile: "other.yaml"
module symbreak:
    snakefile: "{snakefile}"
    config: config["symbreak"]
use rule * from symbreak as symbreak_*
rule all:
    default_target: True
    input: rules.symbreak_all.input
"""


def test_another_workflow_uses_it_as_a_module(finished: Path, tmp_path: Path) -> None:
    own = {**TINY, "experiment": "inner", "model": {"hidden": [[3]], "activation": "tanh"},
           "grid": {"init": ["constant"], "dropout": ["none"], "bias": ["none"]}}  # fmt: skip
    (tmp_path / "other.yaml").write_text(yaml.safe_dump({"title": "other", "symbreak": own}))
    (tmp_path / "Snakefile").write_text(OTHER_WORKFLOW.format(snakefile=finished / "Snakefile"))
    compiled(finished, "inner", tmp_path)
    done = snakemake(tmp_path, PYTHONPATH=str(finished / "workflow"))
    assert done.returncode == 0, done.stderr[-3000:]
    text = (tmp_path / "reports/inner/report.html").read_text()
    assert "--configfile inner-as-used.yaml" in text
    assert "title: other" not in text


def test_a_failed_job_says_why_in_a_sentence_with_its_log(finished: Path) -> None:
    one = {**TINY, "experiment": "failing", "grid": {name: ["none"] for name in TINY["grid"]}}
    one["grid"]["init"] = ["zeros"]
    (finished / "failing.yaml").write_text(yaml.safe_dump(one))
    compiled(finished, "failing")
    table = "data/failing/demand.csv"
    assert snakemake(finished, table, "--configfile", "failing.yaml").returncode == 0
    lines = (finished / table).read_text().splitlines()
    (finished / table).write_text("\n".join([*lines[:2], f"nan{lines[2]}", *lines[3:]]))
    done = snakemake(finished, "--configfile", "failing.yaml")
    assert done.returncode != 0
    log = "results/failing/logs/train/zeros/none/none.log"
    assert f"{log}: {table} is not the file that a job wrote" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not list((finished / "results/failing").glob("train/*/*/*"))
    assert planned(finished, "--configfile", "failing.yaml")["data"] == 1


def kill(folder: Path, *logs: str) -> None:
    """Kill -9 what holds each log open, as soon as something does."""
    left = {str(folder.resolve() / log) for log in logs}
    end = time.monotonic() + 120
    while left and time.monotonic() < end:
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                held = left & {os.readlink(file) for file in (process / "fd").iterdir()}
                if held:
                    os.kill(int(process.name), signal.SIGKILL)
                left -= held
        time.sleep(0.002)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds the jobs in /proc")
def test_killed_jobs_leave_a_partial_report_and_are_all_that_runs_again(finished: Path) -> None:
    profile = ("--workflow-profile", str(ROOT / "profiles/default"))  # whose logger is short
    file, results = "killed.yaml", "results/killed"
    grid = {"init": ["constant", "zeros"], "dropout": ["none", "shared"], "bias": ["none"]}
    own = {**TINY, "experiment": "killed", "grid": grid,
           "model": {"hidden": [[3]], "activation": "tanh"},
           "training": {**TINY["training"], "optimizer": "sgd", "batch_size": "full"}}  # fmt: skip
    (finished / file).write_text(yaml.safe_dump(own))
    compiled(finished, "killed")
    train = f"{results}/logs/train/zeros/none/none.log"
    measure = f"{results}/logs/measure/constant-0.5.log"
    Thread(target=kill, args=(finished, train, measure), daemon=True).start()
    done = snakemake(finished, "--keep-going", "--configfile", file, *profile)
    assert done.returncode != 0
    end = done.stderr[done.stderr.index("2 jobs failed") :]
    assert f"{train}: " in end
    assert f"{measure}: " in end
    assert "snakemake partial --configfile killed.yaml" in end
    assert len(done.stderr.splitlines()) < 30

    done = snakemake(finished, "partial", "--configfile", file, *profile)
    assert "Report: reports/killed/partial.html" in done.stderr
    text = (finished / "reports/killed/partial.html").read_text()
    assert "A partial report: 3 of 4 settings have no result yet" in text
    assert train in text
    assert measure in text
    assert not (finished / "reports/killed/report.html").exists()

    assert planned(finished, "--configfile", file) == {
        "train": 1, "measure": 2, "pages": 2, "judge": 1, "report": 1,
    }  # fmt: skip
    done = snakemake(finished, "--configfile", file, *profile)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "100 %  8 of 8 jobs done, 0 running, 0 failed, 0 left" in done.stderr
    assert "A partial report" not in (finished / "reports/killed/report.html").read_text()
    assert not (finished / "reports/killed/partial.html").exists()
    assert not (finished / results / "partial").exists()


def test_another_checkouts_library_is_refused(finished: Path) -> None:
    done = snakemake(finished, "-n", PYTHONPATH="")
    assert done.returncode != 0
    assert f"not from {finished}" in done.stderr


def test_a_job_has_one_thread_for_each_library(finished: Path) -> None:
    names = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR", "NUMBA")
    rule = f'\ninclude: "{finished / "Snakefile"}"\nrule threads:\n    shell: "env"\n'
    (finished / "threads.smk").write_text(rule)
    done = snakemake(finished, "-s", "threads.smk", "threads", OMP_NUM_THREADS="8")
    assert {f"{name}_NUM_THREADS=1" for name in names} <= set(done.stdout.splitlines())
