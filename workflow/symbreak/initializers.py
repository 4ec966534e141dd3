"""Initializers of the weight matrices and of the biases: one declared function each.

An initializer fills one matrix [units, inputs]: row u holds the incoming weights of unit u. It is
asked for every matrix into a hidden layer and, with ``matrix.is_output``, for the output layer's
[1, units]. The declarations ``hidden`` and ``output`` say what it makes of the rows of a hidden
matrix, and of the columns of the output's: ``equal``, ``groups``, ``near`` (equal but for a
small random part) or ``distinct``.
"""

from dataclasses import dataclass

import numpy as np

from symbreak import streams
from symbreak.components import Parameter, Registry

INITIALIZERS = Registry("init")
BIASES = Registry("bias")


@dataclass(frozen=True)
class Matrix:
    """What an initializer may know of the matrix it fills, and its random draws.

    The draws depend only on (seed, replicate, layer, position): two initializers of one replicate
    see the same numbers.
    """

    units: int
    inputs: int
    is_output: bool = False
    layer: int = 0
    seed: int = 0
    replicate: int = 0
    purpose: int = streams.INIT

    @property
    def shape(self) -> tuple[int, int]:
        """(units, inputs)."""
        return self.units, self.inputs

    def filled(self, value: float) -> np.ndarray:
        """Return the matrix with one value everywhere."""
        return np.full(self.shape, value)

    def normal(self) -> np.ndarray:
        """Return independent standard normal draws of the matrix's shape."""
        count = self.units * self.inputs
        draws = streams.normals(self.seed, self.replicate, self.purpose, count, self.layer)
        return draws.reshape(self.shape)

    def uniform(self) -> np.ndarray:
        """Return independent uniform draws on (-1, 1) of the matrix's shape."""
        count = self.units * self.inputs
        draws = streams.uniforms(self.seed, self.replicate, self.purpose, count, self.layer)
        return (2.0 * draws - 1.0).reshape(self.shape)


def _value(default: float = 0.5) -> Parameter:
    return Parameter("value", default, "the value of every weight")


def _std(default: float = 0.5) -> Parameter:
    return Parameter("std", default, "the standard deviation of a weight", low=0.0)


TEXTBOOK = "goodfellow2016, section 8.4"


@INITIALIZERS.declare(reference=TEXTBOOK, hidden="equal", output="equal")
def zeros(matrix: Matrix) -> np.ndarray:
    """Every weight is zero, in every layer."""
    return matrix.filled(0.0)


@INITIALIZERS.declare(_value(), reference=TEXTBOOK, hidden="equal", output="equal")
def constant(matrix: Matrix, value: float) -> np.ndarray:
    """Every weight has the same value, in every layer."""
    return matrix.filled(value)


@INITIALIZERS.declare(
    Parameter("first", 0.5, "the value of the first half of the units, rounded up"),
    Parameter("second", -0.5, "the value of the other units"),
    reference="brea2019, permutation symmetric subspaces",
    hidden="groups",
    output="groups",
)
def tied(matrix: Matrix, first: float, second: float) -> np.ndarray:
    """Two groups of units, each with one value for all weights into its units and out to the
    output; weights between hidden layers follow the receiving unit's group.
    """
    count = matrix.inputs if matrix.is_output else matrix.units
    values = np.where(np.arange(count) < (count + 1) // 2, first, second)
    return matrix.filled(1.0) * (values if matrix.is_output else values[:, None])


@INITIALIZERS.declare(
    _value(), _std(), reference=f"{TEXTBOOK}: symmetry of the output layer", hidden="equal",
    output="distinct",
)  # fmt: skip
def constant_in_random_out(matrix: Matrix, value: float, std: float) -> np.ndarray:
    """One value into every hidden layer, normal draws into the output."""
    return std * matrix.normal() if matrix.is_output else matrix.filled(value)


@INITIALIZERS.declare(
    _std(), _value(), reference=f"{TEXTBOOK}: symmetry of the hidden layers", hidden="distinct",
    output="equal",
)  # fmt: skip
def random_in_constant_out(matrix: Matrix, std: float, value: float) -> np.ndarray:
    """Normal draws into every hidden layer, one value into the output."""
    return matrix.filled(value) if matrix.is_output else std * matrix.normal()


@INITIALIZERS.declare(
    _std(), reference="zhang2019, zero last layer",
    hidden="distinct", output="equal",
)  # fmt: skip
def random_in_zero_out(matrix: Matrix, std: float) -> np.ndarray:
    """Normal draws into every hidden layer, zeros into the output."""
    return matrix.filled(0.0) if matrix.is_output else std * matrix.normal()


@INITIALIZERS.declare(
    _std(),
    reference=f"{TEXTBOOK}: symmetry of the output layer",
    hidden="equal",
    output="distinct",
)
def zero_in_random_out(matrix: Matrix, std: float) -> np.ndarray:
    """Zeros into every hidden layer, normal draws into the output."""
    return std * matrix.normal() if matrix.is_output else matrix.filled(0.0)


@INITIALIZERS.declare(
    Parameter("limit", 0.5, "half the width of the interval around zero", low=0.0),
    reference=TEXTBOOK, hidden="distinct", output="distinct",
)  # fmt: skip
def uniform(matrix: Matrix, limit: float) -> np.ndarray:
    """Uniform draws on (-limit, limit), in every layer."""
    return limit * matrix.uniform()


@INITIALIZERS.declare(_std(), reference=TEXTBOOK, hidden="distinct", output="distinct")
def normal(matrix: Matrix, std: float) -> np.ndarray:
    """Normal draws of mean zero, in every layer."""
    return std * matrix.normal()


@INITIALIZERS.declare(reference="glorot2010", hidden="distinct", output="distinct")
def glorot_uniform(matrix: Matrix) -> np.ndarray:
    """Uniform draws of variance 2 / (inputs + units) of each matrix."""
    return np.sqrt(6.0 / (matrix.inputs + matrix.units)) * matrix.uniform()


@INITIALIZERS.declare(reference="glorot2010", hidden="distinct", output="distinct")
def glorot_normal(matrix: Matrix) -> np.ndarray:
    """Normal draws of variance 2 / (inputs + units) of each matrix."""
    return np.sqrt(2.0 / (matrix.inputs + matrix.units)) * matrix.normal()


@INITIALIZERS.declare(reference="he2015", hidden="distinct", output="distinct")
def he_uniform(matrix: Matrix) -> np.ndarray:
    """Uniform draws of variance 2 / inputs of each matrix."""
    return np.sqrt(6.0 / matrix.inputs) * matrix.uniform()


@INITIALIZERS.declare(reference="he2015", hidden="distinct", output="distinct")
def he_normal(matrix: Matrix) -> np.ndarray:
    """Normal draws of variance 2 / inputs of each matrix."""
    return np.sqrt(2.0 / matrix.inputs) * matrix.normal()


@INITIALIZERS.declare(reference="lecun1998", hidden="distinct", output="distinct")
def lecun_normal(matrix: Matrix) -> np.ndarray:
    """Normal draws of variance 1 / inputs of each matrix."""
    return np.sqrt(1.0 / matrix.inputs) * matrix.normal()


@INITIALIZERS.declare(
    reference="saxe2014", hidden="distinct",
    output="distinct",
)  # fmt: skip
def orthogonal(matrix: Matrix) -> np.ndarray:
    """Orthonormal rows (or columns, where there are more units than inputs) of normal draws."""
    draws = matrix.normal()
    wide = draws if matrix.units <= matrix.inputs else draws.T
    basis = orthonormal_rows(wide)
    return basis if matrix.units <= matrix.inputs else basis.T.copy()


@INITIALIZERS.declare(
    _value(), reference="le2015", hidden="groups",
    output="equal",
)  # fmt: skip
def identity(matrix: Matrix, value: float) -> np.ndarray:
    """A rectangular identity into every hidden layer, one value into the output."""
    return matrix.filled(value) if matrix.is_output else np.eye(*matrix.shape)


@INITIALIZERS.declare(
    reference="zhao2022, algorithm 1",
    hidden="groups",
    output="groups",
)
def zero_hadamard(matrix: Matrix) -> np.ndarray:
    """ZerO: identity where a layer keeps or loses width (so the output is 1, 0, ..., 0), scaled
    Hadamard rows where it gains width.
    """
    if matrix.units <= matrix.inputs:
        return np.eye(*matrix.shape)
    power = (matrix.units - 1).bit_length()
    signs = np.ones((1, 1))
    for _ in range(power):
        signs = np.block([[signs, signs], [signs, -signs]])
    return signs[: matrix.units, : matrix.inputs] * np.sqrt(2.0 ** (1 - power))


@INITIALIZERS.declare(
    _value(),
    Parameter("eps", 1e-4, "the size of the random part", low=0.0),
    reference="blumenfeld2020",
    hidden="near",
    output="near",
)
def constant_eps(matrix: Matrix, value: float, eps: float) -> np.ndarray:
    """One value plus eps times a normal draw, in every layer."""
    return value + eps * matrix.normal()


def orthonormal_rows(rows: np.ndarray) -> np.ndarray:
    """Return the rows made orthonormal by Gram and Schmidt, each projected out twice.

    Sums run in one written order, so the bits are the same on every machine (no LAPACK).
    """
    basis = rows.astype(np.float64).copy()
    for i in range(len(basis)):
        for j in list(range(i)) * 2:
            basis[i] = basis[i] - _ordered_dot(basis[i], basis[j]) * basis[j]
        basis[i] = basis[i] / np.sqrt(_ordered_dot(basis[i], basis[i]))
    return basis


def _ordered_dot(a: np.ndarray, b: np.ndarray) -> float:
    total = 0.0
    for product in (a * b).tolist():
        total = total + product
    return total


BIAS_TEXT = f"{TEXTBOOK}, biases"


@BIASES.declare(reference=BIAS_TEXT, units="absent")
def none_(matrix: Matrix) -> np.ndarray:
    """No bias parameters, in any layer."""
    return matrix.filled(0.0)


@BIASES.declare(reference=BIAS_TEXT, units="equal")
def zeros_(matrix: Matrix) -> np.ndarray:
    """Every bias starts at zero and is trained."""
    return matrix.filled(0.0)


@BIASES.declare(
    Parameter("value", 0.1, "the value of every bias"), reference=BIAS_TEXT, units="equal"
)
def constant_(matrix: Matrix, value: float) -> np.ndarray:
    """Every bias starts at the same value."""
    return matrix.filled(value)


@BIASES.declare(
    Parameter("std", 0.1, "the standard deviation of a bias", low=0.0),
    reference=BIAS_TEXT,
    units="distinct",
)
def normal_(matrix: Matrix, std: float) -> np.ndarray:
    """Biases start from normal draws of mean zero."""
    return std * matrix.normal()


@BIASES.declare(
    Parameter("limit", 0.1, "half the width of the interval around zero", low=0.0),
    reference=BIAS_TEXT,
    units="distinct",
)
def uniform_(matrix: Matrix, limit: float) -> np.ndarray:
    """Biases start from uniform draws on (-limit, limit)."""
    return limit * matrix.uniform()
