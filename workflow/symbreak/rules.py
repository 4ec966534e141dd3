"""The rules of the theory: one record each. The first that applies to a hidden layer decides it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from symbreak import chance, symmetry
from symbreak.files import write_between
from symbreak.layers import Layer

MARKER = "<!-- generated: python -m symbreak.rules -->"
ORDER = ("frozen", "symmetric", "tied", "broken")  # from the least broken to the most
UNLIKELY = 1e-6  # a chance that no verdict names
FIRST = 10  # steps in which an optimizer's memory holds little
Shares = dict[str, float]


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
        sure = [name for name, share in self.shares.items() if share > 1 - UNLIKELY]
        if not self.known:
            return " or ".join(self.shares)
        return sure[0] if sure else "mixed"


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


def sure(shares: Shares) -> Shares:
    """Return shares without those that rounding alone makes."""
    kept = {name: share for name, share in shares.items() if share > chance.SURE}
    total = sum(kept.values())
    return {name: share / total for name, share in kept.items()}


def _classes(labels: np.ndarray) -> str:
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
    """Where weight decay and the optimizer shrink a start to a few last bits within the run (at
    once where rate times decay is 1), units keep only what their gradients hold up, and may become
    equal.
    """
    start, setting = layer.start, layer.start.setting
    if not layer.signals.heard[layer.k].any() or (start.own_noise and start.adaptive):
        return None
    steps = 1 if start.own_noise else start.steps  # noise keeps units apart, but not from zero
    left = symmetry.remembered(
        setting.optimizer, setting.learning_rate, setting.weight_decay, setting.dtype, steps
    )
    few = 1 if start.own_noise else symmetry.FEW
    if not left <= few * np.finfo(start.x.dtype).eps:
        return None
    equal = len(set(layer.labels.tolist())) == 1 and not layer.splits
    sizes = ("symmetric", "tied", "broken")
    possible = sizes[:1] if equal else sizes
    return {name: 1 / len(possible) for name in possible}, (
        f"Weight decay leaves {left:.3g} of a weight of 1, hardly a last bit of the starts: units "
        "that no gradient tells apart become equal; which ones do, the start does not tell."
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


@rule(known=False)
def sign_steps(layer: Layer) -> Verdict | None:
    """The first steps of an optimizer that divides a gradient by its size show little but its sign:
    in float32 equal units may stay equal though their noise differs.
    """
    start = layer.start
    if not (layer.splits and start.adaptive and start.steps <= FIRST and start.x.itemsize == 4):
        return None
    return dict.fromkeys(ORDER[1:], 1 / 3), (
        f"Equal units meet noise of their own, but in {start.steps} steps gradients of one sign "
        "may give updates that are equal in float32."
    )


@rule()
def own_noise(layer: Layer) -> Verdict | None:
    """Noise that differs between equal units, and meets a gradient there, sets them apart.

    After few draws two units may have met the same noise: then the shares are computed.
    """
    if not layer.splits:
        return None
    equal, distinct = 1.0, 1.0
    for c in layer.sizes:
        one_equal, one_distinct = layer.split(c)
        equal, distinct = equal * one_equal, distinct * one_distinct
    together = equal if len(layer.sizes) == 1 else 0.0
    shares = sure({"symmetric": together, "tied": 1 - together - distinct, "broken": distinct})
    left = f"{len(layer.sizes)} are distinct" if len(layer.sizes) > 1 else "all are equal"
    return shares, (
        f"Of {layer.units} units {left} without noise; each meets noise of its own, about "
        f"{_rounded(float(layer.signals.draws[layer.k].max()))} draws in all."
    )


def _rounded(count: float) -> str:
    return f"{float(f'{count:.3g}'):,.10g}"


@rule(known=False)
def tiny_difference(layer: Layer) -> Verdict | None:
    """A difference near the last bit of an update, or of the parameter itself, may be lost or kept,
    and an optimizer that divides a gradient by its size may enlarge it.
    """
    left = symmetry.doubtful(layer.start, layer.signals, layer.k)
    if not left:
        return None
    names = [("symmetric" if n == 1 else "tied" if n < layer.units else "broken") for n in left]
    possible = ORDER[ORDER.index(min(names, key=ORDER.index)) :]
    return dict.fromkeys(possible, 1 / len(possible)), (
        f"{layer.start.setting.dtype} keeps {min(left)} to {max(left)} distinct units: the "
        "others differ by hardly more or less than it keeps."
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


def table() -> str:
    """Return the rules as a Markdown table, in the order in which they are asked."""
    lines = ["| rule | what it says | decides |", "|---|---|---|"]
    for one in RULES.values():
        lines.append(f"| `{one.name}` | {one.sentence} | {'yes' if one.known else 'narrows'} |")
    return "\n".join(lines)


def main() -> None:
    """Write the table of docs/theory.md; run it at the top of the checkout."""
    write_between("docs/theory.md", MARKER, table())


if __name__ == "__main__":
    main()
