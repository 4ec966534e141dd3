"""The processor that code is compiled for: this machine's, unless two variables say another."""

import ctypes
import os
from typing import Any

import llvmlite.binding as llvm

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
for _name in ("memcpy", "memmove", "memset"):  # all that compiled code takes from outside
    llvm.add_symbol(_name, ctypes.cast(getattr(ctypes.CDLL(None), _name), ctypes.c_void_p).value)
SYMBOL = "symbreak"  # of the function that an object file is for


class MachineError(RuntimeError):
    """Compiled code that is not there, or reported an error: a fault of the engine or its setup."""


class NotCompiled(TypeError):
    """A component's function that cannot become machine code with the bits of every machine."""


def target() -> tuple[str, str]:
    """Return the processor's name and features that code is compiled for: this machine's.

    NUMBA_CPU_NAME and NUMBA_CPU_FEATURES replace them. The full vector width is used.
    """
    name = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    features = os.environ.get("NUMBA_CPU_FEATURES")
    if features is None:
        features = llvm.get_host_cpu_features().flatten() + ",-prefer-256-bit"
    return name, features


def target_machine() -> Any:
    """Return LLVM's description of the processor."""
    name, features = target()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=name, features=features, opt=3, reloc="pic", codemodel="jitdefault", jit=True
    )
