"""Statements of verifications: what one is, and which of a folder confirm the data of a site.

A statement is a JSON file of about 1 KB that ``verify`` writes after it recomputed an experiment
elsewhere. People add theirs to ``confirmations/<experiment>/``; a site shows them. Only their form
and what they speak of can be checked: that they were made honestly cannot.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from symbreak import downloads
from symbreak.places import CONFIRMATIONS

VERSION = 1
CONFIRMED, DIFFERS = "confirmed", "differs"
MOST_NAMED = 8  # files that a statement names
DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
WORDS = {"type": "string", "minLength": 1, "maxLength": 200}
COUNT = {"type": "integer", "minimum": 0}
PATHS = {"type": "array", "items": WORDS, "maxItems": MOST_NAMED}


def _mapping(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties),
            "required": list(properties)}  # fmt: skip


SCHEMA = _mapping({
    "statement": {"const": VERSION},
    "experiment": WORDS,
    "result": {"enum": [CONFIRMED, DIFFERS]},
    "published": _mapping({"sums_sha256": DIGEST, "data_sha256": DIGEST}),
    "config_sha256": DIGEST,
    "commit": WORDS,
    "finished": {"type": "string", "maxLength": 30},
    "hardware": {"type": "array", "items": WORDS, "minItems": 1, "maxItems": 4},
    "blas": WORDS,
    "versions": {"type": "object", "additionalProperties": WORDS, "maxProperties": 20},
    "files": _mapping({"compared": COUNT, "equal": COUNT}),
    "differing": PATHS,
    "missing": PATHS,
})  # fmt: skip


class StatementError(ValueError):
    """A statement that cannot be shown: one sentence with the file and what is wrong."""


@dataclass(frozen=True)
class Statement:
    """A checked statement: its file's name and bytes, and what it says."""

    name: str
    text: bytes
    says: Mapping[str, Any]

    def about(self, data_digest: str) -> str:
        """Return which version of the site's data it speaks of, in words."""
        same = self.says["published"]["data_sha256"] == data_digest
        return "this version" if same else "another version"


def read(files: Iterable[str | Path], experiment: str) -> list[Statement]:
    """Return the statements of files; raises StatementError for one that is none, or is doubled."""
    found: dict[bytes, Statement] = {}
    for path in map(Path, files):
        statement = _read(path, experiment)
        if statement.text in found:
            raise StatementError(f"{path}: the same statement as {found[statement.text].name}; "
                                 "remove one of them")  # fmt: skip
        found[statement.text] = statement
    return list(found.values())


def _read(path: Path, experiment: str) -> Statement:
    try:
        text = path.read_bytes()
        says = json.loads(text)
    except OSError as error:
        raise StatementError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise StatementError(f"{path}: not JSON; add the file that verify wrote") from None
    for wrong in jsonschema.Draft202012Validator(SCHEMA).iter_errors(says):
        place = ".".join(map(str, wrong.absolute_path)) or "the statement"
        raise StatementError(f"{path}: {place}: {wrong.message[:120]}; add the file as verify "
                             "wrote it")  # fmt: skip
    if says["experiment"] != experiment:
        other = says["experiment"]
        raise StatementError(f"{path}: speaks of experiment {other}, not {experiment}; move it to "
                             f"{CONFIRMATIONS}/{other}/")  # fmt: skip
    return Statement(path.name, text, says)


def text(says: Mapping[str, Any]) -> str:
    """Return a statement as the text of its file; raises jsonschema's error where it is none."""
    jsonschema.validate(says, SCHEMA)
    return json.dumps(says, indent=1, ensure_ascii=False) + "\n"


def sums(text: str) -> dict[str, str]:
    """Return the checksum of each path of a SHA256SUMS; raises StatementError for another text."""
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        digest, gap, path = line[:64], line[64:66], line[66:]
        if gap not in ("  ", " *") or not path or set(digest) - set("0123456789abcdef"):
            raise StatementError(f"line {number} is not a checksum, two spaces and a path; name "
                                 "a site's SHA256SUMS")  # fmt: skip
        found[path] = digest
    return found


def data_digest(checksums: Mapping[str, str]) -> str:
    """Return the SHA-256 of the lines of a SHA256SUMS that are of files held by property P.

    It stays as it is when pages, provenance or statements change.
    """
    held = sorted(path for path in checksums if downloads.kind(path) == downloads.HELD)
    lines = "".join(f"{checksums[path]}  {path}\n" for path in held)
    return hashlib.sha256(lines.encode()).hexdigest()
