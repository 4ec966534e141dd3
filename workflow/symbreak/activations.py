"""Activations: value and slope together, one record each.

A function takes pre-activations z (float64 or float32) and returns (a, da/dz), the convention at
the kink included. Both engines run these lines.
"""

from typing import Any

from symbreak import arithmetic, normal
from symbreak.arithmetic import like, select
from symbreak.components import Registry

Array = Any

ACTIVATIONS = Registry("activation")


@ACTIVATIONS.declare(reference="rumelhart1986")
def sigmoid(z: Array) -> tuple[Array, Array]:
    """1 / (1 + e^-z): one half at zero, so a network of zeros still sends a signal."""
    a = arithmetic.sigmoid(z)
    return a, a * (like(z, 1.0) - a)


@ACTIVATIONS.declare(reference="lecun1998")
def tanh(z: Array) -> tuple[Array, Array]:
    """The hyperbolic tangent: zero at zero, odd."""
    a = arithmetic.tanh(z)
    return a, like(z, 1.0) - a * a


@ACTIVATIONS.declare(reference="nair2010; bertoin2021, the slope at the kink")
def relu(z: Array) -> tuple[Array, Array]:
    """max(0, z), with slope 0 at zero."""
    zero = like(z, 0.0)
    return select(z <= zero, zero, z), select(z > zero, like(z, 1.0), zero)


@ACTIVATIONS.declare(reference="maas2013")
def leaky_relu(z: Array) -> tuple[Array, Array]:
    """z above zero and 0.01 z below, with slope 0.01 at zero."""
    small = like(z, 0.01)
    positive = z > like(z, 0.0)
    return select(positive, z, small * z), select(positive, like(z, 1.0), small)


@ACTIVATIONS.declare(reference="saxe2014")
def linear(z: Array) -> tuple[Array, Array]:
    """z itself: the network is a product of matrices."""
    return z, like(z, 1.0) + like(z, 0.0) * z


@ACTIVATIONS.declare(reference="hendrycks2016")
def gelu(z: Array) -> tuple[Array, Array]:
    """z times the standard normal distribution function, by the error function."""
    x = arithmetic.double(z)
    phi = 0.5 + 0.5 * normal.erf(0.7071067811865476 * x)
    density = 0.3989422804014327 * arithmetic.exp64(-0.5 * (x * x))
    return like(z, x * phi), like(z, phi + x * density)
