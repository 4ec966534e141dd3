"""The index of the page's script: the factors of the grid, and every setting's row of verdicts."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import yaml

from symbreak import packing
from symbreak.components import Choice
from symbreak.settings import COLUMNS, REGISTRIES, Experiment, Table
from symbreak.story import PROPERTIES
from symbreak.summary import WORDS, Grid, value_label

DIGITS = 4  # significant, of the numbers in the index; verdicts.csv has them all
FIRST = ("verdict", "shares", "predicted", "predicted_shares", "agrees", "known", "rule", "reason",
         "replicates", "distinct_min", "distinct_max", "moved", "broken_fraction", "broken_low",
         "broken_high", "loss_median", "accuracy_median", "diverged", "neglected_mean")  # fmt: skip
MODEL, TRAINING, GRID = ("hidden", "activation"), COLUMNS[5:], COLUMNS[:3]
LISTS = ("hidden", *GRID)  # keys that the config takes as lists only


def index(grid: Grid, steps: np.ndarray, features: list[str]) -> dict[str, Any]:
    """Return it as a JSON value, with the columns ``FIRST``; ``steps`` [c] are the checkpoints'."""
    e, widest = grid.experiment, max(width for hidden in grid.experiment.hidden for width in hidden)
    return {
        "experiment": e.name,
        "factors": [factor(e, name) for name in COLUMNS],
        "words": [{"name": w.name, "symbol": w.symbol, "meaning": w.meaning} for w in WORDS],
        "steps": [int(step) for step in steps],
        "features": features,
        "properties": [] if isinstance(e.data, Table) else list(PROPERTIES),
        "replicates": e.replicates,
        "size": len(grid.settings),
        "chunk": packing.CHUNK,
        "points": packing.points(len(grid.settings), widest, len(steps)),
        "config": config_text(e),
        "header": header(grid),
        "columns": {name: one for name, one in columns(grid).items() if name in FIRST},
    }


def later_columns(grid: Grid) -> dict[str, Any]:
    """Return the columns that the index leaves out, which come after it."""
    return {name: one for name, one in columns(grid).items() if name not in FIRST}


def factor(experiment: Experiment, name: str) -> dict[str, Any]:
    """Return a factor with the labels of its values, and what a config says for each."""
    values = getattr(experiment, name)
    return {
        "name": name,
        "label": "initializer" if name == "init" else name.replace("_", " "),
        "values": [value_label(value) for value in values],
        "yaml": [flow([plain(name, v)] if name in LISTS else plain(name, v)) for v in values],
    }


def plain(name: str, value: Any) -> Any:
    """Return a factor's value as a config spells it."""
    if isinstance(value, Choice):
        return {value.name: REGISTRIES[name].named(value)} if value.values else value.name
    if isinstance(value, tuple):
        return list(value)
    return value_label(value) if value is None else value


def flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=math.inf, sort_keys=False)
    return str(text).removesuffix("\n").removesuffix("\n...")


def config_text(e: Experiment) -> str:
    """Return the config of one setting, with ``{{init}}`` and so on where its values go."""
    kind = "csv" if isinstance(e.data, Table) else "demand"
    data = {"kind": kind} | {k: v for k, v in e.data_record().items() if k != "kind"}
    lines = [
        "experiment: {{name}}", f"seed: {e.seed}", f"data: {flow(data)}",
        *_section("model", MODEL), *_section("training", TRAINING), f"  steps: {e.steps}",
        *_section("grid", GRID), f"replicates: {e.replicates}", f"checkpoints: {e.checkpoints}",
        f"redundancy: {flow(e.redundancy)}", f"neglect: {flow(e.neglect)}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _section(name: str, keys: tuple[str, ...]) -> Iterator[str]:
    yield f"{name}:"
    yield from (f"  {key}: {{{{{key}}}}}" for key in keys)


def header(grid: Grid) -> list[str]:
    """Return the names of all columns of verdicts.csv, in its order."""
    known = next(iter(grid.rows.values()), None)
    return list(COLUMNS) if known is None else [n for n in known._fields if n != "Index"]


def columns(grid: Grid) -> dict[str, dict[str, list[Any]]]:
    """Return the columns of verdicts.csv over the settings in the grid's order.

    A column is {of: values, at: the place of each setting's value} where values repeat, else {all:
    values}. None stands for what is missing.
    """
    rows = [grid.rows.get(setting) for setting in grid.settings]
    names = [name for name in header(grid) if name not in COLUMNS]
    return {name: column([getattr(row, name, None) for row in rows]) for name in names}


def column(values: list[Any]) -> dict[str, list[Any]]:
    """Return the values of one column, packed as ``columns`` says."""
    values = [short(value) for value in values]
    places: Mapping[Any, int] = {value: i for i, value in enumerate(dict.fromkeys(values))}
    if 4 * len(places) > len(values):
        return {"all": values}
    return {"of": list(places), "at": [places[value] for value in values]}


def short(value: Any) -> Any:
    """Return a cell as JSON takes it: None for what is missing, numbers with ``DIGITS`` digits."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, float | np.floating):
        rounded = float(f"{value:.{DIGITS}g}")
        if not math.isfinite(rounded):  # the last numbers before infinity round to it
            return float(value) if math.isfinite(value) else None
        return int(rounded) if rounded == int(rounded) else rounded
    return int(value) if isinstance(value, np.integer) else value
