"""A report of what there is, where jobs have failed or are still to be done.

An initializer is *whole* where all its combinations are trained; where only some are, these are
measured in a folder of their own. An initializer whose measuring failed is left out, so that the
report can be made all the same. Looks at files and logs only: every job reads this.
"""

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from symbreak.failures import is_finished, reason
from symbreak.settings import Experiment

TABLES = ("distances", "networks", "properties", "dynamics", "pages")  # a file an initializer each
STAGES = ("measure", "pages")


def folder(experiment: Experiment) -> str:
    """Return the folder of what is made for a partial report alone."""
    return f"{experiment.results}/partial"


def report(experiment: Experiment) -> str:
    """Return the path of a partial report."""
    return f"reports/{experiment.name}/partial.html"


def command(configs: Sequence[str]) -> str:
    """Return the command that makes a partial report."""
    return shlex.join(["snakemake", "partial", "--configfile", *configs])


def clear(experiment: Experiment) -> None:
    """Remove what a partial report was, as the whole one is there."""
    shutil.rmtree(folder(experiment), ignore_errors=True)
    Path(report(experiment)).unlink(missing_ok=True)


def trained(experiment: Experiment, init: str) -> list[str]:
    """Return the files of weights that an initializer (its label) has."""
    return [file for file in experiment.train_files(init) if Path(file).exists()]


def home(experiment: Experiment, init: str) -> str | None:
    """Return the folder of an initializer's tables, there or to be made; None: it is left out."""
    count = len(trained(experiment, init))
    if not count or _failed(experiment, init):
        return None
    whole = count == len(experiment.train_files(init))
    return experiment.results if whole else folder(experiment)


def shown(experiment: Experiment) -> dict[str, str]:
    """Return the folders of the tables by the labels of the initializers that a report can show."""
    homes = {init.label: home(experiment, init.label) for init in experiment.init}
    return {init: place for init, place in homes.items() if place is not None}


def missing(experiment: Experiment) -> list[dict[str, Any]]:
    """Return why combinations, and searches of ``refine``, are missing.

    A record a reason: ``reason``, ``log`` (empty where there is none), and the ``combinations``,
    each as in ``constant-0.5, dropout none, bias none``.
    """
    found: dict[str, list[str]] = {}
    homes = shown(experiment)
    for init, dropout, bias in experiment.combinations():
        label = f"{init.label}, dropout {dropout.label}, bias {bias.label}"
        file = f"{experiment.results}/train/{init.label}/{dropout.label}/{bias.label}.npz"
        if not Path(file).exists():
            log = train_log(experiment, init.label, dropout.label, bias.label)
            found.setdefault(log, []).append(label)
        elif init.label not in homes:
            found.setdefault(_failed(experiment, init.label) or "", []).append(label)
    for request in experiment.refine:
        name = request["name"]
        if not Path(f"{experiment.results}/boundaries/{name}/boundaries.csv").exists():
            log = f"{experiment.results}/logs/refine/{name}.log"
            found.setdefault(log, []).append(f"search {name}")
    return [_told(log, names) for log, names in found.items()]


def _told(log: str, names: list[str]) -> dict[str, Any]:
    """Return a record of ``missing``; a job without a log was not started."""
    known = Path(log).is_file()
    return {"reason": reason(log) if known else "not computed yet", "log": log if known else "",
            "combinations": names}  # fmt: skip


def train_log(experiment: Experiment, init: str, dropout: str, bias: str) -> str:
    """Return the log of the job that trains a combination."""
    pairs = experiment.shard_pairs
    number = next((str(i) for i, some in enumerate(pairs, 1) if (dropout, bias) in some), None)
    return f"{experiment.results}/logs/train/{init}/{number or f'{dropout}/{bias}'}.log"


def _failed(experiment: Experiment, init: str) -> str | None:
    """Return the log of a job after training that failed for an initializer, None without."""
    whole = len(trained(experiment, init)) == len(experiment.train_files(init))
    for stage in STAGES:
        log = f"{experiment.results}/logs/{stage}{'' if whole else '_partial'}/{init}.log"
        if Path(log).exists() and not is_finished(log):
            return log
    return None
