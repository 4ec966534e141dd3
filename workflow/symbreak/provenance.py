"""What made a report: commit, config, versions and lock, and the command that makes it again."""

import hashlib
import platform
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from symbreak import config as configuration

PACKAGES = ("symbreak", "snakemake", "numpy", "numba", "pandas", "scipy", "matplotlib", "seaborn",
            "jinja2")  # fmt: skip
UNKNOWN = "unknown (the library is not in a git repository)"


@dataclass(frozen=True)
class Provenance:
    """What made a report; ``config`` is (path, text) of each config file, in order.

    ``date`` is the commit's, as in 2026-11-25, and ``lock`` the SHA-256 of the lock file of a
    checkout; both are empty where they are not known.
    """

    config: tuple[tuple[str, str], ...]
    versions: Mapping[str, str]
    commit: str
    date: str = ""
    lock: str = ""

    @property
    def commit_text(self) -> str:
        """The commit and whether files were changed since, in words."""
        known = not self.commit.startswith("unknown")
        return f"commit {self.commit.replace(' with', ', with')}" if known else "commit unknown"

    @property
    def command(self) -> str:
        """The command that makes the report again."""
        paths = (path for path, _ in self.config)
        return shlex.join(["snakemake", "--cores", "4", "--configfile", *paths])

    @property
    def digest(self) -> str:
        """The SHA-256 of the config files' text, one after the other."""
        return hashlib.sha256("".join(text for _, text in self.config).encode()).hexdigest()


def provenance(config_files: Sequence[str | Path], config: Mapping[str, Any]) -> Provenance:
    """Return what makes the report of a config; needs neither git nor a repository."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    texts = config_texts(config_files, config)
    if not is_tracked():
        return Provenance(texts, versions, UNKNOWN, lock=lock_digest())
    return Provenance(texts, versions, commit(), _git("log", "-1", "--format=%cs"), lock_digest())


def config_texts(files: Sequence[str | Path], config: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return (path, text) of each config file, or of one that holds what was used.

    The latter where the files do not say all: after ``--config``, or from another workflow.
    """
    stated: dict[str, Any] = {}
    for path in files:
        stated |= configuration.load(str(path))
    used = configuration.plain(config)
    if used == stated:
        return tuple((_portable(path), Path(path).read_text(encoding="utf-8-sig"))
                     for path in files)  # fmt: skip
    name = f"{used['experiment']}-as-used.yaml"
    head = f"# What was used, not all of it from a config file: save it as {name}\n"
    return ((name, head + yaml.safe_dump(used, sort_keys=False, default_flow_style=None)),)


def _portable(path: str | Path) -> str:
    """Return a path as seen from the working directory; outside of it, only the name."""
    absolute, here = Path(path).resolve(), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute.name)


def is_tracked() -> bool:
    """Tell whether git knows this library's files."""
    return bool(_git("ls-files", "--error-unmatch", "--", Path(__file__).name))


def commit() -> str:
    """Return the commit of this library's files, and whether they were changed since."""
    head = _git("rev-parse", "HEAD")
    return head + (" with local changes" if _git("status", "--porcelain", "--", ".") else "")


def lock_digest() -> str:
    """Return the SHA-256 of the checkout's lock file; empty where there is none."""
    path = Path(__file__).parents[2] / "requirements.lock"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def _git(*arguments: str) -> str:
    """Return what git says of this folder; nothing where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True,
            timeout=30, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
