"""The functions of the compiled engine as object files: where numba, the compiler, is at work."""

import re
from typing import Any

import llvmlite.binding as llvm
import numba
from numba.core import types

from symbreak import loops, step
from symbreak.lanes import phase
from symbreak.processor import SYMBOL, target_machine
from symbreak.settings import REGISTRIES


def object_code(name: str, dtype: str, arguments: tuple[Any, ...]) -> bytes:
    """Return the object file of a function: ``run``, or a component's loop.

    A loop's name is its kind and component, as in ``activation-tanh``; the arguments of ``run``
    give its machine types.
    """
    if name == "run":
        function, kinds = step.run, tuple(numba.typeof(value) for value in arguments)
    else:
        kind, component = name.split("-")
        function = phase(loops.loop(REGISTRIES[kind][component]))
        kinds = loops.signature(kind, dtype)
    function.compile(types.void(*kinds))
    (compiled,) = (c for c in function.overloads.values() if c.signature.args == kinds)
    # Arrays come from outside, where their owners are: the code need not count them.
    text = re.sub(
        r"(?m)^.*call void @NRT_(incref|decref)\(.*$", "", compiled.library.get_llvm_str()
    )
    module = llvm.parse_assembly(text)
    module.get_function(compiled.fndesc.llvm_func_name).name = SYMBOL
    return emit(module)


class NotPortable(TypeError):
    """Code that takes a function from outside, whose bits would be the machine's."""


def emit(module: Any) -> bytes:
    """Return a module's object file, without the functions that nothing calls.

    Raises NotPortable where the code calls a function that is not its own.
    """
    for function in module.functions:
        if not function.is_declaration and function.name != SYMBOL:
            function.linkage = "internal"
    machine = target_machine()
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    names = (f.name for f in module.functions if f.is_declaration)
    if outside := [name for name in names if not name.startswith("llvm.")]:
        raise NotPortable(f"compiled code calls {', '.join(outside)}: its bits would be this "
                          "machine's own; use the functions of symbreak.arithmetic")  # fmt: skip
    return machine.emit_object(module)
