"""What to say of a run that stopped: a line a failed job, with its reason, from the logs."""

from collections.abc import Iterable
from pathlib import Path

from symbreak.files import FINISHED, STARTED

SLURM_LOGS = ".snakemake/slurm_logs"  # of Snakemake's executor, which keeps those of failed jobs
# What Slurm writes when it ends a job, and what that means; the first that fits.
ENDINGS = {
    "memory limit": "out of memory",
    "oom": "out of memory",
    "TIME LIMIT": "out of time",
    "NODE FAILURE": "its node failed",
    "CANCELLED": "cancelled",
}


def failures(logs: Iterable[str]) -> str:
    """Return what to say of a run that stopped, given the logs of jobs that did not succeed.

    Of jobs that were submitted together, those that had finished are left out.
    """
    lines = [f"{path}: {reason(path)}" for path in sorted(logs) if not is_finished(path)]
    failed = "1 job failed: its log" if len(lines) == 1 else f"{len(lines)} jobs failed: their logs"
    head = failed if lines else "Stopped"
    return "\n".join([f"{head}. What is done is kept; the same command goes on.", *lines])


def reason(path: str | Path) -> str:
    """Return why a job failed: what Slurm says where it ended it, else the last line of its log."""
    ended = ended_by_slurm(str(path))
    if ended:
        return ended
    lines = _lines(path)
    if not lines:
        more = f"; see {SLURM_LOGS}" if Path(SLURM_LOGS).exists() else ""
        return (
            "nothing was written (the job was killed, never started, or found no room on its disk"
            f"{more})"
        )
    if lines[-1].startswith(STARTED):
        return f"{lines[-1]}, and nothing since (the job was killed)"
    return lines[-1]


def is_finished(path: str | Path) -> bool:
    """Tell whether a log says that its job succeeded."""
    return any(line.startswith(FINISHED) for line in _lines(path)[-1:])


def ended_by_slurm(path: str) -> str | None:
    """Return why Slurm ended the job of a log, from the last of Slurm's logs that names it."""
    kept = sorted(Path(SLURM_LOGS).rglob("*.log"), key=lambda file: file.stat().st_mtime)
    for file in reversed(kept):
        lines = _lines(file)
        if not any(path in line for line in lines):
            continue
        words = [line for line in lines if line.startswith(("slurmstepd", "srun: error"))]
        for mark, meaning in ENDINGS.items():
            if any(mark in line for line in words):
                return f"Slurm ended it, {meaning} ({file})"
        return None
    return None


def _lines(path: str | Path) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
