"""Portable arithmetic: the same bits on every CPU, SIMD width and engine.

Only IEEE 754 additions, subtractions, multiplications, divisions, square roots, comparisons and
integer operations on the bit pattern are used, in one written order. Nothing here calls the C
library, BLAS or a fused multiply-add, whose last bit differs between machines.

Each function takes a NumPy array or scalar of float64 (float32 where it says so) and works
elementwise. The compiled engine compiles these same functions for its lanes, so a formula is
written once. Measured errors stand in ``docs/arithmetic.md``.
"""

from typing import Any

import numpy as np

Array = Any  # a NumPy array or scalar here, a machine float in the compiled engine

F32 = np.float32
SHIFT64 = np.int64(52)
SHIFT32 = np.int32(23)
ROUND64 = 6755399441055744.0  # 1.5 * 2^52: adding and subtracting it rounds to an integer
ROUND32 = F32(12582912.0)  # 1.5 * 2^23
SMALLEST64 = 2.0**-1022  # below it a float64 is denormal
TWO54 = 2.0**54


def select(condition: Array, yes: Array, no: Array) -> Array:
    """Return ``yes`` where the condition holds and ``no`` elsewhere; both are evaluated."""
    return np.where(condition, yes, no)


def as_bits(x: Array) -> Array:
    """Return the bit pattern of a float as a signed integer of the same width."""
    return x.view(np.int32 if x.dtype == F32 else np.int64)


def from_bits(bits: Array, x: Array) -> Array:
    """Return the float of x's precision with this bit pattern (inverse of ``as_bits``)."""
    return bits.view(x.dtype)


def like(x: Array, value: Any) -> Array:
    """Return the value in the precision of x, so that float32 stays float32."""
    return np.asarray(value, x.dtype)[()]


def double(x: Array) -> Array:
    """Return x in float64."""
    return x.astype(np.float64)


def square_root(x: Array) -> Array:
    """Return the correctly rounded square root (an IEEE basic operation)."""
    return np.sqrt(x)


def with_sign(value: Array, x: Array) -> Array:
    """Return a value of zero or more with the sign bit of x: odd functions are odd to the bit."""
    return from_bits(as_bits(value) | (as_bits(x) ^ as_bits(abs(x))), x)


def exp(x: Array) -> Array:
    """Return e^x for float64 or float32; saturates below -708 (-87) and above 709 (88)."""
    return exp32(x) if x.dtype == F32 else exp64(x)


def tanh(x: Array) -> Array:
    """Return the hyperbolic tangent for float64 or float32; odd to the bit."""
    return tanh32(x) if x.dtype == F32 else tanh64(x)


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + e^-x) for float64 or float32; saturates beyond 708 (87) on both sides."""
    return sigmoid32(x) if x.dtype == F32 else sigmoid64(x)


def exp_parts64(x: Array) -> tuple[Array, Array]:
    """Return (p, 2^k) with e^x = 2^k (1 + p) and k = rint(x / ln 2), for |x| up to 709.

    r = x - k ln 2 with ln 2 in two parts; p = e^r - 1 is a polynomial of degree 11 in r.
    """
    shifted = x * 1.4426950408889634 + ROUND64
    k = shifted - ROUND64
    r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    p = 2.510134692835034e-08
    p = p * r + 2.7621338669142925e-07
    p = p * r + 2.75572664186123e-06
    p = p * r + 2.4801518641395993e-05
    p = p * r + 0.00019841269864380513
    p = p * r + 0.0013888888918939168
    p = p * r + 0.008333333333329793
    p = p * r + 0.04166666666662064
    p = p * r + 0.16666666666666669
    p = p * r + 0.5
    p = (p * r) * r + r
    return p, from_bits((as_bits(shifted) + np.int64(1023)) << SHIFT64, x)


def exp_parts32(x: Array) -> tuple[Array, Array]:
    """The same reduction in float32 with a polynomial of degree 6, for x from -87 to 88."""
    shifted = x * F32(1.442695) + ROUND32
    k = shifted - ROUND32
    r = (x - k * F32(0.693359375)) - k * F32(-0.00021219444)
    p = F32(0.0013926926614021907)
    p = p * r + F32(0.008363773874405574)
    p = p * r + F32(0.04166655011030512)
    p = p * r + F32(0.16666573381900845)
    p = p * r + F32(0.5)
    p = (p * r) * r + r
    return p, from_bits((as_bits(shifted) + np.int32(127)) << SHIFT32, x)


def exp64(x: Array) -> Array:
    """e^x = (1 + p) 2^k, p and 2^k as in ``exp_parts64``."""
    p, power = exp_parts64(select(x < -708.0, -708.0, select(x > 709.0, 709.0, x)))
    return (p + 1.0) * power


def exp32(x: Array) -> Array:
    """The same in float32."""
    p, power = exp_parts32(select(x < F32(-87.0), F32(-87.0), select(x > F32(88.0), F32(88.0), x)))
    return (p + F32(1.0)) * power


def sigmoid64(x: Array) -> Array:
    """sigmoid(-z) = 1 / (1 + e^z) with e^z = 2^k + 2^k p: the smaller of 1 and 2^k is added first.

    Every operation rounds a monotone function of z, so the whole is monotone.
    """
    z = -x
    p, power = exp_parts64(select(z < -708.0, -708.0, select(z > 708.0, 708.0, z)))
    small, large = select(power < 1.0, power, 1.0), select(power < 1.0, 1.0, power)
    return 1.0 / ((small + power * p) + large)


def sigmoid32(x: Array) -> Array:
    """The same in float32."""
    z = -x
    p, power = exp_parts32(select(z < F32(-87.0), F32(-87.0), select(z > F32(87.0), F32(87.0), z)))
    one = F32(1.0)
    small, large = select(power < one, power, one), select(power < one, one, power)
    return one / ((small + power * p) + large)


def tanh64(x: Array) -> Array:
    """tanh |x| = (g + n) / (g + d) with n/d = tanh r and g = (2^k - 1) (d + n) / 2.

    e^2|x| = 2^k e^2r with r = |x| - k ln 2 / 2, and e^2r = (d+n)/(d-n): one division in all.
    """
    y = abs(x)
    y = select(y > 20.0, 20.0, y)
    shifted = y * 2.8853900817779268 + ROUND64
    k = shifted - ROUND64
    r = (y - k * 0.3465735901845619) - k * 9.541074646352939e-11
    s = r * r
    n = ((0.001057533467941947 * s + 0.11110109166978582) * s) * r + r
    d = (0.015869008469756963 * s + 0.4444344250031184) * s + 1.0
    half_power = from_bits((as_bits(shifted) + np.int64(1022)) << SHIFT64, x)
    g = (half_power - 0.5) * (d + n)
    return with_sign((g + n) / (g + d), x)


def tanh32(x: Array) -> Array:
    """The same identity in float32 with a shorter rational function."""
    y = abs(x)
    y = select(y > F32(10.0), F32(10.0), y)
    shifted = y * F32(2.88539) + ROUND32
    k = shifted - ROUND32
    r = (y - k * F32(0.3466796875)) - k * F32(-0.00010609722)
    s = r * r
    n = (F32(0.06660721587735705) * s) * r + r
    d = F32(0.3999404718555335) * s + F32(1.0)
    half_power = from_bits((as_bits(shifted) + np.int32(126)) << SHIFT32, x)
    g = (half_power - F32(0.5)) * (d + n)
    return with_sign((g + n) / (g + d), x)


def log(x: Array) -> Array:
    """Return the natural logarithm of a float64: -inf at zero, NaN below."""
    high, low = log_parts(x, 0.0)
    value = select(x > 0.0, high + low, select(x < 0.0, np.nan, -np.inf))
    return select(x < np.inf, value, x)


def log_parts(x: Array, extra: Array) -> tuple[Array, Array]:
    """Return (high, low) with sum log x + extra for a positive finite float64; extra is tiny.

    x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh f with f = (m-1)/(m+1). High is
    exact: k times the upper 33 bits of ln 2.
    """
    tiny = x < SMALLEST64
    bits = as_bits(x * select(tiny, TWO54, 1.0))
    k = (bits - np.int64(0x3FE6A09E667F3BCD)) >> SHIFT64
    m = from_bits(bits - (k << SHIFT64), x)
    f = (m - 1.0) / (m + 1.0)
    s = f * f
    p = 0.131148348695975
    p = p * s + 0.13266048812203002
    p = p * s + 0.15386342449645143
    p = p * s + 0.18181793732111753
    p = p * s + 0.22222222409750114
    p = p * s + 0.2857142857072325
    p = p * s + 0.40000000000001007
    p = p * s + 0.6666666666666666
    # log m = g - (g^2/2 - f (g^2/2 + s p)) with g = m - 1, which keeps the leading term exact.
    g = m - 1.0
    half = 0.5 * g * g
    rest = half - f * (half + s * p)
    exponent = k * 1.0 - select(tiny, 54.0, 0.0)
    low = g - (rest - (exponent * 1.9082149292705877e-10 + extra))
    return exponent * 0.6931471803691238, low


def log1p_exp(x: Array) -> Array:
    """Return log(1 + e^x) for float64 x <= 0: the log of y, 1 + e^x rounded, and what y lost."""
    e = exp64(x)
    y = 1.0 + e
    high, low = log_parts(y, (e - (y - 1.0)) / y)
    return high + low


def sum_any_order(terms: Array, bound: Array) -> Array:
    """Sum over the last axis so that no order of the terms changes a bit (float64 or float32).

    ``bound`` is at least the number of terms times the largest. Each term is rounded to a common
    grid, by adding and subtracting C = 1.5 * 2^e with 2^e above twice the bound; multiples of the
    grid add exactly. The grid keeps the leading 51 - log2(terms) bits (22 - log2 in float32).
    """
    grid = summation_grid(bound)[..., None]
    return ((terms + grid) - grid).sum(axis=-1)


def summation_grid(x: Array) -> Array:
    """Return 1.5 * 2^e, where 2^e is the power of two in (2x, 4x]; x >= 0."""
    return summation_grid32(x) if x.dtype == F32 else summation_grid64(x)


def summation_grid64(bound: Array) -> Array:
    """Keep the exponent field, raise it by two, and set the highest bit of the fraction.

    A bound from 2^1022 on has no grid among the numbers: it gives NaN, and so does the sum.
    """
    exponent, top = as_bits(bound) & np.int64(0x7FF0000000000000), np.int64(0x7FD0000000000000)
    exponent = select(exponent < top, exponent, top)
    return from_bits(exponent + np.int64(0x0028000000000000), bound)


def summation_grid32(bound: Array) -> Array:
    """The same on the bits of float32; NaN from 2^126 on."""
    exponent, top = as_bits(bound) & np.int32(0x7F800000), np.int32(0x7E800000)
    exponent = select(exponent < top, exponent, top)
    return from_bits(exponent + np.int32(0x01400000), bound)
