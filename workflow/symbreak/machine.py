"""Machine code in files: a training job loads what was compiled once, and never the compiler.

A function of the compiled engine becomes an object file a precision, in a folder named after the
sources and the processor it is for: changed arithmetic is never run from an old file. What is
called follows numba's own convention: two addresses for results and errors, then each array as
(owner, parent, elements, bytes an element, address, shape, strides), each whole number as it is.
"""

import ctypes
import hashlib
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from symbreak.files import fingerprint, written
from symbreak.processor import SYMBOL, target, target_machine


class MachineError(RuntimeError):
    """A compiled function reported an error: a fault in the engine."""


@cache
def folder() -> Path:
    """Return the folder of this library's machine code for this processor."""
    base = os.environ.get("SYMBREAK_KERNELS") or Path(
        tempfile.gettempdir(), f"symbreak-{os.getuid()}"
    )
    processor = hashlib.blake2b("\0".join(target()).encode(), digest_size=4).hexdigest()
    return Path(base, f"{fingerprint('machine')}-{processor}")


def address(name: str, dtype: str, arguments: tuple[Any, ...] = ()) -> int:
    """Return the address of a function, from its file.

    Where there is no such file, it is compiled, for these arguments.
    """
    if (name, dtype) not in LINKED:
        file = folder() / f"{name}-{dtype}.o"
        if not file.exists():
            from symbreak import kernels

            with written(file) as temporary:
                temporary.write_bytes(kernels.object_code(name, dtype, arguments))
        LINKED[name, dtype] = link(file.read_bytes())
    return LINKED[name, dtype]


def link(code: bytes) -> int:
    """Bring an object file's code into this process; returns the function's address."""
    linker = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
    linker.add_object_file(llvm.ObjectFileRef.from_data(code))
    linker.finalize_object()
    KEPT.append(linker)
    return linker.get_function_address(SYMBOL)


LINKED: dict[tuple[str, str], int] = {}  # addresses of functions by name and precision
KEPT: list[Any] = []  # linked code lives as long as what linked it


def flat(value: Any) -> Iterator[int]:
    """Yield the machine arguments of a value: whole number, contiguous array, or tuple of them."""
    if isinstance(value, tuple):
        for part in value:
            yield from flat(part)
    elif isinstance(value, np.ndarray):
        yield from (0, 0, value.size, value.itemsize, value.ctypes.data)
        yield from value.shape
        yield from value.strides
    else:
        yield int(value)


def call(name: str, dtype: str, *arguments: Any) -> None:
    """Call a compiled function for its effect on arrays.

    Raises MachineError where it reports a fault.
    """
    numbers = list(flat(arguments))
    result, error = ctypes.c_void_p(), ctypes.c_void_p()
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int32, *[ctypes.c_void_p] * 2, *[ctypes.c_uint64] * len(numbers)
    )
    function = kind(address(name, dtype, arguments))
    if status := function(ctypes.byref(result), ctypes.byref(error), *numbers):
        raise MachineError(f"{name} for {dtype}: machine code returned {status}")
