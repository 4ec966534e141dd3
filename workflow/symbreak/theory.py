"""The theory: what becomes of the hidden units, predicted from the declarations and the rows.

No network is trained and no verdict is read. The symmetry argument (``symmetry.py``) says which
units are equal, ``signals.py`` which of them a gradient, weight decay or noise of their own
reaches, ``chance.py`` how likely few masks or rows are to change nothing. Each rule below is one
record: the first that applies to a hidden layer decides it, and the least broken layer decides the
network. ``broken`` stands here for all units distinct: whether distinct units compute the same
(``redundant``) is measured, not predicted.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symbreak import chance, symmetry, trainer
from symbreak.dropout import DROPOUTS
from symbreak.settings import Setting
from symbreak.signals import Signals, Start, spread

Array = np.ndarray
Shares = dict[str, float]

ORDER = ("frozen", "symmetric", "tied", "broken")  # from the least broken to the most


@dataclass(frozen=True)
class Prediction:
    """The chance of each verdict, with the deciding rule's name and its reason in a sentence."""

    shares: Shares
    rule: str
    reason: str

    @property
    def verdict(self) -> str:
        """The verdict if it is certain, else mixed."""
        sure = [name for name, share in self.shares.items() if share > 1 - 1e-9]
        return sure[0] if sure else "mixed"


@dataclass(frozen=True, eq=False)
class Layer:
    """What the theory knows of one hidden layer, k from 0, before a step is taken."""

    start: Start
    signals: Signals
    k: int

    @property
    def units(self) -> int:
        """The width."""
        return self.start.setting.hidden[self.k]

    @property
    def graded(self) -> Array:
        """Which units a gradient reaches [u]."""
        return self.signals.graded[self.k]

    @property
    def decayed(self) -> Array:
        """Which units weight decay moves [u]."""
        return self.signals.decayed[self.k]

    @cached_property
    def labels(self) -> Array:
        """The classes of equal units at the start [u]."""
        return symmetry.at_start(self.start, self.k)

    @cached_property
    def absorbed(self) -> Array:
        """The classes without the differences that the arithmetic loses [u]."""
        return symmetry.absorbed(self.start, self.signals, self.k)

    @cached_property
    def kept(self) -> Array:
        """The classes that are left when weight decay has erased differences, too [u]."""
        return symmetry.erased(self.start, self.signals, self.k, self.absorbed)

    @cached_property
    def sizes(self) -> Counter[int]:
        """The number of units of each class that is left."""
        return Counter(self.kept.tolist())

    @property
    def splits(self) -> bool:
        """Whether noise of their own reaches units that are equal."""
        several = any(self.sizes[c] > 1 and self.graded[self.kept == c].any() for c in self.sizes)
        return self.start.own_noise and several

    @property
    def lattice(self) -> tuple[int, int] | None:
        """How many rows pull the outgoing weights up and down in the first step.

        None unless all pull alike, and nothing else can move: then draws can balance exactly.
        """
        outputs, _, error = self.start.passed
        if any((w != 0).any() for w, _ in self.start.layers[-1:]):
            return None
        pull = error[:, None] * outputs[-1]
        sizes = np.unique(abs(pull))
        if len(sizes) != 1 or sizes[0] == 0:
            return None
        return int((pull[:, 0] > 0).sum()), int((pull[:, 0] < 0).sum())


Rule = Callable[[Layer], Prediction | None]
RULES: dict[str, tuple[str, Rule]] = {}


def rule(function: Callable[[Layer], tuple[Shares, str] | None]) -> Rule:
    """Register a rule under its own name; its docstring's first sentence is what it says."""
    name = function.__name__.replace("_", " ")
    sentence = " ".join((function.__doc__ or "").split("\n\n")[0].split())

    def decide(layer: Layer) -> Prediction | None:
        found = function(layer)
        return None if found is None else Prediction(found[0], name, found[1])

    RULES[name] = (sentence, decide)
    return decide


def _classes(labels: Array) -> str:
    """Return the verdict of moving units with these classes."""
    count = len(set(labels.tolist()))
    return "symmetric" if count == 1 else "tied" if count < len(labels) else "broken"


@rule
def no_rate(layer: Layer) -> tuple[Shares, str] | None:
    """A learning rate of zero moves nothing: frozen."""
    if layer.start.setting.learning_rate > 0:
        return None
    return {"frozen": 1.0}, "The learning rate is 0, so no step changes anything."


@rule
def cancelled_sum(layer: Layer) -> tuple[Shares, str] | None:
    """Every gradient of the first step is a sum over the rows that is exactly zero: frozen."""
    if (layer.graded | layer.decayed).any() or not layer.signals.cancelled[layer.k].any():
        return None
    return {"frozen": 1.0}, (
        "The rows pull every weight up as much as down: the sums over the rows are exactly 0, "
        "so the first step changes nothing, and no step after it does."
    )


@rule
def no_signal(layer: Layer) -> tuple[Shares, str] | None:
    """No gradient has a nonzero term and weight decay has nothing to shrink: frozen."""
    if (layer.graded | layer.decayed).any():
        return None
    outputs, slopes, _ = layer.start.passed
    dead = not slopes[layer.k].any() and bool(layer.start.layers[layer.k][0].any())
    cause = (
        "every unit is on the flat side of its activation for every row" if dead
        else "activations, or the outgoing weights and slopes, are exactly 0"
    )  # fmt: skip
    return {"frozen": 1.0}, f"No gradient reaches a unit of the layer: {cause}."


@rule
def decay_alone(layer: Layer) -> tuple[Shares, str] | None:
    """Only weight decay moves the units: those that start equal shrink alike."""
    if layer.graded.any():
        return None
    return {_classes(layer.kept): 1.0}, (
        f"No gradient reaches the layer; weight decay shrinks its weights, and leaves "
        f"{len(layer.sizes)} distinct of {layer.units} units."
    )


@rule
def own_noise(layer: Layer) -> tuple[Shares, str] | None:
    """Noise that differs between equal units, and meets a gradient there, sets them apart.

    After few draws two units may have met the same noise: then the shares are computed.
    """
    if not layer.splits:
        return None
    equal, distinct = 1.0, 1.0
    for c, size in layer.sizes.items():
        one_equal, one_distinct = _split(layer, c, size)
        equal, distinct = equal * one_equal, distinct * one_distinct
    together = equal if len(layer.sizes) == 1 else 0.0
    shares = _sure({"symmetric": together, "tied": 1 - together - distinct, "broken": distinct})
    draws = layer.signals.draws[layer.k].max()
    return shares, (
        f"{len(layer.sizes)} classes of equal units meet noise of their own, about {draws:.6g} "
        "draws a unit in all."
    )


@rule
def lost_difference(layer: Layer) -> tuple[Shares, str] | None:
    """A difference below half a unit in the last place of what is added to it is lost."""
    if len(set(layer.kept.tolist())) == len(set(layer.labels.tolist())):
        return None
    return {_classes(layer.kept): 1.0}, (
        f"Of {len(set(layer.labels.tolist()))} distinct units {len(layer.sizes)} are left: the "
        f"others differ by less than {layer.start.setting.dtype} keeps."
    )


@rule
def same_start(layer: Layer) -> tuple[Shares, str] | None:
    """Units that start equal and meet no noise of their own get equal gradients for ever."""
    if len(layer.sizes) > 1:
        return None
    return {"symmetric": 1.0}, "All units start equal, and nothing treats them differently."


@rule
def groups(layer: Layer) -> tuple[Shares, str] | None:
    """Units that start in groups of equals stay in them: tied."""
    if len(layer.sizes) == layer.units:
        return None
    return {"tied": 1.0}, (
        f"{layer.units} units start as {len(layer.sizes)} different ones, and nothing treats "
        "equal ones differently."
    )


@rule
def own_start(layer: Layer) -> tuple[Shares, str] | None:
    """Units that all start different, of which some move, stay different."""
    return {"broken": 1.0}, "Every unit starts different from every other, and some move."


def _split(layer: Layer, c: int, size: int) -> tuple[float, float]:
    """Return the chances that all units of a class stay equal, and that all become different."""
    here = layer.kept == c
    draws = float(layer.signals.draws[layer.k][here].max())
    if size == 1 or not layer.graded[here].any() or draws == 0:
        return 1.0, float(size == 1)
    if layer.start.setting.dropout.name == "gaussian":
        return 0.0, 1.0
    sums = chance.mask_sums(layer.start.p, draws, size)
    first = _lattice_sums(layer, size)
    if first is not None:
        later = draws - float(layer.signals.first_draws[layer.k][here].max())
        sums = chance.times(first, chance.mask_sums(layer.start.p, max(0.0, later), size))
    return sums[-1], chance.all_distinct(sums)


def _lattice_sums(layer: Layer, size: int) -> chance.Sums | None:
    pulls = layer.lattice if layer.start.place == "hidden" else None
    if pulls is None or layer.k + 1 < len(layer.start.setting.hidden):
        return None
    plus, minus = (round(n * layer.start.batch / len(layer.start.x)) for n in pulls)
    return chance.sums_of(chance.difference(layer.start.p, plus, minus), size)


def _sure(shares: Shares) -> Shares:
    """Return shares without those that rounding alone makes."""
    kept = {name: share for name, share in shares.items() if share > chance.SURE}
    total = sum(kept.values())
    return {name: share / total for name, share in kept.items()}


def predict(start: Start) -> Prediction:
    """Return the prediction of one network."""
    signals = spread(start)
    found = [_layer(Layer(start, signals, k)) for k in range(len(start.setting.hidden))]
    shares = {name: 0.0 for name in ORDER}
    below = [1.0]
    for i in range(len(ORDER)):
        above = np.prod([sum(p.shares.get(n, 0.0) for n in ORDER[i + 1 :]) for p in found])
        shares[ORDER[i]] = below[-1] - float(above)
        below.append(float(above))
    least = min(found, key=lambda p: min(ORDER.index(name) for name in p.shares))
    still = _still(start, signals, found)
    shares = {name: share * (1 - still) for name, share in shares.items()}
    shares["frozen"] += still
    reason = least.reason
    if len(found) > 1:
        reason = f"Hidden layer {found.index(least) + 1} of {len(found)} is least broken. {reason}"
    if still > chance.SURE:
        reason += f" With chance {still:.3g} no step changes anything."
    return Prediction(_sure(shares), least.rule, reason)


def _layer(layer: Layer) -> Prediction:
    """Return the first rule's prediction that applies."""
    found = (decide(layer) for _, decide in RULES.values())
    return next(prediction for prediction in found if prediction is not None)


def _still(start: Start, signals: Signals, found: list[Prediction]) -> float:
    """Return the chance that no draw of masks or rows ever moves the network."""
    last = len(start.setting.hidden) - 1
    layer = Layer(start, signals, last)
    if any("frozen" in p.shares for p in found) or any(d.any() for d in signals.decayed):
        return 0.0
    pulls, facts = layer.lattice, DROPOUTS[start.setting.dropout.name].facts
    if pulls is None:
        return _all_dropped(start, signals, last)
    if start.place in ("nowhere", "input", "weights"):
        if start.batch == len(start.x):
            return 0.0
        return chance.always_balanced(*pulls, start.batch, start.steps)
    if start.setting.dropout.name == "gaussian":
        return 0.0
    plus, minus = (round(n * start.batch / len(start.x)) for n in pulls)
    once = float(chance.difference(start.p, plus, minus)[minus])
    return float(once ** (start.steps * (1 if facts["shared"] else layer.units)))


def _all_dropped(start: Start, signals: Signals, last: int) -> float:
    """Return the chance that every mask that touches the last hidden layer drops it."""
    facts = DROPOUTS[start.setting.dropout.name].facts
    if start.place != "hidden" or start.setting.dropout.name == "gaussian":
        return 0.0
    draws = signals.draws[last]
    return float(start.p ** (draws.max() if facts["shared"] else draws.sum()))


def start_of(setting: Setting, x: Array, y: Array, seed: int, replicate: int, steps: int) -> Start:
    """Return a replicate's start; x and y are the training rows, in any float type."""
    x, y = x.astype(setting.dtype), y.astype(setting.dtype)
    parameters = trainer.initial_parameters(setting, x.shape[1], seed, replicate)
    return Start(setting, parameters, x, y, steps)


def rules() -> Iterator[tuple[str, str]]:
    """Yield the name and the sentence of each rule, in the order in which they are asked."""
    for name, (sentence, _) in RULES.items():
        yield name, sentence


def mean(predictions: list[Prediction]) -> Mapping[str, float]:
    """Return the expected number of networks of each verdict."""
    total: Counter[str] = Counter()
    for prediction in predictions:
        for name, share in prediction.shares.items():
            total[name] += share  # type: ignore[assignment]
    return total
