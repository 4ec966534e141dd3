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


def exp(x: Array) -> Array:
    """Return e^x for float64 or float32; saturates below -708 (-87) and above 709 (88)."""
    return exp32(x) if x.dtype == F32 else exp64(x)


def tanh(x: Array) -> Array:
    """Return the hyperbolic tangent for float64 or float32; odd to the bit."""
    return tanh32(x) if x.dtype == F32 else tanh64(x)


def exp64(x: Array) -> Array:
    """e^x = 2^k e^r with k = rint(x / ln 2); ln 2 in two parts, polynomial of degree 11 in r."""
    x = select(x < -708.0, -708.0, select(x > 709.0, 709.0, x))
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
    return from_bits(as_bits(p + 1.0) + (as_bits(shifted) << SHIFT64), x)


def exp32(x: Array) -> Array:
    """The same reduction in float32 with a polynomial of degree 6."""
    x = select(x < F32(-87.0), F32(-87.0), select(x > F32(88.0), F32(88.0), x))
    shifted = x * F32(1.442695) + ROUND32
    k = shifted - ROUND32
    r = (x - k * F32(0.693359375)) - k * F32(-0.00021219444)
    p = F32(0.0013926926614021907)
    p = p * r + F32(0.008363773874405574)
    p = p * r + F32(0.04166655011030512)
    p = p * r + F32(0.16666573381900845)
    p = p * r + F32(0.5)
    p = (p * r) * r + r
    return from_bits(as_bits(p + F32(1.0)) + (as_bits(shifted) << SHIFT32), x)


def tanh64(x: Array) -> Array:
    """tanh x = ((2^k - 1) d + (2^k + 1) n) / ((2^k + 1) d + (2^k - 1) n), with n/d = tanh r.

    e^2x = 2^k e^2r with r = x - k ln 2 / 2, and e^2r = (d+n)/(d-n): one division in all.
    """
    x = select(x < -20.0, -20.0, select(x > 20.0, 20.0, x))
    shifted = x * 2.8853900817779268 + ROUND64
    k = shifted - ROUND64
    r = (x - k * 0.3465735901845619) - k * 9.541074646352939e-11
    s = r * r
    n = ((0.001057533467941947 * s + 0.11110109166978582) * s) * r + r
    d = (0.015869008469756963 * s + 0.4444344250031184) * s + 1.0
    power = from_bits((as_bits(shifted) + np.int64(1023)) << SHIFT64, x)
    less, more = power - 1.0, power + 1.0
    return (less * d + more * n) / (more * d + less * n)


def tanh32(x: Array) -> Array:
    """The same identity in float32 with a shorter rational function."""
    x = select(x < F32(-10.0), F32(-10.0), select(x > F32(10.0), F32(10.0), x))
    shifted = x * F32(2.88539) + ROUND32
    k = shifted - ROUND32
    r = (x - k * F32(0.3466796875)) - k * F32(-0.00010609722)
    s = r * r
    n = (F32(0.06660721587735705) * s) * r + r
    d = F32(0.3999404718555335) * s + F32(1.0)
    power = from_bits((as_bits(shifted) + np.int32(127)) << SHIFT32, x)
    less, more = power - F32(1.0), power + F32(1.0)
    return (less * d + more * n) / (more * d + less * n)


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + e^-x), from e^-|x| so that neither side loses its last bits."""
    e = exp(-abs(x))
    one = like(x, 1.0)
    return select(x < 0, e, one) / (one + e)


def log(x: Array) -> Array:
    """Return the natural logarithm of a positive normal float64.

    x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh f with f = (m-1)/(m+1).
    """
    bits = as_bits(x)
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
    exponent = k * 1.0
    return exponent * 0.6931471803691238 + (g - (rest - exponent * 1.9082149292705877e-10))


def log1p_exp(x: Array) -> Array:
    """Return log(1 + e^x) for float64 x <= 0 (Kahan's correction of the rounded sum)."""
    e = exp64(x)
    y = 1.0 + e
    return log(y) + (e - (y - 1.0)) / y


def erf(x: Array) -> Array:
    """Return the error function of a float64: a rational in x^2 below 1, above it one minus
    e^-x^2 times a rational in 1 / (x + 2); exactly 1 from 6 on.
    """
    y = abs(x)
    y = select(y > 6.0, 6.0, y)
    s = y * y
    n = 9.228739119474856e-08
    n = n * s + 0.00019724276551453577
    n = n * s + 0.001886798061324199
    n = n * s + 0.04551719540974591
    n = n * s + 0.1437612439179165
    n = n * s + 1.1283791670955126
    d = 2.0905849839683005e-05
    d = d * s + 0.0006946060428020956
    d = d * s + 0.010713825530366197
    d = d * s + 0.09391803698652557
    d = d * s + 0.4607384185299727
    d = d * s + 1.0
    near = y * (n / d)
    t = 1.0 / (y + 2.0)
    n = 12.395253412646074
    n = n * t + 8.284607548424358
    n = n * t + 11.956288887958058
    n = n * t + 0.5974235520435541
    n = n * t + 4.927328387809669
    n = n * t - 0.39108050934039923
    n = n * t + 0.5641902947919112
    n = n * t - 1.0146841970511846e-08
    d = -2.135398416042897
    d = d * t + 10.170533498989913
    d = d * t - 17.714849417888026
    d = d * t + 24.136980500620204
    d = d * t - 15.743010377387167
    d = d * t + 10.618948384938241
    d = d * t - 2.6931318210118995
    d = d * t + 1.0
    far = 1.0 - exp64(-s) * (n / d)
    value = select(y < 1.0, near, far)
    return select(x < 0.0, -value, value)


def normal_quantile(u: Array) -> Array:
    """Return the standard normal quantile of a probability in (0, 1), float64.

    Algorithm AS 241, PPND16 (Wichura, Applied Statistics 37, 1988), on ``log`` and
    ``square_root`` of this module; antisymmetric about one half.
    """
    q = u - 0.5
    s = 0.180625 - q * q
    n = 2509.0809287301227
    n = n * s + 33430.57558358813
    n = n * s + 67265.7709270087
    n = n * s + 45921.95393154987
    n = n * s + 13731.69376550946
    n = n * s + 1971.5909503065513
    n = n * s + 133.14166789178438
    n = n * s + 3.3871328727963665
    d = 5226.495278852854
    d = d * s + 28729.085735721943
    d = d * s + 39307.89580009271
    d = d * s + 21213.794301586597
    d = d * s + 5394.196021424751
    d = d * s + 687.1870074920579
    d = d * s + 42.31333070160091
    d = d * s + 1.0
    centre = q * (n / d)
    t = square_root(-log(select(q < 0.0, u, 1.0 - u)))
    near = t <= 5.0
    s = t - select(near, 1.6, 5.0)
    n = select(near, 0.0007745450142783414, 2.0103343992922881e-07)
    n = n * s + select(near, 0.022723844989269184, 2.7115555687434876e-05)
    n = n * s + select(near, 0.2417807251774506, 0.0012426609473880784)
    n = n * s + select(near, 1.2704582524523684, 0.026532189526576124)
    n = n * s + select(near, 3.6478483247632045, 0.29656057182850487)
    n = n * s + select(near, 5.769497221460691, 1.7848265399172913)
    n = n * s + select(near, 4.630337846156546, 5.463784911164114)
    n = n * s + select(near, 1.4234371107496835, 6.657904643501103)
    d = select(near, 1.0507500716444169e-09, 2.0442631033899397e-15)
    d = d * s + select(near, 0.0005475938084995345, 1.421511758316446e-07)
    d = d * s + select(near, 0.015198666563616457, 1.8463183175100548e-05)
    d = d * s + select(near, 0.14810397642748008, 0.0007868691311456133)
    d = d * s + select(near, 0.6897673349851, 0.014875361290850615)
    d = d * s + select(near, 1.6763848301838038, 0.1369298809227358)
    d = d * s + select(near, 2.053191626637759, 0.599832206555888)
    d = d * s + 1.0
    tail = n / d
    tail = select(q < 0.0, -tail, tail)
    return select(abs(q) <= 0.425, centre, tail)


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
    """Keep the exponent field, raise it by two, and set the highest bit of the fraction."""
    exponent = as_bits(bound) & np.int64(0x7FF0000000000000)
    return from_bits(exponent + np.int64(0x0028000000000000), bound)


def summation_grid32(bound: Array) -> Array:
    """The same on the bits of float32."""
    return from_bits((as_bits(bound) & np.int32(0x7F800000)) + np.int32(0x01400000), bound)
