"""The papers behind the components: one declared place, BibTeX that parses, nothing invented."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from symbreak import references
from symbreak.components import Component, Registry
from symbreak.references import Entry
from symbreak.settings import REGISTRIES

COMPONENTS = [c for registry in REGISTRIES.values() for c in registry.values()]
REQUIRED = {  # of BibTeX's own types
    "article": {"author", "title", "journal", "year"},
    "book": {"author", "title", "publisher", "year"},
    "incollection": {"author", "title", "booktitle", "publisher", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "misc": {"author", "title", "year"},
}


def parsed(text: str) -> list[tuple[str, str, dict[str, str]]]:
    """The entries of a BibTeX text, read brace by brace: what is in no entry is a comment."""
    found = []
    while "@" in text:
        kind, _, text = text.partition("@")[2].partition("{")
        body, text = braced(text)
        key, _, rest = body.partition(",")
        fields = {}
        while "=" in rest:
            name, _, rest = rest.partition("=")
            value, rest = braced(rest.partition("{")[2])
            fields[name.strip(" ,\n")] = value
        found.append((kind, key, fields))
    return found


def braced(text: str) -> tuple[str, str]:
    """What stands before the brace that closes one opened before the text, and what after it."""
    depth = 1
    for i, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if not depth:
            return text[:i], text[i + 1 :]
    raise AssertionError(f"a brace is never closed: {text[:60]}")


def test_the_file_holds_complete_entries_with_keys_of_their_own() -> None:
    found = parsed(references.FILE.read_text(encoding="utf-8"))
    assert [key for _, key, _ in found] == list(references.entries())
    assert [key for _, key, _ in found] == sorted({key for _, key, _ in found})
    for kind, key, fields in found:
        assert REQUIRED[kind] <= fields.keys(), key
        assert fields == references.entries()[key].fields
        assert re.fullmatch(r"(?:\d{4}\.\d{4,5})?", fields.get("eprint", "")), key
        assert key == re.sub(r"[^a-z]", "", ascii_only(fields["author"])) + fields["year"]


def ascii_only(authors: str) -> str:
    """The first author's last name in small letters, its accents dropped."""
    return authors.partition(",")[0].lower().replace("ö", "o")


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: f"{c.kind}-{c.name}")
def test_every_component_names_papers_of_the_file(component: Component) -> None:
    parts = references.parts(component.reference)
    assert parts
    assert all(part.entry for part in parts), component.reference
    assert all(part.entry.text in references.text(component.reference) for part in parts)


def test_every_paper_is_of_a_component_or_a_method() -> None:
    """What nothing names has no place in the file; ``citation`` names methods and tools."""
    named = {entry.key for entry in references.cited(COMPONENTS)}
    source = (references.FILE.parent / "citation.py").read_text(encoding="utf-8")
    assert {key for key in references.entries() if f'"{key}"' not in source} <= named


def test_an_entry_in_short_has_its_authors_place_and_preprint() -> None:
    texts = {key: entry.text for key, entry in references.entries().items()}
    assert texts["he2015"] == "He and others, ICCV 2015, arXiv 1502.01852"
    assert texts["hendrycks2016"] == "Hendrycks and Gimpel, 2016, arXiv 1606.08415"
    assert texts["rumelhart1986"] == "Rumelhart, Hinton and Williams, Nature 323, 1986"
    assert texts["goodfellow2016"] == "Goodfellow, Bengio and Courville, Deep Learning, 2016"


def test_papers_are_cited_once_each_and_what_is_written_parses_back() -> None:
    found = references.cited([*COMPONENTS, *COMPONENTS], "wilson1927")
    assert len({entry.key for entry in found}) == len(found)
    text = "\n\n".join(entry.bibtex for entry in found)
    back = {key: (kind, fields) for kind, key, fields in parsed(text)}
    assert list(back) == [entry.key for entry in found]
    for entry in found:
        kind, fields = back[entry.key]
        archive = {"archiveprefix": "arXiv"} if "eprint" in entry.fields else {}
        assert (kind, fields) == (entry.kind, {**entry.fields, **archive})


@given(words=st.text(min_size=1).filter(lambda text: "; " not in text and text.strip()))
def test_a_source_in_plain_words_is_shown_as_it_is_and_cited_as_parsing_bibtex(words: str) -> None:
    registry = Registry("init")

    @registry.declare(reference=words)
    def mine() -> None:
        """A component of one's own."""

    assert references.text(words) == words
    (entry,) = references.cited(registry.values())
    ((kind, key, fields),) = parsed(entry.bibtex)
    assert (kind, key) == ("misc", "init-mine")
    assert set(fields) == {"title", "note"}
    assert not re.search(r"(?<!\\)[&%$#_]", fields["title"])


def test_a_key_may_carry_a_place_and_an_unknown_one_is_plain_words() -> None:
    known, plain = references.parts("kingma2015, algorithm 1; nobody2030, page 3")
    assert isinstance(known.entry, Entry)
    assert known.text == "Kingma and Ba, ICLR 2015, arXiv 1412.6980, algorithm 1"
    assert plain.entry is None
    assert plain.text == "nobody2030, page 3"
