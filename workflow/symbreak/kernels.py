"""The functions of the compiled engine as object files: where numba, the compiler, is at work."""

import re
from typing import Any

import llvmlite.binding as llvm
import numba
from numba.core import types

from symbreak import loops, step
from symbreak.lanes import compiler, phase
from symbreak.processor import SYMBOL, MachineError, NotCompiled, target_machine
from symbreak.settings import REGISTRIES


def object_code(name: str, dtype: str, arguments: tuple[Any, ...]) -> bytes:
    """Return the object file of a function: ``run``, or a component's loop.

    A loop's name is its kind and component, as in ``activation-tanh``; the arguments of ``run``
    give its machine types. Raises NotCompiled where a component's code is for NumPy only.
    """
    if compiler.config.DISABLE_JIT:
        raise MachineError("NUMBA_DISABLE_JIT is set, but the engine is compiled: unset it")
    if name == "run":
        function, kinds = step.run, tuple(numba.typeof(value) for value in arguments)
    else:
        kind, component = name.split("-")
        function = phase(loops.loop(REGISTRIES[kind][component]))
        kinds = loops.signature(kind, dtype)
    try:
        function.compile(types.void(*kinds))
    except numba.core.errors.NumbaError as error:
        raise NotCompiled(f"{name} cannot be compiled ({_first_line(error)})") from None
    (compiled,) = (c for c in function.overloads.values() if c.signature.args == kinds)
    # Arrays come from outside, where their owners are: the code need not count them.
    text = re.sub(
        r"(?m)^.*call void @NRT_(incref|decref)\(.*$", "", compiled.library.get_llvm_str()
    )
    module = llvm.parse_assembly(text)
    module.get_function(compiled.fndesc.llvm_func_name).name = SYMBOL
    return emit(module)


# Of LLVM's own functions, those that become the C library's, or multiply and add with one rounding.
MATHEMATICS = {"exp", "exp2", "exp10", "log", "log2", "log10", "pow", "powi", "sin", "cos", "tan",
               "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "sincos", "sincospi",
               "ldexp", "frexp", "modf", "fma", "fmuladd"}  # fmt: skip


def _is_instruction(name: str) -> bool:
    """Tell whether a function that code takes from outside is an instruction in the end."""
    prefix, *rest = name.split(".")
    return prefix == "llvm" and rest[0] not in MATHEMATICS


def _first_line(error: Exception) -> str:
    """Return the first line of a compiler's message that says something of the code."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in lines[1:] if line), lines[0])


def emit(module: Any) -> bytes:
    """Return a module's object file, without the functions that nothing calls.

    Raises NotCompiled where the code calls a function that is not its own.
    """
    for function in module.functions:
        if not function.is_declaration and function.name != SYMBOL:
            function.linkage = "internal"
    machine = target_machine()
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    names = (f.name for f in module.functions if f.is_declaration)
    if outside := [name for name in names if not _is_instruction(name)]:
        raise NotCompiled(f"compiled code would call {', '.join(outside)}, whose bits are this "
                          "machine's own; use the functions of symbreak.arithmetic")  # fmt: skip
    return machine.emit_object(module)
