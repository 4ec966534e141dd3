"""Machine code in files: a training job loads what was compiled once, and never the compiler.

A function of the compiled engine becomes an object file a precision, in a folder named after the
sources and the processor it is for: changed arithmetic is never run from an old file. What is
called follows numba's own convention: two addresses for results and errors, then each array as
(owner, parent, elements, bytes an element, address, shape, strides), each whole number as it is.
"""

import ctypes
import hashlib
import os
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from symbreak.files import fingerprint, written
from symbreak.processor import SYMBOL, MachineError, target, target_machine


@cache
def folder() -> Path:
    """Return the folder of this library's machine code, for this processor and compiler."""
    cache_home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    base = os.environ.get("SYMBREAK_KERNELS") or Path(cache_home, "symbreak")
    made_by = (*target(), version("numba"), version("llvmlite"))
    digest = hashlib.blake2b("\0".join(made_by).encode(), digest_size=4).hexdigest()
    return Path(base, f"{fingerprint('machine')}-{digest}")


def address(name: str, dtype: str, arguments: tuple[Any, ...] = ()) -> int:
    """Return the address of a function, from its file.

    Where there is no such file, or it is damaged, it is compiled, for these arguments. Raises
    NotCompiled where that cannot be.
    """
    if (name, dtype) not in LINKED:
        file = folder() / f"{name}-{dtype}.o"
        code = read(file)
        if code is None:
            from symbreak import kernels

            code = kernels.object_code(name, dtype, arguments)
            keep(file, code)
        LINKED[name, dtype] = link(code)
    return LINKED[name, dtype]


def seal(file: Path, code: bytes) -> bytes:
    """Return the digest that stands before an object's code: of the code and of what it is for."""
    return hashlib.blake2b(file.name.encode() + b"\0" + code, digest_size=16).digest()


def read(file: Path) -> bytes | None:
    """Return an object file's code; None where there is none, or not what was written."""
    if not file.exists():
        return None
    data = file.read_bytes()
    if data[:16] == seal(file, data[16:]):
        return data[16:]
    print(f"{file} is damaged: its code is compiled again")
    return None


def keep(file: Path, code: bytes) -> None:
    """Write an object file, whole or not at all; training goes on where that fails."""
    try:
        with written(file) as temporary:
            temporary.write_bytes(seal(file, code) + code)
    except OSError as error:
        print(f"compiled code is not kept, so that each job compiles its own: {error}")


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
