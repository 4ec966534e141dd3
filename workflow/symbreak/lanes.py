"""How the compiled engine's code is built: portable functions for machine floats, SIMD loops.

Numba compiles each phase of a training step with one network a SIMD lane: arrays end in an axis
of LANES networks, and the innermost loop runs over it. Three settings keep those loops vectorized:
arrays of a phase do not alias (a promise to LLVM: never give a phase two views that share memory
and write one of them), loops of 16 are not unrolled before the vectorizer sees them, and the
CPU's full vector width is used. None changes a bit.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import types
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.extending import intrinsic, overload, register_jitable

from symbreak import activations, arithmetic, dropout, optimizers, streams
from symbreak.files import fingerprint

LANES = 16

numba_config: Any = numba.config
llvm.set_option("symbreak", "-unroll-full-max-count=8")
llvm.set_option("symbreak", "-inline-threshold=10000")  # a call in a loop is not vectorized
if not os.environ.get("NUMBA_CPU_NAME") and "prefer-256-bit" not in (
    numba_config.CPU_FEATURES or ""
):
    numba_config.CPU_NAME = llvm.get_host_cpu_name()
    numba_config.CPU_FEATURES = llvm.get_host_cpu_features().flatten() + ",-prefer-256-bit"


# Compiled code is kept in a folder named after its sources: numba looks only at the file that
# holds a function, and would run the old arithmetic after an imported helper has changed.
_folder = os.environ.get("NUMBA_CACHE_DIR") or Path(
    tempfile.gettempdir(), f"symbreak-{os.getuid()}"
)
numba_config.CACHE_DIR = str(Path(_folder, fingerprint("engine")))


class LaneCompiler(CompilerBase):
    """Numba's usual pipeline, with the promise that array arguments do not alias."""

    def define_pipelines(self) -> list[Any]:
        """Return the pipelines to try: one."""
        self.state.flags.noalias = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


def phase(function: Callable[..., Any]) -> Any:
    """Compile a phase of the training step: cached, no fast math, no aliasing arrays."""
    return numba.njit(cache=True, pipeline_class=LaneCompiler, error_model="numpy")(function)


@intrinsic
def _float_bits(context: Any, x: Any) -> Any:
    integer = types.int32 if x == types.float32 else types.int64

    def cast(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(integer))

    return integer(x), cast


@intrinsic
def _bits_float(context: Any, bits: Any, x: Any) -> Any:
    integer = types.int32 if x == types.float32 else types.int64

    def cast(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        # Numba widens sums of int32 to int64: the low half is the int32 that NumPy has.
        narrow = context.cast(builder, arguments[0], signature.args[0], integer)
        return builder.bitcast(narrow, context.get_value_type(x))

    return x(bits, x), cast


overload(arithmetic.as_bits)(lambda x: lambda x: _float_bits(x))  # type: ignore[call-arg]
overload(arithmetic.from_bits)(lambda bits, x: lambda bits, x: _bits_float(bits, x))  # type: ignore[call-arg]
overload(arithmetic.double)(lambda x: lambda x: np.float64(x))
overload(arithmetic.square_root)(lambda x: lambda x: np.sqrt(x))
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
    arithmetic.exp32, arithmetic.exp64, arithmetic.tanh32, arithmetic.tanh64, arithmetic.sigmoid,
    arithmetic.log, arithmetic.log1p_exp, arithmetic.erf, arithmetic.normal_quantile,
    arithmetic.summation_grid32, arithmetic.summation_grid64, streams.mix, streams.threefry,
):  # fmt: skip
    register_jitable(_function)
_by_precision(arithmetic.exp, arithmetic.exp32, arithmetic.exp64)
_by_precision(arithmetic.tanh, arithmetic.tanh32, arithmetic.tanh64)
_by_precision(arithmetic.summation_grid, arithmetic.summation_grid32, arithmetic.summation_grid64)
for _registry in (activations.ACTIVATIONS, dropout.DROPOUTS, optimizers.OPTIMIZERS):
    for _component in _registry.values():
        register_jitable(_component.function)
