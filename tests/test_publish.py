"""A site is whole, relative, the same when built again, and says truly what it was made from."""

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import published_site
import pytest
import yaml
from report_page import Page
from symbreak import confirmations, crate, dictionary, downloads, places, publish

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def results(tmp_path_factory, experiment, trained) -> Path:
    """A working directory with the results of the small experiment."""
    folder = tmp_path_factory.mktemp("run")
    published_site.make(folder, experiment, trained)
    return folder


@pytest.fixture(scope="module")
def site(results: Path, experiment) -> Path:
    """Its site, made in that directory."""
    before = os.getcwd()
    os.chdir(results)
    try:
        return results / published_site.site(experiment)
    finally:
        os.chdir(before)


@pytest.fixture
def here(results: Path, site: Path, monkeypatch) -> Path:
    """The same directory, as the working directory."""
    monkeypatch.chdir(results)
    return results


def test_built_again_every_file_has_the_same_bytes(here: Path, site: Path, experiment) -> None:
    before = publish.checksums(site)
    shutil.rmtree(site)
    assert publish.checksums(published_site.site(experiment).resolve()) == before


def test_every_file_has_its_checksum(site: Path) -> None:
    done = subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=site,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout
    listed = confirmations.sums((site / "SHA256SUMS").read_text())
    there = {str(p.relative_to(site)) for p in site.rglob("*") if p.is_file()} - {"SHA256SUMS"}
    assert listed.keys() == there
    mark = subprocess.run(["sha256sum", "-c", "site.sha256"], cwd=site.parent, check=False)
    assert mark.returncode == 0


def test_links_are_relative_and_lead_to_a_file_or_a_place_on_the_page(site: Path) -> None:
    for page in sorted(site.glob("*.html")):
        found = Page(page.read_text())
        ids = set(found.values("id"))
        for link in [*found.values("href"), *found.values("src")]:
            parts = urlsplit(link)
            assert not parts.scheme, (page.name, link)
            assert not parts.netloc, (page.name, link)
            assert not parts.path.startswith("/"), (page.name, link)
            if parts.path:
                assert (page.parent / unquote(parts.path)).is_file(), (page.name, link)
            else:
                assert parts.fragment in ids, (page.name, link)


def test_the_index_names_its_picture_for_who_shares_it(site: Path) -> None:
    metas = {
        found.get("property"): found.get("content", "")
        for tag, found in Page((site / "index.html").read_text()).elements
        if tag == "meta"
    }
    assert "settings" in metas["og:description"]
    data = (site / metas["og:image"]).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert [int.from_bytes(data[i : i + 4], "big") for i in (16, 20)] == [1200, 630]


def test_tables_in_both_forms_hold_the_same(site: Path) -> None:
    both = [path for path in site.glob("tables/*.csv")]
    assert {"verdicts", "networks", "claims", "distances"} <= {path.stem for path in both}
    for path in both:
        parquet = path.with_suffix(".parquet").read_bytes()
        again = pd.read_csv(path, dtype=downloads.LABELS)
        kept = pd.read_parquet(path.with_suffix(".parquet"))
        assert parquet
        pd.testing.assert_frame_equal(kept, again, check_dtype=False, check_names=False)


def test_distances_of_settings_are_those_of_their_pairs(here: Path, site: Path) -> None:
    found = pd.read_csv(site / "tables/distances.csv", dtype=downloads.LABELS)
    pairs = pd.read_parquet(here / "results/small/distances/normal-0.5.parquet")
    rows = found[found["init"] == "normal-0.5"]
    assert rows["l2_whole_max"].max() == pairs["l2_whole"].max()
    row = rows.iloc[-1]
    same = pairs[(pairs["step"] == row["step"]) & (pairs["layer"] == row["layer"])]
    for name in downloads.COLUMNS:
        same = same[same[name].astype(str) == str(row[name])]
    assert row["l2_whole_median"] == same["l2_whole"].median()
    assert row["networks"] == same["replicate"].nunique()


def test_the_dictionary_has_a_meaning_for_every_column(site: Path) -> None:
    with (site / "dictionary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {r["table"] for r in rows} == {p.stem for p in site.glob("tables/*.parquet")}
    assert [r for r in rows if not r["meaning"]] == []
    assert {r["type"] for r in rows} == set(dictionary.TYPES)


def test_times_are_those_of_the_jobs_and_only_of_this_grid(site: Path) -> None:
    record = json.loads((site / "provenance.json").read_text())
    assert record["started"] == "2026-11-25T08:00:00.000Z"
    assert record["finished"] == "2026-11-25T09:10:00.000Z"
    assert "he_normal/none/none" not in {job["name"] for job in record["jobs"]}
    assert "publish" not in {job["stage"] for job in record["jobs"]}
    assert record["machines"] == {published_site.HARDWARE: len(record["jobs"])}
    assert record["seconds"] == 0.25 * len(record["jobs"])
    lock = (site / "requirements.lock").read_bytes()
    assert record["lock_sha256"] == hashlib.sha256(lock).hexdigest()


def test_the_crate_has_every_file_and_the_run_from_config_to_results(site: Path) -> None:
    metadata = json.loads((site / crate.NAME).read_text())
    graph = {entity["@id"]: entity for entity in metadata["@graph"]}
    assert len(graph) == len(metadata["@graph"])
    root, run = graph["./"], graph["#run"]
    listed = {part["@id"] for part in root["hasPart"]}
    sums = confirmations.sums((site / "SHA256SUMS").read_text())
    assert listed == sums.keys() - {crate.NAME}
    for path in listed:
        assert graph[path]["sha256"] == sums[path]
        assert int(graph[path]["contentSize"]) == (site / path).stat().st_size
    assert {profile["@id"] for profile in root["conformsTo"]} == crate.PROFILES.keys()
    assert graph[root["mainEntity"]["@id"]]["@type"][-1] == "ComputationalWorkflow"
    assert run["object"] == {"@id": "config/small.yaml"}
    assert {"tables/verdicts.csv", "report.html"} <= {part["@id"] for part in run["result"]}
    named = set(re.findall(r'"@id": "([^"]+)"', json.dumps(metadata)))
    assert {i for i in named if "://" not in i} == {i for i in graph if "://" not in i}


CFF_DATE = re.compile(r"\d{4}-(0[1-9]|1[012])-(0[1-9]|[12]\d|3[01])")


@pytest.mark.parametrize("which", ["run", "software"])
def test_a_citation_file_has_what_its_format_asks_for(site: Path, which: str) -> None:
    """Citation File Format 1.2.0; dates as text, types and keys as its schema has them."""
    text = (site if which == "run" else ROOT).joinpath("CITATION.cff").read_text()
    found = yaml.load(text, yaml.BaseLoader)
    assert found["cff-version"] == "1.2.0"
    assert found["type"] == {"run": "dataset", "software": "software"}[which]
    for entry in (found, *found.get("references", [])):
        assert entry["title"]
        assert all(author.get("name") or author.get("family-names") for author in entry["authors"])
    assert found["message"]
    assert CFF_DATE.fullmatch(found["date-released"])
    assert all(i.keys() <= {"type", "value", "description"} for i in found.get("identifiers", []))
    assert not (ROOT / ".zenodo.json").exists()  # Zenodo would ignore CITATION.cff


def test_an_interrupted_publish_leaves_the_old_site(here: Path, site: Path, monkeypatch,
                                                    experiment) -> None:  # fmt: skip
    before = publish.checksums(site)

    def stop(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(crate, "text", stop)
    with pytest.raises(KeyboardInterrupt):
        published_site.site(experiment)
    assert publish.checksums(site) == before
    assert not list(site.parent.glob(".site*"))


def test_a_stop_between_the_two_renames_is_mended_by_the_next_publish(tmp_path: Path) -> None:
    (tmp_path / ".site.old").mkdir()
    (tmp_path / ".site.old/index.html").write_text("old")
    with pytest.raises(ZeroDivisionError), publish.swapped(tmp_path / "site"):
        raise ZeroDivisionError
    assert (tmp_path / "site/index.html").read_text() == "old"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(publish.PublishError, match="cannot be written") as caught:
        publish.swapped(tmp_path / "site").__enter__()
    assert str(tmp_path) in str(caught.value)


def test_the_site_itself_is_declared_only_where_it_is_missing(here: Path, experiment, site) -> None:
    """For a workflow deletes what a job declares before it runs."""
    assert places.outputs(experiment) == ["reports/small/site.sha256"]
    moved = site.rename(site.with_name("moved"))
    assert places.outputs(experiment)[1:] == ["reports/small/site/SHA256SUMS"]
    moved.rename(site)


def test_the_site_has_every_file_of_the_workflow(site: Path) -> None:
    rules = {path.name for path in (ROOT / "workflow/rules").glob("*.smk")}
    assert {path.name for path in site.glob("workflow/rules/*.smk")} == rules


def test_every_kind_of_file_has_a_place_in_the_table_of_the_docs(site: Path) -> None:
    docs = (ROOT / "docs/publishing.md").read_text()
    tops = {str(p.relative_to(site)).split("/")[0] for p in site.rglob("*") if p.is_file()}
    for top in tops - {"workflow"}:
        assert f"`{top}" in docs, top


def test_the_workflow_for_pages_runs_the_readmes_commands_with_pinned_actions() -> None:
    text = (ROOT / ".github/workflows/pages.yml").read_text()
    flow = yaml.safe_load(text)
    steps = [step for job in flow["jobs"].values() for step in job["steps"]]
    for step in steps:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step.get("uses", f"a@{'0' * 40}"))
    runs = [step["run"] for step in steps if "run" in step]
    readme, make = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    assert runs[0] in readme
    assert f"\n{runs[0].split()[1]}:" in make
    assert runs[1].removeprefix(".venv/bin/") in readme
    assert flow["permissions"] == {"contents": "read"}
    assert flow["jobs"]["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert "reports/default/site" in text
