"""A small experiment with every kind of verdict, trained in a moment, for the report's tests."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from symbreak import (
    config,
    data,
    dynamics,
    hunt,
    judging,
    learned,
    metrics,
    pages,
    trainer,
    training,
    verdicts,
)
from symbreak.networks import Trained
from symbreak.report import Results
from symbreak.settings import Experiment, Setting

SMALL: dict[str, Any] = {
    "experiment": "small",
    "seed": 3,
    "data": {"kind": "demand", "rows": 40, "noise": 0.5, "balanced": True},
    "model": {"hidden": [[3]], "activation": ["tanh", "sigmoid"]},
    "training": {
        "optimizer": ["sgd"], "learning_rate": 0.1, "weight_decay": 0, "batch_size": "full",
        "steps": 12, "arithmetic": "exact", "dtype": "float64",
    },
    "grid": {
        "init": ["zeros", {"constant": {"value": 0.5}}, "tied", "normal"],
        "dropout": [{"hidden": {"p": 0.5}}, "none"],
        "bias": ["none", {"normal": {"std": 0.1}}],
    },
    "replicates": 3,
    "checkpoints": 5,
}  # fmt: skip
HUNTED = pd.DataFrame([hunt.row(one) for one in hunt.hunt(1, range(2), 1)])


def small(**changes: Any) -> Experiment:
    """The experiment, with sections or keys of its config replaced."""
    return config.experiment({**SMALL, **changes})


def train(experiment: Experiment) -> dict[Setting, Trained]:
    """The networks of every setting."""
    run: training.Run = {
        "seed": experiment.seed, "steps": experiment.steps,
        "checkpoints": experiment.checkpoints, "replicates": experiment.replicates,
    }  # fmt: skip
    rows = dataset(experiment)
    settings = [s for c in experiment.combinations() for s in experiment.settings(*c)]
    with patch.object(training, "engine_of", lambda _: trainer):  # same bits, nothing to compile
        return {s: training.train_setting(s, run, rows) for s in settings}


def dataset(experiment: Experiment) -> data.Dataset:
    """The experiment's rows, made anew."""
    return data.dataset(experiment.data, data.make(experiment.data, experiment.seed))


def spoil(trained: Trained, replicates: slice) -> Trained:
    """The networks with some replicates diverged from the last checkpoint on."""
    weights, loss = trained.weights.copy(), trained.test_loss.copy()
    weights[replicates, -1], loss[replicates, -1] = np.nan, np.nan
    return replace(trained, weights=weights, test_loss=loss)


def results(experiment: Experiment, trained: dict[Setting, Trained]) -> Results:
    """What ``report.build`` takes, through the library's own measures and verdicts."""
    table = data.make(experiment.data, experiment.seed)
    rows = data.dataset(experiment.data, table)
    networks = verdicts.networks(trained.values(), rows.x_train, experiment.redundancy)
    found = learned.table(trained.values(), rows, experiment.redundancy, experiment.neglect)
    moving = times(trained.values())
    part = judging.part(networks, found, moving, experiment.redundancy, experiment.neglect)
    judged = judging.tables([part], experiment.neglect)
    return Results(
        judged["verdicts"], networks, judged["claims"], judged["sensitivity"],
        judged["over_training"], judged["by_verdict"], judged["neglect"], judged["contrasts"],
        judged["dynamics"], HUNTED,
        distances(trained), lambda init: times(of(trained, init)),
        pages_of(trained, rows, experiment), trained.__getitem__,
        rows.features, rows.x_train, rows.y_train, data.count_rows(table),
    )  # fmt: skip


def distances(trained: dict[Setting, Trained]) -> Callable[[Setting], pd.DataFrame]:
    """Return the distances of a setting's networks."""
    return lambda setting: metrics.distances([trained[setting]])


def pages_of(trained: dict[Setting, Trained], rows: data.Dataset,
             experiment: Experiment) -> Callable[[str], pd.DataFrame]:  # fmt: skip
    """Return the pages of an initializer's settings by its label."""

    @cache
    def table(init: str) -> pd.DataFrame:
        networks = of(trained, init)
        found = learned.table(networks, rows, experiment.redundancy, experiment.neglect)
        return pages.table(networks, found, rows, experiment.neglect)

    return table


def of(trained: dict[Setting, Trained], init: str) -> list[Trained]:
    """The networks of an initializer, given its label."""
    return [t for setting, t in trained.items() if setting.init.label == init]


def times(trained: Iterable[Trained]) -> pd.DataFrame:
    """Return the dynamics of networks."""
    group = list(trained)
    return dynamics.table(group, metrics.distances(group)["l2_whole"].to_numpy())
