"""A report of what there is, where jobs have failed or are still to be done.

An initializer is *whole* where all its combinations are trained; where only some are, these are
measured in a folder of their own. An initializer whose measuring failed is left out, so that the
report can be made all the same. Looks at files and logs only: every job reads this.
"""

import shlex
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
    """Return why combinations are missing.

    A record a reason: ``reason``, ``log``, and the ``combinations``, each as in
    ``constant-0.5, dropout none, bias none``.
    """
    found: dict[tuple[str, str], list[str]] = {}
    homes = shown(experiment)
    for init, dropout, bias in experiment.combinations():
        file = f"{experiment.results}/train/{init.label}/{dropout.label}/{bias.label}.npz"
        if not Path(file).exists():
            log = train_log(experiment, init.label, dropout.label, bias.label)
        elif init.label not in homes:
            log = _failed(experiment, init.label) or ""
        else:
            continue
        key = (reason(log) if Path(log).exists() else "not done yet", log)
        label = f"{init.label}, dropout {dropout.label}, bias {bias.label}"
        found.setdefault(key, []).append(label)
    return [{"reason": why, "log": log if Path(log).exists() else "", "combinations": names}
            for (why, log), names in found.items()]  # fmt: skip


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
