"""The symmetry-leak audit: after how many steps does each framework separate equal units?

Every installed framework trains equal units (``frameworks.py``) over widths, batch sizes and
dtypes; the answer is the first step after which two units' vectors differ in any bit.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from symbreak.components import spell
from symbreak.data import dataset, make
from symbreak.files import written
from symbreak.frameworks import FRAMEWORKS, Framework, Task
from symbreak.settings import FULL, Demand, Table

Array = np.ndarray
SEPARATED, EQUAL, DIVERGED = "separated", "equal", "diverged"
PANEL = ("dtype", "batch")  # of the printed table's rows and of the figure's panels


@dataclass(frozen=True)
class Source:
    """Where the rows come from, with the start, rate and steps that go with them."""

    rows: Callable[[], tuple[Array, Array]]
    value: float = 0.5
    rate: float = 1.0
    steps: int = 2000


def demand_rows() -> tuple[Array, Array]:
    """Return 400 training rows of the demand story: x [400, 4], y [400]."""
    found = dataset(Demand(rows=500), make(Demand(rows=500), 20240501))
    return found.x_train, found.y_train


def table_rows(path: str, target: str) -> tuple[Array, Array]:
    """Return all rows of a user's CSV file, standardized: x [b, d], y [b]; raises DataError."""
    table = Table(path, target, test_path=path)
    found = dataset(table, make(table, 0))
    return found.x_train, found.y_train


def flower_rows() -> tuple[Array, Array]:
    """Return the flower of a well-known course's exercise on planar data: x [400, 2], y [400].

    Four petals of two colours, from the exercise's own code and seed.
    """
    random, parts = np.random.RandomState(1), []
    for label in range(2):
        angle = np.linspace(label * 3.12, (label + 1) * 3.12, 200) + random.randn(200) * 0.2
        radius = 4 * np.sin(4 * angle) + random.randn(200) * 0.2
        parts.append(np.column_stack([radius * np.sin(angle), radius * np.cos(angle)]))
    return np.concatenate(parts), np.repeat([0.0, 1.0], 200)


SOURCES = {
    "demand": Source(demand_rows),
    "flower": Source(flower_rows, value=0.01, rate=1.2, steps=10_000),
}


@dataclass(frozen=True)
class Grid:
    """What is tried on rows x [b, d] and y [b]: every framework x dtype x batch x width."""

    x: Array
    y: Array
    widths: Sequence[int]
    batches: Sequence[int | None] = (None, 32)
    dtypes: Sequence[str] = ("float64", "float32")
    activation: str = "tanh"
    rate: float = 1.0
    value: float = 0.5
    steps: int = 2000

    def tasks(self) -> Iterator[tuple[dict[str, Any], Task]]:
        """Yield each task with the columns that name it."""
        for dtype, batch, width in product(self.dtypes, self.batches, self.widths):
            rows = self.x.astype(dtype), self.y.astype(dtype)
            names = {"dtype": dtype, "batch": batch_label(batch), "width": width}
            yield names, Task(*rows, width, batch, self.activation, self.rate, self.value)


def batch_label(batch: int | None) -> str:
    """Return how a batch size is written."""
    return FULL if batch is None else str(batch)


def first_difference(units: Iterable[Array], steps: int) -> tuple[str, int | None]:
    """Return what becomes of equal units, and the step after which two first differ in a bit.

    ``units`` are the neuron vectors [units, parameters] after step 1, 2, ...
    """
    for step, vectors in enumerate(islice(units, steps), start=1):
        bits = np.ascontiguousarray(vectors).view(f"u{vectors.dtype.itemsize}")
        if (bits != bits[0]).any():
            return SEPARATED, step
        if not np.isfinite(vectors).all():
            return DIVERGED, None
    return EQUAL, None


def audit(grid: Grid, names: Iterable[str]) -> pd.DataFrame:
    """Return a row a framework and task, for the named frameworks, all installed.

    Linear algebra runs on one thread where it can be told so. Says on stderr what is running.
    """
    rows = []
    for name in names:
        framework = FRAMEWORKS[name]
        print(f"{name} ...", file=sys.stderr)
        import_module(framework.module)  # its threads can be limited once it is loaded
        with threadpool_limits(1), np.errstate(all="ignore"):
            for columns, task in grid.tasks():
                outcome, step = first_difference(framework.train(task), grid.steps)
                rows.append(described(framework) | columns | {
                    "activation": grid.activation, "learning_rate": grid.rate,
                    "value": grid.value, "rows": len(grid.x), "steps": grid.steps,
                    "outcome": outcome, "first_step": step,
                })  # fmt: skip
    return pd.DataFrame(rows).astype({"first_step": "Int64"})


def described(framework: Framework) -> dict[str, str]:
    """Return a framework's name, version, BLAS and kernel."""
    blas, kernel = framework.blas()
    return {"framework": framework.name, "version": framework.version, "blas": blas,
            "kernel": kernel}  # fmt: skip


def spelled(outcome: Any, step: Any) -> str:
    """Return a result in a word: the step, ``-`` for units still equal, or diverged."""
    return str(step) if outcome == SEPARATED else "-" if outcome == EQUAL else str(outcome)


def text(table: pd.DataFrame) -> str:
    """Return an audit as Markdown: the stacks, then first steps with a column a width."""
    stack = ["framework", "version", "blas", "kernel"]
    stacks = table[stack].drop_duplicates().to_numpy().tolist()
    one = table.iloc[0]
    caption = (
        f"First step after which two units differ in a bit (-: never in {one['steps']:,} steps): "
        f"{one['activation']} units, every weight {spell(one['value'])} at the start, learning "
        f"rate {spell(one['learning_rate'])}, {one['rows']} rows, by width:"
    )
    lines = [
        [*map(str, key), *(spelled(r.outcome, r.first_step) for r in group.itertuples())]
        for key, group in table.groupby(["framework", *PANEL], sort=False)
    ]
    widths = [str(width) for width in table["width"].unique()]
    return "\n\n".join([
        markdown([stack, *stacks]), caption, markdown([["framework", *PANEL, *widths], *lines])
    ])  # fmt: skip


def markdown(lines: list[list[str]]) -> str:
    """Return a Markdown table, its columns aligned; the first line is the header."""
    sizes = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["| " + " | ".join(map(str.ljust, line, sizes)) + " |" for line in lines]
    return "\n".join([rows[0], "|" + "|".join("-" * (n + 2) for n in sizes) + "|", *rows[1:]])


def draw(table: pd.DataFrame) -> Figure:
    """Return a heat map a dtype and batch: framework by width, the first step in each cell."""
    panels = list(table.groupby(list(PANEL), sort=False))
    names, widths = table["framework"].unique(), table["width"].unique()
    figure = Figure(figsize=(2.2 + 0.52 * len(widths), len(panels) * (1.3 + 0.3 * len(names))),
                    layout="constrained")  # fmt: skip
    decades = np.log10(max(10, int(table["steps"].max())))
    for axes, (key, group) in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels,
                                  strict=True):  # fmt: skip
        words = group.assign(word=list(map(spelled, group["outcome"], group["first_step"])))
        cells, steps = (words.pivot(index="framework", columns="width", values=value)
                        .reindex(index=names, columns=widths)
                        for value in ("word", "first_step"))  # fmt: skip
        sns.heatmap(np.log10(steps.astype(float)), ax=axes, annot=cells, fmt="", cmap="YlOrRd_r",
                    vmin=0, vmax=1.3 * decades, cbar=False, linewidths=1,
                    annot_kws={"fontsize": 8})  # fmt: skip
        for (row, column), value in np.ndenumerate(steps.isna().to_numpy()):
            if value:  # seaborn writes nothing into a masked cell
                axes.text(column + 0.5, row + 0.5, cells.iat[row, column], ha="center",
                          va="center", fontsize=8)  # fmt: skip
        axes.tick_params(axis="y", labelrotation=0)
        axes.set(title=f"{key[0]}, batch {key[1]}", xlabel="units", ylabel="")
    figure.suptitle("First step after which equal units differ in a bit (-: never)")
    return figure


def write(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Write audit.csv, audit.svg and audit.png, each whole or not at all; return the paths."""
    paths = [folder / f"audit.{kind}" for kind in ("csv", "svg", "png")]
    figure = draw(table)
    for path in paths:
        with written(path) as temporary:
            if path.suffix == ".csv":
                table.to_csv(temporary, index=False, lineterminator="\n")
            else:
                figure.savefig(temporary, format=path.suffix[1:], dpi=150)
    return paths
