"""What a job reads is what the job before it wrote: the checksum of each file, kept beside it.

Snakemake looks at the times of files, not at what is in them.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from symbreak.files import write_text

ASIDE = ".damaged"  # the end of the name under which such a file is kept
LATER = ".npz"  # files of weights: the largest ones, checked where they are read


class Damaged(RuntimeError):
    """A file is not what a job wrote: one sentence."""


@contextmanager
def checked(inputs: Iterable[str], outputs: Iterable[str]) -> Iterator[None]:
    """Check a job's inputs before the block and record the checksums of its outputs after it.

    Raises Damaged. Files that no job made, as a user's own table, have no record and are taken as
    they are.
    """
    given, made = list(map(Path, inputs)), list(map(Path, outputs))
    for path in made:
        record(path).unlink(missing_ok=True)
    check(*given)
    yield
    for path in made:
        write_text(record(path), checksum(path))


def small(inputs: Iterable[str]) -> list[str]:
    """Return the files without those of weights, for a job that opens few of these."""
    return [path for path in inputs if not path.endswith(LATER)]


def check(*paths: str | Path) -> None:
    """Raise Damaged, and set the file aside, unless each file is what its record says."""
    for path in map(Path, paths):
        aside = path.with_name(path.name + ASIDE)
        if not path.exists() and aside.exists():
            raise Damaged(f"{path} is missing: a damaged one is set aside as {aside.name}; "
                          "the same command makes it again")  # fmt: skip
        if record(path).exists() and record(path).read_text() != checksum(path):
            raise Damaged(f"{path} is not the file that a job wrote (it was cut short, changed or "
                          f"replaced): {_set_aside(path, aside)}")  # fmt: skip


def record(path: Path) -> Path:
    """Return where a file's checksum is."""
    return path.with_name(f".{path.name}.checksum")


def checksum(path: Path) -> str:
    """Return 32 hex digits of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _set_aside(path: Path, aside: Path) -> str:
    """Rename a file; returns what to do next."""
    try:
        os.replace(path, aside)
    except OSError as error:
        return f"remove it ({error.strerror}); then the same command makes it again"
    return f"it is set aside as {aside.name}; the same command makes it again"
