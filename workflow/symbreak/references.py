"""References: the papers of ``references.bib``, and what a component's ``reference=`` says of them.

A component's reference is one or more parts, ``; `` between them. A part is a key of the file, as
in ``glorot2010``, or a key and a place or remark, as in ``kingma2015, algorithm 1``. Any other text
stands for itself: a component of one's own may name its source in plain words.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from symbreak.components import Component

FILE = Path(__file__).with_name("references.bib")
NAMED = 3  # authors that a short text names; of more, the first


@dataclass(frozen=True)
class Entry:
    """One BibTeX entry; the values of its fields stand without their outer braces."""

    kind: str
    key: str
    fields: Mapping[str, str]

    @property
    def names(self) -> str:
        """The authors' last names, or the first and others."""
        last = [name.partition(",")[0] for name in self.fields["author"].split(" and ")]
        if "others" in last or len(last) > NAMED:
            return f"{last[0]} and others"
        return " and ".join(filter(None, [", ".join(last[:-1]), last[-1]]))

    @property
    def short(self) -> str:
        """The entry as a text cites it, as in ``Glorot and Bengio 2010``."""
        return f"{self.names} {self.fields['year']}"

    @property
    def text(self) -> str:
        """The entry in short, as in ``He and others, ICCV 2015, arXiv 1502.01852``."""
        archive = f"arXiv {self.fields['eprint']}" if "eprint" in self.fields else ""
        parts = [self.names, self._place(), archive]
        return re.sub(r"[{}]", "", ", ".join(filter(None, parts)))

    def _place(self) -> str:
        """Return where and when it appeared: a volume, a conference, or a work of its own."""
        year, volume = self.fields.get("year"), self.fields.get("volume")
        name = self.fields.get("series") or self.fields.get("journal")
        if name and not volume:
            return f"{name} {year}"
        title = "" if self.kind == "misc" else self.fields["title"]
        return ", ".join(filter(None, [f"{name} {volume}" if name else title, year]))

    @property
    def bibtex(self) -> str:
        """The entry as a ``.bib`` file has it; an ``eprint`` gets its archive."""
        fields = dict(self.fields)
        if "eprint" in fields:
            fields["archiveprefix"] = "arXiv"
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])


@dataclass(frozen=True)
class Part:
    """One part of a reference: an entry, None for plain words, and the remark or the words."""

    entry: Entry | None
    remark: str

    @property
    def text(self) -> str:
        """The part in words."""
        return ", ".join(filter(None, [self.entry.text if self.entry else "", self.remark]))


@cache
def entries() -> dict[str, Entry]:
    """Return the entries of ``references.bib`` by key."""
    return {entry.key: entry for entry in read(FILE.read_text(encoding="utf-8"))}


def read(text: str) -> Iterator[Entry]:
    """Yield the entries of a BibTeX text that has a field a line, its value in braces."""
    for kind, key, body in re.findall(r"^@(\w+)\{([^,\s]+),\n(.*?)^\}", text, re.M | re.S):
        yield Entry(kind, key, dict(re.findall(r"^  (\w+) = \{(.*)\},$", body, re.M)))


def parts(reference: str) -> list[Part]:
    """Return the parts of a component's reference."""
    found = []
    for part in reference.split("; "):
        key, _, remark = part.partition(", ")
        entry = entries().get(key)
        found.append(Part(entry, remark if entry else part))
    return found


def text(reference: str) -> str:
    """Return a component's reference in words."""
    return "; ".join(part.text for part in parts(reference))


def cited(components: Iterable[Component], *keys: str) -> list[Entry]:
    """Return the entries behind components, and of further keys, each once, in order of the key.

    Plain words become a ``@misc`` entry that says which component they are of.
    """
    found = {key: entries()[key] for key in keys}
    for component in components:
        for i, part in enumerate(parts(component.reference)):
            entry = part.entry or _plain(component, i, part.remark)
            found[entry.key] = entry
    return [found[key] for key in sorted(found)]


def _plain(component: Component, i: int, words: str) -> Entry:
    key = f"{component.kind}-{component.name}{i or ''}".replace("_", "-")
    note = f"source of the {component.kind} {component.name}"
    return Entry("misc", key, {"title": escaped(words), "note": escaped(note)})


def escaped(words: str) -> str:
    """Return words without what BibTeX and LaTeX would read as a command."""
    return re.sub(r"([&%$#_])", r"\\\1", re.sub(r"[{}\\~^]", "", " ".join(words.split())))
