"""A report's page taken apart, for its tests."""

from html.parser import HTMLParser

from symbreak.report import Provenance

MADE_BY = Provenance((("config/small.yaml", "experiment: small\n"),), {"symbreak": "0"}, "unknown")
VOID = {"meta", "input", "br", "link", "img"}
HOSTILE = "\"><script>alert('x')</script>&<b>"


class Page(HTMLParser):
    """The elements of a page with their attributes, its text, and its unclosed elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def values(self, attribute: str) -> list[str]:
        return [found[attribute] for _, found in self.elements if attribute in found]
