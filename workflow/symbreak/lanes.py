"""How the compiled engine's code is built: portable functions for machine floats, SIMD loops.

Numba compiles each phase of a training step with one network a SIMD lane: arrays end in an axis
of LANES networks, and the innermost loop runs over it. Three settings keep those loops vectorized:
arrays of a phase do not alias (a promise to LLVM: never give a phase two views that share memory
and write one of them), loops over lanes are not unrolled before the vectorizer sees them, and the
CPU's full vector width is used. None changes a bit.
"""

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.extending import intrinsic, overload, register_jitable

from symbreak import activations, arithmetic, dropout, normal, optimizers, streams
from symbreak.block import TURN
from symbreak.processor import target

for _option in (
    "-unroll-full-max-count=4",
    "-unroll-max-upperbound=4",
    "-vectorizer-min-trip-count=8",
):
    llvm.set_option("symbreak", _option)
llvm.set_option("symbreak", "-inline-threshold=10000")  # a call in a loop is not vectorized
compiler: Any = numba
carray = compiler.carray
compiler.config.CPU_NAME, compiler.config.CPU_FEATURES = target()


class LaneCompiler(CompilerBase):
    """Numba's usual pipeline, with the promise that array arguments do not alias."""

    def define_pipelines(self) -> list[Any]:
        """Return the pipelines to try: one."""
        self.state.flags.noalias = True
        self.state.flags.no_cpython_wrapper = True  # machine code is called by address
        self.state.flags.no_cfunc_wrapper = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


def phase(function: Callable[..., Any]) -> Any:
    """Compile a phase of the training step: no fast math, no aliasing arrays."""
    return numba.njit(pipeline_class=LaneCompiler, error_model="numpy")(function)


def inside(function: Callable[..., Any]) -> Any:
    """Make a function that writes machine instructions callable from compiled code."""
    return intrinsic(function)


@inside
def pointer(context: Any, array: Any, start: Any) -> Any:
    """Return the address of a contiguous array's element, counted through all axes."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        return builder.gep(data, [values[1]])

    return types.CPointer(array.dtype)(array, start), generate


@inside
def transpose(context: Any, source: Any, source_step: Any, target: Any, target_step: Any) -> Any:
    """Copy TURN vectors of TURN numbers, each a step after the last, as their transpose.

    Each round interleaves the first half of the vectors with the second.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> None:
        start, step, goal, goal_step = values
        kind = ir.VectorType(start.type.pointee, TURN).as_pointer()
        size = start.type.pointee.get_abi_size(context.target_data)

        def place(pointer: Any, step: Any, i: int) -> Any:
            return builder.bitcast(builder.gep(pointer, [builder.mul(step, step.type(i))]), kind)

        rows = [builder.load(place(start, step, i), align=size) for i in range(TURN)]
        half = TURN // 2
        pairs = [i // 2 + i % 2 * TURN for i in range(2 * TURN)]
        masks = [ir.Constant(ir.VectorType(ir.IntType(32), TURN), pairs[at : at + TURN])
                 for at in (0, TURN)]  # fmt: skip
        for _ in range(TURN.bit_length() - 1):
            rows = [builder.shuffle_vector(rows[i // 2], rows[i // 2 + half], masks[i % 2])
                    for i in range(TURN)]  # fmt: skip
        for i, row in enumerate(rows):
            builder.store(row, place(goal, goal_step, i), align=size)
        return context.get_dummy_value()

    return types.none(source, source_step, target, target_step), generate


@inside
def call(context: Any, address: Any, arguments: Any) -> Any:
    """Call the compiled function at an address, with a tuple of arguments, for its effects."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds = signature.args[1].types
        convention = context.call_conv
        kind = convention.get_function_type(types.none, kinds)
        function = builder.inttoptr(values[0], ir.PointerType(kind))
        unpacked = cgutils.unpack_tuple(builder, values[1])
        convention.call_function(builder, function, types.none, kinds, unpacked)
        return context.get_dummy_value()

    return types.none(address, arguments), generate


@inside
def _float_bits(context: Any, x: Any) -> Any:
    integer = types.int32 if x == types.float32 else types.int64

    def cast(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(integer))

    return integer(x), cast


@inside
def _root(context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        # The instruction, not the C library's function, which also sets an error number.
        return builder.call(builder.module.declare_intrinsic("llvm.sqrt", [values[0].type]), values)

    return x(x), generate


@inside
def _bits_float(context: Any, bits: Any, x: Any) -> Any:
    integer = types.int32 if x == types.float32 else types.int64

    def cast(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        # Numba widens sums of int32 to int64: the low half is the int32 that NumPy has.
        narrow = context.cast(builder, arguments[0], signature.args[0], integer)
        return builder.bitcast(narrow, context.get_value_type(x))

    return x(bits, x), cast


overload(arithmetic.as_bits)(lambda x: lambda x: _float_bits(x))
overload(arithmetic.from_bits)(lambda bits, x: lambda bits, x: _bits_float(bits, x))
overload(arithmetic.double)(lambda x: lambda x: np.float64(x))
overload(arithmetic.square_root)(lambda x: lambda x: _root(x))
overload(arithmetic.select)(
    lambda condition, yes, no: lambda condition, yes, no: yes if condition else no
)


@overload(arithmetic.like, strict=False)
def _like(x: Any, value: Any) -> Any:
    if x == types.float32:
        return lambda x, value: np.float32(value)
    return lambda x, value: np.float64(value)


def _by_precision(general: Any, single: Any, double: Any) -> None:
    """Compile a function of two precisions as the one that fits its argument."""

    @overload(general, strict=False)  # strict compares annotations, too
    def choose(x: Any) -> Any:
        if x == types.float32:
            return lambda x: single(x)
        return lambda x: double(x)


for _function in (
    arithmetic.with_sign, arithmetic.exp_parts32, arithmetic.exp_parts64, arithmetic.exp32,
    arithmetic.exp64, arithmetic.sigmoid32, arithmetic.sigmoid64, arithmetic.tanh32,
    arithmetic.tanh64, arithmetic.log_parts, arithmetic.log, arithmetic.log1p_exp,
    arithmetic.summation_grid32, arithmetic.summation_grid64, normal.erf, normal.quantile_centre,
    normal.quantile_tail, normal.normal_quantile, streams.mix, streams.threefry,
):  # fmt: skip
    register_jitable(_function)
_by_precision(arithmetic.exp, arithmetic.exp32, arithmetic.exp64)
_by_precision(arithmetic.sigmoid, arithmetic.sigmoid32, arithmetic.sigmoid64)
_by_precision(arithmetic.tanh, arithmetic.tanh32, arithmetic.tanh64)
_by_precision(arithmetic.summation_grid, arithmetic.summation_grid32, arithmetic.summation_grid64)
for _registry in (activations.ACTIVATIONS, dropout.DROPOUTS, optimizers.OPTIMIZERS):
    for _component in _registry.values():
        register_jitable(_component.function)
