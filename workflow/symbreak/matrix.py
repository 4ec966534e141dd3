"""The verdict matrix: a panel a model, in it a table a bias rule, initializers by dropouts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from symbreak.components import Choice
from symbreak.settings import Setting
from symbreak.summary import FACTORS, WORDS, Grid, Row, listed, value_label

MOST_CELLS = 2_000  # that are written out; a script draws the panels of further models
MOST_NAMED = 2  # other models that a cell names; more are counted
SYMBOLS = {word.name: word.symbol for word in WORDS}


@dataclass(frozen=True)
class Cell:
    """A setting in the matrix.

    ``share`` is the share of broken networks and ``interval`` its Wilson 95 % interval, in percent;
    ``shares`` the verdicts of replicates that disagree; ``elsewhere`` the models that give the
    combination another verdict; ``units`` says of frozen networks which units are equal.
    """

    verdict: str
    symbol: str
    share: str = ""
    interval: str = ""
    shares: str = ""
    elsewhere: str = ""
    units: str = ""


@dataclass(frozen=True)
class Panel:
    """The matrix of one model; ``cells`` is [bias][initializer][dropout]."""

    key: str
    label: str
    cells: list[list[list[Cell]]]


def selectors(grid: Grid) -> list[tuple[str, list[str]]]:
    """Return (factor, labels of its values) for each factor of the model that the reader sets."""
    return [(name, list(map(value_label, values))) for name, values in grid.factors.items()]


def fixed_factors(grid: Grid) -> list[tuple[str, str]]:
    """Return (factor, label) for each factor of the model that has one value."""
    first = grid.models[0]
    return [(n, value_label(getattr(first, n))) for n in FACTORS if n not in grid.factors]


def model_label(grid: Grid, setting: Setting) -> str:
    """Return the values of a setting's factors that vary, as in ``tanh, 6-4``."""
    return ", ".join(value_label(getattr(setting, name)) for name in grid.factors)


def model_keys(grid: Grid) -> Iterator[tuple[int, ...]]:
    """Yield, for each model in order, the position of each of its factors' values."""
    return product(*(range(len(values)) for values in grid.factors.values()))


def panel_key(indices: Sequence[int]) -> str:
    """Return the class of a model's panel."""
    return "-".join(["model", *map(str, indices)])


def written_models(grid: Grid) -> int:
    """Return how many models' panels the page holds: the first ones, of ``MOST_CELLS``."""
    e = grid.experiment
    return max(1, MOST_CELLS // (len(e.init) * len(e.dropout) * len(e.bias)))


def style_rules(grid: Grid) -> list[str]:
    """Return the style rules that show the panel of the values chosen, without a script."""
    return [
        "".join([".models", *(f":has(#f{i}v{j}:checked)" for i, j in enumerate(indices))])
        + f" .{panel_key(indices)}{{display:block}}"
        for indices in islice(model_keys(grid), written_models(grid))
    ]


def panels(grid: Grid) -> list[Panel]:
    """Return the matrix of each of ``written_models``, in the order of the experiment."""
    e = grid.experiment
    labels = [model_label(grid, model) for model in grid.models]
    cells = {combination: _cells(grid, combination, labels) for combination in e.combinations()}
    return [
        Panel(
            panel_key(indices),
            labels[m],
            [[[cells[i, d, b][m] for d in e.dropout] for i in e.init] for b in e.bias],
        )
        for m, indices in enumerate(islice(model_keys(grid), written_models(grid)))
    ]


def _cells(grid: Grid, combination: tuple[Choice, ...], labels: list[str]) -> list[Cell]:
    """Return the cells of one combination, a model after the other."""
    rows = [grid.rows.get(setting) for setting in grid.experiment.settings(*combination)]
    known = [(label, row.verdict) for label, row in zip(labels, rows, strict=True) if row]
    return [_cell(row, known) for row in rows]


def _cell(row: Row | None, known: list[tuple[str, str]]) -> Cell:
    if row is None:
        return Cell("missing", "–")
    differing: dict[str, list[str]] = {}
    for label, verdict in known:
        if verdict != row.verdict:
            differing.setdefault(verdict, []).append(label)
    count = sum(map(len, differing.values()))
    named = "; ".join(f"{verdict} with {listed(models)}" for verdict, models in differing.items())
    if count > MOST_NAMED:
        named = f"other verdict in {count} of {len(known) - 1} models"
    return Cell(
        str(row.verdict),
        SYMBOLS[row.verdict],
        f"{100 * row.broken_fraction:.0f}",
        f"{100 * row.broken_low:.0f}–{100 * row.broken_high:.0f}",
        row.shares if row.verdict == "mixed" else "",
        named,
        _frozen_units(row) if row.verdict == "frozen" else "",
    )


def _frozen_units(row: Row) -> str:
    """Return whether the units that did not move are equal, over all replicates."""
    least, most = int(row.distinct_min), int(row.distinct_max)
    if most == 1:
        return "units equal"
    if least >= max(map(int, str(row.hidden).split("-"))):
        return "units distinct"
    return f"{least if least == most else f'{least} to {most}'} distinct units"
