"""RO-Crate metadata of a site: the run as a Workflow Run Crate, made of what the site holds.

The profile is https://w3id.org/ro/wfrun/workflow/0.5 on RO-Crate 1.1: a root dataset with every
file, the workflow's Snakefile as its main entity, and the run as an action from config to results.
"""

import json
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

NAME = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}
CONTEXT = [f"{SPECIFICATION}/context", "https://w3id.org/ro/terms/workflow-run/context"]
LICENSE = "https://spdx.org/licenses/MIT"
TYPES = {
    ".parquet": "application/vnd.apache.parquet", ".cff": "application/yaml",
    ".yaml": "application/yaml", ".lock": "text/plain", ".smk": "text/x-snakemake",
    "": "text/plain", ".md": "text/markdown",
}  # fmt: skip

Entity = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """What a crate says of a run; times in UTC, empty where the logs do not tell them.

    ``files`` has (size in bytes, SHA-256, sentence) of each file of the site by its path;
    ``inputs`` and ``results`` are paths among them, ``workflow`` is that of the Snakefile;
    ``authors`` are those of the software.
    """

    name: str
    description: str
    published: str
    started: str
    finished: str
    workflow: str
    snakemake: str
    commit: str
    files: Mapping[str, tuple[int, str, str]]
    inputs: Sequence[str]
    results: Sequence[str]
    authors: Sequence[str]


def text(run: Run) -> str:
    """Return the metadata file; the same run gives the same text."""
    graph = [_descriptor(), _root(run), *_profiles(), _workflow(run), _language(run),
             *_parameters(), _action(run), _license(), *_authors(run),
             *(_file(run, path) for path in run.files if path != run.workflow)]  # fmt: skip
    return json.dumps({"@context": CONTEXT, "@graph": graph}, indent=1, ensure_ascii=False) + "\n"


def _ids(paths: Sequence[str]) -> list[Entity] | Entity:
    found = [{"@id": path} for path in paths]
    return found[0] if len(found) == 1 else found


def _descriptor() -> Entity:
    return {"@id": NAME, "@type": "CreativeWork", "about": {"@id": "./"},
            "conformsTo": _ids([SPECIFICATION, WORKFLOW_CRATE])}  # fmt: skip


def _root(run: Run) -> Entity:
    return {
        "@id": "./", "@type": "Dataset", "name": run.name, "description": run.description,
        "datePublished": run.published,
        "author": _ids([author["@id"] for author in _authors(run)]), "license": {"@id": LICENSE},
        "conformsTo": _ids([*PROFILES]), "hasPart": _ids([*run.files]),
        "mainEntity": {"@id": run.workflow}, "mentions": {"@id": "#run"},
    }  # fmt: skip


def _authors(run: Run) -> list[Entity]:
    return [{"@id": f"#author-{i}", "@type": "Organization", "name": name}
            for i, name in enumerate(run.authors)]  # fmt: skip


def _profiles() -> list[Entity]:
    return [{"@id": address, "@type": "CreativeWork", "name": name, "version": version}
            for address, (name, version) in PROFILES.items()]  # fmt: skip


def _workflow(run: Run) -> Entity:
    size, digest, sentence = run.files[run.workflow]
    return {
        "@id": run.workflow, "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "symbreak", "description": sentence, "version": run.commit,
        "programmingLanguage": {"@id": "#snakemake"}, "license": {"@id": LICENSE},
        "conformsTo": {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"},
        "input": {"@id": "#config"}, "output": {"@id": "#results"},
        "contentSize": str(size), "sha256": digest, "encodingFormat": "text/x-snakemake",
    }  # fmt: skip


def _language(run: Run) -> Entity:
    site = "https://snakemake.readthedocs.io"
    return {
        "@id": "#snakemake", "@type": "ComputerLanguage", "name": "Snakemake",
        "identifier": {"@id": site}, "url": {"@id": site}, "version": run.snakemake,
    }  # fmt: skip


def _parameters() -> list[Entity]:
    kinds = (("config", "the experiment's config files"), ("results", "its tables and report"))
    return [{"@id": f"#{name}", "@type": "FormalParameter", "name": name, "description": sentence,
             "additionalType": "File", "valueRequired": True, "multipleValues": True,
             "conformsTo": {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"}}
            for name, sentence in kinds]  # fmt: skip


def _action(run: Run) -> Entity:
    times = {"startTime": _time(run.started), "endTime": _time(run.finished)}
    return {
        "@id": "#run", "@type": "CreateAction", "name": f"Run of {run.name}",
        "description": "From the config to the tables and the report; jobs: provenance.json",
        "instrument": {"@id": run.workflow}, **{key: time for key, time in times.items() if time},
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "object": _ids(run.inputs), "result": _ids(run.results),
    }  # fmt: skip


def _time(time: str) -> str:
    """Return a time in UTC with its zone as the profile wants it: a difference, not Z."""
    return time.replace("Z", "+00:00")


def _license() -> Entity:
    return {"@id": LICENSE, "@type": "CreativeWork", "name": "MIT License", "identifier": "MIT"}


def _file(run: Run, path: str) -> Entity:
    size, digest, sentence = run.files[path]
    found: Entity = {
        "@id": path, "@type": "File", "name": path, "description": sentence,
        "contentSize": str(size), "sha256": digest, "encodingFormat": encoding(path),
    }  # fmt: skip
    if path == "README.md":
        found["about"] = {"@id": "./"}
    for parameter, paths in (("config", run.inputs), ("results", run.results)):
        if path in paths:
            found["exampleOfWork"] = {"@id": f"#{parameter}"}
    return found


def encoding(path: str) -> str:
    """Return the media type of a file by its ending, whatever this machine's tables say."""
    suffix = PurePosixPath(path).suffix
    if suffix in TYPES:
        return TYPES[suffix]
    return mimetypes.types_map.get(suffix, "application/octet-stream")
