"""The page as one file or as a site: styles and scripts joined, their hashes, the packed data.

The files of ``templates/css`` and ``templates/js`` become one <style> and one <script>. The scripts
share one function scope, so a function of one file is known to the others by its name; nothing is
known outside of it.
"""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symbreak import packing

TEMPLATES = Path(__file__).parent / "templates"
STYLES = (  # what is more special, later
    "tokens.css", "report.css", "figures.css", "setting.css", "table.css", "teach.css",
    "glossary.css", "print.css",
)  # fmt: skip
SCRIPTS = (  # what others call comes first
    "unpack.js", "data.js", "dom.js", "state.js", "charts.js", "heatmap.js", "drawings.js",
    "replay.js", "rerun.js", "flips.js", "panel.js", "matrix.js", "compare.js", "setting.js",
    "table.js", "table_columns.js", "table_controls.js", "guesses.js", "teach.js",
    "teach_controls.js", "classroom.js", "tally.js", "copy.js", "save.js", "contents.js",
)  # fmt: skip

SECTIONS = (  # of the contents: those that a report has
    ("claims", "Claims"), ("matrix", "Verdicts"), ("examples", "Examples"), ("causes", "Causes"),
    ("dynamics", "Dynamics"), ("saddle", "Near starts"), ("rounding", "Rounding"),
    ("learned", "Neglect"), ("loss", "Loss"), ("boundaries", "Boundaries"),
    ("sensitivity", "Threshold"), ("settings", "All settings"), ("mathematics", "Mathematics"),
    ("methods", "Methods"), ("failures", "Failures"), ("reproduce", "Reproduce, cite"),
    ("classroom", "Classroom"), ("glossary", "Glossary"),
)  # fmt: skip

BUDGET = 2_000_000  # bytes of the one file
DATA, HELD = "<!-- data -->", "<!-- held -->"  # where a page gets its data, and the note on them
SITE = "site/index.html"  # from the one file


@dataclass(frozen=True)
class Packs:
    """What the script unpacks: the index, a JSON value, its later columns and the pages, packed."""

    index: dict[str, Any]
    columns: str
    chunks: Sequence[str]


def one_file(html: str, packs: Packs, place: str = SITE) -> str:
    """Return the page with all of its data, or with as many pages as ``BUDGET`` has room for.

    ``place`` is where the page finds the site that holds all.
    """
    size = packs.index["size"]
    spent = len(_filled(html, packs, 0, [], place).encode())
    count = 0
    for number, chunk in enumerate(packs.chunks):
        spent += 1 + len(_element(f"c{number}", chunk))
        if spent > BUDGET:
            break
        count += 1
    return _filled(html, packs, min(size, count * packing.CHUNK), packs.chunks[:count], place)


def _filled(html: str, packs: Packs, held: int, chunks: Sequence[str], place: str) -> str:
    size = packs.index["size"]
    note = f"""<p class="note" id="held">This file holds the pages of the first {held:,} of the
{size:,} settings, as many as it has room for. <a href="{place}">The site beside it</a> holds all.
</p>"""
    index = {**packs.index, "held": held, "place": "" if held == size else place}
    data = [_element("index", _packed(index)), _element("columns", packs.columns)]
    data += [_element(f"c{number}", chunk) for number, chunk in enumerate(chunks)]
    return html.replace(HELD, note if held < size else "").replace(DATA, "\n".join(data))


def site(html: str, packs: Packs) -> dict[str, str]:
    """Return the files of the page as a site, by path: its data are loaded when asked for.

    Each is a script that may be loaded from disk, too, where a page may not read other files.
    """
    index = {**packs.index, "held": packs.index["size"], "place": ""}
    text = html.replace(HELD, "").replace(DATA, _element("index", _packed(index)))
    packed = {"columns": packs.columns} | {f"c{k}": one for k, one in enumerate(packs.chunks)}
    files = {
        f"data/{name}.js": f'symbreakFile("{name}", "{one}");\n' for name, one in packed.items()
    }
    return {"index.html": text} | files


def _packed(value: Any) -> str:
    return packing.packed([packing.text(value)])


def _element(name: str, text: str) -> str:
    return f'<script type="application/octet-stream" id="pack-{name}">{text}</script>'


def style(rules: Sequence[str] = ()) -> str:
    """Return the page's style: the files of ``STYLES``, then these rules."""
    return "\n".join([*(read("css", name) for name in STYLES), *rules])


def script() -> str:
    """Return the page's script: the files of ``SCRIPTS`` in one function."""
    parts = "\n".join(read("js", name) for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();'


def read(folder: str, name: str) -> str:
    """Return a file of a folder of the templates."""
    return (TEMPLATES / folder / name).read_text(encoding="utf-8")


def policy(style_text: str, script_text: str) -> str:
    """Return the content security policy: this style, this script and what it starts; no more."""
    return "; ".join([
        "default-src 'none'", f"style-src '{source_hash(style_text)}'",
        f"script-src '{source_hash(script_text)}' 'strict-dynamic'", "img-src data: blob:",
        "base-uri 'none'", "form-action 'none'",
    ])  # fmt: skip


def source_hash(text: str) -> str:
    """Return a text's hash as a content security policy wants it."""
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
