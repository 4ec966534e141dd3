"""Every term has one entry, text is linked to it once a section, and no entry is idle."""

import html
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_page import MADE_BY, Page
from symbreak import citation, glossary, report
from symbreak.report import Results
from symbreak.settings import REGISTRIES, Experiment
from symbreak.summary import WORDS

ROOT = Path(__file__).parents[1]
DOCS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("config/*.md")]
EVERY = [(kind, name) for kind, registry in REGISTRIES.items() for name in registry]
TERMS = [term for group in glossary.groups(EVERY).values() for term in group]


@pytest.fixture(scope="module")
def text(experiment: Experiment, results: Results) -> str:
    return report.build(experiment, results, MADE_BY)


def tags(text: str) -> list[str]:
    """Return what lies between the angle brackets of a page, in its order."""
    return re.findall(r"<[^>]*>", text)


def test_each_term_has_one_entry() -> None:
    names = [term.id for term in TERMS]
    assert len(names) == len(set(names))
    spellings = [s.lower() for term in TERMS if term.linked for s in (term.name, *term.forms)]
    assert len(spellings) == len(set(spellings))


def test_verdicts_and_components_say_what_their_declarations_say() -> None:
    meanings = {term.id: term.meaning for term in TERMS}
    for word in WORDS:
        assert meanings[f"term-{word.name}"] == word.meaning
    for kind, name in EVERY:
        assert meanings[f"term-{kind}-{name}"] == REGISTRIES[kind][name].sentence


def test_every_linked_term_has_its_entry_in_the_page(text: str) -> None:
    entries = set(re.findall(r'<dt id="(term-[^"]*)"><dfn>', text))
    linked = re.findall(r'<a class="term" href="#([^"]*)">', text)
    assert linked
    assert set(linked) <= entries


def test_every_term_of_the_page_is_used_in_it_or_in_the_docs(
    experiment: Experiment, text: str
) -> None:
    page = text[: text.index('<section id="glossary"')]
    known = html.unescape(page) + "".join(path.read_text() for path in DOCS)
    used = [(component.kind, component.name) for component in citation.components(experiment)]
    for group in glossary.groups(used).values():
        for term in group:
            spelled = "|".join(map(re.escape, (term.name, *term.forms)))
            assert re.search(rf"(?<!\w)({spelled})(?!\w)", known, re.IGNORECASE), term.name


def test_a_term_is_linked_once_a_section(text: str) -> None:
    for section in text.split("<section ")[1:]:
        linked = re.findall(r'<a class="term" href="#([^"]*)">', section)
        assert len(linked) == len(set(linked))


def test_no_link_stands_in_a_link_a_heading_a_quotation_or_code(text: str) -> None:
    open_tags: list[str] = []
    for tag in tags(text[text.index("<main>") : text.index("</main>")]):
        found = glossary.NAME.match(tag)
        if found is None or found[1] in glossary.VOID or tag.endswith("/>"):
            continue
        if tag.startswith("</"):
            assert open_tags.pop() == found[1]
            continue
        if 'class="term"' in tag:
            assert not glossary.CLOSED & set(open_tags)
        open_tags.append(found[1])


WRITTEN = st.lists(
    st.sampled_from(["setting", "Settings", "broken", "unbroken", "neuron&#39;s vector", "E1", " ",
                     ", ", "x", "&lt;p&gt;", "set-", "<b>tied</b>", "<br>"]),
    max_size=12,
).map("".join)  # fmt: skip


@given(WRITTEN)
def test_linking_adds_links_and_changes_nothing_else(written: str) -> None:
    page = f"<section><p>{written}</p><h2>setting</h2></section>"
    linked = glossary.link(page)
    assert re.sub(r'<a class="term" href="#[^"]*">(.*?)</a>', r"\1", linked) == page


def test_a_whole_word_is_linked_and_a_part_of_one_is_not() -> None:
    assert "<a" in glossary.link("<p>Settings.</p>")
    assert "<a" not in glossary.link("<p>Unbroken, setting-like, E12.</p>")
    assert "<a" not in glossary.link("<p><code>broken</code></p><h2>Verdict</h2>")


def test_the_page_stays_well_formed(text: str) -> None:
    assert not Page(text).open
