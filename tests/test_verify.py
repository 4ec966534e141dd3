"""A comparison finds the digit that differs, and a statement says what was compared."""

import hashlib
import json
import shutil
from pathlib import Path

import published_site
import pytest
from hypothesis import given
from hypothesis import strategies as st
from symbreak import compare, confirmations, downloads, jobs, verify
from test_publish import here, results, site  # noqa: F401


@pytest.fixture
def elsewhere(here: Path, tmp_path: Path) -> Path:  # noqa: F811
    """The site as somebody else published it, of a run of another day."""
    shutil.copytree(here / "reports/small/site", tmp_path / "site")
    path = tmp_path / "site/provenance.json"
    path.write_text(path.read_text().replace("2026-11-25", "2026-11-24"))
    seal(tmp_path / "site")
    return tmp_path / "site/SHA256SUMS"


def seal(folder: Path) -> None:
    """Write the checksums of a site's files as they are now."""
    (folder / "SHA256SUMS").unlink(missing_ok=True)
    found = ((hashlib.sha256(p.read_bytes()).hexdigest(), p.relative_to(folder))
             for p in sorted(folder.rglob("*")) if p.is_file())  # fmt: skip
    text = "".join(f"{digest}  {path}\n" for digest, path in found)
    (folder / "SHA256SUMS").write_text(text)


def verified(experiment, published: Path) -> str:
    return verify.write(experiment, published_site.sources(experiment).made_by, str(published))


def test_the_results_that_made_the_site_confirm_nothing(here, experiment) -> None:  # noqa: F811
    said = verified(experiment, here / "reports/small/site/SHA256SUMS")
    assert said.startswith("Nothing is confirmed")
    assert not Path(verify.statement_path(experiment)).exists()


def test_a_site_that_does_not_tell_when_it_was_made_is_not_confirmed(elsewhere, experiment) -> None:
    path = elsewhere.parent / "provenance.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"jobs": [j | {"started": ""} for j in record["jobs"]]}))
    seal(elsewhere.parent)
    with pytest.raises(verify.VerifyError, match="Nothing is confirmed"):
        verified(experiment, elsewhere)
    path.unlink()
    seal(elsewhere.parent)
    with pytest.raises(verify.VerifyError, match="Nothing is confirmed"):
        verified(experiment, elsewhere)


def test_equal_results_of_another_run_are_confirmed(elsewhere, experiment) -> None:
    assert verified(experiment, elsewhere).startswith("Confirmed")
    path = Path(verify.statement_path(experiment))
    says = json.loads(path.read_text())
    assert says["result"] == "confirmed"
    assert says["published"]["sums_sha256"] == hashlib.sha256(elsewhere.read_bytes()).hexdigest()
    assert says["hardware"] == [published_site.HARDWARE]
    assert path.stat().st_size < 1500
    path.unlink()


def test_a_changed_digit_is_found_with_its_row_and_column(elsewhere, experiment) -> None:
    path = elsewhere.parent / "tables/networks.csv"
    lines = path.read_text().splitlines()
    names, cells = lines[0].split(","), lines[7].split(",")
    at = names.index("checksum")
    cells[at] = "0123456789abcdef"
    path.write_text("\n".join([*lines[:7], ",".join(cells), *lines[8:]]) + "\n")
    seal(elsewhere.parent)
    with pytest.raises(verify.VerifyError) as caught:
        verified(experiment, elsewhere)
    assert "tables/networks.csv: row 7 (" in str(caught.value)
    assert "column checksum: " in str(caught.value)
    assert "0123456789abcdef published" in str(caught.value)
    says = json.loads(Path(verify.statement_path(experiment)).read_text())
    assert says["result"] == "differs"
    assert says["differing"] == ["tables/networks.csv"]


def test_what_is_published_and_not_made_here_is_named(elsewhere, experiment) -> None:
    (elsewhere.parent / "tables/more.csv").write_text("a\n1\n")
    seal(elsewhere.parent)
    with pytest.raises(verify.VerifyError, match=r"not made here: tables/more\.csv"):
        verified(experiment, elsewhere)


def test_a_site_that_was_changed_after_it_was_made_is_no_difference_of_results(
    elsewhere, experiment
) -> None:
    sums = elsewhere.read_text().splitlines()
    changed = [
        f"{'0' * 64}  {line[66:]}" if line.endswith("/claims.csv") else line for line in sums
    ]
    elsewhere.write_text("\n".join(changed) + "\n")
    with pytest.raises(verify.VerifyError, match="is not what its SHA256SUMS says"):
        verified(experiment, elsewhere)


def test_another_config_is_refused_and_a_comment_is_not(elsewhere, experiment) -> None:
    config = elsewhere.parent / "config/small.yaml"
    text = config.read_text()
    config.write_text(f"# a comment\n{text}")
    seal(elsewhere.parent)
    assert verified(experiment, elsewhere).startswith("Confirmed")
    config.write_text(text.replace("seed: 3", "seed: 4"))
    seal(elsewhere.parent)
    with pytest.raises(verify.VerifyError, match=r"another config.*--configfile .*small\.yaml"):
        verified(experiment, elsewhere)


@pytest.mark.parametrize("text", ["", "no checksum\n", "<html>"])
def test_what_is_no_list_of_checksums_is_one_sentence(tmp_path, experiment, here, text) -> None:  # noqa: F811
    (tmp_path / "SHA256SUMS").write_text(text)
    with pytest.raises(verify.VerifyError, match="name a site's SHA256SUMS"):
        verified(experiment, tmp_path / "SHA256SUMS")


def test_a_missing_file_and_a_dead_address_are_one_sentence(tmp_path: Path) -> None:
    for where in (str(tmp_path / "none"), "http://127.0.0.1:9/SHA256SUMS"):
        with pytest.raises(verify.VerifyError, match="cannot be read"):
            verify.fetch(where)


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ("site/SHA256SUMS", "site/tables/a-0.5.csv"),
        ("https://a.example/b/SHA256SUMS", "https://a.example/b/tables/a-0.5.csv"),
    ],
)
def test_files_lie_beside_their_checksums(published: str, expected: str) -> None:
    assert verify.beside(published, "tables/a-0.5.csv") == expected


CELLS = st.lists(st.lists(st.integers(0, 9).map(str), min_size=3, max_size=3), min_size=1)


@given(CELLS, st.data())
def test_one_changed_cell_is_named_and_equal_tables_have_no_difference(rows, data) -> None:
    names = ["a", "b", "c"]
    assert compare.tables([names, *rows], [names, *map(list, rows)]) == ""
    i, j = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 2))
    other = [list(row) for row in rows]
    other[i][j] += "1"
    found = compare.tables([names, *rows], [names, *other])
    assert found == f"row {i + 1}, column {names[j]}: {rows[i][j]} here, {other[i][j]} published"


def test_rows_of_blas_arithmetic_are_left_out() -> None:
    header = ["arithmetic", "loss"]
    ours = [header, ["exact", "1"], ["blas", "2"]]
    assert compare.tables(ours, [header, ["exact", "1"], ["blas", "3"]]) == ""
    assert "column loss" in compare.tables(ours, [header, ["exact", "4"], ["blas", "2"]])


def test_with_blas_tables_over_settings_are_not_judged() -> None:
    by_setting = ("a setting", "a network", "a pair")
    judged = {table.name for table in downloads.ALL if compare.judged(
        table, ["arithmetic"] * table.row.startswith(by_setting), with_blas=True)}  # fmt: skip
    assert {"verdicts", "networks", "distances", "hunt"} <= judged
    assert not {"claims", "contrasts"} & judged
    assert all(compare.judged(table, [], False) for table in downloads.ALL)


def statement(elsewhere: Path, experiment, tmp_path: Path) -> Path:
    verified(experiment, elsewhere)
    return Path(shutil.move(verify.statement_path(experiment), tmp_path / "mine.json"))


def test_a_statement_comes_back_on_the_site(elsewhere, experiment, tmp_path) -> None:
    path = statement(elsewhere, experiment, tmp_path)
    (found,) = confirmations.read([path], experiment.name)
    ours = confirmations.sums((Path("reports/small/site/SHA256SUMS")).read_text())
    assert found.about(confirmations.data_digest(ours)) == "this version"
    assert found.about("0" * 64) == "another version"
    folder = published_site.site(experiment, str(path))
    page = (folder / "data.html").read_text()
    assert published_site.HARDWARE in page
    assert "this version" in page
    assert (folder / "confirmations/mine.json").read_bytes() == path.read_bytes()
    again = confirmations.sums((folder / "SHA256SUMS").read_text())
    assert confirmations.data_digest(again) == confirmations.data_digest(ours)
    published_site.site(experiment)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"experiment": "other"}, r"move it to confirmations/other/"),
        ({"result": "fine"}, "result"),
        ({"published": {}}, "published"),
        ({"more": 1}, "more"),
    ],
)
def test_a_statement_of_another_form_is_one_sentence(
    elsewhere, experiment, tmp_path, change, sentence
) -> None:
    path = statement(elsewhere, experiment, tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(confirmations.StatementError, match=f"mine.json: .*{sentence}"):
        confirmations.read([path], experiment.name)


def test_a_statement_counts_once(elsewhere, experiment, tmp_path) -> None:
    path = statement(elsewhere, experiment, tmp_path)
    shutil.copy(path, tmp_path / "again.json")
    with pytest.raises(confirmations.StatementError, match="the same statement as mine"):
        confirmations.read([path, tmp_path / "again.json"], experiment.name)


def test_a_shared_job_has_place_start_and_seconds_in_common() -> None:
    job = jobs.Job("train", "a/b/c", "2026-11-25T08:00:00.000Z", "", 1.5)
    assert jobs.shared([job], [job]) == 1
    assert jobs.shared([job], [jobs.Job("train", "a/b/c", "", "", 1.5)]) == 0
    assert jobs.shared([jobs.Job("train", "a")], [jobs.Job("train", "a")]) == 0
