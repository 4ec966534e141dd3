"""Surgery: a clone changes nothing, a merged network computes the same, a lesion has its price."""

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import report_results
from hypothesis import given, settings
from hypothesis import strategies as st
from judged_networks import a_model, random_layers
from networks_strategies import INPUTS, rows_for
from symbreak import metrics, operated, surgery, trainer
from symbreak.networks import Layer, join_layers, network_widths, split_layers
from symbreak.settings import REGISTRIES, Setting

SEEDS = st.integers(0, 10**6)
ACTIVATIONS = st.sampled_from(list(REGISTRIES["activation"]))
KINDS = st.sampled_from(["own", "copy", "opposite", "dead", "unheard"])
quick = settings(deadline=None, max_examples=40)
X, Y = rows_for(a_model((2,)))


def activations(setting: Setting, parameters: np.ndarray) -> list[np.ndarray]:
    """Return the activations of each hidden layer [b, u] of a network [p]."""
    widths = network_widths(INPUTS, setting.hidden)
    return [a[0] for a in next(metrics.activations(setting, parameters[None], widths, X))]


def logits(layers: list[Layer], setting: Setting) -> np.ndarray:
    return trainer.forward(layers, X, setting)[2]


def exact_logits(a: np.ndarray, layers: list[Layer]) -> list[Fraction]:
    """Return the output layer's logits without any rounding, from activations [b, u]."""
    weights = [Fraction(w) for w in layers[-1][0][0].tolist()]
    return [sum(w * Fraction(v) for w, v in zip(weights, row, strict=True)) for row in a.tolist()]


def rounding(layers: list[Layer], a: np.ndarray) -> float:
    """Return the stated bound: units^2 2^-49 times the largest weight and activation."""
    units = a.shape[1]
    return units * units * 2.0**-49 * abs(layers[-1][0]).max() * abs(a).max()


def merged_width(setting: Setting, net: list[Layer]) -> int:
    parameters = join_layers(net)
    a = activations(setting, parameters)[0]
    constant = (a == a[0]).all(axis=0)
    widths = network_widths(INPUTS, setting.hidden)
    return int(surgery.merge(setting, parameters[None], widths, 1, constant[None]).width[0])


@quick
@given(seed=SEEDS, units=st.integers(2, 9), name=ACTIVATIONS, data=st.data())
def test_a_clone_changes_nothing(seed: int, units: int, name: str, data: st.DataObject) -> None:
    setting, unit = a_model((units,), name), data.draw(st.integers(0, units - 1))
    net = random_layers((INPUTS, units, 1), seed)
    wider, twice = surgery.cloned(setting, join_layers(net)[None], INPUTS, 1, unit)
    layers = split_layers(twice[0], network_widths(INPUTS, wider.hidden))
    before, after = (activations(s, p)[0] for s, p in ((setting, join_layers(net)),
                                                       (wider, twice[0])))  # fmt: skip
    assert wider.hidden == (units + 1,)
    assert np.array_equal(after, before[:, [*range(units), unit]])  # to the bit
    assert exact_logits(after, layers) == exact_logits(before, net)
    assert abs(logits(layers, wider) - logits(net, setting)).max() <= 2 * rounding(layers, after)


@quick
@given(seed=SEEDS, layer=st.integers(1, 2), unit=st.integers(0, 2))
def test_a_clone_in_any_layer_is_merged_away_again(seed: int, layer: int, unit: int) -> None:
    setting = a_model((4, 3))
    net = random_layers((INPUTS, 4, 3, 1), seed)
    wider, twice = surgery.cloned(setting, join_layers(net)[None], INPUTS, layer, unit)
    again, layers = surgery.smaller(wider, twice[0], activations(wider, twice[0]), INPUTS)
    assert again.hidden == setting.hidden
    for (w, b), (old_w, old_b) in zip(layers, net, strict=True):
        assert np.array_equal(w, old_w)
        assert np.array_equal(b, old_b)


@quick
@given(seed=SEEDS, name=ACTIVATIONS, kinds=st.lists(KINDS, min_size=1, max_size=6))
def test_the_smaller_network_computes_the_same(seed: int, name: str, kinds: list[str]) -> None:
    units = len(kinds) + 1
    setting = a_model((units,), name)
    net = random_layers((INPUTS, units, 1), seed)
    (w, b), (out, _) = net
    for u, kind in enumerate(kinds, start=1):
        if kind in ("copy", "opposite"):
            w[u], b[u] = (w[0], b[0]) if kind == "copy" else (-w[0], -b[0])
        elif kind == "dead":
            w[u] = 0
        elif kind == "unheard":
            out[0, u] = 0
    a = activations(setting, join_layers(net))
    narrow, layers = surgery.smaller(setting, join_layers(net), a, INPUTS)
    mirrors = surgery.point_symmetry(setting) is not None
    own = 1 + kinds.count("own") + (0 if mirrors else "opposite" in kinds)
    dead = ((a[0] == a[0][0]).all(axis=0) & (abs(w).max(axis=1) > 0)).any()
    assert narrow.hidden == (own,) or dead  # a relu may be dead by chance
    assert merged_width(setting, net) == narrow.hidden[0]
    if narrow.hidden[0]:
        difference = abs(logits(layers, narrow) - logits(net, setting)).max()
        assert difference <= 8 * rounding(net, a[0]) + 2.0**-50 * abs(layers[-1][1]).max()


@pytest.mark.parametrize(("name", "total"), [
    ("tanh", 0.0), ("linear", 0.0), ("sigmoid", 1.0), ("relu", None), ("leaky_relu", None),
    ("gelu", None),
])  # fmt: skip
def test_which_activations_mirror_a_unit(name: str, total: float | None) -> None:
    assert surgery.point_symmetry(a_model((2,), name)) == total


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "gelu"])
@pytest.mark.parametrize("units", [2, 5, 64])
def test_a_network_of_equal_units_is_one_unit_wide(name: str, units: int) -> None:
    setting = a_model((units,), name)
    (w, b), (out, bias) = random_layers((INPUTS, units, 1))
    net = [(w[:1].repeat(units, 0), b[:1].repeat(units)), (out, bias)]
    assert merged_width(setting, net) == 1
    constant = [(np.full_like(w, 0.5), np.zeros(units)), (np.full_like(out, 0.5), bias)]
    assert merged_width(setting, constant) == 1
    nothing = [(0 * w, 0 * b), (out, bias)]
    assert merged_width(setting, nothing) == 0


def test_opposite_units_that_cancel_leave_nothing() -> None:
    setting = a_model((2,), "tanh")
    (w, b), (_, bias) = random_layers((INPUTS, 2, 1))
    w[1], b[1] = -w[0], -b[0]
    assert merged_width(setting, [(w, b), (np.array([[1.0, 1.0]]), bias)]) == 0
    assert merged_width(setting, [(w, b), (np.array([[1.0, -1.0]]), bias)]) == 1


@quick
@given(seed=SEEDS, order=st.permutations(range(5)))
def test_the_order_of_units_changes_no_effective_width(seed: int, order: list[int]) -> None:
    random = np.random.default_rng(seed)
    setting = a_model((5,))
    (w, b), (out, bias) = random_layers((INPUTS, 5, 1), seed)
    into, signs = random.integers(0, 5, 5), random.choice([-1, 1], 5)
    w, b = w[into] * signs[:, None], b[into] * signs
    moved = [(w[order], b[order]), (out[:, order], bias)]
    assert merged_width(setting, [(w, b), (out, bias)]) == merged_width(setting, moved)
    assert merged_width(setting, moved) == len(set(into))


def lesions(setting: Setting, net: list[Layer]) -> np.ndarray:
    parameters = join_layers(net)
    a = activations(setting, parameters)
    return np.stack([surgery.lesion_losses(setting, parameters[None], k, one[None], X, Y)[0]
                     for k, one in enumerate(a, start=1)])  # fmt: skip


def test_a_lesion_is_the_loss_of_a_network_whose_unit_says_its_mean() -> None:
    setting = a_model((3, 3))
    net = random_layers((INPUTS, 3, 3, 1), 5)
    whole = trainer.losses(setting, join_layers(net)[None], X, Y)[0][0]
    first = trainer.forward(net, X, setting)[0][1]
    for u in range(3):
        said = first.copy()
        said[:, u] = said[:, u].mean()
        second = np.tanh(said @ net[1][0].T + net[1][1])
        logit = second @ net[2][0][0] + net[2][1]
        loss = np.mean(np.logaddexp(0, logit) - Y * logit)
        assert lesions(setting, net)[0, u] == pytest.approx(loss - whole, abs=1e-12)


@quick
@given(seed=SEEDS, order=st.permutations(range(4)))
def test_the_order_of_units_permutes_their_lesions(seed: int, order: list[int]) -> None:
    setting = a_model((4,))
    (w, b), output = random_layers((INPUTS, 4, 1), seed)
    moved = [(w[order], b[order]), (output[0][:, order], output[1])]
    mine, theirs = (lesions(setting, net) for net in ([(w, b), output], moved))
    assert theirs[0] == pytest.approx(mine[0][order], abs=1e-12)


def test_a_unit_that_says_always_the_same_or_is_not_heard_costs_nothing() -> None:
    setting = a_model((3,))
    net = random_layers((INPUTS, 3, 1))
    net[0][0][0], net[1][0][0, 1] = 0, 0
    price = lesions(setting, net)[0]
    assert price[:2] == pytest.approx([0, 0], abs=1e-15)
    assert price[2] != 0


def test_half_of_a_clone_costs_less_than_the_whole_unit() -> None:
    """Copies hide a unit's worth: the reason that lesions are read beside the effective width."""
    setting = a_model((1,))
    rows = X[:, 0]
    net = [(np.array([[2.0, 0, 0]]), np.zeros(1)), (np.array([[3.0]]), np.zeros(1))]
    wider, twice = surgery.cloned(setting, join_layers(net)[None], INPUTS, 1, 0)
    a = activations(wider, twice[0])
    y = (rows > 0).astype(float)
    halves = surgery.lesion_losses(wider, twice, 1, a[0][None], X, y)[0]
    alone = activations(setting, join_layers(net))
    whole = surgery.lesion_losses(setting, join_layers(net)[None], 1, alone[0][None], X, y)[0]
    assert halves[0] == halves[1]
    assert 0 < halves[0] < whole[0]


def test_the_words_on_an_example_say_what_surgery_does() -> None:
    """Five equal units: any one costs the same, a clone and merging change nothing but rounding."""
    made = report_results.small()
    setting, run = next((s, t) for s, t in report_results.train(made).items()
                        if s.init.name == "constant" and s.dropout.name == "none")  # fmt: skip
    rows = report_results.dataset(made)
    text = operated.sentence(run, 0, 1, rows.x_train, rows.y_train)
    assert f"merged, 1 of {setting.hidden[0]} is left" in text
    largest = [float(number.replace("\N{MINUS SIGN}", "-"))
               for number in re.findall(r"outputs (?:change )?by (\S+) at most", text)]  # fmt: skip
    assert len(largest) == 2
    assert max(largest) < 1e-12
    assert text.startswith("Without any one neuron")
    gone = replace(run, weights=np.full_like(run.weights, np.nan))
    assert operated.sentence(gone, 0, 1, rows.x_train, rows.y_train) == ""
