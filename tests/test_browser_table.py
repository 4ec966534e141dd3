"""The table of all settings: found, ordered, filtered, opened, kept and counted, in a browser."""

import csv
import io
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import report_results
from browser import OpenPage
from playwright.sync_api import Page
from symbreak.settings import COLUMNS
from symbreak.summary import WORDS, Grid

ROWS = "#settings tbody tr"
COUNT = "#settings-count"


@pytest.fixture(scope="module")
def verdicts() -> pd.DataFrame:
    """The table that the page of ``report_file`` is made from, a row a setting in its order."""
    return report_results.spoiled()[1].verdicts


def column(page: Page, heading: str) -> list[str]:
    """Return the cells under a heading, of the rows that are shown."""
    heads = page.locator("#settings thead th").all_inner_texts()
    at = [head.strip(" ↑↓") for head in heads].index(heading)
    cells = page.locator(ROWS).all()
    return [row.locator("th, td").nth(at).inner_text() for row in cells]


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
    page.wait_for_function(f"document.querySelectorAll('{ROWS}').length === {expected}")
    assert set(column(page, "activation")) == {"tanh"}
    assert page.inner_text(COUNT) == f"{expected} of {len(verdicts)} settings"
    page.fill("#settings-search", "no such word")
    assert page.inner_text(COUNT) == f"0 of {len(verdicts)} settings"
    page.click("#settings-clear")
    assert page.inner_text(COUNT) == f"All {len(verdicts)} settings"
    assert page.evaluate("document.activeElement.id") == "settings-search"


def test_verdicts_factors_and_the_theory_filter_together(
    report_file: Path, open_page: OpenPage, verdicts: pd.DataFrame
) -> None:
    page = open_page(report_file).page
    page.locator("#settings .chips label", has_text="broken").click()
    page.locator("#settings .chips label", has_text="tied").click()
    page.select_option('#settings [data-factor="dropout"]', "none")
    page.select_option("#settings-agrees", "yes")
    kept = verdicts[verdicts["verdict"].isin(["broken", "tied"]) & (verdicts["dropout"] == "none")]
    kept = kept[(kept["agrees"] == "yes") & (kept["known"] == "yes")]
    assert sorted(words(page)) == sorted(kept["verdict"])
    assert set(column(page, "dropout")) == {"none"}
    page.wait_for_function("location.hash.includes('verdict=broken,tied')")
    again = open_page(report_file, page.evaluate("location.hash")).page
    assert again.inner_text(COUNT) == page.inner_text(COUNT)
    assert again.input_value('#settings [data-factor="dropout"]') == "none"


def test_a_verdicts_count_is_that_of_the_other_filters(
    report_file: Path, open_page: OpenPage, verdicts: pd.DataFrame
) -> None:
    page = open_page(report_file, "#only=init:zeros&verdict=broken").page
    counts = Counter(verdicts.loc[verdicts["init"] == "zeros", "verdict"])
    page.wait_for_selector("#settings .chips .count")
    for word in WORDS:
        chip = page.locator(f'#settings .chips label:has(input[value="{word.name}"]) .count')
        assert chip.inner_text() == str(counts[word.name])


@pytest.mark.parametrize("heading", ["verdict", "initializer", "test loss", "rule", "broken"])
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
    page.wait_for_function("location.hash.includes('setting=')")
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
    names = [found[0].index(name) for name in COLUMNS]
    shown = column(page, "initializer")
    assert [row[names[0]] for row in found[1:]] == shown
    known = {tuple(map(str, row)) for row in verdicts[list(COLUMNS)].itertuples(index=False)}
    assert len(found) - 1 == (verdicts["verdict"] == "broken").sum()
    at = found[0].index("loss_median")
    losses = [float(row[at]) for row in found[1:]]
    assert losses == sorted(losses, reverse=True)
    assert known


def large(folder: Path) -> tuple[Path, int]:
    """Write a page of 30,000 settings, some of them missing; return it and their number."""
    experiment = report_results.small(
        model={"hidden": [[3], [4], [5], [6], [7]], "activation": ["tanh", "sigmoid", "relu"]},
        training={
            **report_results.SMALL["training"], "weight_decay": [0, 0.1],
            "learning_rate": [k / 50 for k in range(1, 51)],
        },
        grid={
            "init": ["zeros", "tied", "normal", "uniform", "orthogonal"],
            "dropout": ["none", {"hidden": {"p": 0.5}}],
            "bias": ["none", "zeros"],
        },
    )  # fmt: skip
    few = report_results.spoiled()[1].verdicts
    settings = [s for c in experiment.combinations() for s in experiment.settings(*c)]
    rows = pd.concat([few] * (len(settings) // len(few) + 1), ignore_index=True)[: len(settings)]
    labels = pd.DataFrame([s.record() for s in settings])
    rows[list(COLUMNS)] = labels[list(COLUMNS)]
    grid = Grid(experiment, rows.drop(index=range(100)))
    return report_results.page_of(folder / "large.html", grid), len(settings)
