"""The report's figures: one function each, drawn with seaborn, returned as inline SVG.

A figure names its colours by stand-ins (``INK``, ``LINES``, ``SHADES``) that become CSS variables,
so that it follows the page into dark mode and print. Text stays text. The same data give the same
characters. Sizes are in CSS pixels, small enough for a telephone without scaling.
"""

import hashlib
import io
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

INK, MUTED, RULE, PAPER = "#000001", "#000002", "#000003", "#000004"
VERDICTS = ("broken", "redundant", "tied", "symmetric", "frozen", "mixed", "diverged")
LINES = {verdict: f"#0000{16 + i:02x}" for i, verdict in enumerate(VERDICTS)}
MARKERS = dict(zip(VERDICTS, "osD^vPX", strict=True))
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
LOOKS: Any = [  # of lines that are told apart without colour
    {"marker": marker, "linestyle": dash} for marker, dash in (
        ("o", "-"), ("s", (0, (5, 2))), ("^", (0, (2, 2))), ("D", (0, (5, 2, 1, 2))),
        ("v", (0, (1, 1))), ("P", (0, (8, 3))))
]  # fmt: skip
MOST_NAMED = 16  # units whose numbers a figure has room for
MOST_NUMBERED = 120  # cells of a heat map that still have room for their numbers
KEPT = {
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin",
    "stroke-linecap", "stroke-opacity", "opacity", "text-anchor", "font-size",
}  # fmt: skip


def distance(pairs: pd.DataFrame, verdict: str, scale: tuple[float, float], alt: str) -> str:
    """Return the distance of neuron vectors over training: the median and the range of all pairs.

    ``pairs`` has a row a pair of units, network and checkpoint, with ``step`` and ``l2_whole``;
    ``scale`` is (smallest, largest) distance above zero of all figures that share the axis. Below
    the smallest the axis is linear down to zero, so an exact zero has a place of its own.
    """
    with _style():
        figure, axes = _axes(4.9, 3.2)
        finite = pairs[np.isfinite(pairs["l2_whole"])]
        sns.lineplot(
            finite, x="step", y="l2_whole", estimator="median", errorbar=("pi", 100), ax=axes,
            color=LINES[verdict], linewidth=2, err_kws={"alpha": 0.2, "linewidth": 0},
        )  # fmt: skip
        _log_with_zero(axes, *scale, int(pairs["step"].max()))
        axes.set(xlabel="training step", ylabel="L2 distance of two neurons")
        axes.yaxis.grid(True, linewidth=0.7)
        axes.set_axisbelow(True)
        return _svg(figure, alt)


def _log_with_zero(axes: Axes, smallest: float, largest: float, last_step: int) -> None:
    low, high = math.floor(math.log10(smallest)), math.ceil(math.log10(largest))
    high = max(high, low + 1)
    axes.set_yscale("symlog", linthresh=10.0**low, linscale=max(0.5, (high - low) / 8))
    every = max(1, math.ceil((high - low) / 5))
    decades = range(high, low - 1, -every)
    axes.set_yticks([0.0, *(10.0**d for d in decades)], ["0", *map(_power, decades)], minor=False)
    axes.set_yticks([], minor=True)
    axes.set_ylim(-0.35 * 10.0**low, 10.0**high)
    _log_steps(axes, last_step)


def _log_steps(axes: Axes, last_step: int) -> None:
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.5)
    steps = [0, *(10**d for d in range(len(str(last_step))))]
    axes.set_xticks(steps, [f"{step:,}" for step in steps], minor=False)
    axes.set_xticks([], minor=True)
    axes.set_xlim(-0.1, last_step * 1.1)


def _power(exponent: int) -> str:
    if -3 <= exponent <= 3:
        return f"{10.0**exponent:g}" if exponent < 0 else f"{10**exponent:,}"
    digits = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{digits}"


def weights(neurons: np.ndarray, names: Sequence[str], largest: float, alt: str) -> str:
    """Return a heat map of neuron vectors [units, names]: a row a neuron, a column a parameter.

    ``largest`` is the absolute value of the strongest colour, shared by the maps before and after.
    """
    units, count = neurons.shape
    top = largest if math.isfinite(largest) and largest > 0 else 1.0
    numbered = units * count <= MOST_NUMBERED
    width, height = (0.52, 0.3) if numbered else (0.14, 0.12)  # of a cell, in inches
    with _style():
        figure, axes = _axes(1.0 + width * count, 1.35 + height * units)
        sns.heatmap(
            np.nan_to_num(neurons), ax=axes, cmap=ListedColormap(SHADES), cbar=False,
            linewidths=1, linecolor=PAPER,
            norm=BoundaryNorm(np.linspace(-top, top, len(SHADES) + 1), len(SHADES)),
            annot=[[_short(value) for value in row] for row in neurons] if numbered else False,
            fmt="",
            annot_kws={"color": INK, "fontsize": 10.0},
            xticklabels=list(names) if numbered else False,
            yticklabels=[f"neuron {i + 1}" for i in range(units)] if numbered else False,
        )  # fmt: skip
        axes.tick_params(length=0)
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")
        return _svg(figure, alt)


def _short(value: float) -> str:
    """Return a weight in at most five characters; a zero is a bare 0, and only a zero is."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    text = f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
    text = f"{value:.0e}".replace("e-0", "e-") if abs(value) < 0.005 else text
    return text.replace("-", "−")


def saddle_steps(points: pd.DataFrame, steps: int, alt: str) -> str:
    """Return the steps to a distance against ``eps``, a line an ``activation``.

    ``points`` has a row an activation and eps, with ``by`` (NaN: more than half of the networks
    never got there; drawn hollow above the end) and its interval ``low`` to ``high``.
    """
    lines = points.groupby("activation", sort=False)
    top = [steps * (1.05 + 0.06 * i) for i in range(lines.ngroups + 1)]
    with _style():
        figure, axes = _axes(4.9, 3.4)
        for (name, line), look, height in zip(lines, LOOKS, top, strict=False):
            got, never = line[line["by"].notna()], line[line["by"].isna()]
            low, high = (got[side].fillna(got["by"]) for side in ("low", "high"))
            axes.errorbar(
                got["eps"], got["by"], [got["by"] - low, high - got["by"]], label=name, color=INK,
                linewidth=1.5, elinewidth=0.8, markersize=5, **look,
            )  # fmt: skip
            axes.plot(
                never["eps"], [height] * len(never), color=INK, markersize=6, fillstyle="none",
                **look | {"linestyle": "none"},
            )  # fmt: skip
        axes.axhline(steps, color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
        _eps_axis(axes, points)
        axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= steps])
        axes.set(ylabel="steps", ylim=(0, top[-1]))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        return _svg(figure, alt)


def saddle_distance(points: pd.DataFrame, alt: str) -> str:
    """Return the largest distance at the ``end`` against ``eps``, a line an ``activation``.

    The dotted line is eps itself: what is on or below it has not grown.
    """
    eps, end = points["eps"], points["end"]
    with _style():
        figure, axes = _axes(4.9, 3.4)
        lines = points[end > 0].groupby("activation", sort=False)
        for (name, line), look in zip(lines, LOOKS, strict=False):
            axes.plot(line["eps"], line["end"], label=name, color=INK, linewidth=1.5, markersize=5,
                      **look)  # fmt: skip
        axes.plot(eps, eps, color=MUTED, linewidth=1, linestyle=(0, (1, 3)))
        axes.set_yscale("log")
        _eps_axis(axes, points)
        low, high = math.floor(math.log10(eps.min())), math.ceil(math.log10(max(1.0, *end)))
        ticks = range(high, low - 1, -max(1, (high - low) // 5))
        axes.set_yticks([10.0**d for d in ticks], [_power(d) for d in ticks], minor=False)
        axes.set_yticks([], minor=True)
        axes.set(ylabel="largest distance at the end")
        return _svg(figure, alt)


def _eps_axis(axes: Axes, points: pd.DataFrame) -> None:
    """Make the horizontal axis that of eps, from the largest to the smallest."""
    axes.set_xscale("log")
    low, high = (round(math.log10(f(points["eps"]))) for f in (min, max))
    ticks = range(high, low - 1, -max(1, math.ceil((high - low) / 5)))
    axes.set_xticks([10.0**d for d in ticks], [_power(d) for d in ticks], minor=False)
    axes.set_xticks([], minor=True)
    axes.invert_xaxis()
    axes.set(xlabel="eps, the size of the difference at the start")
    axes.yaxis.grid(True, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.legend(title=None, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def paths(points: np.ndarray, verdict: str, alt: str) -> str:
    """Return the ways of units through a plane, points [checkpoints, units, 2], dots at the start.

    The names of units that end in one place stand there together.
    """
    with _style():
        figure, axes = _axes(4.9, 3.2)
        for unit in range(points.shape[1]):
            x, y = points[:, unit].T
            axes.plot(x, y, color=LINES[verdict], linewidth=1.5, alpha=0.8)
            axes.plot(x[0], y[0], marker="o", markersize=4, color=LINES[verdict])
        for (x, y), names in _ends(points[-1], float(np.ptp(points))).items():
            axes.annotate(names, (x, y), (4, 3), textcoords="offset points", fontsize=10.0)
        axes.set(xlabel="first axis", ylabel="second axis")
        axes.margins(0.12)
        return _svg(figure, alt)


def _ends(last: np.ndarray, span: float) -> dict[tuple[float, float], str]:
    """Return the numbers of the units that end in each place of [units, 2], near ones together."""
    found: list[list[int]] = []
    for unit, place in enumerate(last if len(last) <= MOST_NAMED else []):
        near = [units for units in found if abs(last[units[0]] - place).max() <= span / 30]
        if near:
            near[0].append(unit)
        else:
            found.append([unit])
    return {tuple(last[units[0]]): ", ".join(str(unit + 1) for unit in units) for units in found}


def neglect(rows: pd.DataFrame, alt: str) -> str:
    """Return ``neglected_mean`` over ``step``, a line a ``verdict`` with a dash of its own."""
    last = int(rows["step"].max())
    found = [name for name in VERDICTS if name in set(rows["verdict"])]
    with _style():
        figure, axes = _axes(4.9, 3.2)
        sns.lineplot(
            rows, x="step", y="neglected_mean", hue="verdict", style="verdict", hue_order=found,
            style_order=found, palette=LINES, linewidth=2, ax=axes,
        )  # fmt: skip
        _log_steps(axes, last)
        axes.set(xlabel="training step", ylabel="properties neglected, of 3", ylim=(-0.1, 3.1))
        axes.set_yticks(range(4))
        axes.yaxis.grid(True, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.legend(title=None, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        return _svg(figure, alt)


def shares(rows: pd.DataFrame, marks: Sequence[tuple[float, float]], limits: tuple[float, float],
           is_log: bool, name: str, alt: str) -> str:  # fmt: skip
    """Return ``share`` over ``value``, a line and a marker a ``verdict``, with Wilson bands.

    The bands go from ``low`` to ``high``, where the share is above 0; dotted is what the theory
    expects (``theory``, NaN where nothing). ``marks`` are the intervals of boundaries, ``limits``
    the part of the axis to show.
    """
    found = list(dict.fromkeys(rows["verdict"]))
    with _style():
        figure, axes = _axes(5.6, 3.0)
        axes.set_xscale("log" if is_log and limits[0] > 0 else "linear")
        for low, high in marks:
            axes.axvspan(low, high, color=RULE, linewidth=0, alpha=0.6)
        sns.lineplot(
            rows, x="value", y="share", hue="verdict", style="verdict", hue_order=found,
            style_order=found, palette=LINES, markers=MARKERS, dashes=False, linewidth=1.5,
            markersize=5, markeredgecolor=PAPER, markeredgewidth=0.5, ax=axes,
        )  # fmt: skip
        for verdict, part in rows.groupby("verdict"):
            colour = LINES[str(verdict)]
            axes.fill_between(part["value"], part["low"], part["high"], part["share"] > 0,
                              color=colour, alpha=0.12, linewidth=0)  # fmt: skip
            axes.plot(part["value"], part["theory"], color=colour, linewidth=1.2,
                      linestyle=(0, (1, 2)))  # fmt: skip
        axes.set(xlabel=name, ylabel="share of networks", xlim=limits, ylim=(-0.04, 1.04))
        axes.yaxis.grid(True, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.legend(title=None, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        return _svg(figure, alt)


def loss(networks: pd.DataFrame, verdicts: Sequence[str], alt: str) -> str:
    """Return box plots of ``test_loss`` by ``verdict``: quartiles, whiskers from 5 to 95 %.

    The dashed line is the loss of a fair coin, which says one half to every row.
    """
    with _style():
        figure, axes = _axes(4.9, 0.9 + 0.42 * len(verdicts))
        axes.axvline(math.log(2), color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
        sns.boxplot(
            networks, x="test_loss", y="verdict", order=list(verdicts), hue="verdict",
            hue_order=list(verdicts), palette=LINES, legend=False, fill=False,
            whis=(5, 95), showfliers=False, width=0.55, linewidth=1.5, ax=axes,
        )  # fmt: skip
        axes.set(xlabel="test loss in nats (dashed: a coin)", ylabel="")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        return _svg(figure, alt)


def _style() -> AbstractContextManager[None]:
    return matplotlib.rc_context(STYLE)


def _axes(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of so many inches of 72 CSS pixels, and its axes; no window is needed."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _svg(figure: Figure, alt: str) -> str:
    """Return the figure as an element for HTML, named ``alt``; no dates, no style attributes.

    The page's security policy forbids style attributes, so they become plain attributes.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    root = ET.fromstring(buffer.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = _plain(element.attrib)
    _own_ids(root, hashlib.blake2s(alt.encode(), digest_size=4).hexdigest())
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib = {
        "viewBox": f"0 0 {width} {height}", "width": width, "height": height, "role": "img",
        "aria-label": alt,
    }  # fmt: skip
    return re.sub(r"\s*\n\s*", " ", ET.tostring(root, encoding="unicode").strip())


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
    if "d" in found:
        found["d"] = re.sub(r"\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", found["d"])
    return found


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
