"""A small experiment to try faults on: a copy of a finished run, in which some jobs are undone."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHECKOUT = ("workflow", "config", "profiles", "docs", "data", "Snakefile", "environment.yml",
            "requirements.lock", "LICENSE", "CITATION.cff")  # fmt: skip
SMALL = {
    "experiment": "small", "seed": 1, "replicates": 2, "checkpoints": 2,
    "data": {"kind": "demand", "rows": 60, "noise": 0.5, "balanced": True},
    "model": {"hidden": [[3]], "activation": "tanh"},
    "training": {"learning_rate": 0.2, "steps": 50},
    "grid": {"init": ["constant", "normal"], "dropout": ["none"], "bias": ["none"]},
}  # fmt: skip
TRAIN, OTHER = (f"results/small/train/{init}-0.5/none/none.npz" for init in ("normal", "constant"))
MEASURED = "results/small/networks/normal-0.5.parquet"
VERDICTS = "results/small/verdicts.csv"
PAGES = "results/small/pages/normal-0.5.parquet"
HUNT, TABLE = "results/small/hunt.csv", "data/small/demand.csv"
REPORT, SITE = "reports/small/report.html", "reports/small/site"
MARK = "reports/small/site.sha256"
MADE = {"data": TABLE, "train": TRAIN, "measure": MEASURED, "judge": VERDICTS, "pages": PAGES,
        "report": REPORT, "publish": MARK}  # fmt: skip
DECIDED = ("results/**/*.npz", "results/**/*.parquet", "results/**/*.csv", "data/small/*.csv")
SECONDS = 200


@dataclass
class Trial:
    """A copy of the finished run, what a run in it printed, and which jobs it did."""

    folder: Path
    base: Path
    target: tuple[str, ...] = ()
    printed: str = ""
    code: int = 0
    done: list[str] = field(default_factory=list)

    def path(self, name: str) -> Path:
        return self.folder / name

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start the command of every fault, in a process group of its own."""
        environment = os.environ | {
            "PYTHONPATH": str(self.folder / "workflow"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **variables,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--cores", "1", *self.target, *arguments,
             "--configfile", "small.yaml"],
            cwd=self.folder, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def end(self, process: subprocess.Popen[str]) -> None:
        """Wait for a run and keep what it printed."""
        self.printed = process.communicate(timeout=SECONDS)[0]
        self.code = process.returncode
        logs = sorted(self.folder.glob(".snakemake/log/*.log"), key=lambda log: log.stat().st_mtime)
        text = logs[-1].read_text() if logs else ""
        self.done = re.findall(r"^Finished jobid: \d+ \(Rule: (\w+)\)", text, re.M)

    def run(self, *arguments: str, **variables: str) -> None:
        self.end(self.start(*arguments, **variables))

    def job(self, stage: str) -> int:
        """Return the number of the process of a stage's job, once its log has begun."""
        end = time.monotonic() + SECONDS / 4
        while time.monotonic() < end:
            logs = list(self.folder.glob(f"results/small/logs/{stage}/**/*.log"))
            found = [number for number, words in processes(self.folder)
                     if words[-1].endswith(f".{stage}.py")]  # fmt: skip
            if found and any(log.stat().st_size for log in logs):
                return found[0]
            time.sleep(0.005)
        raise TimeoutError(f"no job of {stage}")

    def ready_for(self, stage: str) -> None:
        """Remove logs, and what a stage and those after it make, up to the target."""
        early = ("data", "train", "measure", "judge")
        undone = early[early.index(stage) :] if stage in early else (stage,)
        for name in map(MADE.get, undone):
            self.path(str(name)).unlink(missing_ok=True)
        self.target = (MADE[undone[-1]],)
        shutil.rmtree(self.path("results/small/logs"))

    def wrong(self) -> list[str]:
        """Return the decided files here that are not those of the finished run, and the report
        or site if it is there and not whole.
        """
        found = [name for name, digest in decided(self.folder).items()
                 if digest != decided(self.base).get(name)]  # fmt: skip
        report = self.path(REPORT)
        if report.exists() and not report.read_text().rstrip().endswith("</html>"):
            found.append(REPORT)
        if self.path(SITE).exists() and not site_is_whole(self.path(SITE)):
            found.append(SITE)
        return found


def decided(folder: Path) -> dict[str, str]:
    """Return checksums of all that was computed, by its path."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for pattern in DECIDED for path in folder.glob(pattern)
            if "benchmarks" not in path.parts}  # fmt: skip


def site_is_whole(site: Path) -> bool:
    done = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=site,
                          capture_output=True, check=False)  # fmt: skip
    return done.returncode == 0


def processes(folder: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (number, command) of the processes whose working directory this is."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.path.samefile(entry / "cwd", folder):
                words = (entry / "cmdline").read_bytes().decode().split("\0")[:-1]
                yield int(entry.name), words or [""]
        except OSError:
            continue


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[None]:
    """Mount a small file system in memory as a folder, with what the folder holds."""
    aside = folder.with_name(f"{folder.name}.aside")
    folder.rename(aside)
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=True)
    shutil.copytree(aside, folder, dirs_exist_ok=True)
    try:
        yield
    finally:
        shutil.rmtree(aside)
        shutil.copytree(folder, aside)
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()
        aside.rename(folder)


def finished(folder: Path) -> Path:
    """Return a folder with a copy of the checkout and a finished run in it, with a site."""
    base = folder / "finished"
    base.mkdir(parents=True, exist_ok=True)
    for name in CHECKOUT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, base / name, dirs_exist_ok=True)
        else:
            shutil.copy2(ROOT / name, base / name)
    (base / "small.yaml").write_text(json.dumps(SMALL))
    trial = Trial(base, base, ("all", "publish"))
    trial.run()
    if trial.code or trial.wrong():
        raise RuntimeError(trial.printed)
    return base


def fill(folder: Path, left: int) -> Path:
    """Fill a file system but for some bytes; returns the file that does."""
    filler = folder / "filler"
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize
    filler.write_bytes(bytes(max(0, free - left)))
    return filler
