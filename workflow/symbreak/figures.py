"""The report's figures: one function each, drawn with seaborn, each with its numbers."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure as Canvas

from symbreak import svg
from symbreak.svg import VERDICTS, Figure

MARKERS = dict(zip(VERDICTS, "osD^vPX", strict=True))
LOOKS: Any = [  # of lines that are told apart without colour
    {"marker": marker, "linestyle": dash} for marker, dash in (
        ("o", "-"), ("s", (0, (5, 2))), ("^", (0, (2, 2))), ("D", (0, (5, 2, 1, 2))),
        ("v", (0, (1, 1))), ("P", (0, (8, 3))))
]  # fmt: skip
MOST_NAMED = 16  # units whose numbers a figure has room for
MOST_NUMBERED = 120  # cells of a heat map that still have room for their numbers
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # of a box and its whiskers


def distance(pairs: pd.DataFrame, verdict: str, scale: tuple[float, float],
             sentence: str, place: str = "") -> Figure:  # fmt: skip
    """Return the distance of neuron vectors over training: the median and the range of all pairs.

    ``pairs`` has a row a pair of units, network and checkpoint, with ``step`` and ``l2_whole``;
    ``scale`` is (smallest, largest) distance above zero of all figures that share the axis. Below
    the smallest the axis is linear down to zero, so an exact zero has a place of its own.
    """
    with svg.style():
        canvas, axes = svg.axes(4.9, 3.2)
        finite = pairs[np.isfinite(pairs["l2_whole"])]
        sns.lineplot(
            finite, x="step", y="l2_whole", estimator="median", errorbar=("pi", 100), ax=axes,
            color=svg.LINES[verdict], linewidth=2, err_kws={"alpha": 0.2, "linewidth": 0},
        )  # fmt: skip
        svg.log_with_zero(axes, *scale, int(pairs["step"].max()))
        axes.set(xlabel="training step", ylabel="L2 distance of two neurons")
        axes.yaxis.grid(True, linewidth=0.7)
        axes.set_axisbelow(True)
        steps = finite.groupby("step", as_index=False)["l2_whole"]
        rows = steps.agg(median="median", smallest="min", largest="max")
        return Figure("distance", svg.drawn(canvas), sentence, rows, place)


def weights(before: np.ndarray, after: np.ndarray, names: Sequence[str], sentence: str,
            place: str = "") -> Figure:  # fmt: skip
    """Return heat maps of neuron vectors [units, names] at the start and the end, one above the
    other: a row a neuron, a column a parameter, the strongest colour the largest finite weight.
    """
    units, count = before.shape
    numbered = units * count <= MOST_NUMBERED
    width, height = (0.52, 0.3) if numbered else (0.14, 0.12)  # of a cell, in inches
    found = np.abs(np.concatenate([before, after]))
    top = float(found[np.isfinite(found)].max(initial=0.0)) or 1.0
    with svg.style():
        canvas = Canvas(figsize=(1.0 + width * count, 2.0 + 2 * height * units),
                        layout="constrained")  # fmt: skip
        first, last = canvas.subplots(2)
        _map(first, before, [], top, "before training")
        _map(last, after, names, top, "after training")
        rows = pd.concat([_neurons(before, names, "before"), _neurons(after, names, "after")])
        return Figure("weights", svg.drawn(canvas), sentence, rows, place, "train/*.npz")


def _map(axes: Axes, neurons: np.ndarray, names: Sequence[str], top: float, title: str) -> None:
    numbered = neurons.size <= MOST_NUMBERED
    shades = svg.SHADES
    sns.heatmap(
        np.nan_to_num(neurons), ax=axes, cmap=ListedColormap(shades), cbar=False,
        linewidths=1, linecolor=svg.PAPER,
        norm=BoundaryNorm(np.linspace(-top, top, len(shades) + 1), len(shades)),
        annot=[[_short(value) for value in row] for row in neurons] if numbered else False,
        fmt="",
        annot_kws={"color": svg.INK, "fontsize": 10.0},
        xticklabels=list(names) if numbered and names else False,
        yticklabels=[f"neuron {i + 1}" for i in range(len(neurons))] if numbered else False,
    )  # fmt: skip
    axes.collections[0].set_clip_on(False)  # no cell goes beyond the axes
    axes.tick_params(length=0)
    axes.set_title(title, loc="left", fontsize=11.0, color=svg.MUTED)
    for label in axes.get_xticklabels():
        label.set(rotation=45, ha="right", rotation_mode="anchor")


def _neurons(vectors: np.ndarray, names: Sequence[str], when: str) -> pd.DataFrame:
    rows = pd.DataFrame(vectors.astype(np.float64), columns=pd.Index(names))
    rows.insert(0, "neuron", range(1, len(rows) + 1))
    rows.insert(0, "training", when)
    return rows


def _short(value: float) -> str:
    """Return a weight in at most five characters; a zero is a bare 0, and only a zero is."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    text = f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
    text = f"{value:.0e}".replace("e-0", "e-") if abs(value) < 0.005 else text
    return text.replace("-", "−")


def saddle_steps(points: pd.DataFrame, steps: int, sentence: str, place: str) -> Figure:
    """Return the steps to a distance against ``eps``, a line an ``activation``.

    ``points`` has a row an activation and eps, with ``by`` (NaN: more than half of the networks
    never got there; drawn hollow above the end) and its interval ``low`` to ``high``.
    """
    lines = points.groupby("activation", sort=False)
    top = [steps * (1.05 + 0.06 * i) for i in range(lines.ngroups + 1)]
    with svg.style():
        canvas, axes = svg.axes(4.9, 3.4)
        for (name, line), look, height in zip(lines, LOOKS, top, strict=False):
            got, never = line[line["by"].notna()], line[line["by"].isna()]
            low, high = (got[side].fillna(got["by"]) for side in ("low", "high"))
            axes.errorbar(
                got["eps"], got["by"], [got["by"] - low, high - got["by"]], label=name,
                color=svg.INK, linewidth=1.5, elinewidth=0.8, markersize=5, **look,
            )  # fmt: skip
            axes.plot(
                never["eps"], [height] * len(never), color=svg.INK, markersize=6, fillstyle="none",
                **look | {"linestyle": "none"},
            )  # fmt: skip
        axes.axhline(steps, color=svg.MUTED, linewidth=1, linestyle=(0, (3, 3)))
        _eps_axis(axes, points)
        axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= steps])
        axes.set(ylabel="steps", ylim=(0, top[-1]))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        rows = points[["activation", "eps", "by", "low", "high"]]
        return Figure("steps", svg.drawn(canvas), sentence, rows, place, "dynamics.csv")


def saddle_distance(points: pd.DataFrame, sentence: str, place: str) -> Figure:
    """Return the largest distance at the ``end`` against ``eps``, a line an ``activation``.

    The dotted line is eps itself: what is on or below it has not grown.
    """
    eps, end = points["eps"], points["end"]
    with svg.style():
        canvas, axes = svg.axes(4.9, 3.4)
        lines = points[end > 0].groupby("activation", sort=False)
        for (name, line), look in zip(lines, LOOKS, strict=False):
            axes.plot(line["eps"], line["end"], label=name, color=svg.INK, linewidth=1.5,
                      markersize=5, **look)  # fmt: skip
        axes.plot(eps, eps, color=svg.MUTED, linewidth=1, linestyle=(0, (1, 3)))
        axes.set_yscale("log")
        _eps_axis(axes, points)
        low, high = math.floor(math.log10(eps.min())), math.ceil(math.log10(max(1.0, *end)))
        ticks = range(high, low - 1, -max(1, (high - low) // 5))
        axes.set_yticks([10.0**d for d in ticks], [svg.power(d) for d in ticks], minor=False)
        axes.set_yticks([], minor=True)
        axes.set(ylabel="largest distance at the end")
        rows = points[["activation", "eps", "end"]]
        return Figure("end", svg.drawn(canvas), sentence, rows, place, "dynamics.csv")


def _eps_axis(axes: Axes, points: pd.DataFrame) -> None:
    """Make the horizontal axis that of eps, from the largest to the smallest."""
    axes.set_xscale("log")
    low, high = (round(math.log10(f(points["eps"]))) for f in (min, max))
    ticks = range(high, low - 1, -max(1, math.ceil((high - low) / 5)))
    axes.set_xticks([10.0**d for d in ticks], [svg.power(d) for d in ticks], minor=False)
    axes.set_xticks([], minor=True)
    axes.invert_xaxis()
    axes.set(xlabel="eps, the size of the difference at the start")
    axes.yaxis.grid(True, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.legend(title=None, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def paths(points: np.ndarray, steps: Sequence[int], verdict: str, sentence: str,
          place: str = "") -> Figure:  # fmt: skip
    """Return the ways of units through a plane, points [checkpoints, units, 2], dots at the start.

    The names of units that end in one place stand there together.
    """
    with svg.style():
        canvas, axes = svg.axes(4.9, 3.2)
        for unit in range(points.shape[1]):
            x, y = points[:, unit].T
            axes.plot(x, y, color=svg.LINES[verdict], linewidth=1.5, alpha=0.8)
            axes.plot(x[0], y[0], marker="o", markersize=4, color=svg.LINES[verdict])
        for (x, y), names in _ends(points[-1], float(np.ptp(points))).items():
            axes.annotate(names, (x, y), (4, 3), textcoords="offset points", fontsize=10.0)
        axes.set(xlabel="first axis", ylabel="second axis")
        axes.margins(0.12)
        rows = pd.DataFrame({"step": list(steps)} | {
            f"neuron {unit + 1} {axis}": points[:, unit, i].astype(np.float64)
            for unit in range(points.shape[1]) for i, axis in enumerate("xy")
        })  # fmt: skip
        return Figure("paths", svg.drawn(canvas), sentence, rows, place, "train/*.npz")


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


def neglect(rows: pd.DataFrame, sentence: str) -> Figure:
    """Return ``neglected_mean`` over ``step``, a line a ``verdict`` with a dash of its own."""
    last = int(rows["step"].max())
    found = [name for name in VERDICTS if name in set(rows["verdict"])]
    with svg.style():
        canvas, axes = svg.axes(4.9, 3.2)
        sns.lineplot(
            rows, x="step", y="neglected_mean", hue="verdict", style="verdict", hue_order=found,
            style_order=found, palette=svg.LINES, linewidth=2, ax=axes,
        )  # fmt: skip
        svg.log_steps(axes, last)
        axes.set(xlabel="training step", ylabel="properties neglected, of 3", ylim=(-0.1, 3.1))
        axes.set_yticks(range(4))
        axes.yaxis.grid(True, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.legend(title=None, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        numbers = rows.pivot(index="step", columns="verdict", values="neglected_mean")
        numbers = numbers[found].reset_index().rename_axis(columns=None)
        return Figure("neglect", svg.drawn(canvas), sentence, numbers, "", "over_training.csv")


def shares(rows: pd.DataFrame, marks: Sequence[tuple[float, float]], limits: tuple[float, float],
           is_log: bool, name: str, sentence: str, file: str) -> Figure:  # fmt: skip
    """Return ``share`` over ``value``, a line and a marker a ``verdict``, with Wilson bands.

    The bands go from ``low`` to ``high``, where the share is above 0; dotted is what the theory
    expects (``theory``, NaN where nothing). ``marks`` are the intervals of boundaries, ``limits``
    the part of the axis to show.
    """
    found = list(dict.fromkeys(rows["verdict"]))
    with svg.style():
        canvas, axes = svg.axes(5.6, 3.0)
        axes.set_xscale("log" if is_log and limits[0] > 0 else "linear")
        for low, high in marks:
            axes.axvspan(low, high, color=svg.RULE, linewidth=0, alpha=0.6)
        sns.lineplot(
            rows, x="value", y="share", hue="verdict", style="verdict", hue_order=found,
            style_order=found, palette=svg.LINES, markers=MARKERS, dashes=False, linewidth=1.5,
            markersize=5, markeredgecolor=svg.PAPER, markeredgewidth=0.5, ax=axes,
        )  # fmt: skip
        for verdict, part in rows.groupby("verdict"):
            colour = svg.LINES[str(verdict)]
            axes.fill_between(part["value"], part["low"], part["high"], part["share"] > 0,
                              color=colour, alpha=0.12, linewidth=0)  # fmt: skip
            axes.plot(part["value"], part["theory"], color=colour, linewidth=1.2,
                      linestyle=(0, (1, 2)))  # fmt: skip
        axes.set(xlabel=name, ylabel="share of networks", xlim=limits, ylim=(-0.04, 1.04))
        axes.yaxis.grid(True, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.legend(title=None, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        inside = rows["value"].between(*limits)
        numbers = rows.loc[inside, ["value", "verdict", "share", "low", "high", "theory"]]
        return Figure("shares", svg.drawn(canvas), sentence, numbers, name, file)


def loss(networks: pd.DataFrame, verdicts: Sequence[str], sentence: str) -> Figure:
    """Return box plots of ``test_loss`` by ``verdict``: quartiles, whiskers from 5 to 95 %.

    The dashed line is the loss of a fair coin, which says one half to every row.
    """
    with svg.style():
        canvas, axes = svg.axes(4.9, 0.9 + 0.42 * len(verdicts))
        axes.axvline(math.log(2), color=svg.MUTED, linewidth=1, linestyle=(0, (3, 3)))
        sns.boxplot(
            networks, x="test_loss", y="verdict", order=list(verdicts), hue="verdict",
            hue_order=list(verdicts), palette=svg.LINES, legend=False, fill=False,
            whis=(5, 95), showfliers=False, width=0.55, linewidth=1.5, ax=axes,
        )  # fmt: skip
        axes.set(xlabel="test loss in nats (dashed: a coin)", ylabel="")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0, labelcolor=svg.INK)
        levels = networks.groupby("verdict")["test_loss"].quantile(np.array(LEVELS)).unstack()
        rows = levels.loc[list(verdicts)].reset_index()
        rows.columns = pd.Index(["verdict", *(f"{100 * level:g} %" for level in LEVELS)])
        return Figure("loss", svg.drawn(canvas), sentence, rows)
