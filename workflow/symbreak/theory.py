"""The theory: what becomes of the hidden units, predicted from the declarations and the rows.

No network is trained and no verdict is read. The symmetry argument (``symmetry.py``) says which
units are equal, ``signals.py`` which of them a gradient, weight decay or noise of their own
reaches, ``chance.py`` how likely few masks or rows are to change nothing. Each rule below is one
record: the first that applies to a hidden layer decides it, and the least broken layer decides the
network. ``broken`` stands here for all units distinct: whether distinct units compute the same
(``redundant``) is measured, not predicted.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symbreak import chance, symmetry
from symbreak.signals import Signals, lasting, spread
from symbreak.start import Start

Array = np.ndarray
Shares = dict[str, float]

UNLIKELY = 1e-6
ORDER = ("frozen", "symmetric", "tied", "broken")  # from the least broken to the most


@dataclass(frozen=True)
class Prediction:
    """The chance of each verdict, with the deciding rule's name and its reason in a sentence.

    ``known`` is false where the theory only excludes verdicts: those left then have equal shares.
    """

    shares: Shares
    rule: str
    reason: str
    known: bool = True

    @property
    def verdict(self) -> str:
        """The verdict if it is certain, mixed if chance decides; if unknown, all possible ones."""
        sure = [name for name, share in self.shares.items() if share > 1 - 1e-9]
        if not self.known:
            return " or ".join(self.shares)
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

    @property
    def loses(self) -> bool:
        """Whether units that start different become equal."""
        return len(self.sizes) < len(set(self.labels.tolist()))

    @cached_property
    def sizes(self) -> Counter[int]:
        """The number of units of each class that is left."""
        return Counter(self.kept.tolist())

    @property
    def splits(self) -> bool:
        """Whether noise of their own reaches units that are equal."""
        several = any(self.sizes[c] > 1 and self.graded[self.kept == c].any() for c in self.sizes)
        return self.start.own_noise and several

    def weight_sums(self, units: int) -> chance.Sums:
        """Return the power sums of a unit's masks under DropConnect, over all steps."""
        once = chance.weight_sums(self.start.p, *self.fan, units)
        first, all_ = (float(d[self.k].max()) for d in (self.signals.first_draws,
                                                       self.signals.draws))  # fmt: skip
        steps = min(self.start.steps, all_ / first) if first else self.start.steps
        return tuple(s**steps for s in once)

    @property
    def fan(self) -> tuple[int, int, bool]:
        """The weights into and out of a unit, and whether it is silent without the former."""
        widths, start = self.start.widths, self.start
        silent = not start.has_bias and not start.passed_at_zero
        return widths[self.k], widths[self.k + 2], silent

    @property
    def lattice(self) -> tuple[int, int] | None:
        """How many rows pull the outgoing weights up and down in the first step.

        None unless all pull alike, and nothing else can move: then draws can balance exactly.
        """
        outputs, _, error = self.start.passed
        pull = error[:, None] * outputs[-1]
        if (outputs[0] == outputs[0][0]).all():  # rows that differ in their labels alone
            pull = error[:, None]
        elif (self.start.layers[-1][0] != 0).any():
            return None
        sizes = np.unique(abs(pull))
        if len(sizes) != 1 or sizes[0] == 0:
            return None
        return int((pull[:, 0] > 0).sum()), int((pull[:, 0] < 0).sum())


Verdict = tuple[Shares | str, str]  # shares, or one certain verdict, and the reason


@dataclass(frozen=True)
class Rule:
    """One rule: its name, what it says, and the function that applies it to a layer or not."""

    name: str
    sentence: str
    function: Callable[[Layer], Verdict | None]
    known: bool = True

    def __call__(self, layer: Layer) -> Prediction | None:
        """Return the prediction for a layer, None where the rule does not apply."""
        found = self.function(layer)
        if found is None:
            return None
        shares = {found[0]: 1.0} if isinstance(found[0], str) else found[0]
        return Prediction(shares, self.name, found[1], self.known)


RULES: dict[str, Rule] = {}  # in the order in which they are asked


def rule(
    known: bool = True,
) -> Callable[[Callable[[Layer], Verdict | None]], Callable[[Layer], Verdict | None]]:
    """Register a function as a rule under its own name; its docstring is what the rule says."""

    def register(function: Callable[[Layer], Verdict | None]) -> Callable[..., Verdict | None]:
        name = function.__name__.replace("_", " ")
        sentence = " ".join((function.__doc__ or "").split())
        RULES[name] = Rule(name, sentence, function, known)
        return function

    return register


def _classes(labels: Array) -> str:
    """Return the verdict of moving units with these classes."""
    count = len(set(labels.tolist()))
    return "symmetric" if count == 1 else "tied" if count < len(labels) else "broken"


@rule()
def cancelled_sum(layer: Layer) -> Verdict | None:
    """Every gradient of the first step is a sum over the rows that is exactly zero: frozen."""
    if (layer.graded | layer.decayed).any() or not layer.signals.cancelled[layer.k].any():
        return None
    return "frozen", (
        "The rows pull every weight up as much as down: the sums over the rows are exactly 0, "
        "so the first step changes nothing, and no step after it does."
    )


@rule()
def no_signal(layer: Layer) -> Verdict | None:
    """No gradient has a term that counts, and weight decay has nothing to shrink: frozen."""
    if (layer.graded | layer.decayed).any():
        return None
    dead = not layer.start.passed[1][layer.k].any() and layer.start.layers[layer.k][0].any()
    if layer.start.setting.learning_rate == 0:
        cause = "the learning rate is 0"
    elif dead:
        cause = "every unit is on the flat side of its activation for every row"
    else:
        cause = "activations, or the outgoing weights and slopes, are 0, or too small to count"
    return "frozen", f"No gradient reaches a unit of the layer: {cause}."


@rule(known=False)
def forgetting(layer: Layer) -> Verdict | None:
    """Where rate times decay is 1, each step forgets the weights: a unit that gets no gradient in
    one step is the zero vector after it, and equals every other such unit.
    """
    start, setting = layer.start, layer.start.setting
    if not layer.signals.heard[layer.k].any():
        return None
    left = abs(1 - setting.learning_rate * setting.weight_decay)
    if left > np.finfo(start.x.dtype).eps:
        return None
    if start.adaptive:
        return None
    equal = len(set(layer.labels.tolist())) == 1 and not layer.splits
    sizes = ("symmetric", "tied", "broken")
    possible = sizes[:1] if equal else sizes
    return {name: 1 / len(possible) for name in possible}, (
        "Learning rate times weight decay is 1: units that are silent in some step become equal; "
        "which ones are, the start does not tell."
    )


@rule()
def decay_alone(layer: Layer) -> Verdict | None:
    """Only weight decay moves the units: those that start equal shrink alike."""
    if layer.graded.any():
        return None
    return _classes(layer.kept), (
        f"No gradient reaches the layer; weight decay shrinks its weights, and leaves "
        f"{len(layer.sizes)} distinct of {layer.units} units."
    )


@rule()
def own_noise(layer: Layer) -> Verdict | None:
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


@rule(known=False)
def tiny_difference(layer: Layer) -> Verdict | None:
    """A difference near the last bit of an update may be lost or kept, and an optimizer that
    divides a gradient by its size may enlarge it.
    """
    left = symmetry.doubtful(layer.start, layer.signals, layer.k)
    if not left:
        return None
    names = [("symmetric" if n == 1 else "tied" if n < layer.units else "broken") for n in left]
    possible = ORDER[ORDER.index(min(names, key=ORDER.index)) :]
    return dict.fromkeys(possible, 1 / len(possible)), (
        f"{layer.start.setting.dtype} keeps {min(left)} to {max(left)} distinct units: the "
        "others differ by hardly more or less than half a unit in the last place of an update."
    )


@rule()
def lost_difference(layer: Layer) -> Verdict | None:
    """A difference below half a unit in the last place of what is added to it is lost."""
    if not layer.loses:
        return None
    return _classes(layer.kept), (
        f"Of {len(set(layer.labels.tolist()))} distinct units {len(layer.sizes)} are left: the "
        f"others differ by less than {layer.start.setting.dtype} keeps."
    )


@rule()
def same_start(layer: Layer) -> Verdict | None:
    """Units that start equal and meet no noise of their own get equal gradients for ever."""
    if len(layer.sizes) > 1:
        return None
    return "symmetric", "All units start equal, and nothing treats them differently."


@rule()
def groups(layer: Layer) -> Verdict | None:
    """Units that start in groups of equals stay in them: tied."""
    if len(layer.sizes) == layer.units:
        return None
    return "tied", (
        f"{layer.units} units start as {len(layer.sizes)} different ones, and nothing treats "
        "equal ones differently."
    )


@rule()
def own_start(layer: Layer) -> Verdict | None:
    """Units that all start different, of which some move, stay different."""
    return "broken", "Every unit starts different from every other, and some move."


def _split(layer: Layer, c: int, size: int) -> tuple[float, float]:
    """Return the chances that all units of a class stay equal, and that all become different."""
    here = layer.kept == c
    draws = float(layer.signals.draws[layer.k][here].max())
    if size == 1 or not layer.graded[here].any() or draws == 0:
        return 1.0, float(size == 1)
    if layer.start.continuous:
        return 0.0, 1.0
    if layer.start.place == "weights":
        sums = layer.weight_sums(size)
        return sums[-1], chance.all_distinct(sums)
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
    """Return the prediction of one network.

    Where what can happen and what is sure to happen do not lead to the same verdicts, both stand.
    """
    signals = spread(start)
    most = _predict(start, signals)
    lasts = not start.flat or lasting(start, signals)
    if lasts and (start.often or not start.hidden_noise):
        return most
    least = _predict(start, spread(start, most=False, lasts=lasts))
    if least.shares.keys() <= most.shares.keys() and most.known:
        return most
    both = [name for name in ORDER if name in most.shares.keys() | least.shares.keys()]
    reason = (
        most.reason + " But whether the noise or the steps get so far, the start does not tell."
    )
    return Prediction(dict.fromkeys(both, 1 / len(both)), most.rule, reason, known=False)


def _predict(start: Start, signals: Signals) -> Prediction:
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
    shares = _sure(shares)
    known = all(p.known for p in found)
    if start.place == "weights" and not start.often:
        doubt = _cut_off(start, signals, shares)
        shares, known = shares | doubt, known and not doubt
    if not known:
        shares = dict.fromkeys(shares, 1 / len(shares))
    return Prediction(shares, least.rule, reason, known or len(shares) == 1)


def _cut_off(start: Start, signals: Signals, shares: Shares) -> Shares:
    """Return the verdicts that DropConnect may lead to, too, if it cuts off layers by chance.

    The chance is computed only where every weight counts from the first step on.
    """
    if shares.keys() == {"frozen"} or all(w.all() for w, _ in start.layers):
        return dict.fromkeys(ORDER, 1.0) if len(start.layers) > 2 and len(shares) > 1 else {}
    paths = [max(1, int(rows.any(axis=0).sum())) for rows in signals.heard]
    if chance.cut_off(start.p, paths) ** start.steps < UNLIKELY and len(shares) == 1:
        return {}
    return dict.fromkeys(ORDER if len(shares) > 1 else ORDER[:1], 1.0)


def _layer(layer: Layer) -> Prediction:
    """Return the first rule's prediction that applies."""
    found = (decide(layer) for decide in RULES.values())
    return next(prediction for prediction in found if prediction is not None)


def _still(start: Start, signals: Signals, found: list[Prediction]) -> float:
    """Return the chance that no draw of masks or rows ever moves some layer."""
    last = len(start.setting.hidden) - 1
    layer = Layer(start, signals, last)
    if any("frozen" in p.shares for p in found) or any(d.any() for d in signals.decayed):
        return 0.0
    pulls = layer.lattice
    if start.place == "weights" and pulls is None:
        once = chance.cut_off(start.p, start.setting.hidden)
        if last == 0:
            once = chance.nothing_kept(start.p, *layer.fan) ** layer.units
        return float(once**start.steps)
    if pulls is None:
        return _never_heard(start, signals)
    if start.place != "hidden":
        if start.batch == len(start.x):
            return 0.0
        return chance.always_balanced(*pulls, start.batch, start.steps)
    if start.continuous:
        return 0.0
    units = 1 if start.shared else layer.units
    return chance.balanced_masks(start.p, *pulls, start.batch, units) ** start.steps


def _never_heard(start: Start, signals: Signals) -> float:
    """Return the chance that the rows and masks of all steps give some layer no gradient.

    A row gives one if a unit is kept in each layer among those that pass a signal on that row.
    """
    error = abs(start.passed[2])
    heard = (error > np.finfo(start.x.dtype).eps).astype(float)
    for rows in signals.heard:
        if not rows.any():  # its first gradient comes later
            continue
        units = np.minimum(rows.sum(axis=1), 1 if start.shared else rows.shape[1])
        masked = start.place == "hidden" and not start.continuous
        heard = heard * (1 - start.p**units if masked else units > 0)
    count = len(start.x)
    if start.batch == count and 2 * start.y.sum() == count:
        dark = (start.rows[0] == 0).all(axis=1) & (abs(start.passed[2]) == 0.5)
        heard = np.where(dark, 0.0, heard)  # rows that show nothing cancel each other
    silent = 1 - (heard * start.rows[2] * count).reshape(count, -1).sum(axis=1)
    if start.batch == count:
        return float(np.prod(silent) ** start.steps)
    if set(silent.tolist()) <= {0.0, 1.0}:
        return chance.all_silent(int(silent.sum()), count, start.batch * start.steps)
    return float(silent.mean() ** (start.batch * start.steps))


def rules() -> Iterator[tuple[str, str]]:
    """Yield the name and the sentence of each rule, in the order in which they are asked."""
    for one in RULES.values():
        yield one.name, one.sentence
