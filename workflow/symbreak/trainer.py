"""The reference engine: how a network is trained, in plain NumPy. This file is the specification.

A network with hidden layers 1 to L has weights w_k [units, inputs] and biases b_k [units]; layer
L + 1 is the output, one logistic unit. For a row x with label y (0 or 1):

    forward    a_0 = x,  z_k = b_k + w_k a_{k-1},  a_k = phi(z_k),  e = sigmoid(z_{L+1}) - y
    backward   delta_L = e phi'(z_L),  delta_k = phi'(z_k) (w_{k+1}^T delta_{k+1})
    gradient   dw_k = mean over rows of delta_k a_{k-1}^T,  db_k = mean of delta_k

where delta_L leaves out the outgoing weight: it multiplies dw_L, db_L (and w_L on the way down)
once, after the sum over rows. Dropout multiplies x, a_k and phi', or the weights, by draws of mean
one. Identical units stay bitwise identical because each sum treats them alike:

- over the inputs, in their order: ((b + x_0 w_0) + x_1 w_1) + ...;
- over the units of a layer, exactly, on a common grid (``arithmetic.sum_any_order``);
- over the rows, one after the other, divided by their number at the end.

``blas`` replaces these three sums by NumPy's ``@``, as everybody writes it, and changes nothing
else: what then separates equal units is rounding. The compiled engine (``engine.py``) gives the
bits of ``exact``. Letters: b rows, d inputs, h units, p parameters.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from symbreak import streams
from symbreak.activations import ACTIVATIONS
from symbreak.arithmetic import log1p_exp, sigmoid, sum_any_order
from symbreak.dropout import DROPOUTS
from symbreak.initializers import BIASES, INITIALIZERS, Matrix
from symbreak.networks import Layer, join_layers, network_widths, split_layers
from symbreak.optimizers import OPTIMIZERS
from symbreak.settings import Setting

Array = np.ndarray
Watch = Callable[[str, int, Array], Array]  # an operation's name, its layer and its result


class Sums(NamedTuple):
    """The three sums of a network. x, a [b, d], w [h, d], bias [h], delta [b, h]."""

    over_inputs: Callable[[Array, Array, Array], Array]  # x, w, bias -> [b, h]
    over_units: Callable[[Array, Array], Array]  # a, w -> [b, h]
    over_rows: Callable[[Array, Array], Array]  # delta, a -> [h, d]


def _inputs_in_order(x: Array, w: Array, bias: Array) -> Array:
    z = np.broadcast_to(bias[..., None, :], np.broadcast_shapes(
        x.shape[:-1] + (1,), w.shape[:-2] + (1, w.shape[-2])))  # fmt: skip
    for i in range(x.shape[-1]):
        z = z + x[..., i, None] * w[..., None, :, i]
    return z


def _units_in_any_order(a: Array, w: Array) -> Array:
    terms = a[..., :, None, :] * w[..., None, :, :]
    largest = abs(w).max(axis=-1) * w.dtype.type(w.shape[-1])
    return sum_any_order(terms, largest[..., None, :] * abs(a).max(axis=-1)[..., None])


def _rows_in_order(delta: Array, a: Array) -> Array:
    terms = delta[:, :, None] * a[:, None, :]
    return np.add.accumulate(terms, axis=0)[-1] + 0.0  # 0.0: a sum starts at +0, never at -0


EXACT = Sums(_inputs_in_order, _units_in_any_order, _rows_in_order)
BLAS = Sums(
    over_inputs=lambda x, w, bias: x @ w.T + bias,
    over_units=lambda a, w: a @ w.T,
    over_rows=lambda delta, a: delta.T @ a,
)
SUMS = {"exact": EXACT, "blas": BLAS}


def unwatched(name: str, layer: int, values: Array) -> Array:
    """Return the values: nobody looks at the result of this operation (``trace.py`` does)."""
    return values


@dataclass(frozen=True)
class Draws:
    """The random draws of one network, a function of (seed, replicate, purpose, step, place)."""

    seed: int
    replicate: int

    def _words(self, purpose: int, count: int, step: int) -> Array:
        key = streams.stream_key(self.replicate, purpose)
        return streams.words32(np.uint64(self.seed), key, count, np.uint64(step))

    def order(self, rows: int, epoch: int) -> Array:
        """Return the rows' order in an epoch [rows] (Fisher and Yates, from the last row down)."""
        words = self._words(streams.ORDER, rows, epoch)
        order = np.arange(rows)
        for i in range(rows - 1, 0, -1):
            j = int(words[i]) * (i + 1) >> 32
            order[i], order[j] = order[j], order[i]
        return order

    def noise(self, setting: Setting, t: int, layer: int, count: int) -> Array:
        """Return ``count`` multipliers of dropout in a layer at step t, in the training dtype."""
        words = self._words(streams.DROPOUT, count, t * 64 + layer)
        function = DROPOUTS[setting.dropout.name].function
        return function(words, setting.dropout.values).astype(setting.dtype)

    def layer_noise(self, setting: Setting, t: int, layer: int, rows: int, units: int) -> Array:
        """Return the multipliers of a layer's activations [rows, units]."""
        each = 1 if DROPOUTS[setting.dropout.name].facts["shared"] else units
        noise = self.noise(setting, t, layer, rows * each).reshape(rows, each)
        return np.broadcast_to(noise, (rows, units))


def initial_parameters(setting: Setting, inputs: int, seed: int, replicate: int) -> Array:
    """Return the parameter vector [p] that a network starts from, in the training dtype."""
    widths = network_widths(inputs, setting.hidden)
    init, bias = INITIALIZERS[setting.init.name], BIASES[setting.bias.name]
    layers: list[Layer] = []
    for k, (units, below) in enumerate(zip(widths[1:], widths, strict=False), start=1):
        is_output = k == len(widths) - 1
        weights = Matrix(units, below, is_output, k, seed, replicate, streams.INIT)
        biases = Matrix(units, 1, is_output, k, seed, replicate, streams.BIAS)
        layers.append((init.function(weights, *setting.init.values),
                       bias.function(biases, *setting.bias.values)[:, 0]))  # fmt: skip
    return join_layers(layers).astype(setting.dtype)


def forward(
    layers: list[Layer], x: Array, setting: Setting, draws: Draws | None = None, t: int = 0,
    watch: Watch = unwatched,
) -> tuple[list[Array], list[Array], Array]:  # fmt: skip
    """Return outputs a_0 ... a_L, slopes phi'(z_1) ... phi'(z_L), each [b, units], and logits [b].

    Without ``draws`` no noise is applied. With ``exact`` sums, layers and x may have leading axes:
    a stack of networks.
    """
    sums = SUMS[setting.arithmetic]
    phi = ACTIVATIONS[setting.activation.name].function
    place = DROPOUTS[setting.dropout.name].facts["place"] if draws else "nowhere"
    if draws and place == "input":
        x = watch("noisy inputs", 0, x * draws.layer_noise(setting, t, 0, *x.shape))
    outputs, slopes = [x], []
    for k, (w, bias) in enumerate(layers[:-1], start=1):
        below = outputs[-1]
        z = sums.over_inputs(below, w, bias) if k == 1 else sums.over_units(below, w)
        a, slope = phi(watch("z", k, z if k == 1 else bias[..., None, :] + z))
        watch("activation", k, a)
        watch("slope", k, slope)
        if draws and place == "hidden":
            noise = watch("noise", k, draws.layer_noise(setting, t, k, *a.shape))
            a, slope = a * noise, slope * noise
        outputs.append(a)
        slopes.append(slope)
    w, bias = layers[-1]
    logit = (bias[..., None, :] + sums.over_units(outputs[-1], w))[..., 0]
    return outputs, slopes, watch("logit", len(layers), logit)


def backward(
    layers: list[Layer], outputs: list[Array], slopes: list[Array], error: Array, setting: Setting,
    watch: Watch = unwatched,
) -> list[Layer]:  # fmt: skip
    """Return the gradient of every layer: sums over the rows, not yet divided by their number."""
    sums = SUMS[setting.arithmetic]
    outgoing = layers[-1][0][0]
    ones = np.ones((len(error), 1), error.dtype)
    e = error[:, None]
    gradient = [(sums.over_rows(e, outputs[-1]), sums.over_rows(e, ones)[:, 0])]
    delta = watch("delta", len(slopes), e * slopes[-1])
    for k in range(len(layers) - 2, -1, -1):
        weights, bias = sums.over_rows(delta, outputs[k]), sums.over_rows(delta, ones)[:, 0]
        is_last = k == len(layers) - 2
        if is_last:
            weights, bias = weights * outgoing[:, None], bias * outgoing
        gradient.append((weights, bias))
        if k > 0:
            folded = layers[k][0] * outgoing[:, None] if is_last else layers[k][0]
            delta = watch("delta", k, slopes[k - 1] * sums.over_units(delta, folded.T))
    return gradient[::-1]


def gradient_of(parameters: Array, x: Array, y: Array, setting: Setting,
                draws: Draws | None = None, t: int = 0,
                watch: Watch = unwatched) -> Array:  # fmt: skip
    """Return the gradient [p] of the mean cross-entropy over a batch x [b, d], y [b]."""
    widths = network_widths(x.shape[1], setting.hidden)
    mask = None
    if draws and DROPOUTS[setting.dropout.name].facts["place"] == "weights":
        mask = draws.noise(setting, t, streams.WEIGHT_LAYER, len(parameters))
        for _, bias in split_layers(mask, widths):
            bias[:] = 1
        parameters = parameters * watch("weight noise", 0, mask)
    layers = split_layers(parameters, widths)
    outputs, slopes, logit = forward(layers, x, setting, draws, t, watch)
    error = watch("error", len(layers), sigmoid(logit) - y)
    gradient = join_layers(backward(layers, outputs, slopes, error, setting, watch))
    gradient = watch("sums", 0, gradient) * (x.dtype.type(1) / x.dtype.type(len(x)))
    return watch("gradient", 0, gradient if mask is None else gradient * mask)


def losses(setting: Setting, parameters: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Return mean cross-entropy (nats) and accuracy [n] of networks [n, p], without dropout."""
    scores = [_loss(setting, one, x, y) for one in parameters]
    return np.array([loss for loss, _ in scores]), np.array([share for _, share in scores])


def _loss(setting: Setting, parameters: Array, x: Array, y: Array) -> tuple[float, float]:
    layers = split_layers(parameters, network_widths(x.shape[1], setting.hidden))
    logit = forward(layers, x, setting)[2].astype(np.float64)
    cost = log1p_exp(-abs(logit)) + np.where(logit > 0, logit, 0.0) - y * logit
    right = (logit > 0) == (y > 0.5)
    return np.add.accumulate(cost)[-1] / len(y), np.count_nonzero(right) / len(y)


def train(setting: Setting, parameters: Array, replicates: Array, x: Array, y: Array, seed: int,
          stops: Array) -> tuple[Array, Array]:  # fmt: skip
    """Return weights [n, c, p] after each number of steps in ``stops`` [c], and moved [n, p].

    ``parameters`` [n, p] are the networks' starts, ``replicates`` [n] their streams, x [b, d] and
    y [b] the training rows, all floats in the training dtype. ``moved`` tells which parameters
    changed their value in any step.
    """
    runs = [
        list(train_one(setting, one, x, y, Draws(seed, int(replicate)), stops))
        for one, replicate in zip(parameters, replicates, strict=True)
    ]
    weights = np.array([[at for at, _ in run] for run in runs])
    return weights, np.array([run[-1][1] for run in runs])


def train_one(setting: Setting, parameters: Array, x: Array, y: Array, draws: Draws,
              stops: Array, watch: Watch = unwatched) -> Iterator[tuple[Array, Array]]:  # fmt: skip
    """Yield (parameters [p], moved [p]) of one network after each number of steps in ``stops``.

    ``watch`` is shown the result of every operation of a step, in their order.
    """
    dtype = x.dtype.type
    widths = network_widths(x.shape[1], setting.hidden)
    update, values = OPTIMIZERS[setting.optimizer.name].function, setting.optimizer.values
    rate, decay = dtype(setting.learning_rate), np.zeros_like(parameters)
    trained = np.ones(parameters.shape, bool)
    for (w, _), (_, has) in zip(split_layers(decay, widths), split_layers(trained, widths),
                                strict=True):  # fmt: skip
        w[:] = setting.weight_decay
        has[:] = setting.has_biases
    first, second = np.zeros_like(parameters), np.zeros_like(parameters)
    moved, powers = np.zeros(parameters.shape, bool), np.ones(len(values))
    batch = min(setting.batch_size or len(x), len(x))
    each_epoch = -(-len(x) // batch)
    order: Array = np.arange(len(x))
    done = 0
    for stop in stops:
        for t in range(done, int(stop)):
            place = t % each_epoch
            if setting.batch_size is not None and place == 0:
                order = draws.order(len(x), t // each_epoch)
            rows = order[place * batch : (place + 1) * batch]
            seen = watch("rows", 0, x[rows])
            gradient = gradient_of(parameters, seen, y[rows], setting, draws, t, watch)
            powers = powers * values
            new, first, second = update(
                parameters, gradient + decay * parameters, first, second, rate,
                [dtype(v) for v in values], [dtype(v) for v in powers],
            )  # fmt: skip
            new = watch("weights", 0, np.where(trained, new, parameters))
            moved |= new != parameters
            parameters = new
        done = int(stop)
        yield parameters.copy(), moved.copy()
