"""scikit-learn: an MLPClassifier after the other, as its users do. It has no dropout."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from symbreak.networks import Layer, join_layers

from bench.cells import BETA1, BETA2, EPSILON, RATE
from bench.contenders import Run
from bench.problem import Problem

NEVER = 10**9


def make(problem: Problem) -> Run:
    """Train each network by ``fit``; an epoch of ``fit`` is an epoch here."""
    activation = {"sigmoid": "logistic"}.get(problem.cell.activation, problem.cell.activation)

    def train(layers: list[Layer], steps: int) -> np.ndarray:
        rest = iter(layers)

        def start(fan_in: int, fan_out: int, dtype: np.dtype) -> Layer:
            weights, bias = next(rest)
            return np.array(weights.T, dtype), np.array(bias, dtype)

        model = MLPClassifier(
            problem.cell.hidden, activation, solver="adam", alpha=0.0, batch_size=problem.batch,
            learning_rate_init=RATE, beta_1=BETA1, beta_2=BETA2, epsilon=EPSILON,
            max_iter=steps // problem.epoch, shuffle=problem.shuffled, tol=0.0,
            n_iter_no_change=NEVER, random_state=0,
        )  # fmt: skip
        model._init_coef = start  # instead of its own random start
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(problem.x, problem.y)
        return join_layers([(w.T, b) for w, b in zip(model.coefs_, model.intercepts_, strict=True)])

    def run(starts: np.ndarray, steps: int) -> np.ndarray:
        return np.stack([train(problem.layers(one), steps) for one in starts])

    return run
