"""The figure: how many times longer each contender takes, every cell a point."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from bench.contenders import CONTENDERS

STYLE: Any = {  # matplotlib types each key
    "svg.fonttype": "none", "svg.hashsalt": "symbreak", "font.size": 10.0,
}  # fmt: skip


def draw(ratios: pd.DataFrame, path: Path) -> None:
    """Draw ratios to this project's compiled engine (``tables.ratios``) as an SVG file."""
    order = [c.name for c in CONTENDERS if c.name in set(ratios["contender"])]
    rows = ratios[ratios["contender"].isin(order)]
    with plt.rc_context(STYLE), sns.axes_style("whitegrid"):
        grid = sns.catplot(
            rows, x="ratio", y="contender", order=order, col="batch", hue="activation",
            hue_order=sorted(rows["activation"].unique()), palette="colorblind", kind="strip",
            dodge=True, size=3.5, alpha=0.8, height=3.4, aspect=1.25,
        )  # fmt: skip
        for axes in grid.axes.flat:
            axes.set_xscale("log")
            axes.axvline(1.0, color="black", linewidth=1)
        grid.set_axis_labels("time of a network-step over symbreak's", "")
        grid.set_titles("batch {col_name}")
        grid.savefig(path, format="svg", metadata={"Date": None})
        plt.close(grid.figure)
