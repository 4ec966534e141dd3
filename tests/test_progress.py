"""How far a run is, what is said before it, and what a partial report says is missing."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from symbreak import config, incomplete, progress
from symbreak.files import FINISHED, STARTED
from symbreak.settings import Experiment

ROOT = Path(__file__).parents[1]
TINY = yaml.safe_load((ROOT / "config/tiny.yaml").read_text())
RULES = st.sampled_from(["kernels", "train", "measure"])
ENDS = st.sampled_from(["done", "failed", "runs", "new"])


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """The tiny experiment, with a folder of its own as the working directory."""
    monkeypatch.chdir(tmp_path)
    return config.experiment(TINY)


def touch(path: str, text: str = "") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


@given(st.lists(st.tuples(RULES, ENDS, st.booleans()), min_size=1, max_size=30))
def test_every_job_is_counted_once_whatever_happens(jobs: list[tuple[str, str, bool]]) -> None:
    """Also where a job failed before and was tried again."""
    state = progress.Progress(Counter(rule for rule, _, _ in jobs))
    for number, (rule, end, again) in enumerate(jobs):
        if end == "new":
            continue
        if again:
            state.started(number, rule)
            state.fails(number, rule)
        state.started(number, rule)
        if end == "done":
            state.finished(number)
        if end == "failed":
            state.fails(number, rule)
    count = Counter(end for _, end, _ in jobs)
    assert state.counts == (
        f"{count['done']} of {len(jobs)} jobs done, {count['runs']} running, "
        f"{count['failed']} failed, {count['new']} left"
    )
    assert (state.share == 1) == (count["done"] == len(jobs))


@given(st.integers(1, 400))
def test_a_log_file_gets_at_most_a_line_every_5_percent_and_the_last(jobs: int) -> None:
    state = progress.Progress({"train": jobs})
    lines = []
    for number in range(jobs):
        state.started(number, "train")
        state.finished(number)
        lines += [state.line()]
    told = [line for line in lines if line]
    assert len(told) == min(jobs, 20)
    assert told[-1].startswith("100 %")


def test_the_time_left_is_of_work_not_of_jobs() -> None:
    now = [0.0]
    progress.expect({"train": 1.0, "report": 9.0})
    try:
        state = progress.Progress({"train": 1, "report": 1}, lambda: now[0])
        state.started(1, "train")
        now[0] = 10.0
        state.finished(1)
        assert "about 90 s" in state.bar()
    finally:
        progress.expect({})


def test_a_forecast_is_quick_and_names_the_jobs() -> None:
    """2 s of CPU time at most, Python's start and the libraries' included."""
    program = (
        "import sys, time, yaml\n"
        "from symbreak import config, estimate\n"
        "e = config.experiment(yaml.safe_load(open(sys.argv[1])))\n"
        "whole = estimate.forecast(e, {'train': 36, 'measure': 3, 'all': 1}, 1)\n"
        "part = estimate.forecast(e, {'train_2': 6}, 1)\n"
        "assert set(whole.each) == {'train', 'measure'}, whole.each\n"
        "assert '40 jobs to do (36 train, 3 measure)' in whole.text, whole.text\n"
        "assert '6 jobs to do (6 train)' in part.text, part.text\n"
        "assert estimate.forecast(e, {'plan': 1}, 1) is None\n"
        "print(time.process_time())"
    )
    times = []
    for _ in range(2):  # the best, as others may be at work
        done = subprocess.run([sys.executable, "-c", program, str(ROOT / "config/tiny.yaml")],
                              capture_output=True, text=True, check=True)  # fmt: skip
        times.append(float(done.stdout))
    assert min(times) < 2


def test_nothing_is_missing_where_all_is_there(experiment: Experiment) -> None:
    for init in experiment.init:
        for file in experiment.train_files(init.label):
            touch(file)
    assert incomplete.missing(experiment) == []
    assert set(incomplete.shown(experiment).values()) == {experiment.results}


def test_what_is_missing_is_named_with_the_last_line_of_its_log(experiment: Experiment) -> None:
    first, second, third = (init.label for init in experiment.init)
    for init in (first, second):
        for file in experiment.train_files(init):
            touch(file)
    untrained = Path(experiment.train_files(first)[0])
    untrained.unlink()
    drop, bias = untrained.parent.name, untrained.stem
    train = incomplete.train_log(experiment, first, drop, bias)
    touch(train, f"{STARTED}now\ndisk full\n")
    measure = f"{experiment.results}/logs/measure/{second}.log"
    touch(measure, f"{STARTED}now\nout of paper\n")
    found = {one["reason"]: one for one in incomplete.missing(experiment)}
    assert found["disk full"]["combinations"] == [f"{first}, dropout {drop}, bias {bias}"]
    assert found["disk full"]["log"] == train
    each = len(experiment.train_files(second))
    assert len(found["out of paper"]["combinations"]) == each
    untold = [one for one in incomplete.missing(experiment) if one["reason"] == "not computed yet"]
    assert sum(len(one["combinations"]) for one in untold) == each
    assert incomplete.shown(experiment) == {first: incomplete.folder(experiment)}
    touch(measure, f"{STARTED}now\n{FINISHED}now\n")
    assert incomplete.shown(experiment)[second] == experiment.results
    assert third not in incomplete.shown(experiment)
