"""The picture that stands for a site where its address is shared: the run's own verdict matrix.

A row is an initializer; columns are dropouts, in them biases, in them models. Colours are those of
the report's style. 1200 x 630 pixels, as Open Graph wants them.
"""

import io
import re
import textwrap
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from symbreak.summary import WORDS, Grid, answer

SIZE = (12.0, 6.3)  # inches of 100 pixels
QUESTION = "Which settings set neurons apart?"
MOST_ROWS = 24  # initializers that have room for their names
TEMPLATES = Path(__file__).parent / "templates"
TOKEN = re.compile(r"--([\w-]+): (#[0-9a-f]{3,6});")


def colours() -> dict[str, str]:
    """Return the colours of the report's light style by token; the first one of a name counts."""
    styles = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.css"))
    found: dict[str, str] = {}
    for name, value in TOKEN.findall(styles):
        found.setdefault(name, value)
    return found


def png(grid: Grid) -> bytes:
    """Return the picture; the same verdicts and versions give the same bytes."""
    tokens = colours()
    figure = Figure(figsize=SIZE, dpi=100, facecolor=tokens["paper"])
    FigureCanvasAgg(figure)
    with rc_context({"font.family": "DejaVu Sans"}):
        figure.text(0.04, 0.9, QUESTION, size=30, weight="bold", color=tokens["ink"])
        first = answer(grid).partition(":")[0].rstrip(".") + "."
        sentence = "\n".join(textwrap.wrap(first, 88)[:3])
        figure.text(0.04, 0.855, sentence, size=15, color=tokens["muted"], va="top",
                    linespacing=1.5)  # fmt: skip
        _matrix(figure.add_axes((0.2, 0.13, 0.76, 0.52)), grid, tokens)
        _key(figure, grid, tokens)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=100, metadata={"Software": None})
    return out.getvalue()


def _matrix(axes: Axes, grid: Grid, tokens: dict[str, str]) -> None:
    e, words = grid.experiment, [word.name for word in WORDS]
    rows = [
        [grid.verdict(setting) for dropout in e.dropout for bias in e.bias
         for setting in e.settings(init, dropout, bias)]
        for init in e.init
    ]  # fmt: skip
    numbers = [[words.index(v) if v in words else len(words) for v in row] for row in rows]
    shades = ListedColormap([tokens[word] for word in words] + [tokens["rule"]])
    axes.imshow(numbers, cmap=shades, vmin=0, vmax=len(words), aspect="auto",
                interpolation="nearest")  # fmt: skip
    wide = len(rows[0]) / len(e.dropout)
    for edge in range(1, len(e.dropout)):
        axes.axvline(edge * wide - 0.5, color=tokens["paper"], linewidth=4)
    for edge in range(1, len(e.init)):
        axes.axhline(edge - 0.5, color=tokens["paper"], linewidth=1)
    named = range(len(e.init)) if len(e.init) <= MOST_ROWS else []
    axes.set_yticks(list(named), [e.init[i].label for i in named], size=9, color=tokens["ink"])
    middles = [(i + 0.5) * wide - 0.5 for i in range(len(e.dropout))]
    axes.set_xticks(middles, [choice.label for choice in e.dropout], size=11, color=tokens["ink"])
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    for spine in axes.spines.values():
        spine.set_visible(False)


def _key(figure: Figure, grid: Grid, tokens: dict[str, str]) -> None:
    used = [word for word in WORDS if grid.counts[word.name]]
    for i, word in enumerate(used):
        x = 0.045 + 0.92 * i / len(used)
        box = {"facecolor": tokens[word.name], "edgecolor": "none", "pad": 4}
        figure.text(x, 0.06, word.symbol, size=15, color=tokens[f"on-{word.name}"], bbox=box)
        figure.text(x + 0.028, 0.06, f"{word.name} {grid.counts[word.name]:,}", size=11,
                    color=tokens["ink"])  # fmt: skip
    figure.text(0.96, 0.91, "symbreak", size=16, color=tokens["muted"], ha="right")
