"""Compare what was computed here with a published site, and state the outcome for others to add.

What property P holds is judged; the rest of a site (pages, pictures, provenance, encodings) follows
versions and machine, and is reported only. Results that made the site confirm nothing.
"""

import hashlib
import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from threadpoolctl import threadpool_info

from symbreak import compare, confirmations, downloads, jobs
from symbreak.files import write_text
from symbreak.places import SUMS, is_address
from symbreak.publish import checksums
from symbreak.record import configs
from symbreak.report import Provenance
from symbreak.settings import Experiment

SECONDS = 60  # for an answer to a request


class VerifyError(RuntimeError):
    """A published site that differs from the results here, or cannot be compared: a sentence."""


@dataclass
class Outcome:
    """What a comparison found: paths that were compared, and a sentence by path that differs.

    ``missing`` were published and are not made here; ``own`` jobs of ``jobs`` made the site itself.
    """

    compared: list[str] = field(default_factory=list)
    differing: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    own: int = 0
    jobs: int = 0

    @property
    def agrees(self) -> bool:
        """Tell whether nothing that is judged differs or is missing."""
        return not self.differing and not self.missing


def statement_path(experiment: Experiment) -> str:
    """Return where ``write`` leaves its statement."""
    return f"reports/{experiment.name}/verification.json"


def write(experiment: Experiment, made_by: Provenance, published: str) -> str:
    """Compare the results with a published SHA256SUMS; returns a sentence on what was found.

    Writes a statement, but none of results that made the site. Raises VerifyError, after writing
    it, where something differs.
    """
    text = fetch(published)
    try:
        theirs = confirmations.sums(text.decode("utf-8", errors="replace"))
    except confirmations.StatementError as error:
        raise VerifyError(f"{published}: {error}") from None
    site = Site(published, theirs)
    check_config(made_by, site)
    outcome = judge(experiment, site)
    if outcome.own:
        return _own(outcome, site)
    path = statement_path(experiment)
    says = statement(experiment, made_by, outcome, site, hashlib.sha256(text).hexdigest())
    write_text(path, confirmations.text(says))
    if not outcome.agrees:
        raise VerifyError(f"{_differences(outcome)}; statement: {path}")
    return (f"Confirmed: the {len(outcome.compared)} files of tables in {published} are what was "
            f"computed here{_left_out(outcome)}. Statement: {path}; to add it to the site see "
            "docs/publishing.md")  # fmt: skip


class Site:
    """The files of a published site, beside its SHA256SUMS."""

    def __init__(self, published: str, sums: Mapping[str, str]) -> None:
        self.published, self.sums = published, sums

    def file(self, path: str) -> bytes:
        """Return a file's bytes; raises VerifyError unless they are what the checksums say."""
        where = beside(self.published, path)
        found = fetch(where)
        if hashlib.sha256(found).hexdigest() != self.sums[path]:
            raise VerifyError(f"{where} is not what its {SUMS} says: the site was changed after it "
                              "was made, or came incomplete")  # fmt: skip
        return found

    def jobs(self) -> list[jobs.Job]:
        """Return the jobs of the site's provenance; raises VerifyError where it tells no times."""
        try:
            known = self.file("provenance.json") if "provenance.json" in self.sums else b"{}"
            records = json.loads(known)["jobs"]
            found = [jobs.Job(**record) for record in records]
        except (ValueError, KeyError, TypeError):
            found = []
        if not any(job.started for job in found):
            raise VerifyError(f"Nothing is confirmed: {self.published} does not tell when its jobs "
                              "ran, so the results here may be those that made it")  # fmt: skip
        return found


def beside(published: str, path: str) -> str:
    """Return the path or address of a file of the site whose SHA256SUMS is given."""
    if is_address(published):
        return urllib.parse.urljoin(published, urllib.parse.quote(path))
    return str(Path(published).parent / path)


def fetch(where: str) -> bytes:
    """Return the bytes of a path or address; raises VerifyError where there are none."""
    try:
        if not is_address(where):
            return Path(where).read_bytes()
        with urllib.request.urlopen(where, timeout=SECONDS) as answer:
            return bytes(answer.read())
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise VerifyError(f"{where}: cannot be read ({reason}); name a site's {SUMS}") from None


def check_config(made_by: Provenance, site: Site) -> None:
    """Raise VerifyError unless the published experiment is that of the config used here."""
    ours = {f"config/{name}": text.encode() for name, text in configs(made_by)}
    theirs = [path for path in site.sums if path.startswith("config/")]
    if not theirs:
        raise VerifyError(f"{site.published}: holds no config; name a site's {SUMS}")
    for path in theirs:
        if path in ours and hashlib.sha256(ours[path]).hexdigest() == site.sums[path]:
            continue
        if path not in ours or compare.differ(path, ours[path], site.file(path)):
            raise VerifyError(f"the published experiment has another config than this one; use its "
                              f"own: --configfile {beside(site.published, path)}")  # fmt: skip


def judge(experiment: Experiment, site: Site) -> Outcome:
    """Return how the tables of the results here compare with a site's."""
    found = Outcome()
    ours = jobs.read(experiment)
    found.own, found.jobs = jobs.shared(ours, site.jobs()), len(ours)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        tables = downloads.write(experiment, folder / downloads.TABLES)
        with_blas = "blas" in experiment.arithmetic
        skipped = {table.name for table, rows in tables
                   if not compare.judged(table, list(rows.columns), with_blas)}  # fmt: skip
        made = checksums(folder)
        for path in (path for path in site.sums if path.startswith(f"{downloads.TABLES}/")):
            if Path(path).stem in skipped:
                found.unjudged.append(path)
            elif path not in made:
                found.missing.append(path)
            else:
                _compare(found, path, made[path], folder, site)
    return found


def _compare(found: Outcome, path: str, digest: str, folder: Path, site: Site) -> None:
    found.compared.append(path)
    if digest == site.sums[path]:
        return
    difference = compare.differ(path, folder.joinpath(path).read_bytes(), site.file(path))
    if difference:
        found.differing[path] = difference


def statement(experiment: Experiment, made_by: Provenance, outcome: Outcome, site: Site,
              digest: str) -> dict[str, Any]:  # fmt: skip
    """Return a statement (``confirmations.SCHEMA``) on a comparison."""
    done = jobs.read(experiment)
    most = confirmations.MOST_NAMED
    return {
        "statement": confirmations.VERSION, "experiment": experiment.name,
        "result": confirmations.CONFIRMED if outcome.agrees else confirmations.DIFFERS,
        "published": {"sums_sha256": digest,
                      "data_sha256": confirmations.data_digest(site.sums)},
        "config_sha256": made_by.digest, "commit": made_by.commit, "finished": jobs.span(done)[1],
        "hardware": list(jobs.machines(done))[:4], "blas": blas(),
        "versions": dict(made_by.versions),
        "files": {"compared": len(outcome.compared),
                  "equal": len(outcome.compared) - len(outcome.differing)},
        "differing": list(outcome.differing)[:most], "missing": outcome.missing[:most],
    }  # fmt: skip


def blas() -> str:
    """Return the BLAS of this process, with its version and kernel; no verdict hangs on it."""
    found = [f"{info['internal_api']} {info['version']} {info.get('architecture', '')}".strip()
             for info in threadpool_info() if info["user_api"] == "blas"]  # fmt: skip
    return "; ".join(dict.fromkeys(found)) or "not known"


def _own(outcome: Outcome, site: Site) -> str:
    if not outcome.agrees:
        raise VerifyError(f"{_differences(outcome)} (and {outcome.own} of {outcome.jobs} jobs here "
                          "are those that made the site)")  # fmt: skip
    return (f"Nothing is confirmed: {outcome.own} of the {outcome.jobs} jobs here are those that "
            f"made {site.published}, so that it equals itself. Verify in a fresh checkout, or "
            "remove the folder of results")  # fmt: skip


def _differences(outcome: Outcome) -> str:
    parts = [f"{path}: {text}" for path, text in outcome.differing.items()]
    if outcome.missing:
        parts.append(f"published and not made here: {', '.join(outcome.missing)}")
    return f"Not confirmed: {'; '.join(parts)}"


def _left_out(outcome: Outcome) -> str:
    if not outcome.unjudged:
        return ""
    names = sorted({Path(path).stem for path in outcome.unjudged})
    return f" (left out, as blas arithmetic depends on the machine: {', '.join(names)})"
