"""Hypothesis strategies for networks: settings to train and small data to train them on."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from symbreak import trainer
from symbreak.components import Choice
from symbreak.settings import REGISTRIES, Setting

ROWS, INPUTS = 37, 3
few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


OTHERS = {"p": (0.1, 0.2, 0.5), "beta": (0.5, 0.9), "beta1": (0.5, 0.9), "beta2": (0.9, 0.999),
          "epsilon": (1e-8, 1e-3)}  # fmt: skip


@st.composite
def a_choice(draw: st.DrawFn, kind: str) -> Choice:
    """A component, with its default parameters or others."""
    name = draw(st.sampled_from(list(REGISTRIES[kind])))
    own = [p.name for p in REGISTRIES[kind][name].parameters if p.name in OTHERS]
    return REGISTRIES[kind].choose(name, **{p: draw(st.sampled_from(OTHERS[p])) for p in own})


def plain_setting(**fixed: object) -> Setting:
    """A network of two layers, full batch, no noise; ``fixed`` fields as given, components too by
    name, with their default parameters.
    """
    names = {"init": "normal", "dropout": "none", "bias": "constant", "activation": "tanh",
             "optimizer": "sgd"}  # fmt: skip
    others = {"hidden": (5, 4), "learning_rate": 0.1, "weight_decay": 0.0, "batch_size": None,
              "arithmetic": "exact", "dtype": "float64"}  # fmt: skip
    values = names | others | fixed
    for kind in names:
        if isinstance(values[kind], str):
            values[kind] = REGISTRIES[kind].choose(values[kind])
    return Setting(**values)


@st.composite
def a_setting(draw: st.DrawFn, **fixed: object) -> Setting:
    """Any setting: depth 1 to 3, width from 2 to 64 (deep ones to 24 and 9), every component;
    ``fixed`` fields as given.
    """
    choices = {kind: draw(a_choice(kind)) for kind in REGISTRIES}
    depth = draw(st.integers(1, 3))
    width = st.integers(2, {1: 64, 2: 24, 3: 9}[depth])
    others = {
        "hidden": draw(st.tuples(*[width] * depth)),
        "learning_rate": draw(st.sampled_from([0.1, 1.0])),
        "weight_decay": draw(st.sampled_from([0.0, 0.03])),
        "batch_size": draw(st.sampled_from([None, 1, 7, 32, 100])),
        "arithmetic": "exact",
        "dtype": draw(st.sampled_from(["float64", "float32"])),
    }
    return Setting(**(choices | others | fixed))


def rows_for(
    setting: Setting, seed: int = 0, rows: int = ROWS, inputs: int = INPUTS
) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs [rows, inputs] and labels [rows] in the setting's dtype."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, inputs))
    y = (x.sum(axis=1) + random.normal(size=rows) > 0).astype(setting.dtype)
    return x.astype(setting.dtype), y


def starts(setting: Setting, count: int, seed: int = 0, inputs: int = INPUTS) -> np.ndarray:
    """Return the initial parameters of replicates 0 to count - 1, [count, p]."""
    one = (trainer.initial_parameters(setting, inputs, seed, r) for r in range(count))
    return np.stack(list(one))
