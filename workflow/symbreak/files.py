"""Files written whole or not at all, and the fingerprint of the code that decides a stage."""

import ast
import hashlib
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path

from symbreak import host

HERE = Path(__file__).parent
PACKAGE = HERE.name
READ = {"claims": "claims.yaml", "references": "references.bib"}  # what modules read beside code
STARTED, FINISHED = "started ", "finished "  # how the first and the last line of a log begin


@contextmanager
def written(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; it takes the final name when the block succeeds.

    Makes the folder. An interrupted or failed block leaves the old file, or none.
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.name}.{os.uname().nodename}.{os.getpid()}")
    try:
        yield temporary
        os.replace(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text whole or not at all."""
    with written(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_between(path: str | Path, marker: str, text: str) -> None:
    """Replace what stands between two lines of ``marker`` in a page of the docs."""
    head, _, rest = Path(path).read_text(encoding="utf-8").partition(marker)
    tail = rest.partition(marker)[2]
    write_text(path, f"{head}{marker}\n\n{text}\n\n{marker}{tail}")


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

    Those are its own, those of the modules it imports with what they read, and with the report
    its templates. A changed figure leaves the fingerprint of the trainer as it is.
    """
    digest = hashlib.blake2b(digest_size=8)
    modules = sorted(modules_of(module))
    sources = [HERE / f"{name}.py" for name in modules]
    sources += [HERE / name for module, name in READ.items() if module in modules]
    if "report" in modules:
        sources += sorted(path for path in (HERE / "templates").rglob("*") if path.is_file())
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


@contextmanager
def job_log(path: str | Path, module: str, planned: str) -> Iterator[None]:
    """Send what is printed to a job's log; exits with one sentence, logged too, for an error.

    Stops where this library's fingerprint of ``module`` is not the one that planned the job. An
    error that is none of this package's own leaves its traceback in the log. The first line says
    when the job started and on what, the last line of one that succeeds when it finished.
    """
    with Path(path).open("w", encoding="utf-8", buffering=1) as log:
        try:
            print(f"{STARTED}{host.now()} on {host.hardware()}", file=log)
            with redirect_stdout(log), redirect_stderr(log):
                check_plan(module, planned)
                yield
            print(f"{FINISHED}{host.now()}", file=log)
        except (Exception, KeyboardInterrupt) as error:
            own = type(error).__module__.startswith(f"{PACKAGE}.")
            if not own and not isinstance(error, KeyboardInterrupt | OSError):
                traceback.print_exc(file=log)
            name = "" if own else f"{type(error).__name__}: "
            sentence = f"{name}{error}".removesuffix(": ")
            print(sentence, file=log)
            sys.exit(f"{sentence} ({path})")


class WrongLibrary(RuntimeError):
    """A job's library is not the one that planned its run."""


def check_plan(module: str, planned: str) -> None:
    """Raise WrongLibrary unless this library's fingerprint of a module is the planned one."""
    if fingerprint(module) != planned:
        raise WrongLibrary(
            f"{HERE} holds other code than the library that planned this run; start the run again "
            "(if it stays so, the jobs' environment holds another symbreak)"
        )
