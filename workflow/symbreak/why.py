"""``symbreak why`` in words: which network is meant, and what its first difference says."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from symbreak.blas import numpy_blas
from symbreak.data import dataset, make
from symbreak.networks import parameter_count, split_layers
from symbreak.settings import Experiment, Setting
from symbreak.trace import (
    PARAMETERS,
    Difference,
    Event,
    Network,
    between_runs,
    between_units,
    bits,
    units_in_the_last_place,
)

OPERATIONS = {  # of trainer.py, in the order of a step; {k} is the layer, {j} the one below
    "rows": "the rows of the step",
    "noisy inputs": "the inputs after dropout",
    "weight noise": "the DropConnect mask",
    "z": "the pre-activation z_{k} = b_{k} + w_{k} a_{j}",
    "activation": "the activation a_{k} = phi(z_{k})",
    "slope": "the slope phi'(z_{k})",
    "noise": "the dropout noise on a_{k}",
    "logit": "the logit z_{k} = b_{k} + w_{k} a_{j}",
    "error": "the error e = sigmoid(z_{k}) - y",
    "delta": "the back-propagated delta_{k}",
    "sums": "the gradient's sums over the rows",
    "gradient": "the gradient, the sums over the number of rows",
    "weights": "the weights after the optimizer's update",
}
NOISE = ("noise", "noisy inputs", "weight noise")
MOST_ULP = 1_000_000  # farther apart, two numbers are no longer a matter of rounding
MATRIX_PRODUCTS = ("z", "logit", "delta", "sums")


class WhyError(ValueError):
    """A question that names no network or unit: one sentence with what would be right."""


def find(experiment: Experiment, text: str) -> Network:
    """Return the network that a text names: words of its setting's label, then ``:replicate``.

    Words can be left out as long as one setting is meant; without a replicate it is number 0.
    Raises WhyError.
    """
    label, colon, number = text.partition(":")
    last = experiment.replicates - 1
    if colon and not (number.isdecimal() and int(number) <= last):
        raise WhyError(f"{text!r}: the replicate {number!r} is none of 0 to {last}")
    words = re.split(r"[\s/]+", label.strip())
    settings = list(all_settings(experiment))
    found = [s for s in settings if is_subsequence(words, s.label.split())]
    if len(found) != 1:
        raise WhyError(_which(experiment.name, label, words, settings, found))
    return Network(found[0], int(number or 0), experiment.seed)


def all_settings(experiment: Experiment) -> Iterator[Setting]:
    """Return the settings of the whole grid."""
    return chain.from_iterable(experiment.settings(*c) for c in experiment.combinations())


def is_subsequence(words: Iterable[str], line: Iterable[str]) -> bool:
    """Tell whether the words all stand in the line, in their order."""
    rest = iter(line)
    return all(word in rest for word in words)


def _which(
    name: str, label: str, given: list[str], settings: list[Setting], found: list[Setting]
) -> str:
    if found:
        records = [setting.record() for setting in found]
        open_factors = [
            f"{key} ({', '.join(dict.fromkeys(str(r[key]) for r in records))})"
            for key in records[0]
            if len({r[key] for r in records}) > 1
        ]
        return f"{label!r} is {len(found)} settings of {name}; say which " + ", ".join(open_factors)
    labels = [setting.label for setting in settings]
    known = sorted({word for line in labels for word in line.split()})
    for word in given:
        if word not in known:
            near = difflib.get_close_matches(word, known, 1, cutoff=0)[0]
            return f"{label!r}: no setting of {name} has {word!r}; the nearest name is {near!r}"
    near = difflib.get_close_matches(label, labels, 1, cutoff=0)[0]
    return f"{label!r}: no setting of {name} has these words in this order; nearest is {near!r}"


def explain_units(
    experiment: Experiment, network: Network, layer: int, units: Sequence[int], steps: int
) -> str:
    """Return where units (from 1) of a network's hidden layer (from 1) first differ.

    Without ``units`` all of the layer are compared. Raises WhyError for a unit that is not there.
    """
    hidden = network.setting.hidden
    if not 1 <= layer <= len(hidden):
        raise WhyError(f"layer {layer}: the network has hidden layers 1 to {len(hidden)}")
    for unit in units:
        if not 1 <= unit <= hidden[layer - 1]:
            raise WhyError(f"unit {unit}: hidden layer {layer} has units 1 to {hidden[layer - 1]}")
    units = units or range(1, hidden[layer - 1] + 1)
    if len(set(units)) < 2:
        raise WhyError(f"unit {units[0]} is compared with itself; name two units")
    data = dataset(experiment.data, make(experiment.data, experiment.seed))
    widths = network.widths(data)
    found = between_units(network.run(data, steps), widths, layer, [u - 1 for u in units])
    where = f"of hidden layer {layer}"
    if found is None:
        which = " and ".join(map(str, units)) if len(units) == 2 else f"1 to {units[-1]}"
        return f"{title(network)}\nUnits {which} {where} never differ in a bit in {steps:,} steps."
    head = f"{title(network)}\nUnits {units[0]} and {found.unit + 1} {where}"
    names = (f"unit {units[0]}", f"unit {found.unit + 1}")
    place = row(found) if is_rows(found) else entry(found, widths, layer)
    return "\n".join([f"{head} {sentence(found)}: {place}", *numbers(found, names),
                      *reasons(found, [network])])  # fmt: skip


def explain_runs(experiment: Experiment, a: Network, b: Network, steps: int) -> str:
    """Return where two networks, trained side by side, first differ."""
    data = dataset(experiment.data, make(experiment.data, experiment.seed))
    found = between_runs(a.run(data, steps), b.run(data, steps))
    head = f"A: {title(a)}\nB: {title(b)}\nThey"
    if found is None:
        return f"{head} never differ in a bit in {steps:,} steps."
    if found.place is None:
        return f"{head} {sentence(found)}: {mismatch(found)}"
    place = row(found) if is_rows(found) else parameter(found, a.widths(data))
    return "\n".join([f"{head} {sentence(found)}: {place}", *numbers(found, ("A", "B")),
                      *reasons(found, [a, b])])  # fmt: skip


def title(network: Network) -> str:
    """Return a network's name."""
    return f"{network.setting.label}, replicate {network.replicate}"


def sentence(found: Difference) -> str:
    """Return when and in what the first difference lies."""
    if found.step == 0:
        return "differ from the start, in the initial weights"
    return f"first differ in step {found.step:,}, in {words(found.one)}"


def words(event: Event) -> str:
    """Return what an operation computes."""
    return OPERATIONS[event.operation].format(k=event.layer, j=event.layer - 1)


def mismatch(found: Difference) -> str:
    """Return how two results differ that cannot be compared number by number."""
    if found.one[:2] != found.other[:2]:
        return f"B has {words(found.other)} there"
    a, b = (" x ".join(map(str, event.values.shape)) for event in (found.one, found.other))
    return f"A has {a} numbers, B {b}"


def is_rows(found: Difference) -> bool:
    """Tell whether the results have an entry a row of the step."""
    return found.one.operation not in PARAMETERS


def row(found: Difference) -> str:
    """Return a place in results [b] or [b, units], counted from 1."""
    return "row " + ", column ".join(str(i + 1) for i in found.place or ())


def entry(found: Difference, widths: tuple[int, ...], layer: int) -> str:
    """Return the name of a place in a neuron vector."""
    (at,), inputs = found.place or (0,), widths[layer - 1]
    if at < inputs:
        return f"incoming weight {at + 1}"
    return "bias" if at == inputs else f"outgoing weight {at - inputs}"


def parameter(found: Difference, widths: tuple[int, ...]) -> str:
    """Return the name of a place in a parameter vector."""
    at = np.zeros(parameter_count(widths))
    at[found.place] = 1
    for layer, (w, bias) in enumerate(split_layers(at, widths), start=1):
        where = "the output" if layer == len(widths) - 1 else f"hidden layer {layer}"
        for unit, weight in np.argwhere(w):
            return f"{where}, unit {unit + 1}, incoming weight {weight + 1}"
        for (unit,) in np.argwhere(bias):
            return f"{where}, unit {unit + 1}, bias"
    raise IndexError(found.place)


def numbers(found: Difference, names: tuple[str, str]) -> list[str]:
    """Return the two numbers in decimals and bits, and how far apart they are."""
    width = max(map(len, names))
    lines = []
    for name, value in zip(names, found.numbers, strict=True):
        digits = 2 * value.dtype.itemsize
        lines.append(f"  {name:{width}}  {value!s:>24}  0x{int(bits(value)):0{digits}x}")
    a, b = found.numbers
    apart = units_in_the_last_place(a, b)
    distance = f"{abs(a - b):.3g}" if apart is None or apart > MOST_ULP else f"{apart:,} ulp"
    return [
        *lines,
        f"  {distance} apart; {found.count:,} of {found.one.values.size:,} such numbers differ",
    ]


def reasons(found: Difference, networks: Sequence[Network]) -> list[str]:
    """Return what explains a difference: NumPy's matrix product, or the draws of dropout."""
    if found.one.operation in NOISE:
        return ["Dropout has other draws here."]
    if found.one.operation in MATRIX_PRODUCTS and any(
        network.setting.arithmetic == "blas" for network in networks
    ):
        library, kernel = numpy_blas()
        return [f"The sum is NumPy's @ ({library}, kernel {kernel}), whose order of additions is "
                "its own, and not the same for every unit."]  # fmt: skip
    return []
