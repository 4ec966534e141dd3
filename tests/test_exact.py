"""The bits: equal units stay equal, order and company change nothing, two engines agree."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks_strategies import INPUTS, ROWS, a_setting, few, plain_setting, rows_for, starts
from symbreak import block, engine, selftest, trainer, training
from symbreak.dropout import DROPOUTS
from symbreak.initializers import BIASES, INITIALIZERS
from symbreak.networks import join_layers, network_widths, neuron_vectors, split_layers
from symbreak.settings import REGISTRIES, Setting

STOPS = np.array([0, 1, 6])
ENGINES = (trainer, engine)
SIZES = [(1, ROWS), (1, 430), (3, 100), (16, 9), (17, 9)]  # (networks, rows)
EQUAL_NOISE = [DROPOUTS.choose(name) for name in ("none", "input", "shared")]
EVERY = [(kind, name) for kind, registry in REGISTRIES.items() for name in registry]


def train(method, setting: Setting, parameters: np.ndarray, first: int = 0, rows: int = ROWS):
    """Train on small data; replicates count from ``first``."""
    replicates, data = np.arange(first, first + len(parameters)), rows_for(setting, rows=rows)
    with np.errstate(all="ignore"):
        return method.train(setting, parameters, replicates, *data, 5, STOPS)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether two arrays agree in every bit; NaNs of a diverged network count as equal."""
    finite = np.isfinite(a)
    return bool((finite == np.isfinite(b)).all()) and a[finite].tobytes() == b[finite].tobytes()


@pytest.fixture(params=EVERY, ids="-".join, scope="module")
def component(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Each component in turn: kind and name."""
    return request.param


@pytest.fixture(params=["float64", "float32"], scope="module")
def with_component(request: pytest.FixtureRequest, component: tuple[str, str]) -> Setting:
    """A setting with the component, minibatches and weight decay, in each precision."""
    kind, name = component
    few_rows = {"batch_size": 10, "weight_decay": 0.01, "hidden": (6, 4)}
    return plain_setting(**few_rows, dtype=request.param, **{kind: name})


def with_equal_noise(setting: Setting) -> Setting:
    """Return a setting in which the units of a layer see the same noise: none, if it differs."""
    facts = DROPOUTS[setting.dropout.name].facts
    differs = facts["place"] in ("hidden", "weights") and not facts["shared"]
    noise = DROPOUTS.choose(setting.dropout.name, p=0.0) if differs else setting.dropout
    return replace(setting, dropout=noise)


@few
@given(setting=a_setting(), size=st.sampled_from(SIZES))
def test_reference_and_compiled_engine_have_the_same_bits(setting: Setting, size) -> None:
    """Whether networks are in the lanes or rows of one, a chunk of rows or several."""
    assert_engines_agree(setting, *size)


def test_engines_agree_on_every_component(with_component: Setting) -> None:
    assert_engines_agree(with_component, 3, ROWS)


@pytest.mark.parametrize("batch_size", [None, 32])
def test_engines_agree_where_the_cache_shortens_a_chunk(batch_size: int | None) -> None:
    """Wide layers pass fewer rows at once, and the last chunk of a batch is a part of one."""
    setting = plain_setting(hidden=(64, 64), dropout="hidden", batch_size=batch_size)
    widths = network_widths(INPUTS, setting.hidden)
    assert block.chunk_rows(widths, 8, ROWS) < min(block.CHUNK, ROWS)
    assert_engines_agree(setting, 16, ROWS)


def assert_engines_agree(setting: Setting, count: int, rows: int) -> None:
    start = starts(setting, count)
    (weights, moved), (fast, fast_moved) = (
        train(method, setting, start, rows=rows) for method in ENGINES
    )
    assert same_bits(weights, fast)
    assert (moved == fast_moved).all() or not np.isfinite(weights).all()
    for mine, theirs in zip(*(m.losses(setting, weights[:, -1], *rows_for(setting))
                              for m in ENGINES), strict=True):  # fmt: skip
        assert same_bits(mine, theirs)


@few
@given(
    setting=a_setting(),
    inputs=st.integers(1, 9),
    rate=st.sampled_from([0.1, 1e6, 1e12]),
    scale=st.sampled_from([0.0, 1e-310, 1.0, 1e300]),
    count=st.sampled_from([1, 16]),
)
def test_engines_agree_far_outside(setting: Setting, inputs, rate, scale, count) -> None:
    """Any number of inputs, rates that diverge, rows of zeros, denormals and huge numbers."""
    setting = replace(setting, learning_rate=rate)
    with np.errstate(all="ignore"):
        x, y = rows_for(setting, inputs=inputs)
        x = (x * scale).astype(setting.dtype)
        start = starts(setting, count, inputs=inputs)
        (weights, moved), (fast, fast_moved) = (
            method.train(setting, start, np.arange(count), x, y, 5, STOPS) for method in ENGINES
        )
    assert same_bits(weights, fast)
    alive = np.isfinite(weights).all(axis=(1, 2))
    assert (moved[alive] == fast_moved[alive]).all()


@few
@given(
    setting=a_setting(init=INITIALIZERS.choose("constant"), bias=BIASES.choose("constant")),
    noise=st.sampled_from(EQUAL_NOISE),
    method=st.sampled_from(ENGINES),
    rows=st.sampled_from([ROWS, 130]),
)
def test_equal_units_stay_bitwise_equal(setting: Setting, noise, method, rows) -> None:
    """E1: one value everywhere, and noise that all units of a layer share."""
    setting = replace(setting, dropout=noise)
    start = starts(setting, 16 if method is engine else 2)
    weights, _ = train(method, setting, start, rows=rows)
    widths = network_widths(INPUTS, setting.hidden)
    for layer in range(1, len(setting.hidden) + 1):
        units = neuron_vectors(weights, widths, layer)
        assert same_bits(units, np.broadcast_to(units[..., :1, :], units.shape).copy())


@pytest.mark.parametrize("method", ENGINES)
def test_two_equal_units_stay_equal_with_every_component(with_component: Setting, method) -> None:
    """E1: the first two units of each layer start as one, the others as the component says."""
    setting = with_equal_noise(with_component)
    widths = network_widths(INPUTS, setting.hidden)
    start = starts(setting, 2)
    layers = split_layers(start, widths)
    for (w, b), (w_next, _) in pairwise(layers):
        w[..., 1, :], b[..., 1], w_next[..., 1] = w[..., 0, :], b[..., 0], w_next[..., 0]
    weights, _ = train(method, setting, join_layers(layers))
    for layer in (1, 2):
        units = neuron_vectors(weights, widths, layer)
        assert same_bits(units[..., 0, :].copy(), units[..., 1, :].copy())


def permuted(parameters: np.ndarray, widths: tuple[int, ...], order: list[np.ndarray]):
    """Return networks whose hidden units are in another order, layer by layer."""
    layers = split_layers(parameters, widths)
    for k, places in enumerate(order):
        (w, b), (w_next, b_next) = layers[k], layers[k + 1]
        layers[k] = w[..., places, :], b[..., places]
        layers[k + 1] = w_next[..., places], b_next
    return join_layers(layers)


@few
@given(
    setting=a_setting(init=INITIALIZERS.choose("normal"), bias=BIASES.choose("normal")),
    noise=st.sampled_from(EQUAL_NOISE),
    method=st.sampled_from(ENGINES),
    seed=st.integers(0, 99),
)
def test_permuting_the_units_permutes_the_result(setting: Setting, noise, method, seed) -> None:
    """E2."""
    assert_permutes(replace(setting, dropout=noise), method, seed)


@pytest.mark.parametrize("method", ENGINES)
def test_permuting_permutes_with_every_component(with_component: Setting, method) -> None:
    assert_permutes(with_equal_noise(with_component), method, 0)


def assert_permutes(setting: Setting, method, seed: int) -> None:
    widths = network_widths(INPUTS, setting.hidden)
    random = np.random.default_rng(seed)
    order = [random.permutation(units) for units in setting.hidden]
    start = starts(setting, 16 if method is engine else 2)
    weights, _ = train(method, setting, start)
    other, _ = train(method, setting, permuted(start, widths, order))
    assert same_bits(permuted(weights, widths, order), other)


@few
@given(setting=a_setting(), count=st.integers(2, 40), rows=st.sampled_from([ROWS, 130, 430]))
def test_a_network_does_not_depend_on_its_company(setting: Setting, count: int, rows) -> None:
    """E3: a stack of one equals its place in a stack of many."""
    assert_alone_as_in_company(setting, count, rows)


def test_no_component_depends_on_company(with_component: Setting) -> None:
    assert_alone_as_in_company(with_component, 9, ROWS)


def assert_alone_as_in_company(setting: Setting, count: int, rows: int) -> None:
    start = starts(setting, count)
    weights, moved = train(engine, setting, start, rows=rows)
    for at in range(count):
        alone, alone_moved = train(engine, setting, start[at : at + 1], first=at, rows=rows)
        assert same_bits(weights[at], alone[0])
        assert (moved[at] == alone_moved[0]).all() or not np.isfinite(alone).all()


@pytest.mark.parametrize("dtype", selftest.KNOWN_BITS)
@pytest.mark.parametrize("method", ENGINES)
def test_both_engines_pass_the_self_test(method, dtype: str) -> None:
    selftest.self_test(method.train, dtype)


def a_bit_of(place: tuple[int, ...]):
    """An engine that gets one bit wrong: of a network and its parameter."""

    def train(*arguments):
        weights, moved = engine.train(*arguments)
        weights[place] = np.nextafter(weights[place], 9)
        return weights, moved

    return train


@pytest.mark.parametrize(
    ("train", "fault"), [(a_bit_of((0, 0, 0)), "E1"), (a_bit_of((16, 0, -1)), "E3"),
                         (a_bit_of((7, 0, 3)), "P")], ids=["E1", "E3", "P"],
)  # fmt: skip
def test_the_self_test_stops_where_one_bit_is_wrong(train, fault: str) -> None:
    with pytest.raises(selftest.WrongBits, match=fault):
        selftest.self_test(train, "float64")


def test_no_network_is_trained_where_the_self_test_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the first thing that a job does."""
    monkeypatch.setattr(selftest, "KNOWN_BITS", dict.fromkeys(selftest.KNOWN_BITS, "0" * 16))
    monkeypatch.setattr(training, "train_setting", None)
    training._tested.cache_clear()
    setting = plain_setting()
    run: training.Run = {"seed": 1, "steps": 1, "checkpoints": 2, "replicates": 1}
    with pytest.raises(selftest.WrongBits, match="P"):
        next(training.train([setting], run, None))


@given(steps=st.integers(1, 10**7), count=st.integers(2, 60))
def test_checkpoints_hold_the_first_and_last_step(steps: int, count: int) -> None:
    found = training.checkpoint_steps(steps, count)
    assert found[0] == 0
    assert found[-1] == steps
    assert len(found) <= count
    assert (np.diff(found) > 0).all()
