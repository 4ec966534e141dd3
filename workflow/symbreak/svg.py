"""Figures as inline SVG: the style they are drawn in, what belongs to each, and the conversion.

A figure names its colours by stand-ins (``INK``, ``LINES``, ``SHADES``) that become CSS variables,
so that it follows the page into dark mode and print. Text stays text. The same data give the same
characters. Sizes are in CSS pixels, small enough for a telephone without scaling.
"""

import hashlib
import io
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from symbreak.summary import number

INK, MUTED, RULE, PAPER = "#000001", "#000002", "#000003", "#000004"
VERDICTS = ("broken", "redundant", "tied", "symmetric", "frozen", "mixed", "diverged")
LINES = {verdict: f"#0000{16 + i:02x}" for i, verdict in enumerate(VERDICTS)}
SHADES = [f"#0000{48 + i:02x}" for i in range(9)]  # from the most negative to the most positive
VARIABLES = (
    {INK: "--ink", MUTED: "--muted", RULE: "--rule", PAPER: "--paper"}
    | {colour: f"--{verdict}-line" for verdict, colour in LINES.items()}
    | {colour: f"--shade-{i}" for i, colour in enumerate(SHADES)}
)
STYLE: Any = {  # matplotlib types each key
    "svg.fonttype": "none", "svg.hashsalt": "symbreak", "font.size": 11.0, "axes.labelsize": 11.0,
    "text.color": INK,
    "axes.labelcolor": MUTED, "xtick.color": MUTED, "ytick.color": MUTED, "axes.edgecolor": RULE,
    "grid.color": RULE, "axes.spines.top": False, "axes.spines.right": False,
    "axes.facecolor": "none", "figure.facecolor": "none", "savefig.facecolor": "none",
    "figure.dpi": 72, "axes.linewidth": 1.0, "xtick.major.size": 3.0, "ytick.major.size": 3.0,
}  # fmt: skip
MOST_ROWS = 40  # of numbers beside a figure; more are in the file that it names
DIGITS = 6
KEPT = {
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin",
    "stroke-linecap", "stroke-opacity", "opacity", "text-anchor", "font-size",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture, the sentence that says its numbers, and the numbers themselves.

    ``name`` says in a word what it shows, ``place`` of what (empty: of the experiment); ``rows``
    are the numbers drawn, and ``file`` has them where they are too many for the page.
    """

    name: str
    picture: str
    sentence: str
    rows: pd.DataFrame
    place: str = ""
    file: str = ""

    @property
    def alt(self) -> str:
        """What the picture says, for who does not see it: no two figures say the same."""
        return f"{self.place}. {self.sentence}" if self.place else self.sentence

    @cached_property
    def id(self) -> str:
        """The figure's name in links: it changes with what the figure shows, and only then."""
        content = "\0".join([self.name, self.alt, self.rows.to_csv(index=False)])
        return f"figure-{hashlib.blake2s(content.encode(), digest_size=4).hexdigest()}"

    @cached_property
    def svg(self) -> str:
        """The picture as an element for HTML that bears its own text."""
        return element(self.picture, self.id, self.alt)

    @property
    def fits(self) -> bool:
        """Tell whether the numbers stand in the page."""
        return len(self.rows) <= MOST_ROWS

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return [str(name) for name in self.rows.columns]

    @property
    def cells(self) -> Iterator[list[str]]:
        """The numbers as text, a row each."""
        for values in self.rows.itertuples(index=False):
            yield [_cell(value) for value in values]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "–" if math.isnan(value) else number(value, DIGITS)
    return str(value)


def style() -> AbstractContextManager[None]:
    """Return the context in which figures are drawn."""
    return matplotlib.rc_context(STYLE)


def axes(width: float, height: float) -> tuple[Canvas, Axes]:
    """Return a figure of so many inches of 72 CSS pixels, and its axes; no window is needed."""
    figure = Canvas(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def drawn(canvas: Canvas) -> str:
    """Return a canvas as matplotlib writes it, without dates."""
    buffer = io.StringIO()
    canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def element(picture: str, name: str, alt: str) -> str:
    """Return a picture as an element for HTML, with names of its own and no style attributes.

    The page's security policy forbids style attributes, so they become plain attributes.
    """
    root = ET.fromstring(picture)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    for item in root.iter():
        item.tag = item.tag.rpartition("}")[2]
        item.attrib = _plain(item.attrib)
    _own_ids(root, name)
    _smaller(root)
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib = {
        "viewBox": f"0 0 {width} {height}", "width": width, "height": height, "role": "img",
        "aria-label": alt,
    }  # fmt: skip
    return re.sub(r"\s*\n\s*", "", ET.tostring(root, encoding="unicode").strip())


def _plain(attributes: dict[str, str]) -> dict[str, str]:
    """Return an element's attributes with the style taken apart, colours as CSS variables."""
    found = {name.rpartition("}")[2]: value for name, value in attributes.items()}
    for declaration in found.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":  # as in: 11px 'DejaVu Sans', sans-serif; the family is the page's
            name, value = "font-size", value.split("px")[0]
        if name in KEPT:
            found[name] = value
    for name in ("fill", "stroke"):
        if found.get(name) in VARIABLES:
            found[name] = f"var({VARIABLES[found[name]]})"
    if found.get("transform", "").startswith("rotate(-0 "):
        del found["transform"]  # matplotlib turns every text, most of them by nothing
    for name in {"d", "x", "y", "transform"} & found.keys():
        found[name] = _short(found[name])
    return found


def _short(numbers: str) -> str:
    """Return a path or a place to a tenth of a pixel, without spaces that nothing needs."""
    tenths = re.sub(r"\d+\.\d+", lambda m: f"{float(m[0]):.1f}".removesuffix(".0"), numbers)
    return re.sub(r" *([A-Za-z]) *", r"\1", tenths).strip() if tenths[:1] == "M" else tenths


def _smaller(root: ET.Element) -> None:
    """Drop what draws nothing: groups around one place, empty lists, paths without any colour."""
    for parent in list(root.iter()):
        kept: list[ET.Element] = []
        for child in parent:
            kept += _unwrapped(child)
        parent[:] = kept


def _unwrapped(item: ET.Element) -> list[ET.Element]:
    if item.tag == "path" and item.attrib.get("fill") == "none" and "stroke" not in item.attrib:
        return [] if "id" not in item.attrib else [item]
    if item.tag == "defs" and not len(item):
        return []
    if item.tag == "g" and not item.attrib:
        return [inner for child in item for inner in _unwrapped(child)]
    return [item]


def _own_ids(root: ET.Element, prefix: str) -> None:
    """Drop names that nothing refers to; prefix the rest, so that figures do not share any."""
    text = ET.tostring(root, encoding="unicode")
    used = set(re.findall(r'(?:url\(#|href="#)([\w-]+)', text))
    for element in root.iter():
        if element.attrib.get("id") in used:
            element.attrib["id"] = f"{prefix}-{element.attrib['id']}"
        else:
            element.attrib.pop("id", None)
        for name, value in element.attrib.items():
            if name == "href" or value.startswith("url(#"):
                element.attrib[name] = value.replace("#", f"#{prefix}-", 1)


def log_with_zero(axes: Axes, smallest: float, largest: float, last_step: int) -> None:
    """Give a plot of distances over steps its axes: zero has a place of its own on both."""
    low, high = math.floor(math.log10(smallest)), math.ceil(math.log10(largest))
    high = max(high, low + 1)
    axes.set_yscale("symlog", linthresh=10.0**low, linscale=max(0.5, (high - low) / 8))
    every = max(1, math.ceil((high - low) / 5))
    decades = range(high, low - 1, -every)
    axes.set_yticks([0.0, *(10.0**d for d in decades)], ["0", *map(power, decades)], minor=False)
    axes.set_yticks([], minor=True)
    axes.set_ylim(-0.35 * 10.0**low, 10.0**high)
    log_steps(axes, last_step)


def log_steps(axes: Axes, last_step: int) -> None:
    """Make the horizontal axis that of training steps, from zero on."""
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.5)
    steps = [0, *(10**d for d in range(len(str(last_step))))]
    axes.set_xticks(steps, [f"{step:,}" for step in steps], minor=False)
    axes.set_xticks([], minor=True)
    axes.set_xlim(-0.1, last_step * 1.1)


def power(exponent: int) -> str:
    """Return a power of ten as an axis spells it."""
    if -3 <= exponent <= 3:
        return f"{10.0**exponent:g}" if exponent < 0 else f"{10**exponent:,}"
    digits = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{digits}"
