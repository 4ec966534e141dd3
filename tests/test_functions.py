"""Portable functions: error, monotony, symmetry, the ends of their domains, and two engines."""

import hashlib
import math

import numba
import numpy as np
import pytest
from functions_measured import (
    FUNCTIONS,
    PAGE,
    Function,
    both,
    dips,
    error,
    neighbours,
    points,
    table,
    table_in,
)
from hypothesis import given
from hypothesis import strategies as st
from symbreak import arithmetic, lanes, normal, streams
from symbreak.initializers import INITIALIZERS, Matrix, orthonormal_rows

ALL = pytest.mark.parametrize("function", FUNCTIONS, ids=str)
ODD = [function for function in FUNCTIONS if function.name in ("tanh", "erf")]
LARGEST = {np.float64: 1.7976931348623157e308, np.float32: 3.4028235e38}
SMALLEST = {np.float64: 5e-324, np.float32: 1.4e-45}


@ALL
def test_error_is_within_its_limit(function: Function) -> None:
    """2 ulp against mpmath, tanh 4: over every region and the worst points of a longer search."""
    assert error(function, points(function, 3000)) <= function.limit


@ALL
def test_error_is_within_its_limit_at_every_branch_of_the_code(function: Function) -> None:
    branches = function.branches[:: max(1, len(function.branches) // 300)]
    x = neighbours(function, branches, 7).ravel()
    assert error(function, x[(x >= function.regions[0][0]) | (x < 0)]) <= function.limit


@ALL
def test_neighbouring_floats_keep_their_order(function: Function) -> None:
    """Monotone at random places and around every branch; ``dip`` is what tanh, erf and the
    quantile may step back.
    """
    places = points(function, 500)
    places = places[abs(places) > 1e-30]
    for starts in (places, function.branches):
        assert dips(function, neighbours(function, starts, 200))[0] <= function.dip


def test_the_page_has_the_measured_table() -> None:
    assert table_in(PAGE.read_text()) == table(), "run python tests/functions_measured.py"


def value(function: Function, *x: float) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return function.compute(np.array(x, function.dtype))


@pytest.mark.parametrize("function", ODD, ids=str)
@given(x=st.floats(allow_nan=False, width=32))
def test_odd_functions_are_odd_to_the_bit(function: Function, x: float) -> None:
    for at in (x, x * 1e-200):
        positive, negative = value(function, at, -at)
        assert positive.tobytes() == (-negative).tobytes()
        assert np.signbit(positive) == np.signbit(function.dtype(at))
        assert abs(positive) <= 1


@given(k=st.integers(1, 2**53 - 1))
def test_the_quantile_is_antisymmetric_about_one_half(k: int) -> None:
    low, high = normal.normal_quantile(np.array([k, 2**53 - k]) * 2.0**-53)
    assert low == -high


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sigmoid_of_x_and_of_minus_x_add_up_to_one(dtype: type) -> None:
    """To 1.5 ulp of one: each is within 2 ulp, and one of them is below one half."""
    x = np.concatenate([np.linspace(0, 50, 20001), 10.0 ** np.linspace(-40, 1, 5001)]).astype(dtype)
    total = arithmetic.sigmoid(x).astype(np.float64) + arithmetic.sigmoid(-x).astype(np.float64)
    assert abs(total - 1).max() <= 1.5 * np.finfo(dtype).eps


@ALL
def test_nan_stays_nan(function: Function) -> None:
    payload = np.array([1, 2**22 + 77], np.uint32) | np.uint32(0x7FC00000)
    odd = payload.view(np.float32).astype(function.dtype)
    with np.errstate(invalid="ignore"):
        assert np.isnan(function.compute(np.concatenate([odd, -odd]))).all()


@pytest.mark.parametrize(("dtype", "low", "high"), [(np.float64, -708, 709), (np.float32, -87, 88)])
def test_exp_and_sigmoid_saturate_and_give_no_denormal(dtype: type, low: int, high: int) -> None:
    largest, smallest = LARGEST[dtype], np.finfo(dtype).tiny
    x = np.array([low - 0.5, -largest, -np.inf], dtype)
    assert (arithmetic.exp(x) == arithmetic.exp(dtype(low))).all()
    assert (arithmetic.sigmoid(x) == arithmetic.sigmoid(dtype(low))).all()
    assert (arithmetic.exp(-x) == arithmetic.exp(dtype(high)))[1:].all()
    assert smallest < arithmetic.sigmoid(dtype(low)) < 2 * smallest
    assert smallest < arithmetic.exp(dtype(low)) < 2 * smallest
    assert np.isfinite(arithmetic.exp(dtype(high)))
    assert (arithmetic.sigmoid(np.array([40, largest, np.inf], dtype)) == 1).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_zero_denormals_and_infinity(dtype: type) -> None:
    x = both(np.array([0, SMALLEST[dtype], np.finfo(dtype).tiny / 3], dtype))
    assert (arithmetic.exp(x) == 1).all()
    assert (arithmetic.sigmoid(x) == 0.5).all()
    assert arithmetic.tanh(x).tobytes() == x.tobytes()
    assert (arithmetic.tanh(np.array([np.inf, -np.inf], dtype)) == [1, -1]).all()


def test_functions_of_one_precision_at_the_ends_of_their_domains() -> None:
    infinity = np.inf
    with np.errstate(invalid="ignore"):
        assert (arithmetic.log(np.array([0, -0.0, 1, infinity])) == [-infinity] * 2 +
                [0, infinity]).all()  # fmt: skip
        assert np.isnan(arithmetic.log(np.array([-5e-324, -1, -infinity]))).all()
        assert arithmetic.log1p_exp(np.array([-infinity]))[0] == arithmetic.exp(np.float64(-708))
        u = np.array([0, 1, 0.5, -0.0])
        assert (normal.normal_quantile(u) == [-infinity, infinity, 0, -infinity]).all()
        outside = np.array([-1e-300, 1.0000000000000002, infinity, -infinity])
        assert np.isnan(normal.normal_quantile(outside)).all()
    assert (normal.erf(np.array([infinity, -infinity, 6, -7])) == [1, -1, 1, -1]).all()


def compiled(functions: tuple[Function, ...]):
    """Return what fills [function][point] in machine code, one number after the other."""
    body = "\n".join(f"        out[{i}, j] = f{i}(x[{i}, j])" for i in range(len(functions)))
    names = {f"f{i}": vars({"normal_quantile": normal, "erf": normal}.get(f.name, arithmetic))[
        f.name] for i, f in enumerate(functions)}  # fmt: skip
    exec(f"def fill(x, out):\n    for j in range(x.shape[1]):\n{body}", names)
    return numba.njit(error_model="numpy")(names["fill"])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_compiled_engine_has_the_bits_of_numpy(dtype: type) -> None:
    assert lanes.LaneCompiler  # its import teaches numba the functions
    functions = tuple(function for function in FUNCTIONS if function.dtype is dtype)
    largest, smallest = LARGEST[dtype], SMALLEST[dtype]
    special = both(np.array([0, smallest, 1e-40, 1, largest, np.inf, np.nan, 0.5, 708.5], dtype))
    some = [np.concatenate([special, points(f, 400)])[:1200] for f in functions]
    x = np.stack([np.resize(row, 1200) for row in some])
    with np.errstate(all="ignore"):
        expected = np.stack([f.compute(row) for f, row in zip(functions, x, strict=True)])
    out = np.empty_like(x)
    compiled(functions)(x, out)
    number = ~np.isnan(expected)
    assert (np.isnan(out) == ~number).all()
    assert out[number].tobytes() == expected[number].tobytes()


@pytest.mark.parametrize("units", [1, 2, 7, 64])
@pytest.mark.parametrize("inputs", [2, 5, 64])
@pytest.mark.parametrize("replicate", range(3))
def test_orthogonal_rows_are_orthonormal(units: int, inputs: int, replicate: int) -> None:
    """Q^T Q = I within 16 units of 2^-53 in every element."""
    q = INITIALIZERS["orthogonal"].function(Matrix(units, inputs, replicate=replicate))
    q = q if units <= inputs else q.T
    product = np.array(q, np.longdouble) @ np.array(q.T, np.longdouble)
    assert abs(product - np.eye(len(q))).max() <= 16 * 2.0**-53


def test_nearly_parallel_rows_become_orthonormal() -> None:
    """Where one pass of Gram and Schmidt keeps no digit, the second repairs it."""
    rows = np.ones((4, 6)) + 1e-9 * streams.normals(1, 0, streams.INIT, 24).reshape(4, 6)
    q = orthonormal_rows(rows)
    assert abs(q @ q.T - np.eye(4)).max() <= 16 * 2.0**-53


def test_orthogonal_weights_have_known_bits() -> None:
    """The same on every machine: only + - * / and square roots, one after the other."""
    digest = hashlib.blake2b(digest_size=8)
    for units, inputs in ((3, 3), (6, 4), (4, 17)):
        weights = INITIALIZERS["orthogonal"].function(Matrix(units, inputs, seed=1))
        digest.update(weights.astype("<f8").tobytes())
    assert digest.hexdigest() == "dc4eafb1d41c5eb2"


@given(
    terms=st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=30),
    order=st.randoms(use_true_random=False),
    dtype=st.sampled_from([np.float64, np.float32]),
)
def test_a_sum_on_a_common_grid_has_no_order_and_is_near(terms, order, dtype) -> None:
    """No order changes a bit; the error is below the smallest step of the grid a term."""
    values = np.array(terms) if dtype is np.float64 else (np.array(terms) / 1e270).astype(dtype)
    bound = np.array(abs(values).max() * len(values), dtype)
    mixed = values.copy()
    order.shuffle(mixed)
    total = arithmetic.sum_any_order(values, bound)
    assert total.tobytes() == arithmetic.sum_any_order(mixed, bound).tobytes()
    step = 8 * float(bound) * np.finfo(dtype).eps
    assert abs(math.fsum(map(float, values)) - float(total)) <= len(values) * step


@pytest.mark.parametrize(
    ("dtype", "last"), [(np.float64, 2.0**1022), (np.float32, 2.0**126)], ids=["double", "single"]
)
def test_a_bound_too_large_for_a_grid_gives_nan_and_the_one_below_does_not(dtype, last) -> None:
    below = np.nextafter(dtype(last), dtype(0))
    grids = arithmetic.summation_grid(np.array([below, last, np.inf], dtype))
    assert np.isnan(grids).tolist() == [False, True, True]
