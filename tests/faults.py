"""Faults tried for real on a workstation: python tests/faults.py FOLDER [words of their names].

Each is done to a copy of a finished run in which a job is to be done again; then the same command
is given once more, which must end with the files of the finished run, byte for byte. Prints the
rows of docs/faults.md. Needs root and Linux, for file systems of a few kilobytes, and about half a
minute a fault.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from trial import (
    HUNT,
    MADE,
    MEASURED,
    OTHER,
    PAGES,
    REPORT,
    SITE,
    TABLE,
    TRAIN,
    VERDICTS,
    Trial,
    decided,
    fill,
    finished,
    mounted,
)

Fault = Callable[[Trial], str]  # does it; returns what the run must print, as a pattern


def killed_job(number: int, stage: str, trial: Trial) -> str:
    """End a job by a signal."""
    trial.ready_for(stage)
    run = trial.start()
    os.kill(trial.job(stage), number)
    trial.end(run)
    return rf"logs/{stage}/.*(killed|ended)"


def killed_while_swapping(trial: Trial) -> str:
    trial.ready_for("publish")
    run = trial.start()
    job, new = trial.job("publish"), trial.path(SITE).with_name(".site.new")
    while not (new / "index.html").exists():
        time.sleep(0.002)
    os.kill(job, signal.SIGKILL)
    trial.end(run)
    return r"logs/publish/.*killed"


def signalled(number: int, group: bool, words: str, trial: Trial) -> str:
    """Send Snakemake a signal while it trains, with its jobs (a group), or alone."""
    trial.ready_for("train")
    run = trial.start()
    trial.job("train")
    (os.killpg if group else os.kill)(run.pid, number)
    trial.end(run)
    return words


def killed_snakemake(trial: Trial) -> str:
    signalled(signal.SIGKILL, True, "", trial)
    trial.run()
    shown = trial.printed
    trial.run("--unlock")
    trial.printed = shown
    return r"lock.*--unlock"


def full(stage: str, room: int, trial: Trial) -> str:
    """Run a stage on a file system with so many bytes left, and then with more."""
    trial.ready_for(stage)
    folder = trial.path("reports" if stage in ("report", "publish") else "results")
    if stage == "judge":  # else Snakemake makes room, when it removes its files
        for path in trial.path("results/small").glob("[!h]*.*"):
            path.unlink()
    with mounted(folder, "30m"):
        filler = fill(folder, room)
        trial.run()
        filler.unlink()
    return "No space left on device"


def changed(name: str, to: Callable[[bytes], bytes], stage: str, trial: Trial) -> str:
    """Change what is in a file, before the stage that reads it."""
    trial.ready_for(stage)
    path = trial.path(name)
    times = path.stat()
    path.write_bytes(to(path.read_bytes()))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    trial.run()
    return rf"{name} is not the file that a job wrote"


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def foreign(trial: Trial) -> str:
    return changed(TRAIN, lambda _: trial.path(OTHER).read_bytes(), "measure", trial)


def damaged_kernel(trial: Trial) -> str:
    trial.ready_for("train")
    (code,) = trial.folder.glob("results/small/kernels/*/run-float64.o")
    code.write_bytes(code.read_bytes()[:1000])
    trial.run()
    log = trial.path("results/small/logs/train/normal-0.5/none/none.log")
    trial.printed += log.read_text()
    return "is damaged: its code is compiled again"


def two_runs(trial: Trial) -> str:
    trial.ready_for("train")
    first = trial.start()
    trial.job("train")
    second = Trial(trial.folder, trial.base)
    second.run()
    trial.end(first)
    trial.code, trial.printed = second.code, second.printed
    return r"lock"


def read_only(trial: Trial) -> str:
    trial.ready_for("judge")
    with mounted(trial.path("results"), "30m"):
        subprocess.run(["mount", "-o", "remount,ro", trial.path("results")], check=True)
        trial.run()
        subprocess.run(["mount", "-o", "remount,rw", trial.path("results")], check=True)
    return "Write-protected output files"


def linked(trial: Trial) -> str:
    """Keep results on another file system, by a symbolic link."""
    trial.ready_for("train")
    place = trial.folder.with_name("elsewhere")
    shutil.copytree(trial.path("results"), place / "results")
    shutil.rmtree(trial.path("results"))
    with mounted(place, "30m"):
        trial.path("results").symlink_to(place / "results")
        trial.run()
        trial.path("results").unlink()
        shutil.copytree(place / "results", trial.path("results"))
    return "100 %"


def ahead(trial: Trial) -> str:
    """Give files times of tomorrow, as a clock that was set back leaves them."""
    trial.ready_for("judge")
    tomorrow = time.time() + 86400
    for name in (TABLE, MEASURED, TRAIN):
        os.utime(trial.path(name), (tomorrow, tomorrow))
    trial.run()
    log = max(trial.folder.glob(".snakemake/log/*.log"), key=lambda log: log.stat().st_mtime)
    trial.printed += log.read_text()
    for name in (TABLE, MEASURED, TRAIN):
        os.utime(trial.path(name), ns=((trial.base / name).stat().st_mtime_ns,) * 2)
    return "has older modification time"


def wrong_arithmetic(trial: Trial) -> str:
    """Put the code of another activation, sealed as that of tanh, in the kernels' folder."""
    trial.ready_for("train")
    (right,) = trial.folder.glob("results/small/kernels/*/activation-tanh-float64.o")
    kept = right.read_bytes()
    code = right.with_name("activation-sigmoid-float64.o").read_bytes()[16:]
    sys.path.insert(0, str(trial.path("workflow")))
    from symbreak import machine

    right.write_bytes(machine.seal(right, code) + code)
    trial.run()
    right.write_bytes(kept)
    return "self-test in float64: the bits are"


def edited_library(trial: Trial) -> str:
    trial.ready_for("train")
    library = trial.path("workflow/symbreak/verdicts.py")
    before = library.read_text()
    run = trial.start()
    trial.job("train")
    library.write_text(before + "\n# edited\n")
    trial.end(run)
    library.write_text(before)
    return "holds other code than the library that planned this run"


def other_library(trial: Trial) -> str:
    trial.ready_for("train")
    old = trial.folder.with_name("old")
    shutil.copytree(trial.path("workflow"), old)
    trial.run(PYTHONPATH=str(old))
    return "symbreak is installed from"


def missing_table(trial: Trial) -> str:
    """Let the config name a user's own table that is not there."""
    text = trial.path("small.yaml").read_text()
    table = '"data": {"kind": "csv", "path": "a.csv", "target": "y"}'
    own = re.sub(r'"data": \{[^}]*\}', table, text)
    trial.path("small.yaml").write_text(own)
    trial.run()
    trial.path("small.yaml").write_text(text)
    return "a.csv: there is no such file"


def changed_config(trial: Trial) -> str:
    """Interrupt a run with another config in the same folder and go back to the old one."""
    trial.ready_for("report")
    text = trial.path("small.yaml").read_text()
    trial.path("small.yaml").write_text(text.replace('"steps": 50', '"steps": 60'))
    run = trial.start()
    trial.job("measure")
    os.killpg(run.pid, signal.SIGINT)
    trial.end(run)
    trial.path("small.yaml").write_text(text)
    return "the same command goes on"


def keep_going(trial: Trial) -> str:
    trial.ready_for("train")
    trial.path(OTHER).unlink()
    run = trial.start("--keep-going")
    os.kill(trial.job("train"), signal.SIGKILL)
    trial.end(run)
    return r"logs/train/.*killed"


def no_record(trial: Trial) -> str:
    path = trial.path(MEASURED)
    path.with_name(f".{path.name}.checksum").write_text("")
    trial.ready_for("judge")
    trial.run()
    return f"{MEASURED} is not the file that a job wrote"


FAULTS: dict[str, Fault] = {
    **{f"kill -9 of a {stage} job": partial(killed_job, signal.SIGKILL, stage) for stage in MADE},
    "kill -9 of publish, its site half made": killed_while_swapping,
    "SIGTERM to a train job": partial(killed_job, signal.SIGTERM, "train"),
    "SIGTERM to Snakemake": partial(signalled, signal.SIGTERM, False, "the same command goes on"),
    "SIGTERM to Snakemake and its jobs, as at a time limit": partial(
        signalled, signal.SIGTERM, True, "the same command goes on"
    ),
    "Ctrl-C": partial(signalled, signal.SIGINT, True, "the same command goes on"),
    "kill -9 of Snakemake and its jobs": killed_snakemake,
    **{f"disk full for {stage}": partial(full, stage, room)
       for stage, room in [("train", 4096), ("measure", 12288), ("judge", 12288), ("pages", 8192),
                           ("report", 100_000), ("publish", 100_000)]},
    "disk full, not a byte left": partial(full, "judge", 0),
    "weights cut short": partial(changed, TRAIN, lambda data: data[:1500], "measure"),
    "weights empty": partial(changed, TRAIN, lambda data: b"", "measure"),
    "weights of another initializer": foreign,
    "a bit of weights flipped, seen by pages": partial(changed, TRAIN, flipped, "pages"),
    "a bit of a parquet file flipped": partial(changed, MEASURED, flipped, "judge"),
    "a parquet file empty": partial(changed, PAGES, lambda data: b"", "report"),
    "a CSV cut short": partial(changed, VERDICTS, lambda data: data[:-200], "report"),
    "a digit of a CSV changed": partial(
        changed, HUNT, lambda data: data.replace(b"1", b"2", 1), "report"
    ),
    "a bit of the data flipped": partial(changed, TABLE, flipped, "train"),
    "a bit of what units learned flipped, then published": partial(
        changed, MEASURED.replace("networks", "properties"), flipped, "publish"
    ),
    "a bit of times to break flipped": partial(
        changed, MEASURED.replace("networks", "dynamics"), flipped, "report"
    ),
    "the report cut short, then published": partial(
        changed, REPORT, lambda data: data[:9000], "publish"
    ),
    "a checksum's file empty, as after a power cut": no_record,
    "compiled code cut short": damaged_kernel,
    "a second run in the folder": two_runs,
    "results on a read-only file system": read_only,
    "results on another file system, by a link": linked,
    "files with tomorrow's times": ahead,
    "a machine whose tanh gives other bits": wrong_arithmetic,
    "the library edited during a run": edited_library,
    "an older library, elsewhere": other_library,
    "the config's table is missing": missing_table,
    "a run with another config interrupted": changed_config,
    "--keep-going with a killed train job": keep_going,
}  # fmt: skip


def tried(name: str, fault: Fault, base: Path, folder: Path) -> str:
    """Try a fault; returns its row: seen, done again by the same command, anything wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder / "run", symlinks=True)
    trial = Trial(folder / "run", base)
    pattern = fault(trial)
    (folder / "first.txt").write_text(trial.printed)
    seen = [found[0] for found in re.finditer(rf"^.*(?:{pattern}).*$", trial.printed, re.M)]
    wrong, stopped = trial.wrong(), trial.code
    trial.run()
    (folder / "second.txt").write_text(trial.printed)
    again = ", ".join(job for job in trial.done if job != "all") or "nothing"
    whole = trial.code == 0 and not trial.wrong() and decided(trial.folder) == decided(base)
    end = "same files" if whole else "DIFFERS"
    said = seen[-1].strip() if seen else "NOT SAID"
    return f"| {name} | {said} | {again} | {', '.join(wrong) or 'nothing'} | {stopped}, {end} |"


def main(folder: Path, *words: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored by what a shell starts with &
    base = finished(folder)
    for name, fault in FAULTS.items():
        if not words or any(word in name for word in words):
            slug = re.sub(r"\W+", "-", name)
            print(tried(name, fault, base, folder / slug), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *sys.argv[2:])
