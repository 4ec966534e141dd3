"""The site of an experiment: report, tables, provenance, checksums; swapped in as a whole.

Everything in it comes from the results' files, the checkout and the statements of others: built
again from the same ones it has the same bytes. Nothing asks the clock or the network.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from symbreak import (
    confirmations,
    crate,
    dictionary,
    downloads,
    page,
    picture,
    report,
    summary,
)
from symbreak.files import write_text
from symbreak.places import CITATION, CONFIRMATIONS, DOCS, PAPERS, SUMS, marker
from symbreak.record import Sources, authors, citation, configs, provenance
from symbreak.settings import Experiment

SENTENCES = {
    "index.html": "the report, with its data in files of its own",
    "report.html": "the report as one file, which opens from disk",
    "data.html": "what is here, checksums, confirmations and provenance",
    "404.html": "what a server shows for an address without a file",
    "picture.png": "the verdict matrix as a picture, 1200 x 630",
    "provenance.json": "commit, config, versions, machines, jobs and their times",
    "dictionary.csv": "what each column of each table means",
    "README.md": "what this folder is",
    "CITATION.cff": "how to cite this run",
    "LICENSE": "the licence",
    "requirements.lock": "the packages of the run, with their hashes",
    "environment.yml": "the same for users of conda",
    "Snakefile": "the workflow: data, train, measure, judge, report, publish",
}


class PublishError(RuntimeError):
    """A site that cannot be made: one sentence."""


def write(sources: Sources) -> str:
    """Make the site of an experiment beside its report; returns a sentence that says where."""
    mark = Path(marker(sources.experiment))
    with swapped(mark.parent / "site") as folder:
        build(sources, folder)
        sums = folder.joinpath(SUMS).read_bytes()
    write_text(mark, f"{hashlib.sha256(sums).hexdigest()}  site/{SUMS}\n")
    count = len(sums.splitlines()) + 1
    return f"Site: {mark.parent}/site, {count} files; check them there: sha256sum -c {SUMS}"


@contextmanager
def swapped(final: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``final``, which takes its place when the block succeeds.

    An interrupted or failed block leaves the old folder. Raises PublishError where a folder cannot
    be written.
    """
    new, old = final.with_name(f".{final.name}.new"), final.with_name(f".{final.name}.old")
    try:
        if old.exists() and not final.exists():  # stopped between the two renames below
            old.rename(final)
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
        new.mkdir(parents=True)
    except OSError as error:
        raise PublishError(f"{final.parent}: cannot be written ({error.strerror})") from None
    try:
        yield new
        if final.exists():
            final.rename(old)
        new.rename(final)
    except OSError as error:
        raise PublishError(f"{error.filename or final}: {error.strerror}") from None
    finally:
        if old.exists() and not final.exists():
            old.rename(final)
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def build(sources: Sources, folder: Path) -> None:
    """Write a site's files into an empty folder."""
    experiment, made_by = sources.experiment, sources.made_by
    tables = downloads.write(experiment, folder / downloads.TABLES)
    docs = dictionary.Docs(*(_text(sources.papers[name]) for name in DOCS))
    write_text(folder / "dictionary.csv", dictionary.text(docs, tables))
    for name in PAPERS:
        _copy(sources.papers[name], folder / name)
    for name, text in configs(made_by):
        write_text(folder / "config" / name, text)
    record = provenance(sources)
    write_text(folder / "provenance.json", json.dumps(record, indent=1) + "\n")
    write_text(folder / CITATION, citation(sources, record["finished"]))
    found = pd.read_csv(f"{experiment.results}/verdicts.csv", dtype=downloads.LABELS)
    grid = summary.Grid(experiment, found)
    folder.joinpath("picture.png").write_bytes(picture.png(grid))
    _pages(sources, folder, grid, record, tables)
    write_text(folder / crate.NAME, crate.text(run(sources, folder, record, tables)))
    write_text(folder / SUMS, "".join(f"{d}  {p}\n" for p, d in checksums(folder).items()))


def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def _copy(source: str | Path, target: Path) -> None:
    """Copy a file's bytes and nothing else of it: sources may lie on another file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(Path(source).read_bytes())


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a folder by its path, in the order of the paths."""
    paths = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    return {path: hashlib.sha256(folder.joinpath(path).read_bytes()).hexdigest() for path in paths}


def _pages(sources: Sources, folder: Path, grid: summary.Grid, record: Mapping[str, Any],
           tables: list[tuple[downloads.Table, pd.DataFrame]]) -> None:  # fmt: skip
    """Write the pages, and the statements that one of them lists."""
    name = sources.experiment.name
    statements = confirmations.read(sources.statements, name)
    for statement in statements:
        write_text(folder / CONFIRMATIONS / statement.name, statement.text.decode())
    found = report.read(sources.experiment)
    html, packs = report.assembled(sources.experiment, found, sources.made_by)
    files = page.site(html, packs) | {"report.html": page.one_file(html, packs, "index.html")}
    digest = confirmations.data_digest(checksums(folder))
    style = page.style([page.read("css", "site.css")])
    context = {
        "experiment": sources.experiment, "answer": summary.answer(grid), "record": record,
        "title": f"{name}: which settings set neurons apart", "style": style,
        "style_hash": page.source_hash(style), "statements": statements, "digest": digest,
        "tables": [(table, len(rows), len(rows.columns), sizes(folder, table.name))
                   for table, rows in tables],
        "sentences": SENTENCES, "made_by": sources.made_by, "sums": SUMS,
        "configs": [name for name, _ in configs(sources.made_by)],
    }  # fmt: skip
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("symbreak"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    for name in ("data.html", "404.html", "README.md"):
        files[name] = environment.get_template(name).render(context)
    head, link = (environment.get_template(f"site_{part}.html").render(context)
                  for part in ("head", "link"))  # fmt: skip
    files["index.html"] = into(into(files["index.html"], "</title>", head), "<footer>", link)
    for name, text in files.items():
        write_text(folder / name, text)


def sizes(folder: Path, table: str) -> list[tuple[str, str]]:
    """Return (path in the site, size in words) of each form of a table."""
    paths = (folder / downloads.TABLES / f"{table}.{ending}" for ending in ("csv", "parquet"))
    return [(str(path.relative_to(folder)), size(path.stat().st_size))
            for path in paths if path.exists()]  # fmt: skip


def size(count: int) -> str:
    """Return a number of bytes in words, as in ``1.2 MB``."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def into(html: str, mark: str, text: str) -> str:
    """Return a page with a text after the only place of a mark; raises PublishError without it."""
    before, found, after = html.partition(mark)
    if not found:
        raise PublishError(f"the report has no {mark}: it was not made by this version")
    return before + found + "\n" + text + after


def run(sources: Sources, folder: Path, record: Mapping[str, Any],
        tables: list[tuple[downloads.Table, pd.DataFrame]]) -> crate.Run:  # fmt: skip
    """Return what the crate says of the run; the site's other files are in their places."""
    sentences = {f"{downloads.TABLES}/{table.name}.{ending}": f"a row is {table.row}"
                 for table, _ in tables for ending in ("csv", "parquet")}  # fmt: skip
    found = {
        path: (folder.joinpath(path).stat().st_size, digest,
               (SENTENCES | sentences).get(path, path))
        for path, digest in checksums(folder).items()
    }  # fmt: skip
    name = sources.experiment.name
    tables_of = [path for path in found if path.startswith(f"{downloads.TABLES}/")]
    return crate.Run(
        f"symbreak experiment {name}",
        f"Which settings set neurons apart? Verdicts, networks and report of experiment {name}.",
        record["finished"] or _date(sources.experiment), record["started"], record["finished"],
        "Snakefile", record["versions"]["snakemake"], record["commit"], found,
        [path for path in found if path.startswith("config/")],
        [*tables_of, "report.html"], authors(sources),
    )  # fmt: skip


def _date(experiment: Experiment) -> str:
    """Return the day of the verdicts' file, for where no log tells when the jobs finished."""
    changed = Path(experiment.results, "verdicts.csv").stat().st_mtime
    return datetime.fromtimestamp(changed, UTC).date().isoformat()
