"""Files are whole or absent, logs end in one sentence, and fingerprints follow the imports."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from symbreak import failures, files
from symbreak.table import DataError


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file.txt"
    files.write_text(path, "old")
    with pytest.raises(FileNotFoundError), files.written(path) as temporary:
        (temporary.write_text("half of the n"), (tmp_path / "missing").read_text())
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_written_file_is_whole_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    with files.written(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_job_left_half_written_is_removed_by_the_next(tmp_path: Path) -> None:
    killed = "import os, sys; from symbreak import files\nwith files.written(sys.argv[1]) as path: "
    killed += "path.write_text('half'); os.kill(os.getpid(), 9)"
    path = tmp_path / "file.txt"
    subprocess.run([sys.executable, "-c", killed, path], check=False)
    assert [left.read_text() for left in tmp_path.iterdir()] == ["half"]
    runs = tmp_path / f".file.txt.{os.uname().nodename}.{os.getppid()}"
    runs.write_text("half")
    files.write_text(path, "whole")
    assert sorted(tmp_path.iterdir()) == [runs, path]


def test_a_full_disk_is_a_sentence_with_the_file(tmp_path: Path) -> None:
    """Linux has a disk that is always full."""
    full, path = Path("/dev/full"), tmp_path / "file.txt"
    with (
        pytest.raises(SystemExit) as exit_,
        files.job_log(tmp_path / "job.log", "data", files.fingerprint("data")),
        files.written(path),
        full.open("w") as file,
    ):
        file.write("more")
    assert str(exit_.value) == f"{path}: No space left on device ({tmp_path / 'job.log'})"
    assert list(tmp_path.iterdir()) == [tmp_path / "job.log"]


def test_a_log_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    full = Path("/dev/full")
    assert stopped(full, DataError("never")).endswith("No space left on device (/dev/full)")
    missing = tmp_path / "missing" / "job.log"
    assert stopped(missing, DataError("never")) == f"{missing}: No such file or directory"


def stopped(log: Path, error: BaseException) -> str:
    """Return what a job that raises this error says on the terminal."""
    with (
        pytest.raises(SystemExit) as exit_,
        files.job_log(log, "data", files.fingerprint("data")),
    ):
        raise error
    return str(exit_.value)


def test_an_error_of_the_library_is_one_sentence_in_log_and_terminal(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    assert stopped(log, DataError("my.csv, line 3: what to do")).startswith("my.csv, line 3: what")
    assert log.read_text().splitlines()[1:] == ["my.csv, line 3: what to do"]


def test_an_unforeseen_error_leaves_its_traceback_in_the_log_only(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    assert stopped(log, KeyError("lost")) == f"KeyError: 'lost' ({log})"
    assert "Traceback" in log.read_text()
    assert failures.reason(log) == "KeyError: 'lost'"


def test_an_interrupted_job_says_so_without_a_traceback(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    assert "KeyboardInterrupt" in stopped(log, KeyboardInterrupt())
    assert "Traceback" not in log.read_text()


def test_a_job_refuses_a_library_that_did_not_plan_it(tmp_path: Path) -> None:
    ran = []
    refused = pytest.raises(SystemExit, match="start the run again")
    with refused, files.job_log(tmp_path / "job.log", "data", "0" * 16):
        ran.append(True)
    assert not ran


def test_what_a_job_prints_goes_to_its_log(tmp_path: Path, capsys) -> None:
    log = tmp_path / "job.log"
    with files.job_log(log, "data", files.fingerprint("data")):
        print("3 of 5")
    first, said, last = log.read_text().splitlines()
    assert (first[:8], said, last[:9]) == (files.STARTED, "3 of 5", files.FINISHED)
    assert capsys.readouterr().out == ""


def test_failures_name_each_log_with_its_last_line(tmp_path: Path) -> None:
    log = tmp_path / "b.log"
    log.write_text("one\ntwo\n")
    lines = failures.failures([str(log), str(tmp_path / "a.log")]).splitlines()
    assert lines[0].startswith("2 jobs failed")
    assert failures.failures([]).startswith("Stopped")
    assert "killed" in lines[1]
    assert lines[2] == f"{log}: two"


def test_of_jobs_submitted_together_those_that_failed_are_named(tmp_path: Path) -> None:
    done, failed = tmp_path / "done.log", tmp_path / "failed.log"
    with files.job_log(done, "data", files.fingerprint("data")):
        pass
    failed.write_text(f"{files.STARTED}at noon")
    lines = failures.failures([str(done), str(failed)]).splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(f"{failed}: {files.STARTED}at noon, and nothing since")


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("StepId=5.0 exceeded memory limit (421 > 419), being killed", "out of memory"),
        ("*** JOB 7 ON n1 CANCELLED AT 2026-11-25T16:03:49 DUE TO TIME LIMIT ***", "out of time"),
        ("*** JOB 7 ON n1 CANCELLED AT 2026-11-25T16:03:49 ***", "cancelled"),
    ],
)
def test_what_slurm_ended_is_said_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, meaning: str
) -> None:
    monkeypatch.chdir(tmp_path)
    log = "results/small/logs/train/zeros/none/none.log"
    kept = Path(failures.SLURM_LOGS) / "rule_train/7.log"
    files.write_text(log, "zeros: 0.1 s\n")
    files.write_text(kept, f"    log: {log}\nslurmstepd: error: {words}\n")
    assert failures.reason(log) == f"Slurm ended it, {meaning} ({kept})"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the library that fingerprints are taken of."""
    here = tmp_path / "symbreak"
    shutil.copytree(files.HERE, here)
    monkeypatch.setattr(files, "HERE", here)
    forget()
    yield here
    forget()


def forget() -> None:
    files.fingerprint.cache_clear()
    files._imports.cache_clear()


@pytest.mark.parametrize(
    ("changed", "stages"),
    [
        ("story", {"data", "training", "verdicts", "learned", "judging", "pages", "report"}),
        ("phases", {"training"}),
        ("trainer", {"training", "verdicts", "learned", "judging", "pages", "report"}),
        ("verdicts", {"verdicts", "learned", "judging", "pages", "report"}),
        ("learned", {"learned", "judging", "pages"}),
        ("judging", {"judging", "pages"}),
        ("figures", {"pages", "report"}),
        ("templates/css/report.css", {"report"}),
        ("pages", {"pages"}),
        ("packing", {"report"}),
        ("plan", set()),
    ],
)
def test_a_change_reaches_the_stages_that_import_it(
    copy: Path, changed: str, stages: set[str]
) -> None:
    every = ("data", "training", "verdicts", "learned", "judging", "pages", "report")
    before = {stage: files.fingerprint(stage) for stage in every}
    path = copy / (changed if "." in changed else f"{changed}.py")
    path.write_text(path.read_text() + "\n")
    forget()
    assert {stage for stage in every if files.fingerprint(stage) != before[stage]} == stages
