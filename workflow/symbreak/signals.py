"""Signals: which parameters of a network can get a gradient, from its start and the rows alone.

Nothing is trained here. The first step is known from the declared start: which activations,
slopes, errors and outgoing weights are exactly zero, and whether a sum over the rows cancels.
After it, what got a gradient has the size of its update, and the question is asked again, until
nothing new moves (at most a step a layer, twice). A size is a bound of what is summed, so a signal
that underflows or that the arithmetic absorbs counts as none. Letters: b rows, u units, t steps.
"""

from dataclasses import dataclass

import numpy as np

from symbreak.activations import ACTIVATIONS
from symbreak.networks import Layer, join_layers, split_layers
from symbreak.start import Start

Array = np.ndarray
FAINT = 1e-3  # how far the size of a gradient may be overestimated
MANY_LAYERS = 4  # passes through the layers, after which sizes are not followed further
MANY_STD = 6.0  # a normal multiplier stays within these
LARGE = 1e12  # sizes are cut here: what explodes is no longer told apart


@dataclass(frozen=True, eq=False)
class Signals:
    """What can move, by hidden layer (from 0), [u] each.

    ``graded``: a gradient moves the unit; ``decayed``: weight decay does; ``biased``: a gradient
    moves its bias; ``cancelled``: sums that are exactly zero keep it; ``draws``: how many random
    multipliers of its own touch its gradients in all steps, ``first_draws`` in the first. ``heard``
    [b, u]: the rows that give the unit a gradient in the first step. ``steps`` [p]: how large each
    parameter's update is, 0 where it has none.
    """

    graded: list[Array]
    decayed: list[Array]
    biased: list[Array]
    cancelled: list[Array]
    draws: list[Array]
    first_draws: list[Array]
    heard: list[Array]
    steps: Array
    faint: list[bool]

    @property
    def is_faint(self) -> bool:
        """Whether a unit's move hangs on the size of its gradient."""
        return any(self.faint)


@dataclass(frozen=True, eq=False)
class Reach:
    """The largest |activation| and |slope| under any draw of the noise, [b, u] a layer."""

    outputs: list[Array]
    slopes: list[Array]


@dataclass(eq=False)
class Sizes:
    """How large weights, biases (of every layer) and the error [b] may be now."""

    weights: list[Array]
    biases: list[Array]
    error: Array


def spread(start: Start, most: bool = True, lasts: bool = True, scale: float = 1.0) -> Signals:
    """Return what can move in the steps of a run.

    With ``most`` any draw of the noise may happen, else only what is there without it counts. Where
    signals may not ``last``, only the first step is sure. ``scale`` multiplies the gradients.
    """
    found = _nothing(start.setting.hidden, len(start.parameters))
    if start.setting.learning_rate == 0:
        return found
    _add_decay(start, found)
    sizes = Sizes(
        [abs(w) for w, _ in start.layers], [abs(b) for _, b in start.layers], _error(start, most)
    )
    can, faint = reach(start, most), FAINT * start.contrast
    for t in range(start.steps):
        gradients, rows = _gradients(start, can, sizes, t)
        gradients = [(w * scale, b * scale) for w, b in gradients]
        moves = _moves(start, sizes, gradients)
        fainter = _moves(start, sizes, [(w * faint, b * faint) for w, b in gradients])
        found.faint.append(
            any(
                bool(
                    (
                        np.any(of_units(moves, k), axis=0) & ~np.any(of_units(fainter, k), axis=0)
                    ).any()
                )
                for k in range(len(can.slopes))
            )
        )
        if t == 0:
            found.heard.extend(rows)
            moves = _cancelled(start, moves, found)
        news = _grow(start, sizes, gradients, moves)
        news = news and t < MANY_LAYERS * len(can.slopes)
        ends = t > 0 and not news
        settled = (found.steps > 0) & (t > len(can.slopes))  # a signal has come down by then
        updates = _updates(start, gradients, moves)
        found.steps[:] = np.where(settled, found.steps, np.maximum(found.steps, updates))
        _record(start, found, sizes, moves, rows, start.steps - t if ends else 1, t == 0)
        if ends or not lasts or not any(w.any() or b.any() for w, b in moves):
            break
    return found


def lasting(start: Start, signals: Signals) -> bool:
    """Tell whether the first update leaves some unit of each layer active on some row, or none was.

    Past the flat side of an activation there is no way back.
    """
    updates = split_layers(signals.steps, start.widths)
    for k, ((dw, db), z) in enumerate(zip(updates[:-1], start.before, strict=True)):
        change = abs(start.passed[0][k]) @ dw.T + db
        if ((z > 0).any(axis=0) & ~(z > change).any(axis=0)).any():
            return False
    return True


def _nothing(hidden: tuple[int, ...], parameters: int) -> Signals:
    def zeros(kind: type) -> list[Array]:
        return [np.zeros(units, kind) for units in hidden]

    flags = (zeros(bool), zeros(bool), zeros(bool), zeros(bool))
    return Signals(*flags, zeros(float), zeros(float), [], np.zeros(parameters), [])


def _error(start: Start, most: bool) -> Array:
    error = abs(start.passed[2])
    return np.maximum(error, 0.5) if most and start.hidden_noise else error


def _add_decay(start: Start, found: Signals) -> None:
    decays = [start.updated(w, start.decay_of(w)) != w for w, _ in start.layers]
    for k in range(len(found.decayed)):
        found.decayed[k] |= decays[k].any(axis=1) | decays[k + 1].any(axis=0)


def reach(start: Start, most: bool) -> Reach:
    """Return what can be nonzero on each row at the start, under any draw of the noise or none."""
    phi = ACTIVATIONS[start.setting.activation.name].function
    outputs, slopes, _ = start.passed
    bound, factor = 1.0 / (1.0 - start.p), 1.0
    if most:
        normal = 1 + MANY_STD * np.sqrt(start.p / (1 - start.p))
        factor = max(bound, normal) if start.continuous else bound
    low = high = start.rows[0]
    exact = not most or not (start.hidden_noise or start.whole_input_noise)
    if start.whole_input_noise:
        low, high = np.minimum(0, low * bound), np.maximum(0, high * bound)
    active, sloped = [abs(outputs[0])], []
    for k, (w, bias) in enumerate(start.layers[:-1]):
        with np.errstate(all="ignore"):
            if exact:
                low = high = start.before[k]
            else:
                scale = bound if start.place == "weights" else None
                low, high = _interval(low, high, w, bias, scale)
            ends = [phi(z.astype(start.x.dtype)) for z in _revived(start, k, low, high)]
            low, high = (phi(z.astype(start.x.dtype))[0] for z in (low, high))
        active.append(factor * _largest(outputs[k + 1], *(a for a, _ in ends)))
        sloped.append(factor * _largest(slopes[k], *(s for _, s in ends)))
        if start.place == "hidden":
            ends = [0 * low, low * factor, high * factor]
            if start.continuous:  # its multipliers can be negative
                ends += [-low * factor, -high * factor]
            low, high = np.min(ends, axis=0), np.max(ends, axis=0)
    return Reach(active, sloped)


def _largest(*values: Array) -> Array:
    return np.minimum(np.max([abs(v).astype(np.float64) for v in values], axis=0), LARGE)


def _interval(low: Array, high: Array, w: Array, bias: Array,
              bound: float | None) -> tuple[Array, Array]:  # fmt: skip
    """Return bounds of z [b, u] for inputs in [low, high]; ``bound`` scales kept weights."""
    up, down = np.maximum(w, 0), np.minimum(w, 0)
    if bound is None:
        return low @ up.T + high @ down.T + bias, high @ up.T + low @ down.T + bias
    least, most = np.minimum(0, low), np.maximum(0, high)
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
    return np.minimum(low, bias + left * (low - bias)), np.maximum(
        high, bias + left * (high - bias)
    )


def _gradients(start: Start, can: Reach, sizes: Sizes, t: int) -> tuple[list[Layer], list[Array]]:
    """Return sizes of all gradients, and whether a row gives each unit one [b, u] a layer."""
    active = [can.outputs[0]]
    for k, sloped in enumerate(can.slopes):
        signal = active[-1] @ sizes.weights[k].T + sizes.biases[k]
        moved = 0.0 if t == 0 or start.flat else sloped * signal
        active.append(np.minimum(np.maximum(can.outputs[k + 1], moved), LARGE))
    delta = sizes.error[:, None].astype(np.float64)
    gradients, rows = [], []
    for k in range(len(sizes.weights) - 1, -1, -1):
        bias = delta.sum(axis=0) * start.has_bias / len(delta)
        gradients.append((delta.T @ active[k] / len(delta), bias))
        if k:
            outward = (delta.max(axis=1)[:, None] > 0) & (active[k] > 0)
            delta = np.minimum(can.slopes[k - 1] * (delta @ sizes.weights[k]), LARGE)
            useful = start.has_bias | (active[k - 1].max(axis=1) > 0)
            rows.append(outward | ((delta > 0) & np.reshape(useful, (-1, 1))))
    return gradients[::-1], rows[::-1]


def _moves(start: Start, sizes: Sizes, gradients: list[Layer]) -> list[Layer]:
    """Return which parameters a gradient of this size can change, in the training's precision."""
    found = []
    for (gw, gb), w, b in zip(gradients, sizes.weights, sizes.biases, strict=True):
        found.append((_changes(start, w, gw), _changes(start, b, gb)))
    return found


def _changes(start: Start, w: Array, size: Array) -> Array:
    dtype = start.x.dtype
    w, size = w.astype(dtype), size.astype(dtype)
    return (start.updated(w, size) != w) | (start.updated(w, -size) != w)


def _cancelled(start: Start, moves: list[Layer], found: Signals) -> list[Layer]:
    """Return the moves of the first step without those whose sum over the rows is exactly zero.

    Only where neither noise nor a choice of rows touches the sum.
    """
    kept = []
    for k, ((mw, mb), (w, _), (ew, eb)) in enumerate(
        zip(moves, start.layers, start.gradient, strict=True)
    ):
        fixed_w, fixed_b = start.undisturbed(k)
        decay = start.decay_of(w)
        real = start.updated(w, ew + decay) != start.updated(w, decay)
        kept.append((mw & real if fixed_w else mw, mb & (eb != 0) if fixed_b else mb))
    for k in range(len(found.cancelled)):
        before, after = (np.any(of_units(g, k), axis=0) for g in (moves, kept))
        found.cancelled[k] |= before & ~after
    return kept


def of_units(moves: list[Layer], k: int) -> tuple[Array, Array, Array]:
    """Return which units of hidden layer k move: incoming weights, bias, outgoing weights."""
    (weights, bias), (out, _) = moves[k], moves[k + 1]
    return np.any(weights, axis=1), bias, np.any(out, axis=0)


def _grow(start: Start, sizes: Sizes, gradients: list[Layer], moves: list[Layer]) -> bool:
    """Give what moves the size of its update; tell whether something was zero or tiny before."""
    news = False
    for k, ((gw, gb), (mw, mb)) in enumerate(zip(gradients, moves, strict=True)):
        for sizes_of, g, m in ((sizes.weights, gw, mw), (sizes.biases, gb, mb)):
            old = sizes_of[k].astype(start.x.dtype)
            step = abs(start.updated(np.zeros_like(old), g.astype(start.x.dtype)))
            new = np.minimum(np.where(m, np.maximum(old, step), old), LARGE)
            news |= bool((new > 4 * old).any())
            sizes_of[k] = new
    if any(w.any() or b.any() for w, b in moves) and not sizes.error.all():
        sizes.error, news = np.maximum(sizes.error, 1e-3), True
    return news


def _updates(start: Start, gradients: list[Layer], moves: list[Layer]) -> Array:
    """Return the size of a first update of what moves [p]."""
    parts = [(np.where(mw, gw, 0), np.where(mb, gb, 0))
             for (gw, gb), (mw, mb) in zip(gradients, moves, strict=True)]  # fmt: skip
    size = join_layers(parts).astype(start.x.dtype)
    return abs(start.updated(np.zeros_like(size), size))


def _record(start: Start, found: Signals, sizes: Sizes, moves: list[Layer], rows: list[Array],
            steps: int, first: bool) -> None:  # fmt: skip
    """Write down what ``steps`` steps like this one do."""
    each = _draws(start, sizes, moves, rows)
    for k in range(len(found.graded)):
        weights, bias, out = of_units(moves, k)
        graded = weights | bias | out
        found.graded[k] |= graded
        found.biased[k] |= bias
        found.draws[k] += steps * each[k] * graded
        if first:
            found.first_draws[k] += found.draws[k]


def _draws(start: Start, sizes: Sizes, moves: list[Layer], rows: list[Array]) -> list[Array]:
    """Return how many of a step's multipliers touch each unit of each hidden layer alone."""
    if start.place == "weights":
        used = [(w > 0) | m for w, (m, _) in zip(sizes.weights, moves, strict=True)]
        return [used[k].sum(axis=1) + used[k + 1].sum(axis=0) for k in range(len(rows))]
    told = abs(start.passed[2]) > np.finfo(start.x.dtype).eps  # others hardly have an error
    weight = start.rows[2] * start.batch * (told if told.any() else 1)
    return [(touched * weight[:, None]).sum(axis=0) for touched in rows]
