"""Equal units trained by each framework, written as its users write it: one declared record each.

A trainer is a generator: given a ``Task`` it yields the units' neuron vectors [units, inputs + 2]
(incoming weights, bias, outgoing weight) after every step of gradient descent, for ever. All start
from one value for every weight and zero biases, see the same rows in the same order and draw no
random number, so that nothing but rounding can set two units apart. A new framework is one more
decorated function.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from itertools import cycle
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from symbreak import engine, trainer
from symbreak.blas import numpy_blas
from symbreak.networks import join_layers, network_widths, neuron_vectors
from symbreak.processor import target
from symbreak.settings import REGISTRIES, Setting

Array = np.ndarray
ACTIVATIONS = ("tanh", "sigmoid", "relu")  # those that every framework has
FRAMEWORKS: dict[str, "Framework"] = {}


@dataclass(frozen=True)
class Task:
    """What every framework is given: x [b, d] and y [b] in the dtype of the training.

    ``batch`` is the number of rows of a step, or None for all; ``value`` is what every weight
    starts from.
    """

    x: Array
    y: Array
    width: int
    batch: int | None = None
    activation: str = "tanh"
    rate: float = 1.0
    value: float = 0.5

    def batches(self) -> Iterator[tuple[Array, Array]]:
        """Yield the rows of each step, in the order of the table, over and over."""
        size = self.batch or len(self.x)
        starts = range(0, len(self.x), size)
        return cycle([(self.x[i : i + size], self.y[i : i + size]) for i in starts])

    def start(self) -> tuple[Array, Array, Array, Array]:
        """Return w [h, d], b [h], the outgoing v [1, h] and c [1] that training starts from."""
        dtype, inputs = self.x.dtype, self.x.shape[1]
        v = np.full((1, self.width), self.value, dtype)
        return np.full((self.width, inputs), self.value, dtype), v[0] * 0, v, np.zeros(1, dtype)


Trainer = Callable[[Task], Iterator[Array]]


@dataclass(frozen=True)
class Framework:
    """A framework: ``package`` is what pip installs, ``module`` what Python imports.

    ``blas`` returns (library with its version, kernel) of the matrix products, as they report it.
    """

    name: str
    package: str
    module: str
    train: Trainer
    blas: Callable[[], tuple[str, str]]

    @property
    def absence(self) -> str | None:
        """Return why the framework cannot be used here, None if it can; imports it."""
        if find_spec(self.module) is None:
            return f"{self.name}: not installed; pip install {self.package}"
        try:
            import_module(self.module)
        except (ImportError, OSError) as error:
            return f"{self.name}: installed, but cannot be imported ({error})"
        return None

    @property
    def version(self) -> str:
        """Return the installed version."""
        return version(self.package)


def framework(
    name: str, package: str, module: str, blas: Callable[[], tuple[str, str]]
) -> Callable[[Trainer], Trainer]:
    """Register the decorated trainer as a framework."""

    def register(train: Trainer) -> Trainer:
        FRAMEWORKS[name] = Framework(name, package, module, train, blas)
        return train

    return register


def torch_blas() -> tuple[str, str]:
    """Return the BLAS that PyTorch was built with, and the instructions that it uses."""
    torch = import_module("torch")
    found = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    library = found[1] if found else "not reported"
    return library, str(torch.backends.cpu.get_cpu_capability())


def jax_blas() -> tuple[str, str]:
    """Return XLA, which compiles some products itself and gives others to YNNPACK."""
    return "XLA (YNNPACK)", str(llvm.get_host_cpu_name())


def compiled() -> tuple[str, str]:
    """Return that there is none: compiled by LLVM for the engine's target."""
    return "none (LLVM)", target()[0]


def plain() -> tuple[str, str]:
    """Return that there is none: sums in a written order."""
    return "none", "any"


@framework("NumPy", "numpy", "numpy", numpy_blas)
def train_numpy(task: Task) -> Iterator[Array]:
    """The loop of a first course, its sums by ``@``."""
    w, b, v, c = task.start()
    rate = task.x.dtype.type(task.rate)
    for x, y in task.batches():
        z = x @ w.T + b
        a, slope = numpy_activation(task.activation, z)
        logit = (a @ v.T + c)[:, 0]
        error = ((1 / (1 + np.exp(-logit)) - y) / len(x))[:, None]
        delta = (error @ v) * slope
        w, b, v, c = (
            w - rate * (delta.T @ x),
            b - rate * delta.sum(axis=0),
            v - rate * (error.T @ a),
            c - rate * error.sum(axis=0),
        )
        yield np.column_stack([w, b, v[0]])


def numpy_activation(name: str, z: Array) -> tuple[Array, Array]:
    """Return value and slope by NumPy's own functions."""
    if name == "relu":
        return np.maximum(z, 0), (z > 0).astype(z.dtype)
    if name == "tanh":
        a = np.tanh(z)
        return a, 1 - a * a
    a = 1 / (1 + np.exp(-z))
    return a, a * (1 - a)


@framework("scikit-learn", "scikit-learn", "sklearn", numpy_blas)
def train_sklearn(task: Task) -> Iterator[Array]:
    """``MLPClassifier``, its weights overwritten, one step a call of ``partial_fit``."""
    names = {"sigmoid": "logistic"}
    batches = task.batches()
    x, y = next(batches)
    model = import_module("sklearn.neural_network").MLPClassifier(
        (task.width,), names.get(task.activation, task.activation), solver="sgd", alpha=0,
        batch_size=len(x), learning_rate_init=task.rate, momentum=0, nesterovs_momentum=False,
        shuffle=False,
    )  # fmt: skip
    model.partial_fit(x, y, classes=[0, 1])  # makes the arrays; its step is overwritten
    for array, value in zip((*model.coefs_, *model.intercepts_), _transposed(task), strict=True):
        array[...] = value
    for x, y in task.batches():
        model.batch_size = len(x)
        try:
            model.partial_fit(x, y)
        except ValueError:
            if np.isfinite(model.coefs_[0]).all():
                raise
            # It refuses to go on; the weights that are not finite say why.
        yield np.column_stack([model.coefs_[0].T, model.intercepts_[0], model.coefs_[1][:, 0]])


def _transposed(task: Task) -> tuple[Array, Array, Array, Array]:
    w, b, v, c = task.start()
    return w.T, v.T, b, c


@framework("PyTorch", "torch", "torch", torch_blas)
def train_torch(task: Task) -> Iterator[Array]:
    """``nn.Linear``, autograd, ``BCEWithLogitsLoss`` and ``optim.SGD``, on the CPU."""
    torch = import_module("torch")
    nn, dtype = torch.nn, getattr(torch, task.x.dtype.name)
    activation = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "relu": nn.ReLU}[task.activation]
    hidden = nn.Linear(task.x.shape[1], task.width, dtype=dtype)
    output = nn.Linear(task.width, 1, dtype=dtype)
    for layer in (hidden, output):
        nn.init.constant_(layer.weight, task.value)
        nn.init.zeros_(layer.bias)
    model = nn.Sequential(hidden, activation(), output)
    optimizer = torch.optim.SGD(model.parameters(), lr=task.rate)
    cost = nn.BCEWithLogitsLoss()
    for x, y in task.batches():
        optimizer.zero_grad()
        cost(model(torch.from_numpy(x))[:, 0], torch.from_numpy(y)).backward()
        optimizer.step()
        parts = (hidden.weight, hidden.bias[:, None], output.weight.T)
        yield torch.cat(parts, dim=1).detach().numpy()


@framework("JAX", "jax", "jax", jax_blas)
def train_jax(task: Task) -> Iterator[Array]:
    """``jit`` of ``value_and_grad``, on the CPU.

    The loss is ``softplus(z) - y z``: the gradient of max(z, 0) - y z + log1p(exp(-|z|)), the usual
    stable form, is off by one half where z is exactly 0.
    """
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)  # else float64 silently becomes float32
    numpy, cpu = import_module("jax.numpy"), jax.devices("cpu")[0]
    activation = {"tanh": numpy.tanh, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}

    def cost(parameters: Any, x: Array, y: Array) -> Any:
        w, b, v, c = parameters
        z = (activation[task.activation](x @ w.T + b) @ v.T + c)[:, 0]
        return numpy.mean(jax.nn.softplus(z) - y * z)

    @jax.jit
    def step(parameters: Any, x: Array, y: Array) -> Any:
        _, gradient = jax.value_and_grad(cost)(parameters, x, y)
        return tuple(p - task.rate * g for p, g in zip(parameters, gradient, strict=True))

    parameters = jax.device_put(task.start(), cpu)
    for x, y in task.batches():
        parameters = step(parameters, x, y)
        w, b, v, _ = map(np.asarray, parameters)
        yield np.column_stack([w, b, v[0]])


@framework("symbreak blas", "symbreak", "symbreak", numpy_blas)
def train_blas(task: Task) -> Iterator[Array]:
    """The reference engine with NumPy's ``@`` for its three sums."""
    return _train_symbreak(task, trainer.train, "blas")


@framework("symbreak reference", "symbreak", "symbreak", plain)
def train_reference(task: Task) -> Iterator[Array]:
    """The reference engine in exact arithmetic."""
    return _train_symbreak(task, trainer.train, "exact")


@framework("symbreak compiled", "symbreak", "symbreak", compiled)
def train_compiled(task: Task) -> Iterator[Array]:
    """The compiled engine."""
    return _train_symbreak(task, engine.train, "exact")


def _train_symbreak(
    task: Task, train: Callable[..., tuple[Array, Array]], arithmetic: str
) -> Iterator[Array]:
    names = ("constant", "none", "zeros", task.activation, "sgd")
    kinds = zip(REGISTRIES.items(), names, strict=True)
    setting = Setting(
        **{kind: registry.choose(name) for (kind, registry), name in kinds},
        hidden=(task.width,), learning_rate=task.rate, weight_decay=0.0, batch_size=None,
        arithmetic=arithmetic, dtype=task.x.dtype.name,
    )  # fmt: skip
    w, b, v, c = task.start()
    parameters = join_layers([(w, b), (v, c)])[None]
    widths = network_widths(task.x.shape[1], setting.hidden)
    one, stop = np.zeros(1, int), np.array([1])  # SGD keeps no memory: steps can be taken singly
    for x, y in task.batches():
        weights, _ = train(setting, parameters, one, x, y, 0, stop)
        parameters = weights[:, 0]
        yield neuron_vectors(parameters[0], widths, 1)
