"""Hypothesis strategies for networks: settings to train and small data to train them on."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from symbreak import trainer
from symbreak.settings import REGISTRIES, Setting

ROWS, INPUTS = 37, 3
few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def a_choice(kind: str) -> st.SearchStrategy:
    """A component with its default parameters."""
    return st.sampled_from([REGISTRIES[kind].choose(name) for name in REGISTRIES[kind]])


@st.composite
def a_setting(draw: st.DrawFn, **fixed: object) -> Setting:
    """Any setting: width 2 to 9, depth 1 to 3, every component; ``fixed`` fields as given."""
    choices = {kind: draw(a_choice(kind)) for kind in REGISTRIES}
    others = {
        "hidden": draw(st.lists(st.integers(2, 9), min_size=1, max_size=3).map(tuple)),
        "learning_rate": draw(st.sampled_from([0.1, 1.0])),
        "weight_decay": draw(st.sampled_from([0.0, 0.03])),
        "batch_size": draw(st.sampled_from([None, 1, 7, 32])),
        "arithmetic": "exact",
        "dtype": draw(st.sampled_from(["float64", "float32"])),
    }
    return Setting(**(choices | others | fixed))


def rows_for(setting: Setting, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs [37, 3] and labels [37] in the setting's dtype."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(ROWS, INPUTS))
    y = (x.sum(axis=1) + random.normal(size=ROWS) > 0).astype(setting.dtype)
    return x.astype(setting.dtype), y


def starts(setting: Setting, count: int, seed: int = 0) -> np.ndarray:
    """Return the initial parameters of replicates 0 to count - 1, [count, p]."""
    one = (trainer.initial_parameters(setting, INPUTS, seed, r) for r in range(count))
    return np.stack(list(one))
