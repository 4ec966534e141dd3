"""Symmetry: which hidden units of a network start equal, and which small differences are lost.

Two units are equal if their neuron vectors are (incoming weights, bias, outgoing weights; -0
counts as 0). Exchanging them then changes nothing, so they get the same gradient, and stay equal
for ever, unless noise of their own tells them apart.
"""

from functools import cache

import numpy as np

from symbreak.components import Choice
from symbreak.networks import neuron_vectors
from symbreak.optimizers import OPTIMIZERS
from symbreak.signals import Signals
from symbreak.start import SURE, Start

Array = np.ndarray

FEW = 32  # units in the last place: of eps 1e-15 on 0.5 weight decay left nothing in 2 of 32 runs


def classes(vectors: Array) -> Array:
    """Return a label for each unit of [u, k]; equal vectors have equal labels."""
    return np.unique(vectors + 0.0, axis=0, return_inverse=True)[1].reshape(-1)


def at_start(start: Start, k: int) -> Array:
    """Return the labels of the units of hidden layer k (from 0) before the first step [u]."""
    return classes(neuron_vectors(start.parameters, start.widths, k + 1))


def absorbed(start: Start, signals: Signals, k: int, safe: float = 1.0, every: bool = False
             ) -> Array:  # fmt: skip
    """Return the labels once differences too small for the arithmetic are lost [u].

    Units that pass the same signal, but for what a sum does not keep, get the same gradient. Of a
    parameter much smaller than half a unit in the last place of its update nothing is left; the
    updates are taken times ``safe``. Slopes count on the rows that are likely to come, or on
    ``every`` row.
    """
    vectors = neuron_vectors(start.parameters, start.widths, k + 1).astype(np.float64)
    steps = neuron_vectors(signals.steps, start.widths, k + 1)
    grain = np.finfo(start.x.dtype).eps / 4
    lost = (vectors != 0) & (abs(vectors) < steps * grain * safe)
    close = (np.ptp(vectors, axis=0) > 0) & (np.ptp(vectors, axis=0) < steps.min(0) * grain * safe)
    if not (lost.any() or close.any()):
        return at_start(start, k)
    vectors[:, close] = vectors[0, close]
    outputs, slopes = start.passed[0][k + 1].T, start.passed[1][k].T
    weight = start.rows[2]
    often = weight >= (0 if every else min(1 / (start.batch * start.steps), weight.max()))
    outputs, slopes = outputs[:, often], slopes[:, often]
    outgoing = abs(vectors[:, start.widths[k] + 1 :]).min()
    heard = abs(outputs) >= max(abs(outputs).max(), outgoing) * grain
    heard &= np.ptp(outputs, axis=0) >= 8 * grain * abs(outputs).max(axis=0)  # rounding aside
    seen = np.where(lost, 0, vectors), np.where(heard, outputs, 0), slopes
    return classes(np.concatenate(seen, axis=1))


def doubtful(start: Start, signals: Signals, k: int) -> set[int]:
    """Return how many distinct units small differences may leave, where that is not certain.

    Updates are known to some powers of ten only. An optimizer that divides by the size of a
    gradient may lose a tiny difference or enlarge it. Of a few units in the last place of the
    parameter itself rounding may leave nothing, as where it grows past a power of two.
    """
    found = {len(set(absorbed(start, signals, k, safe, every).tolist()))
             for safe in (1e-3, 10.0) for every in (False, True)}  # fmt: skip
    if start.adaptive:
        found |= {len(set(labels.tolist())) for labels in (at_start(start, k), coarse(start, k))}
    if _may_keep(start, signals, k):
        found.add(len(set(at_start(start, k).tolist())))
    found.add(min(min(found), len(set(near(start, k).tolist()))))
    return found if len(found) > 1 else set()


def _may_keep(start: Start, signals: Signals, k: int) -> bool:
    """Tell whether a difference that an update loses may be kept: the rows and masks of a short run
    may bring no update, and the first step writes it into parameters that are 0.
    """
    chosen = start.batch < len(start.x) or start.place != "nowhere"
    if chosen and start.batch * start.steps * (1 - start.p) < SURE:
        return True
    vectors = neuron_vectors(start.parameters, start.widths, k + 1)
    steps = neuron_vectors(signals.steps, start.widths, k + 1)
    return start.steps == 1 and bool(((vectors == 0) & (steps > 0)).any())


def near(start: Start, k: int) -> Array:
    """Return the labels without differences of at most FEW units in the last place [u]."""
    vectors = neuron_vectors(start.parameters, start.widths, k + 1).astype(np.float64)
    place = np.finfo(start.x.dtype).eps * abs(vectors).max(axis=0)
    close = np.ptp(vectors, axis=0) <= FEW * place
    vectors[:, close] = vectors[0, close]
    return classes(vectors)


def coarse(start: Start, k: int) -> Array:
    """Return the labels without what an update of the size of the rate does not keep [u]."""
    vectors = neuron_vectors(start.parameters, start.widths, k + 1).astype(np.float64)
    tiny = np.finfo(start.x.dtype).eps / 4 * start.setting.learning_rate
    return classes(np.where(abs(vectors) < tiny, 0, vectors))


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
    setting = start.setting
    return _alone(setting.optimizer, setting.learning_rate, start.steps, w, decay)


@cache
def remembered(optimizer: Choice, rate: float, decay: float, dtype: str, steps: int) -> float:
    """Return what an optimizer leaves of a weight of 1 under weight decay alone.

    The gradients add to what decay does, so this tells the order of size only.
    """
    one = np.ones(1, dtype)
    with np.errstate(all="ignore"):
        return abs(float(_alone(optimizer, rate, steps, one, np.full_like(one, decay))[0]))


def _alone(optimizer: Choice, rate: float, steps: int, w: Array, decay: Array) -> Array:
    dtype = w.dtype.type
    update, values = OPTIMIZERS[optimizer.name].function, optimizer.values
    first, second, powers = np.zeros_like(w), np.zeros_like(w), np.ones(len(values))
    constants = [dtype(v) for v in values]
    for _ in range(steps):
        powers = powers * values
        new, first, second = update(w, decay * w, first, second, dtype(rate), constants,
                                    [dtype(v) for v in powers])  # fmt: skip
        if not values and (new == w).all():
            break
        w = new
    return w
