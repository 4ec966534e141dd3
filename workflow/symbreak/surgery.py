"""What becomes of a network without a unit, with one unit twice, and with all copies merged.

Every operation edits parameters and returns a network that the trainer can run. Letters:
n networks, u units, b rows, p parameters.
"""

from dataclasses import dataclass, replace

import numpy as np

from symbreak import trainer
from symbreak.activations import ACTIVATIONS
from symbreak.networks import Layer, join_layers, network_widths, neuron_vectors, split_layers
from symbreak.settings import Setting

Array = np.ndarray

PROBES = np.array([0.0, 0.3, 1.0, 2.5, 7.0])  # where an activation is looked at


def lesion_losses(setting: Setting, parameters: Array, layer: int, activations: Array,
                  x: Array, y: Array) -> Array:  # fmt: skip
    """Return the rise of the mean cross-entropy without each unit of a layer, [n, u] nats.

    The unit's activation [n, b, u] is replaced by its mean over the rows x [b, d], y [b]: the next
    layer gets the mean through its biases. So a unit that says the same in every row costs nothing,
    and what is lost is what the unit told about the rows.
    """
    widths = network_widths(x.shape[1], setting.hidden)
    x, y = x.astype(setting.dtype), y.astype(setting.dtype)
    setting = replace(setting, arithmetic="exact")
    whole = trainer.losses(setting, parameters, x, y)[0]
    mean = np.add.accumulate(activations, axis=1)[:, -1] / activations.shape[1]
    without = [
        trainer.losses(setting, silenced(parameters, widths, layer, u, mean[:, u]), x, y)[0]
        for u in range(activations.shape[2])
    ]
    return np.stack(without, axis=-1) - whole[:, None]


def silenced(parameters: Array, widths: tuple[int, ...], layer: int, unit: int,
             value: Array) -> Array:  # fmt: skip
    """Return parameters [n, p] in which a unit (from 0) of a layer (from 1) says ``value`` [n]."""
    edited = parameters.copy()
    weights, bias = split_layers(edited, widths)[layer]
    bias += weights[..., unit] * value[..., None].astype(parameters.dtype)
    weights[..., unit] = 0.0
    return edited


def cloned(setting: Setting, parameters: Array, inputs: int, layer: int,
           unit: int) -> tuple[Setting, Array]:  # fmt: skip
    """Return a setting one unit wider and its parameters [n, p]: a unit (from 0) stands twice.

    Both have its incoming weights and half of its outgoing ones, which is exact: the network
    computes the same, but for the rounding of the sum over one more unit.
    """
    layers = split_layers(parameters, network_widths(inputs, setting.hidden))
    w, b = layers[layer - 1]
    after, bias = layers[layer]
    halves = after.copy()
    halves[..., unit] = 0.5 * after[..., unit]
    layers[layer - 1] = (np.concatenate([w, w[..., [unit], :]], axis=-2),
                         np.concatenate([b, b[..., [unit]]], axis=-1))  # fmt: skip
    layers[layer] = (np.concatenate([halves, halves[..., [unit]]], axis=-1), bias)
    hidden = tuple(width + (k == layer) for k, width in enumerate(setting.hidden, start=1))
    return replace(setting, hidden=hidden), join_layers(layers)


def point_symmetry(setting: Setting) -> float | None:
    """Return phi(-z) + phi(z) where it is the same for all z (tanh 0, sigmoid 1), else None.

    Read off the function itself, at a few places: it may miss by the rounding of the function.
    """
    function = ACTIVATIONS[setting.activation.name].function
    sums = (function(PROBES)[0] + function(-PROBES)[0]).tolist()
    same = max(sums) - min(sums) <= 1e-15
    return sums[0] if same else None


@dataclass(frozen=True)
class Merge:
    """How the units of a layer of n networks are merged.

    ``sign`` [n, u, u] holds 1 or -1 where unit v (last) is taken over by unit u, as its equal or
    its opposite; ``kept`` [n, u] are the units that remain.
    """

    sign: Array
    kept: Array

    @property
    def width(self) -> Array:
        """The effective width [n]: how many units remain."""
        return np.count_nonzero(self.kept, axis=1)


def merge(setting: Setting, parameters: Array, widths: tuple[int, ...], layer: int,
          constant: Array) -> Merge:  # fmt: skip
    """Return which units of a layer are equal, opposite or dead, decided on bits.

    Equal units have the same incoming weights and bias; opposite ones the negated, where the
    activation's symmetry makes one the mirror of the other. Dead are units that are ``constant``
    [n, u] over the training rows, and those whose outgoing weights, after merging, are all 0.
    """
    vectors = neuron_vectors(parameters, widths, layer)
    below = widths[layer - 1] + 1
    incoming, outgoing = vectors[..., :below], vectors[..., below:]
    alike = _equal(incoming, incoming)
    sign = alike.astype(np.float64)
    if point_symmetry(setting) is not None:
        opposite = _equal(incoming, -incoming)
        sign = np.where(opposite & ~alike, -1.0, sign)
    first = np.argmax(sign != 0, axis=1)  # of the units that take over unit v, the first
    sign = np.where(np.arange(sign.shape[1])[None, :, None] == first[:, None, :], sign, 0.0)
    weight = _taken_over(sign, outgoing)
    kept = (sign != 0).any(axis=2) & ~constant & (weight != 0).any(axis=2)
    return Merge(sign, kept)


def _equal(a: Array, b: Array) -> Array:
    """Return whether unit u of a [n, u, k] equals unit v of b [n, v, k], as [n, u, v]."""
    equal = np.ones((len(a), a.shape[1], b.shape[1]), bool)
    for k in range(a.shape[2]):
        equal &= a[:, :, None, k] == b[:, None, :, k]
    return equal


def _taken_over(sign: Array, outgoing: Array) -> Array:
    """Return the outgoing weights [n, u, o] of each unit with those it takes over, in order."""
    total = np.zeros(outgoing.shape, outgoing.dtype)
    for v in range(outgoing.shape[1]):
        total = total + sign[:, :, v, None].astype(outgoing.dtype) * outgoing[:, None, v]
    return total


def smaller(setting: Setting, parameters: Array, activations: list[Array],
            inputs: int) -> tuple[Setting, list[Layer]]:  # fmt: skip
    """Return a network's layers without the units that ``merge`` leaves out, and its setting.

    ``parameters`` [p] and the ``activations`` [b, u] of each hidden layer over the training rows,
    where the smaller network computes the same up to rounding. A layer may keep no unit at all.
    """
    widths = network_widths(inputs, setting.hidden)
    layers, stacked = split_layers(parameters.copy(), widths), parameters[None]
    offset = point_symmetry(setting) or 0.0
    for k, a in enumerate(activations, start=1):
        constant = (a == a[:1]).all(axis=0)
        found = merge(setting, stacked, widths, k, constant[None])
        sign, kept = found.sign[0], found.kept[0]
        after, bias = layers[k]
        says = np.where(constant, a[0], np.where((sign < 0).any(axis=0), offset, 0.0))
        for v in range(len(sign)):
            bias = bias + after[:, v] * after.dtype.type(says[v])
        merged = _taken_over(found.sign, after.T[None])[0]
        layers[k - 1] = (layers[k - 1][0][kept], layers[k - 1][1][kept])
        layers[k] = (merged[kept].T, bias)
    hidden = tuple(len(bias) for _, bias in layers[:-1])
    return replace(setting, hidden=hidden), layers
