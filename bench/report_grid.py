"""Experiments of many settings that nobody trained, for the size and the speed of the report.

A few settings are trained and go through the library; all others take a row of theirs, with its
numbers changed. All pages are those of random starts: in a real grid those of equal units take half
of that, so its report is smaller.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

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
    training,
    verdicts,
)
from symbreak.networks import Trained
from symbreak.report import Results
from symbreak.settings import COLUMNS, Experiment, Setting
from symbreak.summary import identity, value_label

Row = dict[str, Any]

INITS = ["zeros", "constant", "tied", "uniform", "normal", "glorot_normal", "he_normal",
         "lecun_normal", "orthogonal", "constant_eps"]  # fmt: skip
RANDOM = INITS[3:9]  # whose pages are the largest
MODELS: Mapping[int, Row] = {  # by the number of settings: 300 combinations of so many models
    3_000: {"learning_rate": [0.5, 1.0]},
    30_000: {"learning_rate": [0.1, 0.2, 0.5, 1.0, 2.0], "weight_decay": [0, 0.01],
             "optimizer": ["sgd", "momentum"]},
}  # fmt: skip
ACTIVATIONS = ["sigmoid", "tanh", "relu", "leaky_relu", "gelu"]
DIGITS = re.compile(r"(?<=\.)\d+")  # of the numbers in a sentence, those that are changed
NOISE = 0.1  # of a number that is changed, as a share of it
CHANGED = ("max_distance_median", "loss_median", "accuracy_median", "coverage_mean",
           "coverage_untrained_mean", "effective_rank_mean")  # fmt: skip


def experiment(size: int) -> Experiment:
    """Return an experiment of so many settings, one of ``MODELS``, of six units."""
    return config.experiment({
        "experiment": f"bench-{size}", "seed": 20240501,
        "data": {"kind": "demand", "rows": 400, "noise": 0.5, "balanced": True},
        "model": {"hidden": [[6]], "activation": ACTIVATIONS},
        "training": {"optimizer": "sgd", "steps": 200, "batch_size": "full", **MODELS[size]},
        "grid": {
            "init": INITS,
            "dropout": ["none", "input", "hidden", "shared", "dropconnect", "gaussian"],
            "bias": ["none", "zeros", "constant", "normal", "uniform"],
        },
        "replicates": 4, "checkpoints": 24,
    })  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """An experiment and a few of its settings, trained."""

    experiment: Experiment

    @cached_property
    def rows(self) -> data.Dataset:
        """The rows that networks learn."""
        made = data.make(self.experiment.data, self.experiment.seed)
        return data.dataset(self.experiment.data, made)

    @cached_property
    def trained(self) -> dict[Setting, Trained]:
        """The networks of every initializer, without and with dropout, of two bias rules."""
        e = self.experiment
        part = replace(e, dropout=e.dropout[::2][:2], bias=e.bias[1::2])
        settings = [part.settings(*combination)[1] for combination in part.combinations()]
        return {setting: self.train(setting) for setting in settings}

    def train(self, setting: Setting) -> Trained:
        """Return the networks of one setting."""
        e = self.experiment
        run: training.Run = {"seed": e.seed, "steps": e.steps, "checkpoints": e.checkpoints,
                             "replicates": e.replicates}  # fmt: skip
        return training.train_setting(setting, run, self.rows)

    @cached_property
    def settings(self) -> list[Setting]:
        """All settings."""
        e = self.experiment
        return [s for combination in e.combinations() for s in e.settings(*combination)]

    def results(self) -> Results:
        """Return what the report is made from."""
        e, trained, rows = self.experiment, list(self.trained.values()), self.rows
        found = verdicts.with_theory(
            verdicts.networks(trained, rows.x_train, e.redundancy), trained, rows, e.seed
        )
        known = learned.table(trained, rows, e.redundancy, e.neglect)
        moving = dynamics.table(trained, metrics.distances(trained)["l2_whole"].to_numpy())
        part = judging.part(found, known, moving, e.redundancy, e.neglect)
        judged = judging.tables([part], e.neglect)
        hunted = pd.DataFrame([hunt.row(one) for one in hunt.hunt(1, range(2), 1)])
        own = dict(self.trained)

        def networks(setting: Setting) -> Trained:
            if setting not in own:
                own[setting] = self.train(setting)
            return own[setting]

        def distances(setting: Setting) -> pd.DataFrame:
            return metrics.distances([networks(setting)])

        def times(init: str) -> pd.DataFrame:
            group = [t for s, t in own.items() if s.init.label == init]
            return dynamics.table(group, metrics.distances(group)["l2_whole"].to_numpy())

        return Results(
            self.verdicts(judged["verdicts"]), found, judged["claims"], judged["sensitivity"],
            judged["over_training"], judged["by_verdict"], judged["neglect"], judged["contrasts"],
            judged["dynamics"], hunted, distances, times, Pages(self, known), networks,
            rows.features, rows.x_train, rows.y_train, "Rows of a benchmark.",
        )  # fmt: skip

    def verdicts(self, judged: pd.DataFrame) -> pd.DataFrame:
        """Return a row a setting: the one that was judged, or another's with numbers changed."""
        draws = np.random.default_rng(1)
        given = {name: judged[name].map(_label) for name in ("init", "bias")}
        own = {tuple(map(_label, row)): i
               for i, row in enumerate(judged[list(COLUMNS)].itertuples(index=False))}  # fmt: skip
        like = {key: group.index.to_numpy() for key, group in judged.groupby(given["init"])}
        places = [own.get(identity(s), draws.choice(like[s.init.label])) for s in self.settings]
        table = judged.iloc[places].reset_index(drop=True)
        for name in CHANGED:
            for column in (name, f"{name}_low", f"{name}_high"):
                if column in table:
                    table[column] *= 1 + NOISE * draws.uniform(-1, 1, len(table))
        labels = pd.DataFrame([setting.record() for setting in self.settings])
        return table.assign(**{name: labels[name] for name in COLUMNS})


def _label(value: Any) -> str:
    return value if isinstance(value, str) else value_label(value)


class Pages:
    """The pages of an initializer's settings by its label: those of random starts, changed.

    Settings that differ in neither initializer nor bias rule share their start, as in any grid.
    """

    def __init__(self, grid: Grid, known: pd.DataFrame) -> None:
        """``known`` is the table of ``learned`` of the settings that were trained."""
        self.grid = grid
        trained = [t for s, t in grid.trained.items() if s.init.name in RANDOM]
        table = pages.table(trained, known, grid.rows, grid.experiment.neglect)
        self.known: list[Row] = table.to_dict("records")  # type: ignore[assignment]

    def __call__(self, init: str) -> pd.DataFrame:
        """Return them; the same whenever they are asked for."""
        draws = np.random.default_rng([len(init), *init.encode()])
        own = [setting for setting in self.grid.settings if setting.init.label == init]
        shape = len(self.known[0]["before"])
        starts = {setting.bias: draws.normal(size=shape).tolist() for setting in own}
        chosen = draws.integers(len(self.known), size=len(own))
        return pd.DataFrame([
            changed(self.known[i], draws) | {"before": starts[s.bias]} | s.record()
            for i, s in zip(chosen, own, strict=True)
        ])  # fmt: skip


def changed(row: Row, draws: np.random.Generator) -> Row:
    """Return a row of pages with every number that is drawn or said changed, as smooth as it is."""
    new = dict(row)
    steps, units = len(row["steps"]), len(row["activations"]) // pages.ROWS
    for name in pages.ENDS:
        new[f"distance_{name}"] = np.array(row[f"distance_{name}"]) * np.exp(_walk(draws, steps))
    points = np.reshape(row["points"], (steps, units, 2))
    size = np.abs(points).max()
    new["points"] = (points + size * _walk(draws, steps, units, 2)).ravel()
    new["after"] = np.array(row["after"]) * (1 + NOISE * draws.normal(size=len(row["after"])))
    shown = np.reshape(row["activations"], (units, -1))
    new["activations"] = (shown * (1 + NOISE * draws.normal(size=(units, 1)))).ravel()
    for name in (name for name in row if name.endswith("_text")):
        new[name] = DIGITS.sub(lambda found: _digits(found[0], draws), row[name])
    return new


def _walk(draws: np.random.Generator, *shape: int) -> np.ndarray:
    """Return random walks along the first axis, from 0, of steps that keep them near it."""
    return np.cumsum(draws.normal(size=shape), axis=0) * NOISE / shape[0]


def _digits(text: str, draws: np.random.Generator) -> str:
    return "".join(map(str, draws.integers(10, size=len(text))))
