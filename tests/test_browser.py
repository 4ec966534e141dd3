"""The report as a reader has it: in a browser, with and without script, wide, narrow, on paper."""

from pathlib import Path

import pytest
from browser import NARROW, WIDE, ZOOMED, Opened, OpenPage
from playwright.sync_api import Page

# The first section says what the rest is about: without them there is no report.
SECTIONS = ("claims", "matrix", "examples", "methods")
NEAR = 100  # pixels from the top, under the bar with the contents
FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex='0']"
# Is it drawn, and not the part of a group of radio buttons that the arrow keys reach?
REACHED = """els => els.filter(el => {
  const group = el.name && [...document.querySelectorAll(`input[name="${el.name}"]`)];
  const first = !group || el.type !== 'radio' || el.checked;
  return first && !el.disabled && el.checkVisibility({visibilityProperty: true});
}).length"""
# Leaves a mark on what has the focus; says whether it is new and how it differs unfocused.
STEP = """() => {
  const el = document.activeElement;
  if (!el || el === document.body || el.dataset.reached) return null;
  el.dataset.reached = "yes";
  const looks = node => { const s = getComputedStyle(node);
    return [s.outlineStyle === "none" ? "" : s.outline, s.boxShadow, s.borderColor].join(); };
  const shown = node => node && looks(node);
  const with_focus = [el, el.labels && el.labels[0]].map(shown).join();
  const box = el.getBoundingClientRect();
  el.blur();
  const without = [el, el.labels && el.labels[0]].map(shown).join();
  el.focus({focusVisible: true, preventScroll: true});
  return {name: el.outerHTML.slice(0, 120), shows: with_focus !== without,
          inside: box.bottom > 0 && box.top < innerHeight};
}"""


def overflow(opened: Opened) -> int:
    """Return by how many pixels the page is wider than its window."""
    return opened.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def test_it_opens_from_disk_and_asks_nobody_for_anything(
    report_file: Path, open_page: OpenPage
) -> None:
    opened = open_page(report_file)
    assert opened.page.locator("h1").is_visible()
    assert not opened.requests


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_answer_the_claims_and_the_matrix_are_readable(
    report_file: Path, open_page: OpenPage, script: bool
) -> None:
    page = open_page(report_file, script=script).page
    assert page.locator(".answer").first.inner_text().strip()
    for section in SECTIONS:
        assert page.locator(f"#{section} h2").first.is_visible(), section
    assert page.locator("#matrix td:visible").count() > 0


@pytest.mark.parametrize("width", [WIDE, WIDE // 2, NARROW, ZOOMED])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_page_does_not_scroll_sideways(
    report_file: Path, open_page: OpenPage, width: int, script: bool
) -> None:
    opened = open_page(report_file, width=width, script=script)
    assert overflow(opened) <= 0


def off_target(page: Page, name: str) -> float:
    """Return how far an element is from the top, in pixels; 0 if the page cannot scroll further."""
    return page.evaluate(
        """name => {
          const most = document.documentElement.scrollHeight - innerHeight - scrollY;
          return most <= 1 ? 0 : document.getElementById(name).getBoundingClientRect().top; }""",
        name,
    )


def test_a_link_to_a_section_lands_on_it(report_file: Path, open_page: OpenPage) -> None:
    for name in SECTIONS:
        opened = open_page(report_file, f"#{name}", reduced_motion=True)
        assert -1 <= off_target(opened.page, name) <= NEAR, name


def test_every_section_can_be_gone_to(report_file: Path, open_page: OpenPage) -> None:
    page = open_page(report_file, reduced_motion=True).page
    for name in page.eval_on_selector_all("section[id], article[id]", "els => els.map(e => e.id)"):
        page.evaluate("name => { location.hash = name }", name)
        assert -1 <= off_target(page, name) <= NEAR, name


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    report_file: Path, open_page: OpenPage, width: int
) -> None:
    page = open_page(report_file, width=width, reduced_motion=True).page
    expected = page.eval_on_selector_all(FOCUSABLE, REACHED)
    steps = []
    while len(steps) <= expected:
        page.keyboard.press("Tab")
        step = page.evaluate(STEP)
        if step is None:
            break
        steps.append(step)
    assert len(steps) == expected > 0
    assert [step["name"] for step in steps if not step["shows"]] == []
    assert [step["name"] for step in steps if not step["inside"]] == []


def test_it_prints(report_file: Path, open_page: OpenPage) -> None:
    for script in (True, False):
        paper = open_page(report_file, script=script).page.pdf()
        assert paper.startswith(b"%PDF-")
        assert paper.count(b"/Type /Page\n") >= 2
