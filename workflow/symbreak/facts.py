"""Facts of a setting, as its components declare them: what claims and their conditions speak of.

The words come from the declarations of initializers, bias rules and dropouts, and from what their
functions give for a small matrix (a standard deviation of 0 makes no difference), never from a
name. Nothing is trained or measured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from symbreak.activations import ACTIVATIONS
from symbreak.components import Choice
from symbreak.dropout import DROPOUTS
from symbreak.files import write_between
from symbreak.initializers import BIASES, INITIALIZERS, Matrix
from symbreak.settings import Setting

MARKER = "<!-- generated: python -m symbreak.facts -->"
APART = ("equal", "groups", "near", "distinct")  # units, from the least apart to the most
UNITS, INPUTS = 7, 5  # of the matrices that are looked at: more units than inputs


@dataclass(frozen=True)
class Fact:
    """A declared property of a setting: its values, each in the words of a condition."""

    name: str
    values: Mapping[str, str]
    of: Callable[[Setting], str]


def all_of(setting: Setting) -> dict[str, str]:
    """Return the value of each fact of a setting by name."""
    return {name: fact.of(setting) for name, fact in FACTS.items()}


@cache
def _weights(init: Choice, replicate: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights into and out of some units, a row a unit."""
    into = Matrix(UNITS, INPUTS, replicate=replicate)
    out = Matrix(1, UNITS, is_output=True, layer=1, replicate=replicate)
    function = INITIALIZERS[init.name].function
    return function(into, *init.values), function(out, *init.values).T


@cache
def _biases(bias: Choice, replicate: int = 0) -> np.ndarray:
    """Return the biases of some units, a row each."""
    return BIASES[bias.name].function(Matrix(UNITS, 1, replicate=replicate), *bias.values)


def _apart(declared: str, rows: np.ndarray) -> str:
    return "equal" if (rows == rows[0]).all() else declared


def incoming(setting: Setting) -> str:
    """Return how far apart the weights into the units of a hidden layer start."""
    declared = INITIALIZERS[setting.init.name].facts["hidden"]
    return _apart(declared, _weights(setting.init)[0])


def outgoing(setting: Setting) -> str:
    """Return how far apart the weights from the units of the last hidden layer start."""
    declared = INITIALIZERS[setting.init.name].facts["output"]
    return _apart(declared, _weights(setting.init)[1])


def biases(setting: Setting) -> str:
    """Return how the biases of a layer's units start."""
    declared, rows = BIASES[setting.bias.name].facts["units"], _biases(setting.bias)
    if declared == "absent":
        return "absent"
    return _apart(declared, rows) if rows.any() else "zero"


def start(setting: Setting) -> str:
    """Return how far apart whole neuron vectors start: as far as their part that is furthest."""
    bias = "distinct" if biases(setting) == "distinct" else "equal"
    return max(incoming(setting), outgoing(setting), bias, key=APART.index)


def zero_weights(setting: Setting) -> str:
    """Return which weights start at zero."""
    into, out = (not weights.any() for weights in _weights(setting.init))
    return "all" if into and out else "incoming" if into else "outgoing" if out else "none"


def drawn_start(setting: Setting) -> str:
    """Return whether two replicates start from different parameters."""
    pairs = [zip(_weights(setting.init), _weights(setting.init, 1), strict=True),
             [(_biases(setting.bias), _biases(setting.bias, 1))]]  # fmt: skip
    return "no" if all((a == b).all() for pair in pairs for a, b in pair) else "yes"


def dropped(setting: Setting) -> str:
    """Return whether any noise multiplies inputs, activations or weights."""
    idle = DROPOUTS[setting.dropout.name].facts["place"] == "nowhere"
    return "no" if idle or not any(setting.dropout.values) else "yes"


def noise(setting: Setting) -> str:
    """Return what is drawn anew in training: for each unit, for all alike, or the rows' order."""
    facts = DROPOUTS[setting.dropout.name].facts
    if dropped(setting) == "no":
        return "none" if setting.batch_size is None else "rows"
    return "shared" if facts["shared"] or facts["place"] == "input" else "own"


def activation_at_zero(setting: Setting) -> str:
    """Return whether a unit with a pre-activation of zero passes on zero."""
    value, _ = ACTIVATIONS[setting.activation.name].function(np.zeros(1))
    return "other" if value.any() else "zero"


def activation_below_zero(setting: Setting) -> str:
    """Return whether the activation has a slope below zero; without, units can be dead."""
    _, slope = ACTIVATIONS[setting.activation.name].function(np.array([-1.0]))
    return "sloped" if slope.any() else "flat"


def _apart_words(what: str) -> dict[str, str]:
    ends = ("equal", "in groups of equals", "almost equal", "all different")
    return {value: f"{what} start {end}" for value, end in zip(APART, ends, strict=True)}


FACTS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("start", _apart_words("the units"), start),
        Fact("noise", {
            "none": "training has no randomness",
            "rows": "only the order of the rows is random",
            "shared": "dropout is the same for all units of a layer",
            "own": "dropout differs between units",
        }, noise),
        Fact("biases", {
            "absent": "there are no biases",
            "zero": "the biases start at zero",
            "equal": "the biases start at one value other than zero",
            "distinct": "the biases start different",
        }, biases),
        Fact("zero_weights", {
            "none": "no weight matrix starts at zero",
            "incoming": "the weights into the units start at zero",
            "outgoing": "the weights from the units start at zero",
            "all": "all weights start at zero",
        }, zero_weights),
        Fact("incoming", _apart_words("the weights into the units"), incoming),
        Fact("outgoing", _apart_words("the weights from the units"), outgoing),
        Fact("activation_at_zero", {
            "zero": "the activation is zero at zero",
            "other": "the activation is not zero at zero",
        }, activation_at_zero),
        Fact("activation_below_zero", {
            "flat": "the activation is flat below zero",
            "sloped": "the activation has a slope below zero",
        }, activation_below_zero),
        Fact("dropped", {"no": "nothing is dropped", "yes": "something is dropped"}, dropped),
        Fact("drawn_start", {"no": "the start is not random", "yes": "the start is random"},
             drawn_start),
    )
}  # fmt: skip


def table() -> str:
    """Return the facts as a Markdown table: names, values and what they mean."""
    head = ["| fact | value | what it says |", "|---|---|---|"]
    lines = (f"| `{fact.name}` | `{value}` | {words} |"
             for fact in FACTS.values() for value, words in fact.values.items())  # fmt: skip
    return "\n".join([*head, *lines])


def main() -> None:
    """Write the table of docs/claims.md; run it at the top of the checkout."""
    write_between("docs/claims.md", MARKER, table())


if __name__ == "__main__":
    main()
