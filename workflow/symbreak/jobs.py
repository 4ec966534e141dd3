"""The jobs of a run, as their logs and Snakemake's benchmark files tell of them.

Nothing here asks the clock: the same files give the same times. ``publish`` and ``verify`` come
after the results and are no part of them.
"""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from symbreak.files import FINISHED, STARTED
from symbreak.settings import Experiment

STAGES = ("data", "kernels", "train", "refine", "measure", "hunt", "judge", "pages", "report")
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
FIRST = re.compile(rf"{STARTED}({TIME}) on (.+)")
LAST = re.compile(rf"{FINISHED}({TIME})")


@dataclass(frozen=True)
class Job:
    """One job: times in UTC, seconds by Snakemake's clock, and the machine; empty is not known."""

    stage: str
    name: str
    started: str = ""
    finished: str = ""
    seconds: float | None = None
    hardware: str = ""


def read(experiment: Experiment) -> list[Job]:
    """Return the jobs that made the results in the experiment's folder, by stage and name."""
    folder = Path(experiment.results)
    found = []
    for stage in STAGES:
        logs = sorted((folder / "logs" / stage).rglob("*.log"))
        for log in logs:
            name = str(log.relative_to(folder / "logs" / stage).with_suffix(""))
            if _belongs(experiment, stage, name):
                started, finished, hardware = _log(log)
                seconds = _seconds(folder / "benchmarks" / stage / f"{name}.tsv")
                found.append(Job(stage, name, started, finished, seconds, hardware))
    return found


def _belongs(experiment: Experiment, stage: str, name: str) -> bool:
    """Tell whether a job is of this grid, not left by an earlier version of the config."""
    if stage == "refine":
        return name in {request["name"] for request in experiment.refine}
    if stage not in ("train", "measure", "pages"):
        return True
    init, _, rest = name.partition("/")
    combinations = {f"{d.label}/{b.label}" for _, d, b in experiment.combinations()}
    return init in {choice.label for choice in experiment.init} and (
        not rest or rest.isdigit() or rest in combinations
    )


def _log(path: Path) -> tuple[str, str, str]:
    """Return when a job started and finished, and on what, by the first and last line of its log.

    Empty texts where the log does not tell.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    first, last = FIRST.fullmatch(lines[0]), LAST.fullmatch(lines[-1])
    return first[1] if first else "", last[1] if last else "", first[2] if first else ""


def _seconds(benchmark: Path) -> float | None:
    """Return the seconds of a benchmark file (the mean of its repeats); None where it has none."""
    try:
        with benchmark.open(encoding="utf-8", newline="") as file:
            values = [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
    except (OSError, KeyError, ValueError, TypeError):
        return None
    return sum(values) / len(values) if values else None


def span(jobs: list[Job]) -> tuple[str, str]:
    """Return when the first job started and the last one finished; empty where that is not known.

    A time in words of equal length and zone compares as the time itself.
    """
    starts = [job.started for job in jobs if job.started]
    ends = [job.finished for job in jobs if job.finished]
    return min(starts, default=""), max(ends, default="")


def machines(jobs: list[Job]) -> dict[str, int]:
    """Return how many jobs each machine did, most first."""
    counts = Counter(job.hardware or "not known" for job in jobs)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def shared(ours: list[Job], theirs: list[Job]) -> int:
    """Return how many jobs are the very same ones in both lists, by place, start and seconds.

    Only jobs whose start is known can be told apart from others.
    """
    known = {(job.stage, job.name, job.started, job.seconds) for job in theirs if job.started}
    return sum((job.stage, job.name, job.started, job.seconds) in known for job in ours)
