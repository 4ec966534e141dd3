"""The pipeline on a cluster: a real Slurm, of two nodes, that the tests start on this machine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import slurm
import yaml

ROOT = Path(__file__).parents[1]
REASON = slurm.missing() or (
    None if find_spec("snakemake_executor_plugin_slurm") else "make .venv/ready-slurm"
)
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

EXPERIMENT = yaml.safe_load("""
experiment: small
seed: 1
data: {kind: demand, rows: 60, noise: 0.5, balanced: true}
model: {hidden: [[4]], activation: [tanh]}
training: {optimizer: [sgd], learning_rate: 0.2, steps: 20}
grid: {init: [zeros, normal], dropout: [none, hidden], bias: [none]}
replicates: 2
checkpoints: 3
""")
DATA, VERDICTS = "data/small/demand.csv", "results/small/verdicts.csv"
# As a user types it; a small cluster answers at once.
ON_SLURM = ("--workflow-profile", "workflow/profiles/slurm", "--slurm-status-command", "squeue",
            "--slurm-init-seconds-before-status-checks", "4", "--latency-wait", "5")  # fmt: skip
SECONDS = 300


def checkout(folder: Path) -> Path:
    """Copy to a folder what a run needs, with the small experiment."""
    for name in ("workflow", "config"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "environment.yml"):
        shutil.copy(ROOT / name, folder)
    (folder / "small.yaml").write_text(yaml.safe_dump(EXPERIMENT))
    return folder


def snakemake(
    folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start Snakemake in a copy of the checkout; what it says goes to ``run.log`` there."""
    found = dict(environment or os.environ)
    found["PYTHONPATH"] = str(folder / "workflow")
    with (folder / "run.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *arguments, "--configfile", "small.yaml"],
            cwd=folder, env=found, stdout=log, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip


def said(folder: Path) -> str:
    return (folder / "run.log").read_text()


def succeeds(folder: Path, process: subprocess.Popen[str]) -> None:
    assert process.wait(SECONDS) == 0, said(folder)[-3000:]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Cluster]:
    with slurm.cluster(tmp_path_factory.mktemp("slurm")) as found:
        yield found


@pytest.fixture(scope="module")
def finished(cluster: slurm.Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout with a run that Slurm did."""
    folder = checkout(tmp_path_factory.mktemp("slurm_run"))
    together = ("--groups", "train=train", "--group-components", "train=2")
    arguments = (VERDICTS, *ON_SLURM, *together)
    succeeds(folder, snakemake(folder, *arguments, environment=cluster.environment))
    return folder


def computed(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file that a run computed, without logs, times and object files."""
    places = ("logs", "benchmarks", "kernels")
    results = folder / "results/small"
    paths = [
        path for path in results.rglob("*") if path.relative_to(results).parts[0] not in places
    ]
    found = {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.is_file()}
    return found | {DATA: (folder / DATA).read_bytes()}


def test_a_cluster_computes_the_same_bytes_as_a_workstation(finished: Path, tmp_path: Path) -> None:
    alone = checkout(tmp_path)
    kernels = "results/small/kernels"  # to compile them again takes longer than all the rest
    shutil.copytree(finished / kernels, alone / kernels)
    succeeds(alone, snakemake(alone, VERDICTS, "--cores", "2"))
    ours, theirs = computed(finished), computed(alone)
    assert {VERDICTS, "results/small/train/zeros/none/none.npz"} <= ours.keys()
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_a_workstation_has_nothing_left_to_do_after_a_cluster(finished: Path) -> None:
    succeeds(finished, snakemake(finished, VERDICTS, "--cores", "1"))
    assert "Nothing to be done" in (finished / "run.log").read_text()


def test_a_second_try_has_twice_the_memory_and_time(cluster: slurm.Cluster, tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    process = snakemake(folder, DATA, *ON_SLURM, environment=cluster.environment)
    first = cluster.next_job()
    asked = cluster.asked(first)
    cluster.run("scancel", str(first))
    second = cluster.next_job(after=first)
    assert cluster.asked(second) == tuple(2 * amount for amount in asked)
    succeeds(folder, process)
    assert (folder / DATA).exists()


def test_a_library_edited_while_a_job_waits_computes_nothing(
    cluster: slurm.Cluster, tmp_path: Path
) -> None:
    folder = checkout(tmp_path)
    before = max(cluster.jobs(), default=0)
    process = snakemake(folder, DATA, *ON_SLURM, "--retries", "0", environment=cluster.environment)
    cluster.next_job(after=before)
    with (folder / "workflow/symbreak/table.py").open("a") as module:
        module.write("\n#\n")
    assert process.wait(SECONDS) == 1
    assert "holds other code than the library that planned this run" in said(folder)
    assert not (folder / DATA).exists()


def test_a_job_that_slurm_ends_for_its_memory_is_tried_with_more(
    cluster: slurm.Cluster, tmp_path: Path
) -> None:
    """The first try has too little memory even for Python, the second has enough."""
    folder = checkout(tmp_path)
    little = ("--set-resources", "data:mem_mb=100", "--retries", "0")
    assert snakemake(folder, DATA, *ON_SLURM, *little, environment=cluster.environment).wait() == 1
    assert not (folder / DATA).exists()
    raised = ("--set-resources", "data:mem_mb=100 + 700 * (attempt - 1)")
    succeeds(folder, snakemake(folder, DATA, *ON_SLURM, *raised, environment=cluster.environment))
