"""Files written whole or not at all, and the fingerprint of the code that decides a stage."""

import ast
import glob
import hashlib
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
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

    Makes the folder. An interrupted or failed block leaves the old file, or none; an OSError names
    the file.
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    mine = f".{final.name}.{os.uname().nodename}"
    for left in final.parent.glob(f"{glob.escape(mine)}.[0-9]*"):  # by what was killed
        if not is_running(int(left.suffix[1:])):
            left.unlink(missing_ok=True)
    temporary = final.with_name(f"{mine}.{os.getpid()}")
    try:
        yield temporary
        os.replace(temporary, final)
    except OSError as error:
        if error.filename is None:  # as of a disk that is full
            error.filename = str(final)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def is_running(process: int) -> bool:
    """Tell whether there is a process of this number on this machine."""
    try:
        os.kill(process, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


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
    try:
        log = Path(path).open("w", encoding="utf-8", buffering=1)  # noqa: SIM115
    except OSError as error:
        sys.exit(sentence(error))
    try:
        print(f"{STARTED}{host.now()} on {host.hardware()}", file=log)
        with redirect_stdout(log), redirect_stderr(log):
            check_plan(module, planned)
            yield
        print(f"{FINISHED}{host.now()}", file=log)
    except (Exception, KeyboardInterrupt) as error:
        with suppress(OSError):  # a full disk has no room for its own log
            if not _is_foreseen(error):
                traceback.print_exc(file=log)
            print(sentence(error), file=log)
        sys.exit(f"{sentence(error)} ({path})")
    finally:
        with suppress(OSError):
            log.close()


def sentence(error: BaseException) -> str:
    """Return one sentence for an error: its own, or its kind with it; a file with what it lacks."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    name = "" if _is_own(error) else f"{type(error).__name__}: "
    return f"{name}{error}".removesuffix(": ")


def _is_own(error: BaseException) -> bool:
    return type(error).__module__.startswith(f"{PACKAGE}.")


def _is_foreseen(error: BaseException) -> bool:
    return _is_own(error) or isinstance(error, KeyboardInterrupt | OSError)


class WrongLibrary(RuntimeError):
    """A job's library is not the one that planned its run."""


def check_plan(module: str, planned: str) -> None:
    """Raise WrongLibrary unless this library's fingerprint of a module is the planned one."""
    if fingerprint(module) != planned:
        raise WrongLibrary(
            f"{HERE} holds other code than the library that planned this run; start the run again "
            "(if it stays so, the jobs' environment holds another symbreak)"
        )
