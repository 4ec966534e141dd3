"""The table of all settings: found, ordered, filtered, opened, kept and counted, in a browser."""

import csv
import io
import re
import statistics
from collections import Counter
from pathlib import Path

import altered_page
import pandas as pd
import pytest
from browser import NARROW, OpenPage
from playwright.sync_api import Page, expect
from symbreak import report
from symbreak.settings import COLUMNS
from symbreak.summary import WORDS

ROWS = "#settings tbody tr"
COUNT = "#settings-count"
SETTINGS, TIMES, MISSING = 32, 940, 100
LARGE = SETTINGS * TIMES
SLOWEST = 100  # ms from a key to the rows, at 30,000 settings


@pytest.fixture(scope="module")
def verdicts(report_file: Path) -> pd.DataFrame:
    """The table that the page is made from, a row a setting."""
    return pd.read_csv(report_file.with_name("verdicts.csv"), dtype=report.TEXT_COLUMNS)


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory, report_file: Path) -> Path:
    """The page with its settings over and over, the first missing."""
    file = tmp_path_factory.mktemp("large") / "report.html"
    change = altered_page.repeated(TIMES, MISSING)
    file.write_text(altered_page.altered(report_file.read_text(), change))
    return file


@pytest.fixture(scope="module")
def predicted_file(tmp_path_factory: pytest.TempPathFactory, report_file: Path) -> Path:
    """The page with predictions of its settings."""
    file = tmp_path_factory.mktemp("predicted") / "report.html"
    file.write_text(altered_page.altered(report_file.read_text(), altered_page.predicted))
    return file


def column(page: Page, heading: str) -> list[str]:
    """Return the cells under a heading, of the rows that are shown."""
    heads = page.locator("#settings thead th").all_inner_texts()
    at = [head.strip(" ↑↓") for head in heads].index(heading)
    return page.locator(ROWS).evaluate_all(
        "(rows, at) => rows.map(row => row.children[at].innerText)", at
    )


def words(page: Page) -> list[str]:
    return [cell.split("\n")[-1].strip(" ≠≈∷=‖◐∞–") for cell in column(page, "verdict")]


def test_every_setting_has_a_row(
    report_file: Path, open_page: OpenPage, verdicts: pd.DataFrame
) -> None:
    page = open_page(report_file).page
    page.wait_for_selector(ROWS)
    assert Counter(words(page)) == Counter(verdicts["verdict"])
    assert page.inner_text(COUNT) == f"All {len(verdicts)} settings"


def test_a_search_needs_every_word(
    report_file: Path, open_page: OpenPage, verdicts: pd.DataFrame
) -> None:
    page = open_page(report_file).page
    page.fill("#settings-search", "Tanh ZEROS")
    expected = ((verdicts["activation"] == "tanh") & (verdicts["init"] == "zeros")).sum()
    expect(page.locator(ROWS)).to_have_count(int(expected))
    assert set(column(page, "activation")) == {"tanh"}
    assert page.inner_text(COUNT) == f"{expected} of {len(verdicts)} settings"
    page.fill("#settings-search", "no such word")
    assert page.inner_text(COUNT) == f"0 of {len(verdicts)} settings"
    page.click("#settings-clear")
    assert page.inner_text(COUNT) == f"All {len(verdicts)} settings"
    assert page.evaluate("document.activeElement.id") == "settings-search"


def test_verdicts_and_factors_filter_together(
    report_file: Path, open_page: OpenPage, verdicts: pd.DataFrame
) -> None:
    page = open_page(report_file).page
    of_none = verdicts[verdicts["dropout"] == "none"]
    chosen = [word.name for word in WORDS if word.name in set(of_none["verdict"])][:2]
    for word in chosen:
        page.locator(f'#settings .chips label:has(input[value="{word}"])').click()
    page.select_option('#settings [data-factor="dropout"]', "none")
    kept = of_none[of_none["verdict"].isin(chosen)]
    assert sorted(words(page)) == sorted(kept["verdict"])
    assert set(column(page, "dropout")) == {"none"}
    page.wait_for_url(re.compile("only="))
    again = open_page(report_file, page.evaluate("location.hash")).page
    again.wait_for_selector(ROWS)
    assert again.inner_text(COUNT) == page.inner_text(COUNT)
    assert again.input_value('#settings [data-factor="dropout"]') == "none"


@pytest.mark.parametrize(
    ("chosen", "count", "said"),
    [("no", 1, "disagrees"), ("open", 1, "leaves several verdicts open"),
     ("none", 1, "predicts nothing"), ("yes", SETTINGS - 3, "agrees")],
)  # fmt: skip
def test_the_theory_filters_by_what_it_says(
    predicted_file: Path, open_page: OpenPage, chosen: str, count: int, said: str
) -> None:
    page = open_page(predicted_file).page
    page.wait_for_selector(ROWS)
    page.select_option("#settings-agrees", chosen)
    assert column(page, "theory") == [said] * count


def test_a_verdicts_count_is_that_of_the_other_filters(
    report_file: Path, open_page: OpenPage, verdicts: pd.DataFrame
) -> None:
    page = open_page(report_file, "#only=init:zeros&verdict=broken").page
    counts = Counter(verdicts.loc[verdicts["init"] == "zeros", "verdict"])
    page.wait_for_selector("#settings .chips .count")
    for word in WORDS:
        chip = page.locator(f'#settings .chips label:has(input[value="{word.name}"]) .count')
        assert chip.inner_text() == str(counts[word.name])


@pytest.mark.parametrize("heading", ["verdict", "initializer", "test loss"])
def test_a_heading_orders_up_then_down_then_as_the_grid(
    report_file: Path, open_page: OpenPage, heading: str
) -> None:
    page = open_page(report_file).page
    page.wait_for_selector(ROWS)
    grid = words(page)
    head = page.locator("#settings thead th", has_text=heading).first
    button = head.locator("button")
    button.focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    up = column(page, heading)
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    down = column(page, heading)
    known = [cell for cell in up if cell != "–"]
    assert [cell for cell in down if cell != "–"][:1] == known[-1:]
    assert all(cell == "–" for cell in up[len(known) :] + down[len(known) :])
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") is None
    assert words(page) == grid


def test_numbers_are_ordered_as_numbers_and_what_is_missing_comes_last(
    report_file: Path, open_page: OpenPage
) -> None:
    page = open_page(report_file, "#sort=-loss_median").page
    page.wait_for_selector(ROWS)
    cells = column(page, "test loss")
    known = [float(cell) for cell in cells if cell != "–"]
    assert known == sorted(known, reverse=True)
    assert cells[len(known) :] == ["–"] * (len(cells) - len(known))


def test_a_row_opens_its_setting(report_file: Path, open_page: OpenPage) -> None:
    page = open_page(report_file, "#q=normal").page
    page.wait_for_selector(ROWS)
    labels = [column(page, name)[1] for name in ("initializer", "dropout", "bias")]
    page.locator(ROWS).nth(1).locator("td").nth(2).click()
    page.wait_for_url(re.compile("setting="))
    address = page.evaluate("location.hash")
    assert f"setting={'/'.join(labels)}/" in address
    assert "q=normal" in address


def test_the_file_has_the_rows_shown_in_their_order_under_the_tables_header(
    report_file: Path, open_page: OpenPage, verdicts: pd.DataFrame
) -> None:
    page = open_page(report_file, "#verdict=broken&sort=-loss_median").page
    page.wait_for_selector(ROWS)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as CSV").click()
    found = list(csv.reader(io.StringIO(Path(waiting.value.path()).read_text())))
    assert found[0] == list(verdicts.columns)
    assert [row[found[0].index("init")] for row in found[1:]] == column(page, "initializer")
    assert len(found) - 1 == (verdicts["verdict"] == "broken").sum()
    at = found[0].index("loss_median")
    losses = [float(row[at]) for row in found[1:]]
    assert losses == sorted(losses, reverse=True)


def test_more_rows_are_shown_when_asked_for_and_what_is_missing_says_so(
    large_file: Path, open_page: OpenPage
) -> None:
    page = open_page(large_file).page
    page.wait_for_selector(ROWS)
    assert page.inner_text(COUNT) == f"All {LARGE:,} settings, {MISSING} of them missing"
    assert page.locator(ROWS).count() == 50
    page.focus("#settings-more")
    page.keyboard.press("Enter")
    assert page.locator(ROWS).count() == 250
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 51
    page.locator("#settings .chips label", has_text="missing").click()
    assert page.inner_text(COUNT).startswith(f"{MISSING} of")
    assert page.locator(ROWS).count() == 50
    assert words(page) == ["missing"] * 50
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as CSV").click()
    found = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))
    assert len(found) == MISSING
    assert {value for row in found for name, value in row.items() if name not in COLUMNS} == {""}


TIMED = """([asked]) => {
  const box = document.getElementById("settings-search");
  const start = performance.now();
  box.value = asked;
  box.dispatchEvent(new Event("input", {bubbles: true}));
  return [performance.now() - start, document.getElementById("settings-count").textContent];
}"""


def test_thirty_thousand_settings_are_searched_in_a_blink(
    large_file: Path, open_page: OpenPage
) -> None:
    page = open_page(large_file, "#sort=loss_median").page
    page.wait_for_selector(ROWS)
    page.evaluate(TIMED, ["warm"])  # the texts are joined at the first search
    times = [page.evaluate(TIMED, [text])[0] for text in ("tanh", "tanh no", "tied relu", "x")]
    assert statistics.median(times) < SLOWEST
    assert page.evaluate(TIMED, ["tanh"])[1].startswith(f"{LARGE // 2:,} of {LARGE:,} settings")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone(report_file: Path, open_page: OpenPage, scheme: str) -> None:
    page = open_page(report_file, "#q=normal", width=NARROW, scheme=scheme).page
    page.wait_for_selector(ROWS)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
