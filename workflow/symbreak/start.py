"""The start of a network: all that the theory may look at, before any step is taken.

The declared initial parameters, the rows, and one pass forward and back through them without the
random part of the noise. Letters: b rows, d inputs, u units, p parameters.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np

from symbreak import trainer
from symbreak.activations import ACTIVATIONS
from symbreak.arithmetic import sigmoid
from symbreak.dropout import DROPOUTS
from symbreak.networks import Layer, network_widths, split_layers
from symbreak.optimizers import OPTIMIZERS
from symbreak.settings import Setting

Array = np.ndarray
SURE = 30  # an event expected so often happens
MOST_ROWS = 20_000  # masks of the inputs are gone through one by one up to this many rows


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
        """Where the dropout multiplies; nowhere if it drops nothing, or inputs that are all 0."""
        place = DROPOUTS[self.setting.dropout.name].facts["place"]
        idle = self.p == 0 or (place == "input" and not self.x.any())
        return "nowhere" if idle else str(place)

    @property
    def shared(self) -> bool:
        """Whether the units of a layer share a draw of the noise."""
        return bool(DROPOUTS[self.setting.dropout.name].facts["shared"])

    @property
    def continuous(self) -> bool:
        """Whether two draws of the noise are never equal."""
        return bool(DROPOUTS[self.setting.dropout.name].facts.get("continuous", False))

    @property
    def own_noise(self) -> bool:
        """Whether the noise, as declared, differs between the units of a hidden layer."""
        return self.hidden_noise and not self.shared

    @property
    def hidden_noise(self) -> bool:
        """Whether noise multiplies activations or weights."""
        return self.place in ("hidden", "weights")

    @property
    def p(self) -> float:
        """The probability of being dropped."""
        return next(iter(self.setting.dropout.values), 0.0)

    @property
    def batch(self) -> int:
        """The rows of a step."""
        return min(self.setting.batch_size or len(self.x), len(self.x))

    @property
    def adaptive(self) -> bool:
        """Whether the optimizer, as declared, divides a gradient by its size."""
        return bool(OPTIMIZERS[self.setting.optimizer.name].facts.get("adaptive", False))

    @property
    def has_bias(self) -> bool:
        """Whether biases are trained."""
        return self.setting.has_biases

    @property
    def often(self) -> bool:
        """Whether the run is long enough for every pattern of masks before a unit to occur."""
        each = min(self.p, 1 - self.p) ** max(self.widths[:-1])
        draws = self.steps * (1 if self.place == "weights" else self.batch)
        return draws * each > SURE

    @cached_property
    def flat(self) -> bool:
        """Whether the activation is flat on one side of zero: a silent unit stays silent."""
        phi = ACTIVATIONS[self.setting.activation.name].function
        return bool(phi(np.array([-1.0]))[1][0] == 0)

    @cached_property
    def contrast(self) -> float:
        """How much smaller the slopes of a row may be than the largest, if few rows are drawn."""
        if self.batch == len(self.x) or self.batch * self.steps >= SURE:
            return 1.0
        ratio = 1.0
        for slopes in self.passed[1]:
            rows = abs(slopes).max(axis=1).astype(np.float64)
            ratio *= float(rows[rows > 0].min() / rows.max()) if rows.any() else 1.0
        return ratio

    @cached_property
    def passed_at_zero(self) -> float:
        """What a unit with a pre-activation of zero passes on."""
        phi = ACTIVATIONS[self.setting.activation.name].function
        return float(phi(np.zeros(1))[0][0])

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """(inputs, hidden widths ..., 1)."""
        return network_widths(self.x.shape[1], self.setting.hidden)

    @cached_property
    def layers(self) -> list[Layer]:
        """The initial weights and biases, first hidden layer first."""
        return split_layers(self.parameters, self.widths)

    @cached_property
    def rows(self) -> tuple[Array, Array, Array]:
        """Rows [b, d], labels [b], and how often a step's row is each one [b] (sums to 1).

        Under input dropout every row comes once a mask, unless there are too many masks.
        """
        count, inputs = self.x.shape
        if self.place != "input" or self.whole_input_noise:
            return self.x, self.y, np.full(count, 1 / count)
        masks = np.array(list(product((0.0, 1.0), repeat=inputs)))
        drops = (masks == 0).sum(axis=1)
        chances = self.p**drops * (1 - self.p) ** (inputs - drops)
        scaled = (masks / (1 - self.p)).astype(self.x.dtype)
        x = (self.x[:, None] * scaled).reshape(-1, inputs)
        return x, np.repeat(self.y, len(masks)), np.tile(chances / count, count)

    @property
    def whole_input_noise(self) -> bool:
        """Whether the inputs' masks are too many to go through."""
        count, inputs = self.x.shape
        return self.place == "input" and count * 2.0**inputs > MOST_ROWS

    @cached_property
    def exact(self) -> Setting:
        """The setting in exact arithmetic."""
        return replace(self.setting, arithmetic="exact")

    @cached_property
    def _watched(self) -> tuple[list[Array], tuple[list[Array], list[Array], Array]]:
        before: list[Array] = []

        def watch(name: str, layer: int, values: Array) -> Array:
            if name == "z":
                before.append(values)
            return values

        x, y, _ = self.rows
        with np.errstate(all="ignore"):
            outputs, slopes, logit = trainer.forward(self.layers, x, self.exact, watch=watch)
            return before, (outputs, slopes, sigmoid(logit) - y)

    @property
    def passed(self) -> tuple[list[Array], list[Array], Array]:
        """Outputs a_0 to a_L, slopes of layers 1 to L [b, u] and the error [b], of ``rows``."""
        return self._watched[1]

    @property
    def before(self) -> list[Array]:
        """The pre-activations z of the hidden layers [b, u], of ``rows``."""
        return self._watched[0]

    @cached_property
    def gradient(self) -> list[Layer]:
        """The gradient over all rows, without noise: sums in the engine's order."""
        with np.errstate(all="ignore"):
            found = trainer.gradient_of(self.parameters, self.x, self.y, self.exact)
        return split_layers(found, self.widths)

    @property
    def cancels(self) -> bool:
        """Whether every sum over all rows, without noise, is exactly zero."""
        whole = self.batch == len(self.x)
        return whole and not any(w.any() or b.any() for w, b in self.gradient)

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

    @property
    def hides_inputs(self) -> bool:
        """Whether the first layer's weights are so small that all rows and masks look alike."""
        first = self.passed[0][1]
        return not self.whole_input_noise and bool((first == first[0]).all())

    def undisturbed(self, k: int) -> tuple[bool, bool]:
        """Tell whether sums over rows of layer k (from 0) are those without noise: weights, bias.

        The output layer's is k = L.
        """
        if self.batch < len(self.x):
            return False, False
        if self.place == "hidden":
            silent = not (self.layers[-1][0] != 0).any()
            return False, silent and k == len(self.layers) - 1
        if self.place == "input":
            silent = not (self.layers[0][0] != 0).any() or self.hides_inputs
            return silent and k > 0, silent
        if self.place == "weights":
            silent = not any((w != 0).any() for w, _ in self.layers)
            return silent, silent
        return True, True


def start_of(setting: Setting, x: Array, y: Array, seed: int, replicate: int, steps: int) -> Start:
    """Return a replicate's start; x [b, d] and y [b] are the training rows, in any float type."""
    x, y = x.astype(setting.dtype), y.astype(setting.dtype)
    parameters = trainer.initial_parameters(setting, x.shape[1], seed, replicate)
    return Start(setting, parameters, x, y, steps)
