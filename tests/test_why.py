"""Where neurons and runs first differ: a planted bit is found, and looking changes nothing."""

from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks_strategies import a_setting, rows_for, starts
from symbreak import cli, config, trainer, why
from symbreak.data import dataset, make
from symbreak.networks import neuron_vectors
from symbreak.settings import REGISTRIES, Setting
from symbreak.trace import (
    Network,
    between_runs,
    between_units,
    bits,
    units_in_the_last_place,
)

SMALL = Path(__file__).with_name("why.yaml")
EXPERIMENT = config.read(SMALL)
DATA = dataset(EXPERIMENT.data, make(EXPERIMENT.data, EXPERIMENT.seed))
STEPS = 6
few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def network(replicate: int = 0, **fields: object) -> Network:
    """Equal tanh units on the small experiment's data; components by name."""
    names = {"init": "constant", "dropout": "none", "bias": "zeros", "activation": "tanh",
             "optimizer": "sgd"}  # fmt: skip
    kinds = {k: REGISTRIES[k].choose(str(fields.pop(k, name))) for k, name in names.items()}
    others = {"hidden": (4,), "learning_rate": 0.5, "weight_decay": 0.0, "batch_size": None,
              "arithmetic": "exact", "dtype": "float64"}  # fmt: skip
    return Network(Setting(**(kinds | others | fields)), replicate, EXPERIMENT.seed)


def units_of(one: Network, layer: int = 1):
    width = one.setting.hidden[layer - 1]
    return between_units(one.run(DATA, STEPS), one.widths(DATA), layer, range(width))


def nudged(function: Callable, call: int, place: tuple[int, ...]) -> Callable:
    """Return the function with one bit (16 ulp) of one number flipped in its result of one call."""
    calls = 0

    def wrapped(*arguments):
        nonlocal calls
        calls += 1
        found = np.array(function(*arguments))
        if calls == call:
            bits(found)[place] ^= 16
        return found

    return wrapped


# How often a step of one hidden layer takes each sum, which of these calls is nudged, and where.
PLANTS = {
    "over_inputs": (1, 1, "z", lambda row, unit: ((row, unit), (row,))),
    "over_rows": (4, 3, "sums", lambda row, unit: ((unit, row % 4), (row % 4,))),
}


@few
@given(
    step=st.integers(1, STEPS), unit=st.integers(1, 3), row=st.integers(0, 40),
    plant=st.sampled_from(sorted(PLANTS)), dtype=st.sampled_from(["float64", "float32"]),
)  # fmt: skip
def test_a_planted_bit_is_found_at_its_step_operation_and_place(step, unit, row, plant, dtype):
    """Between the units of one network, and between that network and the untouched one."""
    each, nth, operation, places = PLANTS[plant]
    planted, expected = places(row, unit)
    sums = trainer.SUMS["exact"]
    wrong = nudged(getattr(sums, plant), each * (step - 1) + nth, planted)
    one = network(dtype=dtype)
    with mock.patch.dict(trainer.SUMS, exact=sums._replace(**{plant: wrong})):
        found = units_of(one)
    assert found is not None
    assert (found.step, found.one.operation, found.unit) == (step, operation, unit)
    assert (found.place, found.count) == (expected, 1)
    # A sum is multiplied by the outgoing weight before it is shown.
    assert operation != "z" or units_in_the_last_place(*found.numbers) == 16

    wrong = nudged(getattr(sums, plant), each * (step - 1) + nth, planted)
    with mock.patch.dict(trainer.SUMS, exact=sums._replace(**{plant: wrong})):
        touched = list(one.run(DATA, STEPS))
    found = between_runs(touched, one.run(DATA, STEPS))
    assert found is not None
    assert (found.step, found.one.operation, found.count) == (step, operation, 1)


@few
@given(setting=a_setting())
def test_watching_changes_no_bit(setting: Setting) -> None:
    (x, y), start, seen = rows_for(setting), starts(setting, 1)[0], []

    def watch(name: str, layer: int, values: np.ndarray) -> np.ndarray:
        seen.append(name)
        return values

    draws, stops = trainer.Draws(5, 0), np.array([0, 3])
    with np.errstate(all="ignore"):
        plain = list(trainer.train_one(setting, start, x, y, draws, stops))
        watched = list(trainer.train_one(setting, start, x, y, draws, stops, watch))
    assert all(a.tobytes() == b.tobytes() for (a, _), (b, _) in zip(plain, watched, strict=True))
    assert set(seen) <= set(why.OPERATIONS)
    assert seen.count("weights") == 3


@few
@given(
    dropout=st.sampled_from(["none", "input", "shared"]),
    bias=st.sampled_from(["none", "zeros", "constant"]),
    optimizer=st.sampled_from(list(REGISTRIES["optimizer"])),
    batch_size=st.sampled_from([None, 7]),
    hidden=st.lists(st.integers(2, 9), min_size=1, max_size=3).map(tuple),
)
def test_equal_units_of_exact_arithmetic_never_differ(hidden, **fields) -> None:
    for layer in range(1, len(hidden) + 1):
        assert units_of(network(hidden=hidden, **fields), layer) is None


@pytest.mark.parametrize("width", [2, 5, 7, 13])
def test_weights_are_equal_until_the_step_that_blas_is_blamed_for(width: int) -> None:
    one = network(arithmetic="blas", hidden=(width,))
    x, y = DATA.x_train, DATA.y_train
    start = trainer.initial_parameters(one.setting, x.shape[1], one.seed, 0)[None]
    weights, _ = trainer.train(
        one.setting, start, np.zeros(1, int), x, y, one.seed, np.arange(STEPS + 1)
    )
    vectors = neuron_vectors(weights[0], one.widths(DATA), 1)
    apart = (vectors != vectors[:, :1]).any(axis=(1, 2))
    found = units_of(one)
    if found is None:
        assert not apart.any()
    else:
        assert not apart[: found.step].any()
        assert found.one.operation in why.MATRIX_PRODUCTS


@pytest.mark.parametrize(
    ("dropout", "operation"),
    [("hidden", "noise"), ("gaussian", "noise"), ("dropconnect", "weight noise")],
)
def test_noise_that_differs_between_units_is_named(dropout: str, operation: str) -> None:
    found = units_of(network(dropout=dropout))
    assert found is not None
    assert (found.step, found.one.operation) == (1, operation)


@pytest.mark.parametrize(
    ("change", "step", "operation"),
    [
        ({"init": "normal"}, 0, "weights"),
        ({"hidden": (3,)}, 0, "weights"),
        ({"batch_size": 16}, 1, "rows"),
        ({"dropout": "input"}, 1, "z"),
        ({"activation": "sigmoid"}, 1, "activation"),
        ({"optimizer": "adam"}, 1, "weights"),
        ({"learning_rate": 0.25}, 1, "weights"),
        ({"weight_decay": 0.1}, 1, "weights"),
    ],
)
def test_two_runs_first_differ_where_their_settings_do(change, step, operation) -> None:
    runs = (network(**fields).run(DATA, STEPS) for fields in ({}, change))
    found = between_runs(*runs)
    assert found is not None
    assert (found.step, found.one.operation) == (step, operation)


def test_a_gradient_that_no_weight_uses_is_no_difference() -> None:
    """Without bias parameters the trainer sums a gradient for them, and drops it."""
    none, zeros = (network(bias=bias).run(DATA, STEPS) for bias in ("none", "zeros"))
    sums = [event for events in none for event in events if event.operation == "sums"]
    assert all((event.values[[16, 17, 18, 19, 24]] == 0).all() for event in sums)  # the biases
    assert between_runs(network(bias="none").run(DATA, STEPS), zeros) is not None


@given(value=st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_neighbouring_floats_are_one_ulp_apart(value: float) -> None:
    one = np.float32(value)
    up = np.nextafter(one, np.float32(np.inf))
    assert units_in_the_last_place(one, up) == units_in_the_last_place(up, one) == 1
    assert units_in_the_last_place(one, one) == 0
    assert units_in_the_last_place(np.float32(np.nan), one) is None


@few
@given(index=st.integers(0, len(EXPERIMENT) - 1), replicate=st.integers(0, 3))
def test_every_label_finds_its_setting(index: int, replicate: int) -> None:
    setting = list(why.all_settings(EXPERIMENT))[index]
    for label in (setting.label, setting.label.replace(" ", "/")):
        found = why.find(EXPERIMENT, f"{label}:{replicate}")
        assert found == Network(setting, replicate, EXPERIMENT.seed)
    assert why.find(EXPERIMENT, setting.label).replicate == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("constnat-0.5 none", "no setting of small has 'constnat-0.5'; the nearest name is 'con"),
        ("zeros none none tanh 3 sgd full exact:9", "the replicate '9' is none of 0 to 3"),
        ("zeros none none tanh 3 sgd full exact:x", "the replicate 'x' is none of 0 to 3"),
        ("zeros none none tanh sgd full exact", "2 settings of small; say which hidden (3, 4-3)"),
        ("tanh zeros", "no setting of small has these words in this order; nearest is"),
    ],
)
def test_a_name_that_is_no_network_is_answered_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(why.WhyError) as caught:
        why.find(EXPERIMENT, text)
    assert sentence in str(caught.value)


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.main, ["why", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, done.output


ONE = "constant-0.5 none none tanh 3 sgd full exact"


def test_the_command_shows_operation_place_and_bits() -> None:
    noisy = ONE.replace("none none", "hidden-0.5 none")
    code, output = run(str(SMALL), noisy, "--units", "1", "3")
    assert code == 0
    assert "Units 1 and 3 of hidden layer 1 first differ in step 1, in the dropout noise" in output
    assert "0x4000000000000000" in output  # 2.0, a survivor's multiplier
    assert "0x0000000000000000" in output
    code, output = run(str(SMALL), ONE, "--steps", "20")
    assert (code, output.splitlines()[1]) == (
        0, "Units 1 to 3 of hidden layer 1 never differ in a bit in 20 steps."
    )  # fmt: skip
    code, output = run(str(SMALL), ONE, ONE.replace("exact", "blas"))
    assert code == 0
    assert "ulp apart" in output
    assert "NumPy's @" in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([str(SMALL), ONE, "--units", "1", "9"], "unit 9: hidden layer 1 has units 1 to 3"),
        ([str(SMALL), ONE, "--units", "2", "2"], "unit 2 is compared with itself"),
        ([str(SMALL), ONE, "--layer", "2"], "layer 2: the network has hidden layers 1 to 1"),
        (["no.yaml", ONE], "no.yaml: there is no such file"),
        ([str(SMALL), ONE, "nobody"], "no setting of small has 'nobody'"),
    ],
)
def test_a_bad_question_is_answered_in_a_sentence(arguments: list[str], sentence: str) -> None:
    code, output = run(*arguments)
    assert code == 1
    assert sentence in output
