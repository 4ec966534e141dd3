"""Files written whole or not at all, and the fingerprint of the code that decides a stage."""

import ast
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = HERE.name


@contextmanager
def written(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; it takes the final name when the block succeeds.

    Makes the folder. An interrupted or failed block leaves the old file, or none.
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.name}.{os.getpid()}")
    try:
        yield temporary
        os.replace(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text whole or not at all."""
    with written(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def modules_of(module: str) -> set[str]:
    """Return a module of this package with all modules of it that it imports, directly or not."""
    found, waiting = set(), {module}
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= _imports(name) - found
    return found


@cache
def _imports(module: str) -> frozenset[str]:
    """Return the modules of this package that the module's import statements name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            names.add((node.module or "").split(".")[1])
    return frozenset(name for name in names if (HERE / f"{name}.py").exists())


@cache
def fingerprint(module: str) -> str:
    """Return 16 hex digits of the sources that decide what a module computes.

    Those are its own, those of the modules it imports, and for the report its templates. A changed
    figure leaves the fingerprint of the trainer as it is.
    """
    digest = hashlib.blake2b(digest_size=8)
    sources = [HERE / f"{name}.py" for name in sorted(modules_of(module))]
    if module == "report":
        sources += sorted((HERE / "templates").glob("*"))
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


@contextmanager
def job_log(path: str | Path, module: str, planned: str) -> Iterator[None]:
    """Print into a job's log; an error becomes its last line, in the log and on the terminal.

    Stops where this library's fingerprint of ``module`` is not the one that planned the job.
    """
    with Path(path).open("w", encoding="utf-8", buffering=1) as log, redirect_stdout(log):
        try:
            if fingerprint(module) != planned:
                raise RuntimeError(
                    f"the library at {HERE} has changed since this run was planned; "
                    "start the run again"
                )
            yield
        except (ValueError, RuntimeError, OSError) as error:
            print(f"{type(error).__name__}: {error}")
            sys.exit(f"{type(error).__name__}: {error}")
