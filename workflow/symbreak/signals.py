"""Signals: which parameters of a network can get a gradient, from its start and the rows alone.

Nothing is trained here. The first step is known from the declared start: which activations,
slopes, errors and outgoing weights are exactly zero, and whether a sum over the rows cancels.
After it, what got a gradient counts as nonzero, and the question is asked again, until the answer
stays (at most a step a layer, twice). Letters: b rows, u units, t steps.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from symbreak import trainer
from symbreak.activations import ACTIVATIONS
from symbreak.arithmetic import sigmoid
from symbreak.dropout import DROPOUTS
from symbreak.networks import Layer, network_widths, split_layers
from symbreak.optimizers import OPTIMIZERS
from symbreak.settings import Setting

Array = np.ndarray
MANY_STD = 6.0  # a normal multiplier stays within these


@dataclass(frozen=True, eq=False)
class Start:
    """A network before its first step, and the rows that it will see.

    ``parameters`` [p], x [b, d] and y [b] in the training dtype.
    """

    setting: Setting
    parameters: Array
    x: Array
    y: Array
    steps: int

    @property
    def place(self) -> str:
        """Where the dropout multiplies; nowhere if it drops nothing."""
        facts = DROPOUTS[self.setting.dropout.name].facts
        return facts["place"] if self.p > 0 else "nowhere"

    @property
    def own_noise(self) -> bool:
        """Whether the noise, as declared, differs between the units of a hidden layer."""
        shared = DROPOUTS[self.setting.dropout.name].facts["shared"]
        return self.place in ("hidden", "weights") and not shared

    @property
    def p(self) -> float:
        """The probability of being dropped."""
        return DROPOUTS.named(self.setting.dropout).get("p", 0.0)

    @property
    def batch(self) -> int:
        """The rows of a step."""
        return min(self.setting.batch_size or len(self.x), len(self.x))

    @property
    def has_bias(self) -> bool:
        """Whether biases are trained."""
        return self.setting.bias.name != "none"

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """(inputs, hidden widths ..., 1)."""
        return network_widths(self.x.shape[1], self.setting.hidden)

    @cached_property
    def layers(self) -> list[Layer]:
        """The initial weights and biases, first hidden layer first."""
        return split_layers(self.parameters, self.widths)

    @cached_property
    def exact(self) -> Setting:
        """The setting in exact arithmetic."""
        return replace(self.setting, arithmetic="exact")

    @cached_property
    def passed(self) -> tuple[list[Array], list[Array], Array]:
        """Outputs a_0 to a_L, slopes of layers 1 to L [b, u] and the error [b], without noise."""
        with np.errstate(all="ignore"):
            outputs, slopes, logit = trainer.forward(self.layers, self.x, self.exact)
            return outputs, slopes, sigmoid(logit) - self.y

    @cached_property
    def gradient(self) -> list[Layer]:
        """The gradient at the start over all rows, without noise: sums in the engine's order."""
        with np.errstate(all="ignore"):
            found = trainer.gradient_of(self.parameters, self.x, self.y, self.exact)
        return split_layers(found, self.widths)

    def updated(self, w: Array, gradient: Array) -> Array:
        """Return parameters after a first update by a gradient, in the training's arithmetic."""
        dtype = self.x.dtype.type
        optimizer = self.setting.optimizer
        values = [dtype(v) for v in optimizer.values]
        zeros, rate = np.zeros_like(w), dtype(self.setting.learning_rate)
        with np.errstate(all="ignore"):
            update = OPTIMIZERS[optimizer.name].function
            return update(w, gradient, zeros, zeros, rate, values, values)[0]

    def decay_of(self, w: Array) -> Array:
        """Return what weight decay adds to the gradient of weights."""
        return self.x.dtype.type(self.setting.weight_decay) * w


@dataclass(frozen=True, eq=False)
class Signals:
    """What can move, by hidden layer (from 0), [u] each.

    ``graded``: a gradient reaches the unit; ``decayed``: weight decay moves it; ``draws``: how many
    random multipliers of its own touch its gradients in all steps; ``first`` and ``inward``: a
    gradient reaches it in the first step, and its incoming weights or bias.
    """

    graded: list[Array]
    decayed: list[Array]
    draws: list[Array]
    first_draws: list[Array]
    inward: list[Array]
    biased: list[Array]
    cancelled: list[Array]


@dataclass(frozen=True, eq=False)
class Reach:
    """Which activations and slopes can be nonzero, [b, u] a layer; the inputs come first."""

    outputs: list[Array]
    slopes: list[Array]


def reach(start: Start) -> Reach:
    """Return what can be nonzero on each row at the start, under any draw of the noise."""
    phi = ACTIVATIONS[start.setting.activation.name].function
    outputs, slopes, _ = start.passed
    bound = max(1.0, 1.0 / (1.0 - start.p))
    low = high = start.x
    if start.place == "input":
        low, high = np.minimum(0, low * bound), np.maximum(0, high * bound)
    active, sloped = [outputs[0] != 0], []
    for k, (w, bias) in enumerate(start.layers[:-1]):
        with np.errstate(all="ignore"):
            low, high = _interval(low, high, w, bias, bound if start.place == "weights" else None)
            low, high = _revived(start, k, low, high)
            ends = [phi(z.astype(start.x.dtype)) for z in (low, high)]
        active.append((outputs[k + 1] != 0) | (ends[0][0] != 0) | (ends[1][0] != 0))
        sloped.append((slopes[k] != 0) | (ends[0][1] != 0) | (ends[1][1] != 0))
        low, high = (a for a, _ in ends)
        if start.place == "hidden":
            factor = 1 + MANY_STD * start.p / (1 - start.p)
            low, high = np.minimum(0, low * factor), np.maximum(0, high * factor)
    return Reach(active, sloped)


def _interval(low: Array, high: Array, w: Array, bias: Array,
              bound: float | None) -> tuple[Array, Array]:  # fmt: skip
    """Return bounds of z [b, u] for activations in [low, high]; ``bound`` scales kept weights."""
    up, down = np.maximum(w, 0), np.minimum(w, 0)
    if (low is high) and bound is None:
        z = (low[:, None, :] * w).sum(axis=-1) + bias
        return z, z
    if bound is None:
        return low @ up.T + high @ down.T + bias, high @ up.T + low @ down.T + bias
    least = np.minimum(np.minimum(0, low), high)
    most = np.maximum(np.maximum(0, high), low)
    return (
        (least @ up.T + most @ down.T) * bound + bias,
        (most @ up.T + least @ down.T) * bound + bias,
    )


def _revived(start: Start, k: int, low: Array, high: Array) -> tuple[Array, Array]:
    """Widen the bounds by what weight decay alone does: it takes z to the bias."""
    shrink = abs(1 - start.setting.learning_rate * start.setting.weight_decay)
    if start.setting.weight_decay == 0 or shrink > 1:
        return low, high
    bias, left = start.layers[k][1], shrink ** (start.steps - 1)
    return np.minimum(low, bias + left * (low - bias)), np.maximum(high, bias + left * (high - bias))


@dataclass(eq=False)
class _Flags:
    """What may be nonzero now: weights and biases of every layer, and the error [b]."""

    weights: list[Array]
    biases: list[Array]
    error: Array


def spread(start: Start) -> Signals:
    """Return what can move in the steps of a run."""
    flags = _Flags(
        [w != 0 for w, _ in start.layers], [b != 0 for _, b in start.layers], start.passed[2] != 0
    )
    if start.place in ("hidden", "weights", "input"):
        flags.error = np.ones_like(flags.error)
    can, depth = reach(start), len(start.setting.hidden)
    units = [np.zeros(u, bool) for u in start.setting.hidden]
    found = Signals(*([u.copy() for u in units] for _ in range(2)),
                    *([u * 0.0 for u in units] for _ in range(2)),
                    *([u.copy() for u in units] for _ in range(3)))  # fmt: skip
    decays = [start.updated(w, start.decay_of(w)) != w for w, _ in start.layers]
    for k in range(depth):
        found.decayed[k] |= decays[k].any(axis=1) | decays[k + 1].any(axis=0)
    for t in range(start.steps if start.setting.learning_rate > 0 else 0):
        gradients, rows = _gradients(start, can, flags)
        if t == 0:
            gradients = _cancelled(start, gradients, found)
        later = _absorb(start, flags, gradients)
        each = _draws(start, flags, gradients, rows)
        rest = start.steps - t if t and not later else 1
        for k in range(depth):
            graded, biased, out = _of_units(gradients, k)
            found.graded[k] |= graded | biased | out
            found.inward[k] |= graded | biased
            found.biased[k] |= biased
            found.draws[k] += rest * each[k] * (graded | biased | out)
            if t == 0:
                found.first_draws[k] += found.draws[k]
        if rest > 1 or (t == 0 and not later and not _any(gradients)):
            break
    return found


def _of_units(gradients: list[Layer], k: int) -> tuple[Array, Array, Array]:
    """Return which units of a hidden layer get a gradient: incoming weights, bias, outgoing."""
    (weights, bias), (out, _) = gradients[k], gradients[k + 1]
    return weights.any(axis=1), bias, out.any(axis=0)


def _any(gradients: list[Layer]) -> bool:
    return any(w.any() or b.any() for w, b in gradients)


def _gradients(start: Start, can: Reach, flags: _Flags) -> tuple[list[Layer], list[Array]]:
    """Return which gradients have a nonzero term, and the rows [b, u] that touch each unit."""
    active = [can.outputs[0]]
    for k, sloped in enumerate(can.slopes):
        signal = _product(active[-1], flags.weights[k].T) | flags.biases[k]
        active.append(can.outputs[k + 1] | (sloped & signal & ~_flat(start)))
    delta = np.broadcast_to(flags.error[:, None], (len(flags.error), 1))
    gradients, rows = [], []
    for k in range(len(flags.weights) - 1, -1, -1):
        bias = delta.any(axis=0) & start.has_bias
        gradients.append((_product(delta.T, active[k]), bias))
        if k:
            outward = delta.any(axis=1)[:, None] & active[k]
            delta = can.slopes[k - 1] & _product(delta, flags.weights[k])
            rows.append(outward | delta)
    return gradients[::-1], rows[::-1]


def _flat(start: Start) -> bool:
    """Tell whether the activation is flat on one side of zero, so that a silent unit stays so."""
    phi = ACTIVATIONS[start.setting.activation.name].function
    return bool(phi(np.array([-1.0]))[1][0] == 0)


def _product(a: Array, b: Array) -> Array:
    """Return whether some term of each sum of a matrix product is nonzero."""
    return (a.astype(np.float64) @ b.astype(np.float64)) > 0


def _cancelled(start: Start, gradients: list[Layer], found: Signals) -> list[Layer]:
    """Return the gradients of the first step without those whose sum is exactly zero.

    Only where neither noise nor a choice of rows touches the sum.
    """
    kept = []
    for k, ((gw, gb), (w, b), (ew, eb)) in enumerate(
        zip(gradients, start.layers, start.gradient, strict=True)
    ):
        fixed_w, fixed_b = _undisturbed(start, k)
        moves_w = start.updated(w, ew + start.decay_of(w)) != start.updated(w, start.decay_of(w))
        moves_b = start.updated(b, eb) != b
        kept.append((gw & moves_w if fixed_w else gw, gb & moves_b if fixed_b else gb))
    for k in range(len(found.cancelled)):
        before, after = (np.any(_of_units(g, k), axis=0) for g in (gradients, kept))
        found.cancelled[k] |= before & ~after
    return kept


def _undisturbed(start: Start, k: int) -> tuple[bool, bool]:
    """Tell whether the sums of a layer's weight and bias gradients are those without noise."""
    if start.batch < len(start.x):
        return False, False
    if start.place == "hidden":
        return False, k == len(start.layers) - 1 and not _output_hears(start)
    if start.place == "input":
        heard = bool((start.layers[0][0] != 0).any())
        return not heard and k > 0, not heard
    if start.place == "weights":
        heard = any(bool((w != 0).any()) for w, _ in start.layers)
        return not heard, not heard
    return True, True


def _output_hears(start: Start) -> bool:
    """Tell whether the masks of the hidden layers reach the output."""
    return bool((start.layers[-1][0] != 0).any())


def _absorb(start: Start, flags: _Flags, gradients: list[Layer]) -> bool:
    """Count what got a gradient as nonzero; tell whether that is news."""
    news = False
    for k, (gw, gb) in enumerate(gradients):
        news |= bool((gw & ~flags.weights[k]).any() or (gb & ~flags.biases[k]).any())
        flags.weights[k] = flags.weights[k] | gw
        flags.biases[k] = flags.biases[k] | gb
    if not flags.error.all() and _any(gradients):
        flags.error, news = np.ones_like(flags.error), True
    return news


def _draws(start: Start, flags: _Flags, gradients: list[Layer], rows: list[Array]) -> list[Array]:
    """Return how many of a step's multipliers touch each unit of each hidden layer alone."""
    if start.place == "weights":
        return [
            flags.weights[k].sum(axis=1) + flags.weights[k + 1].sum(axis=0)
            for k in range(len(rows))
        ]
    share = start.batch / len(start.x)
    return [touched.sum(axis=0) * share for touched in rows]
