"""The science of each component: its paper's formula, and what it declares of itself."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from networks_strategies import INPUTS, plain_setting, rows_for, starts
from symbreak import streams, trainer
from symbreak.activations import ACTIVATIONS
from symbreak.dropout import DROPOUTS, WORDS
from symbreak.initializers import BIASES, INITIALIZERS, Matrix
from symbreak.networks import network_widths, split_layers
from symbreak.optimizers import OPTIMIZERS
from symbreak.settings import REGISTRIES


@dataclass(frozen=True)
class Draws:
    """A distribution: a normal one has kurtosis 3, a uniform one 1.8."""

    variance: float
    kurtosis: float = 3.0
    mean: float = 0.0

    def holds(self, values: np.ndarray) -> bool:
        """Tell whether 9,600 values have its moments, within four standard errors or so."""
        deviation = (values - self.mean).ravel()
        variance = (deviation**2).mean()
        kurtosis = (deviation**4).mean() / variance**2
        return (
            abs(deviation.mean()) < 4 * math.sqrt(self.variance / values.size)
            and variance == pytest.approx(self.variance, rel=0.06)
            and kurtosis == pytest.approx(self.kurtosis, abs=0.25)
        )


Expected = Callable[[int, int], np.ndarray | Draws]  # given units and inputs


def filled(value: float) -> Expected:
    return lambda units, inputs: np.full((units, inputs), value)


def normal(variance: Callable[[int, int], float], mean: float = 0.0) -> Expected:
    return lambda units, inputs: Draws(variance(units, inputs), 3.0, mean)


def uniform(variance: Callable[[int, int], float]) -> Expected:
    return lambda units, inputs: Draws(variance(units, inputs), 1.8)


def halves(first: float, second: float) -> np.ndarray:
    """What ``tied`` gives five units: the first half is rounded up."""
    return np.array([first] * 3 + [second] * 2)


def walsh(units: int, inputs: int) -> np.ndarray:
    """ZerO, algorithm 1: I where width is kept or lost, else 2^(-(m-1)/2) I* H_m I*."""
    if units <= inputs:
        return np.eye(units, inputs)
    m = math.ceil(math.log2(units))
    signs = [[(-1) ** (i & j).bit_count() for j in range(inputs)] for i in range(units)]
    return np.array(signs) * 2 ** (-(m - 1) / 2)


STANDARD = normal(lambda units, inputs: 0.25)
GLOROT, HE = (lambda units, inputs: 2 / (inputs + units)), (lambda units, inputs: 2 / inputs)
FORMULAS: dict[str, tuple[Expected, Expected]] = {  # of hidden matrices, of the output's
    "zeros": (filled(0), filled(0)),
    "constant": (filled(0.5), filled(0.5)),
    "constant_in_random_out": (filled(0.5), STANDARD),
    "random_in_constant_out": (STANDARD, filled(0.5)),
    "random_in_zero_out": (STANDARD, filled(0)),
    "zero_in_random_out": (filled(0), STANDARD),
    "uniform": (uniform(lambda units, inputs: 0.5**2 / 3),) * 2,
    "normal": (STANDARD, STANDARD),
    "glorot_uniform": (uniform(GLOROT), uniform(GLOROT)),
    "glorot_normal": (normal(GLOROT), normal(GLOROT)),
    "he_uniform": (uniform(HE), uniform(HE)),
    "he_normal": (normal(HE), normal(HE)),
    "lecun_normal": (normal(lambda units, inputs: 1 / inputs),) * 2,
    "identity": (np.eye, filled(0.5)),
    "zero_hadamard": (walsh, walsh),
    "constant_eps": (normal(lambda units, inputs: 1e-8, mean=0.5),) * 2,
}
BIAS_FORMULAS: dict[str, Expected] = {
    "none": filled(0),
    "zeros": filled(0),
    "constant": filled(0.1),
    "normal": normal(lambda units, inputs: 0.01),
    "uniform": uniform(lambda units, inputs: 0.01 / 3),
}


def made(kind: str, name: str, matrix: Matrix) -> np.ndarray:
    """Return what an initializer with its default parameters makes of a matrix."""
    registry = REGISTRIES[kind]
    return registry[name].function(matrix, *registry.choose(name).values)


def check(expected: np.ndarray | Draws, values: np.ndarray) -> None:
    if isinstance(expected, Draws):
        assert expected.holds(values)
    else:
        np.testing.assert_allclose(values, expected, rtol=1e-15)


@pytest.mark.parametrize("name", [n for n in INITIALIZERS if n not in ("tied", "orthogonal")])
def test_an_initializer_follows_its_formula(name: str) -> None:
    """In matrices that gain width and lose it, and in the output's."""
    hidden, output = FORMULAS[name]
    for shape in ((120, 80), (80, 120), (96, 100)):
        check(hidden(*shape), made("init", name, Matrix(*shape, layer=1)))
    check(output(1, 9600), made("init", name, Matrix(1, 9600, is_output=True, layer=2)))


def test_tied_gives_each_half_of_the_units_one_value() -> None:
    tied = halves(0.5, -0.5)
    check(np.repeat(tied[:, None], 3, axis=1), made("init", "tied", Matrix(5, 3)))
    check(tied[None, :], made("init", "tied", Matrix(1, 5, is_output=True)))


@pytest.mark.parametrize("shape", [(6, 6), (4, 9), (1, 7)])
def test_orthogonal_rows_are_orthonormal(shape: tuple[int, int]) -> None:
    wide, tall = (made("init", "orthogonal", Matrix(*s)) for s in (shape, shape[::-1]))
    np.testing.assert_allclose(wide @ wide.T, np.eye(len(wide)), atol=1e-14)
    np.testing.assert_allclose(tall.T @ tall, np.eye(len(wide)), atol=1e-14)


def symmetry(units: np.ndarray) -> str:
    """Return what is declared of such units [units, numbers]."""
    distinct = len(np.unique(units, axis=0))
    if distinct == 1:
        return "equal"
    if distinct < len(units):
        return "groups"
    return "near" if np.ptp(units, axis=0).max() < 1e-3 else "distinct"


@pytest.mark.parametrize("name", INITIALIZERS)
def test_an_initializer_makes_equal_what_it_declares(name: str) -> None:
    facts = INITIALIZERS[name].facts
    assert symmetry(made("init", name, Matrix(6, 4, layer=1))) == facts["hidden"]
    outgoing = made("init", name, Matrix(1, 6, is_output=True, layer=2))
    assert symmetry(outgoing.T) == facts["output"]


@pytest.mark.parametrize("name", BIASES)
def test_a_bias_rule_follows_its_formula_in_every_layer(name: str) -> None:
    for is_output in (False, True):
        matrix = Matrix(9600, 1, is_output, 1, purpose=streams.BIAS)
        check(BIAS_FORMULAS[name](9600, 1), made("bias", name, matrix))
    six = symmetry(made("bias", name, Matrix(6, 1, purpose=streams.BIAS)))
    assert six == {"absent": "equal"}.get(BIASES[name].facts["units"], BIASES[name].facts["units"])


@pytest.mark.parametrize("name", [name for name in DROPOUTS if name != "none"])
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
def test_a_multiplier_has_its_rate_mean_one_and_its_variance(name: str, p: float) -> None:
    """Over words evenly spread over all 2^32. Scaled survivors, too, have variance p / (1 - p)."""
    words = np.arange(2**15, 2**32, 2**16, dtype=np.uint64)
    values = np.broadcast_to(DROPOUTS[name].function(words, (p,)), words.shape)
    assert values.mean() == pytest.approx(1, abs=2e-4)
    assert values.var() == pytest.approx(p / (1 - p), rel=2e-3)
    if name == "gaussian":
        assert ((values - 1) ** 4).mean() == pytest.approx(3 * values.var() ** 2, rel=0.01)
    else:
        assert (values == 0).mean() == pytest.approx(p, abs=2**-16)
        assert set(values[values > 0]) == {1 / (1 - p)}


def noises(name: str) -> dict[str, list[np.ndarray]]:
    """Return the noise of two steps by where it acts, on inputs of 1."""
    setting, seen = plain_setting(dropout=name), {}
    places = {"noisy inputs": "input", "noise": "hidden", "weight noise": "weights"}

    def watch(operation: str, layer: int, values: np.ndarray) -> np.ndarray:
        if operation in places:
            seen.setdefault(places[operation], []).append(values)
        return values

    x, y = rows_for(setting)
    run = trainer.train_one(setting, starts(setting, 1)[0], np.ones_like(x), y,
                            trainer.Draws(5, 0), np.array([2]), watch)  # fmt: skip
    assert len(list(run)) == 1
    return seen


@pytest.mark.parametrize("name", DROPOUTS)
def test_a_dropout_acts_where_and_on_what_it_declares(name: str) -> None:
    facts, seen = DROPOUTS[name].facts, noises(name)
    assert set(seen) == {facts["place"]} - {"nowhere"}
    for masks in seen.values():
        steps = len(masks) // 2
        assert not np.array_equal(masks[0], masks[steps])  # each step has draws of its own
        for mask in masks:
            if mask.ndim == 2:
                assert len(np.unique(mask, axis=0)) > 1  # each row, too
                assert (len(np.unique(mask, axis=1).T) == 1) == facts["shared"]
            else:
                layers = split_layers(mask, network_widths(INPUTS, (5, 4)))
                assert all((bias == 1).all() for _, bias in layers)
                assert all((weights == 0).any() for weights, _ in layers[:2])


def sgd(g: np.ndarray, past: list[np.ndarray]) -> np.ndarray:
    return g


def momentum(g: np.ndarray, past: list[np.ndarray]) -> np.ndarray:
    """The sum of 0.9^k g_{t-k}."""
    return sum(0.9**k * old for k, old in enumerate(reversed([*past, g])))


def adam(g: np.ndarray, past: list[np.ndarray]) -> np.ndarray:
    """Algorithm 1 of the paper, its decaying means written out as sums."""
    every = [*past, g]
    t = len(every)
    mean = sum(0.1 * 0.9 ** (t - i) * old for i, old in enumerate(every, 1)) / (1 - 0.9**t)
    square = sum(0.001 * 0.999 ** (t - i) * old**2 for i, old in enumerate(every, 1))
    return mean / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_an_optimizer_takes_the_textbook_steps_and_decay_spares_biases(name, decay) -> None:
    setting = plain_setting(optimizer=name, weight_decay=decay)
    x, y = rows_for(setting)
    start = starts(setting, 1)
    found, _ = trainer.train(setting, start, np.zeros(1, int), x, y, 5, np.arange(7))
    spared = np.ones(start.shape[1])
    for _, bias in split_layers(spared, network_widths(INPUTS, setting.hidden)):
        bias[:] = 0
    w, past = start[0], []
    for after in found[0]:
        np.testing.assert_allclose(after, w, rtol=1e-11, atol=1e-13)
        g = trainer.gradient_of(w, x, y, setting) + decay * spared * w
        w = w - setting.learning_rate * {"sgd": sgd, "momentum": momentum, "adam": adam}[name](
            g, past
        )
        past.append(g)


def logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def phi(z: float) -> float:
    return (1 + math.erf(z / math.sqrt(2))) / 2


CURVES: dict[str, Callable[[float], tuple[float, float]]] = {  # value and slope
    "sigmoid": lambda z: (logistic(z), logistic(z) * logistic(-z)),
    "tanh": lambda z: (math.tanh(z), 1 / math.cosh(z) ** 2),
    "relu": lambda z: (max(0.0, z), float(z > 0)),
    "leaky_relu": lambda z: (max(0.01 * z, z), 1.0 if z > 0 else 0.01),
    "linear": lambda z: (z, 1.0),
    "gelu": lambda z: (z * phi(z), phi(z) + z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize(("dtype", "error"), [("float64", 1e-14), ("float32", 1e-6)])
def test_an_activation_has_its_value_and_slope_and_its_convention_at_zero(name, dtype, error):
    points = np.array([-3.5, -1.0, -0.25, -0.0, 0.0, 0.125, 2.0, 4.0], dtype)
    expected = np.transpose([CURVES[name](float(z)) for z in points])
    for values, curve in zip(ACTIVATIONS[name].function(points), expected, strict=True):
        assert values.dtype == dtype
        np.testing.assert_allclose(values, curve, rtol=error, atol=error)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0), (0, 0), (0xF167B032C3B480BD, 0xE91F9FEE4B7A6FB5)),
        ((2**64 - 1,) * 2, (2**64 - 1,) * 2, (0xCCDEC5C917A874B1, 0x4DF53ABCA26CEB01)),
        ((0x243F6A8885A308D3, 0x13198A2E03707344), (0xA4093822299F31D0, 0x082EFA98EC4E6C89),
         (0xC3AAC71561042993, 0x3FE7AE8801AFF316)),
    ],
)  # fmt: skip
def test_the_generator_gives_the_known_answers_of_random123(counter, key, words) -> None:
    """threefry2x64 with 13 rounds, of the file kat_vectors."""
    arrays = (np.array([word], np.uint64) for word in (*key, *counter))
    assert tuple(int(word[0]) for word in streams.threefry(*arrays)) == words


def test_a_word_is_dropped_below_its_share_of_the_words() -> None:
    assert WORDS == 2**32
    first_kept = np.array([2**30 - 1, 2**30], np.uint64)
    assert DROPOUTS["hidden"].function(first_kept, (0.25,)).tolist() == [0, 4 / 3]
