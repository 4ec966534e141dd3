"""Predicting the verdicts, and a class's tally, in a browser."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import altered_page
import pandas as pd
import pytest
from browser import NARROW, OpenPage
from playwright.sync_api import Download, Locator, Page, expect
from symbreak import report
from symbreak.summary import WORDS

CELLS = ".panel:visible .map tbody td"
LETTERS = {word.name: word.name[0] for word in WORDS}
GUESSES = r"guesses=[^&]*"


@pytest.fixture(scope="module")
def verdicts(report_file: Path) -> pd.DataFrame:
    """The table that the page is made from, a row a setting."""
    return pd.read_csv(report_file.with_name("verdicts.csv"), dtype=report.TEXT_COLUMNS)


@pytest.fixture(scope="module")
def predicted_file(tmp_path_factory: pytest.TempPathFactory, report_file: Path) -> Path:
    """The page with predictions of its settings, all right but those of the first three."""
    return written(tmp_path_factory, report_file, altered_page.predicted)


def written(factory: pytest.TempPathFactory, file: Path, change: Any) -> Path:
    found = factory.mktemp("altered") / "report.html"
    found.write_text(altered_page.altered(file.read_text(), change))
    return found


def predicting(page: Page) -> Page:
    page.get_by_role("button", name="Predict first").click()
    expect(page.locator(".map .hidden").first).to_be_visible()
    return page


def cell(page: Page, place: int) -> Locator:
    return page.locator(CELLS).nth(place)


def take(page: Page, word: str) -> None:
    page.locator(f'.predicting label:has(input[value="{word}"])').click()


def label(found: Locator) -> str:
    return found.get_attribute("aria-label") or ""


def answers(page: Page) -> list[str]:
    """Return the verdicts of the matrix that is shown."""
    names = [re.split(r": (?=\w+,)", label(one))[-1].split(",")[0] for one in
             page.locator(CELLS).all()]  # fmt: skip
    assert set(names) <= set(LETTERS)
    return names


def score(page: Page) -> dict[str, list[str]]:
    """Return the counts of right guesses by who guessed: [by the word, one word for two]."""
    rows = page.locator("#predict-table tbody tr:visible").all()
    return {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows}


def link_of(page: Page) -> str:
    """Return the address with the guesses, as soon as it has them."""
    page.wait_for_url(re.compile(GUESSES))
    page.wait_for_timeout(200)  # later guesses are written with a delay
    return str(page.evaluate("location.href"))


def saved(page: Page, name: str) -> list[dict[str, str]]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).click()
    done: Download = waiting.value
    return list(csv.DictReader(io.StringIO(Path(done.path()).read_text())))


def test_predicting_hides_every_verdict_of_the_matrix_and_its_words(
    report_file: Path, open_page: OpenPage
) -> None:
    page = open_page(report_file).page
    page.wait_for_selector(".map [tabindex='0']")
    known = answers(page)
    predicting(page)
    assert page.locator(CELLS).all_inner_texts() == ["?"] * len(known)
    for one in page.locator(CELLS).all():
        assert "hidden" in label(one)
        assert not one.get_attribute("title")
    assert page.locator("table.words:visible").count() == 0
    for word in LETTERS:
        assert word not in page.inner_text("#matrix .readout").split("No guess")[0]
    page.get_by_role("button", name="Predict first").click()
    assert answers(page) == known


def test_mouse_and_keys_guess_and_take_back(report_file: Path, open_page: OpenPage) -> None:
    page = predicting(open_page(report_file).page)
    take(page, "tied")
    cell(page, 0).click()
    assert "your guess is tied" in label(cell(page, 0))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert "your guess is tied" in label(cell(page, 1))
    for word, letter in LETTERS.items():
        page.keyboard.press(letter)
        assert f"your guess is {word}" in label(cell(page, 1))
    assert page.inner_text("#predict-score") == "2 guesses, 0 revealed"
    page.keyboard.press("Delete")
    assert "no guess yet" in label(cell(page, 1))
    take(page, "erase")
    cell(page, 0).click()
    assert page.inner_text("#predict-score") == "0 guesses, 0 revealed"
    assert "setting=" not in page.url


def test_the_words_are_taken_with_the_arrow_keys(report_file: Path, open_page: OpenPage) -> None:
    page = predicting(open_page(report_file).page)
    page.focus('.predicting input[value="broken"]')
    page.keyboard.press("ArrowRight")
    cell(page, 2).click()
    assert "your guess is redundant" in label(cell(page, 2))


def test_what_is_revealed_is_not_guessed_any_more_and_opens(
    report_file: Path, open_page: OpenPage
) -> None:
    page = open_page(report_file).page
    page.wait_for_selector(".map [tabindex='0']")
    known = answers(page)
    predicting(page)
    cell(page, 3).click()
    page.keyboard.press("?")
    right = known[3] == "broken"
    assert f"{known[3]}," in label(cell(page, 3))
    assert ("your guess was right" if right else "your guess was broken") in label(cell(page, 3))
    page.keyboard.press("t")
    assert "tied" not in label(cell(page, 3)).split(";")[-1]
    assert label(cell(page, 4)).count("hidden, no guess")
    cell(page, 3).click()
    page.wait_for_url(re.compile("setting="))


def test_the_score_is_that_of_the_guesses_revealed_beside_its_rivals(
    predicted_file: Path, open_page: OpenPage, verdicts: pd.DataFrame
) -> None:
    page = open_page(predicted_file).page
    page.wait_for_selector(".map [tabindex='0']")
    known = answers(page)
    commonest = max(LETTERS, key=lambda word: (verdicts["verdict"] == word).sum())
    predicting(page)
    take(page, "symmetric")
    for place in range(len(known)):
        cell(page, place).click()
    assert score(page) == {}
    page.get_by_role("button", name="Reveal my guesses").click()
    found = score(page)
    total = len(known)
    loose = ["broken" if word == "redundant" else word for word in known]
    assert found["You"][0].startswith(f"{known.count('symmetric')} of {total} ")
    rival = found[f"Always {commonest}"]
    assert rival[0].startswith(f"{known.count(commonest)} of {total} ")
    merged = "broken" if commonest == "redundant" else commonest
    assert rival[1].startswith(f"{loose.count(merged)} of {total} ")
    # The first settings of the grid, one wrong, two without a word, are of the first row and two
    # models; of this model they are two.
    wrong = int(found["The theory"][1].split(" of ")[0])
    assert wrong == total - 2
    assert page.inner_text("#predict-score").endswith(
        f"{known.count('symmetric')} of {total} right"
    )


def test_revealing_the_matrix_shows_all_of_it_and_starting_again_nothing(
    report_file: Path, open_page: OpenPage
) -> None:
    page = predicting(open_page(report_file).page)
    cell(page, 0).click()
    page.get_by_role("button", name="Reveal this matrix").click()
    assert page.locator(".map:visible .hidden").count() == 0
    page.locator("label", has_text="sigmoid").first.click()
    assert page.locator(CELLS).all_inner_texts() == ["?"] * page.locator(CELLS).count()
    page.get_by_role("button", name="Start again").click()
    assert page.inner_text("#predict-score") == "0 guesses, 0 revealed"


def test_a_link_brings_the_guesses_back_hidden(report_file: Path, open_page: OpenPage) -> None:
    page = predicting(open_page(report_file).page)
    for place, letter in enumerate("brts"):
        cell(page, place).focus()
        page.keyboard.press(letter)
    page.fill("#predict-name", "Ána & Bo")
    marks = page.locator(CELLS).all_inner_texts()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith("report.html#")  # no folder of the reader's
    again = open_page(report_file, "#" + link.split("#")[1]).page
    expect(again.locator(".map .guessed")).to_have_count(4)
    assert again.locator(CELLS).all_inner_texts() == marks
    assert again.input_value("#predict-name") == "Ána & Bo"


def test_a_link_means_the_same_in_a_larger_grid_and_says_what_that_lacks(
    tmp_path_factory: pytest.TempPathFactory, report_file: Path, open_page: OpenPage
) -> None:
    page = predicting(open_page(report_file).page)
    take(page, "mixed")
    for place in (0, 5):
        cell(page, place).click()
    hash_ = "#" + link_of(page).split("#")[1]

    def larger(index: altered_page.Index) -> None:
        inits = index["factors"][0]["values"]
        inits.insert(0, inits.pop())  # the same settings at other places
        count = index["size"] // len(inits)
        for values in index["columns"].values():
            values[:] = values[-count:] + values[:-count]

    def other(index: altered_page.Index) -> None:
        index["factors"][0]["values"][0] = "ones"

    moved = open_page(written(tmp_path_factory, report_file, larger), hash_).page
    expect(moved.locator(".guessed")).to_have_count(2)
    columns = moved.locator(".map tbody tr").first.locator("td").count()
    assert "mixed" in label(cell(moved, columns))
    lacking = open_page(written(tmp_path_factory, report_file, other), hash_).page
    expect(lacking.locator("#predict-warning")).to_contain_text("that this report does not have")


def test_a_link_of_other_data_is_not_shown_and_says_so(
    report_file: Path, open_page: OpenPage
) -> None:
    page = predicting(open_page(report_file).page)
    cell(page, 0).click()
    hash_ = "#" + link_of(page).split("#")[1]
    foreign = re.sub(r"guesses=small~\w+", "guesses=theirs~00000000", hash_)
    again = open_page(report_file, foreign).page
    expect(again.locator("#predict-warning")).to_contain_text("made for experiment theirs")
    assert again.locator(".guessed").count() == 0
    cut = open_page(report_file, hash_[:-1]).page
    expect(cut.locator("#predict-warning")).to_contain_text("cut off")


def class_links(page: Page, count: int) -> list[str]:
    """Return links of readers 1, 2, ... who guess ever more cells of the first row symmetric."""
    predicting(page)
    take(page, "symmetric")
    links = []
    for reader in range(count):
        cell(page, reader).click()
        page.fill("#predict-name", f"Reader {reader + 1}")
        page.wait_for_timeout(250)
        links.append(link_of(page))
    return links


def test_a_class_is_tallied_and_no_line_is_lost(
    predicted_file: Path, open_page: OpenPage, verdicts: pd.DataFrame
) -> None:
    page = open_page(predicted_file).page
    page.wait_for_selector(".map [tabindex='0']")
    known = answers(page)[:3]
    links = class_links(page, 3)
    lines = ["Guesses of Monday", f"10:32 Kim: {links[0]}, sorry it is late.", "",
             f"<{links[1]}>", links[2], links[1], links[2][:-9],
             re.sub(r"~[0-9a-f]{8}~", "~00000000~", links[0])]  # fmt: skip
    page.fill("#class-links", "\n".join(lines))
    rows = page.locator(".class-tally table").first.locator("tbody tr")
    assert rows.locator("th").all_inner_texts() == ["Reader 1", "Reader 2", "Reader 3", "All"]
    right = [known[: k + 1].count("symmetric") for k in range(3)]
    counts = [row.locator("td").first.inner_text().split(" (")[0] for row in rows.all()]
    assert counts == [*(f"{r} of {k + 1}" for k, r in enumerate(right)), f"{sum(right)} of 6"]
    bad = page.locator("#class-bad").inner_text()
    for said in ("Line 6 is not counted: it repeats line 4", "Line 7 is not counted",
                 "Line 8 is not counted: it was made for", "Line 1 has no link"):  # fmt: skip
        assert said in bad
    assert page.inner_text("#class-summary").startswith("3 readers, 6 guesses")
    page.fill("#class-links", "")
    assert page.inner_text("#class-summary") == ""
    assert not page.locator(".class-tally").is_visible()


def test_the_cells_most_got_wrong_come_first_and_lead_to_their_settings(
    predicted_file: Path, open_page: OpenPage
) -> None:
    page = open_page(predicted_file).page
    links = class_links(page, 6)
    page.fill("#class-links", "\n".join(links))
    wrong = page.locator(".class-tally table").nth(1).locator("tbody tr")
    parts = [cells.split(" of ") for cells in wrong.locator("td:nth-child(3)").all_inner_texts()]
    shares = [int(part) / int(whole) for part, whole in parts]
    assert shares == sorted(shares, reverse=True)
    assert "symmetric" in wrong.first.locator("td").last.inner_text()
    readers, cells = saved(page, "readers as CSV"), saved(page, "cells as CSV")
    assert [row["reader"] for row in readers] == [f"Reader {k}" for k in range(1, 7)]
    assert [int(row["guesses"]) for row in readers] == list(range(1, 7))
    assert sum(int(row["wrong"]) for row in cells) == sum(
        int(row["guesses"]) - int(row["right"]) for row in readers
    )
    assert all(row["guessed_symmetric"] == row["guesses"] for row in cells)
    wrong.first.locator("a").click()
    page.wait_for_url(re.compile("setting="))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone(report_file: Path, open_page: OpenPage, scheme: str) -> None:
    page = open_page(report_file, width=NARROW, scheme=scheme).page
    page.fill(
        "#class-links", "\n".join([*class_links(page, 2), "guesses=no-such-thing-at-all" * 9])
    )
    page.get_by_role("button", name="Reveal my guesses").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
