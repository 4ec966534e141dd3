"""Symmetry: which hidden units of a network start equal, and which small differences are lost.

Two units are equal if their neuron vectors are (incoming weights, bias, outgoing weights; -0
counts as 0). Exchanging them then changes nothing, so they get the same gradient, and stay equal
for ever, unless noise of their own tells them apart.
"""

import numpy as np

from symbreak.networks import neuron_vectors
from symbreak.optimizers import OPTIMIZERS
from symbreak.signals import Signals
from symbreak.start import Start

Array = np.ndarray
GUESS = 1e-3  # the size of a gradient that the start does not tell


def classes(vectors: Array) -> Array:
    """Return a label for each unit of [u, k]; equal vectors have equal labels."""
    return np.unique(vectors + 0.0, axis=0, return_inverse=True)[1].reshape(-1)


def at_start(start: Start, k: int) -> Array:
    """Return the labels of the units of hidden layer k (from 0) before the first step [u]."""
    return classes(neuron_vectors(start.parameters, start.widths, k + 1))


def absorbed(start: Start, signals: Signals, k: int) -> Array:
    """Return the labels once differences too small for the arithmetic are lost [u].

    Units that differ in their biases alone, and pass the same signal to the last bit, get the same
    gradient. A bias much smaller than half a unit in the last place of its first update is lost.
    """
    vectors = neuron_vectors(start.parameters, start.widths, k + 1).copy()
    bias = start.layers[k][1]
    inputs, size = start.widths[k], abs(start.gradient[k][1])
    rate, grain = start.setting.learning_rate, np.finfo(start.x.dtype).eps / 4
    adaptive = len(start.setting.optimizer.values) > 1
    step = np.full_like(size, rate) if adaptive else rate * np.where(size > 0, size, GUESS * rate)
    lost = signals.biased[k] & (abs(bias) < step * grain)
    if lost.any():
        vectors[lost, inputs] = 0.0
        outputs = start.passed[0][k + 1].T
        heard = abs(outputs) >= abs(outputs).max() * grain
        vectors = np.concatenate([vectors, np.where(heard, outputs, 0)], axis=1)
    return classes(vectors)


def erased(start: Start, signals: Signals, k: int, labels: Array) -> Array:
    """Return the labels after weight decay has acted alone on the units without a gradient [u]."""
    idle = ~signals.graded[k] & signals.decayed[k]
    if not idle.any():
        return labels
    vectors = neuron_vectors(start.parameters, start.widths, k + 1).copy()
    decay = np.full(vectors.shape[1], start.setting.weight_decay, vectors.dtype)
    decay[start.widths[k]] = 0  # the bias has none
    vectors[idle] = decayed(start, vectors[idle], decay)
    found = classes(vectors)
    return np.where(idle, found + labels.max() + 1, labels)


def decayed(start: Start, w: Array, decay: Array) -> Array:
    """Return weights after all steps of an optimizer whose only gradient is weight decay."""
    dtype, optimizer = w.dtype.type, start.setting.optimizer
    update, values = OPTIMIZERS[optimizer.name].function, optimizer.values
    first, second, powers = np.zeros_like(w), np.zeros_like(w), np.ones(len(values))
    rate, constants = dtype(start.setting.learning_rate), [dtype(v) for v in values]
    for _ in range(start.steps):
        powers = powers * values
        new, first, second = update(w, decay * w, first, second, rate, constants,
                                    [dtype(v) for v in powers])  # fmt: skip
        if not values and (new == w).all():
            break
        w = new
    return w
