"""The reference trainer's gradient, against complex steps, differences and a peer's autograd."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks_strategies import INPUTS, a_setting, few, plain_setting, rows_for, starts
from scipy import special
from symbreak import streams, trainer
from symbreak.activations import ACTIVATIONS
from symbreak.dropout import DROPOUTS
from symbreak.initializers import BIASES, INITIALIZERS
from symbreak.networks import network_widths, parameter_count, split_layers
from symbreak.settings import Setting
from symbreak.trainer import Draws

STEP = 1e-30  # so small that its square vanishes: the imaginary part is the derivative


def a_random_start(setting: Setting) -> np.ndarray:
    """Return parameters [p] at which no gradient is zero by symmetry."""
    random = replace(setting, init=INITIALIZERS.choose("normal"), bias=BIASES.choose("normal"))
    return starts(random, 1)[0]


def erf(z: np.ndarray) -> np.ndarray:
    """The error function at a point next to the real axis: value and first derivative."""
    slope = 2 / np.sqrt(np.pi) * np.exp(-(z.real**2))
    return special.erf(z.real) + 1j * slope * z.imag


TEXTBOOK: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.where(z.real > 0, z, 0),
    "leaky_relu": lambda z: np.where(z.real > 0, z, 0.01 * z),
    "linear": lambda z: z,
    "gelu": lambda z: z * (1 + erf(z / np.sqrt(2))) / 2,
}


def noise_of(setting: Setting, draws: Draws, t: int, rows: int) -> tuple[list, np.ndarray]:
    """Return the multipliers of the inputs and each layer, and of the parameters, at a step."""
    widths = network_widths(INPUTS, setting.hidden)
    place = DROPOUTS[setting.dropout.name].facts["place"]
    layers = [np.ones((rows, units)) for units in widths[:-1]]
    for k, units in enumerate(widths[:-1]):
        if place == ("hidden" if k else "input"):
            layers[k] = draws.layer_noise(setting, t, k, rows, units)
    mask = np.ones(parameter_count(widths))
    if place == "weights":
        mask = draws.noise(setting, t, streams.WEIGHT_LAYER, len(mask)).copy()
        for _, bias in split_layers(mask, widths):
            bias[:] = 1
    return layers, mask


def textbook_loss(setting: Setting, parameters: np.ndarray, x: np.ndarray, y: np.ndarray,
                  noise: tuple[list, np.ndarray]) -> np.ndarray:  # fmt: skip
    """Return the mean cross-entropy [n] of networks [n, p] with complex parameters."""
    multipliers, mask = noise
    layers = split_layers(parameters * mask, network_widths(INPUTS, setting.hidden))
    a = x * multipliers[0]
    for (w, bias), times in zip(layers[:-1], multipliers[1:], strict=True):
        a = TEXTBOOK[setting.activation.name](a @ w.swapaxes(-1, -2) + bias[:, None, :]) * times
    w, bias = layers[-1]
    logit = (a @ w.swapaxes(-1, -2) + bias[:, None, :])[..., 0]
    away = np.where(logit.real > 0, -logit, logit)
    cost = np.log1p(np.exp(away)) + np.where(logit.real > 0, logit, 0) - y * logit
    return cost.mean(axis=-1)


@few
@given(
    setting=a_setting(dtype="float64"),
    arithmetic=st.sampled_from(["exact", "blas"]),
    t=st.integers(0, 1000),
    seed=st.integers(0, 2**63 - 1),
)
def test_gradient_matches_complex_steps(setting: Setting, arithmetic: str, t: int, seed: int):
    """Of the loss as textbooks write it, under the same draws of dropout, for every parameter."""
    setting = replace(setting, arithmetic=arithmetic)
    (x, y), parameters, draws = rows_for(setting), a_random_start(setting), Draws(seed, 3)
    stepped = parameters + 1j * STEP * np.eye(len(parameters))
    loss = textbook_loss(setting, stepped, x, y, noise_of(setting, draws, t, len(x)))
    expected = loss.imag / STEP
    found = trainer.gradient_of(parameters, x, y, setting, draws, t)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * abs(expected).max())


@few
@given(setting=a_setting(dtype="float64"))
def test_gradient_matches_finite_differences(setting: Setting) -> None:
    x, y = rows_for(setting)
    setting = replace(setting, dropout=DROPOUTS.choose("none"))
    parameters = a_random_start(setting)
    gradient = trainer.gradient_of(parameters, x, y, setting)
    step, compared = 1e-5, 0
    for p in range(0, len(parameters), 3):
        up, down = parameters.copy(), parameters.copy()
        up[p], down[p] = up[p] + step, down[p] - step
        if kinked(setting) and not same_slopes(setting, up, down, x):
            continue  # a kink lies between: there is no derivative to compare with
        (high, _), (low, _) = (trainer._loss(setting, w, x, y) for w in (up, down))
        assert gradient[p] == pytest.approx((high - low) / (2 * step), abs=2e-8)
        compared += 1
    assert compared > len(parameters) // 6


def kinked(setting: Setting) -> bool:
    return setting.activation.name in ("relu", "leaky_relu")


def same_slopes(setting: Setting, one: np.ndarray, other: np.ndarray, x: np.ndarray) -> bool:
    """Tell whether every unit is on the same side of its kink for every row."""
    widths = network_widths(INPUTS, setting.hidden)
    mine, theirs = (trainer.forward(split_layers(p, widths), x, setting)[1] for p in (one, other))
    return all((a == b).all() for a, b in zip(mine, theirs, strict=True))


def test_gradient_matches_automatic_differentiation() -> None:
    """A peer's autograd (JAX in float64) gives the same gradient to rounding."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    functions = {"sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "relu": jax.nn.relu,
                 "linear": lambda z: z, "gelu": lambda z: jax.nn.gelu(z, approximate=False),
                 "leaky_relu": jax.nn.leaky_relu}  # fmt: skip
    assert set(functions) == set(ACTIVATIONS)
    for name, phi in functions.items():
        setting = plain_setting(activation=name, bias="zeros")
        x, y = rows_for(setting)
        widths = network_widths(INPUTS, setting.hidden)
        parameters = starts(setting, 1)[0]

        def cost(p, phi=phi, x=x, y=y, widths=widths):
            a = x
            layers = split_layers(p, widths)
            for w, b in layers[:-1]:
                a = phi(a @ w.T + b)
            logit = (a @ layers[-1][0].T + layers[-1][1])[:, 0]
            return jnp.mean(jnp.logaddexp(0.0, logit) - y * logit)

        expected = np.asarray(jax.grad(cost)(jnp.asarray(parameters)))
        np.testing.assert_allclose(
            trainer.gradient_of(parameters, x, y, setting), expected, rtol=1e-9, atol=1e-12
        )
