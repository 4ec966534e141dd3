"""What a site says of its run: provenance and a citation, from the results' files alone."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from symbreak import jobs
from symbreak.places import CITATION
from symbreak.report import Provenance
from symbreak.settings import Experiment


@dataclass(frozen=True)
class Sources:
    """Where a site's parts come from.

    ``papers`` has the path of each of DOCS, PAPERS and CITATION; ``statements`` are files.
    """

    experiment: Experiment
    made_by: Provenance
    papers: Mapping[str, str]
    statements: Sequence[str] = ()


def configs(made_by: Provenance) -> list[tuple[str, str]]:
    """Return (name, text) of each config file; those of one name are numbered in their order."""
    names = [Path(path).name for path, _ in made_by.config]
    numbered = len(set(names)) < len(names)
    return [
        (f"{i}-{name}" if numbered else name, text)
        for i, (name, (_, text)) in enumerate(zip(names, made_by.config, strict=True), 1)
    ]


def provenance(sources: Sources) -> dict[str, Any]:
    """Return what made the results, as plain values; times are those of the jobs' own files."""
    experiment, made_by = sources.experiment, sources.made_by
    done = jobs.read(experiment)
    started, finished = jobs.span(done)
    commit, _, changed = made_by.commit.partition(" with ")
    return {
        "experiment": experiment.name, "commit": commit, "local_changes": bool(changed),
        "command": made_by.command,
        "config_sha256": made_by.digest,
        "config": [{"path": path, "sha256": hashlib.sha256(text.encode()).hexdigest()}
                   for path, text in made_by.config],
        "lock_sha256": hashlib.sha256(
            Path(sources.papers["requirements.lock"]).read_bytes()).hexdigest(),
        "versions": dict(made_by.versions),
        "seeds": {"experiment": experiment.seed, "replicates": list(range(experiment.replicates))},
        "started": started, "finished": finished,
        "seconds": round(sum(job.seconds or 0 for job in done), 3),
        "machines": jobs.machines(done), "jobs": [asdict(job) for job in done],
    }  # fmt: skip


def citation(sources: Sources, finished: str) -> str:
    """Return a CITATION.cff of the run, which refers to the software by the checkout's own one."""
    software = yaml.safe_load(Path(sources.papers[CITATION]).read_text(encoding="utf-8"))
    digest = sources.made_by.digest
    dated = {"date-released": finished[:10]} if finished else {}
    known = not sources.made_by.commit.startswith("unknown")
    commit = {"commit": sources.made_by.commit.partition(" ")[0]} if known else {}
    found = {
        "cff-version": "1.2.0",
        "message": "If you use these results, please cite them as below.",
        "title": f"Which settings set neurons apart? Results of the experiment "
                 f"{sources.experiment.name}",
        "type": "dataset", "authors": software["authors"], "license": software["license"],
        "version": digest[:12], **dated,
        "identifiers": [{"type": "other", "value": f"sha256:{digest}",
                         "description": "The SHA-256 of the experiment's config."}],
        "references": [{"type": "software", "title": software["title"],
                        "authors": software["authors"], "version": software["version"],
                        "license": software["license"], **commit}],
    }  # fmt: skip
    return yaml.dump(found, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)


def authors(sources: Sources) -> list[str]:
    """Return the names of the software's authors, from the checkout's CITATION.cff."""
    found = yaml.safe_load(Path(sources.papers[CITATION]).read_text(encoding="utf-8"))["authors"]
    parts = ("name", "given-names", "name-particle", "family-names", "name-suffix")
    return [" ".join(author[part] for part in parts if part in author) for author in found]


class _Plain(yaml.SafeDumper):
    """YAML that spells out what occurs twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
