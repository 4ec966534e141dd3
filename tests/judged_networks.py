"""Networks with chosen weights, and the rows that judging them gives."""

from itertools import pairwise

import numpy as np
import pandas as pd
from networks_strategies import INPUTS, rows_for
from symbreak import networks, verdicts
from symbreak.data import Dataset
from symbreak.networks import Trained, join_layers
from symbreak.settings import REGISTRIES, Setting
from symbreak.story import PROPERTIES


def a_model(hidden: tuple[int, ...], activation: str = "tanh", **fields: object) -> Setting:
    names = {"init": "normal", "dropout": "none", "bias": "zeros", "optimizer": "sgd"}
    choices = {kind: REGISTRIES[kind].choose(name) for kind, name in names.items()}
    rest = {"learning_rate": 0.1, "weight_decay": 0.0, "batch_size": None, "arithmetic": "exact"}
    return Setting(
        **(choices | rest | {"dtype": "float64"} | fields),
        hidden=hidden, activation=REGISTRIES["activation"].choose(activation),
    )  # fmt: skip


def random_layers(widths: tuple[int, ...], seed: int = 0) -> list[networks.Layer]:
    random = np.random.default_rng(seed)
    return [
        (random.normal(size=(units, below)), random.normal(size=units))
        for below, units in pairwise(widths)
    ]


def trained(setting: Setting, *nets: list[networks.Layer], moved: np.ndarray | bool = True,
            checkpoints: int = 2) -> Trained:  # fmt: skip
    """Networks of a setting that stay the same at every checkpoint."""
    final = np.stack([join_layers(net) for net in nets]).astype(setting.dtype)
    weights = np.repeat(final[:, None], checkpoints, axis=1)
    scores = [np.full((len(nets), checkpoints), value) for value in (0.1, 0.2, 0.9, 0.8)]
    flags = np.broadcast_to(moved, final.shape)
    return Trained(setting, INPUTS, np.arange(checkpoints), weights, flags, *scores)


def judged(*groups: Trained, redundancy: float = 0.99) -> pd.DataFrame:
    return verdicts.networks(groups, rows_for(groups[0].setting)[0], redundancy)


def rows_with_properties(setting: Setting, known: bool = True) -> Dataset:
    """Return rows of which each property is one input, a little bent; or none is known."""
    x, y = (part.astype(np.float64) for part in rows_for(setting))
    scores = np.tanh(x) if known else np.zeros((len(x), 0))
    names = PROPERTIES if known else ()
    return Dataset(("a", "b", "c"), names, x, y, x, y, scores, scores)
