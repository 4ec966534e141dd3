"""The report: tables and networks in, one HTML page out that needs no script and no network.

``build`` takes plain data; ``write`` reads it from an experiment's folders. The page's text is in
``templates/``, its numbers and sentences come from ``summary``, its pictures from ``figures``.
"""

import hashlib
import math
import platform
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from symbreak import data, figures, networks, summary
from symbreak.components import Choice
from symbreak.files import write_text
from symbreak.networks import Trained
from symbreak.settings import COLUMNS, REGISTRIES, Experiment, Setting
from symbreak.summary import FACTORS, WORDS, Grid, value_label

PACKAGES = ("symbreak", "snakemake", "numpy", "numba", "pandas", "scipy", "matplotlib", "seaborn",
            "jinja2")  # fmt: skip
COIN = math.log(2)  # nats: the loss of saying one half to every row
MOST_LISTED = 200  # settings of a list of failures; the rest is counted


@dataclass(frozen=True)
class Provenance:
    """What made a report: ``config`` is (path, text) of each config file, in order."""

    config: tuple[tuple[str, str], ...]
    versions: Mapping[str, str]
    commit: str

    @property
    def command(self) -> str:
        """The command that makes the report again."""
        paths = " ".join(path for path, _ in self.config)
        return f"snakemake --cores 4 --configfile {paths}"

    @property
    def digest(self) -> str:
        """The SHA-256 of the config files' text, one after the other."""
        return hashlib.sha256("".join(text for _, text in self.config).encode()).hexdigest()


@dataclass(frozen=True)
class Results:
    """What an experiment found. ``distances`` takes the label of an initializer and returns the
    pairs of its networks; ``trained`` a setting, and returns its networks."""

    verdicts: pd.DataFrame
    networks: pd.DataFrame
    distances: Callable[[str], pd.DataFrame]
    trained: Callable[[Setting], Trained]
    features: Sequence[str]


@dataclass(frozen=True)
class Cell:
    """A setting in the matrix; ``elsewhere`` says which other models have another verdict."""

    verdict: str
    symbol: str
    share: str
    elsewhere: str


@dataclass(frozen=True)
class Panel:
    """The matrix of one model; ``rows`` is [bias][initializer][dropout]."""

    key: str
    label: str
    rows: list[list[list[Cell]]]


@dataclass(frozen=True)
class Example:
    """One chosen setting with its pictures, each with the sentence that says its numbers."""

    verdict: str
    setting: Setting
    shares: str
    distance: str
    distance_text: str
    before: str
    after: str
    weights_text: str


def provenance(config_files: Sequence[str | Path]) -> Provenance:
    """Return versions, commit and the text of the config files; never fails outside git."""
    config = tuple((str(path), Path(path).read_text(encoding="utf-8-sig")) for path in config_files)
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return Provenance(config, versions, commit())


def commit() -> str:
    """Return the commit of this library's files and whether they were changed since."""
    here = Path(__file__).parent
    tracked = _git(here, "ls-files", "--error-unmatch", "--", Path(__file__).name)
    head = _git(here, "rev-parse", "HEAD")
    if not tracked or not head:
        return "unknown (not in a git repository)"
    return head + (" with local changes" if _git(here, "status", "--porcelain", "--", ".") else "")


def _git(folder: Path, *arguments: str) -> str:
    """Return what git prints, nothing where there is no git, no repository or no answer."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def write(path: str | Path, experiment: Experiment, made_by: Provenance) -> None:
    """Read the results of an experiment from its folders and write its report."""
    folder = Path(experiment.results)
    text = build(
        experiment,
        Results(
            pd.read_csv(folder / "verdicts.csv", dtype={"hidden": str, "batch_size": str}),
            pd.read_parquet(folder / "networks.parquet"),
            lambda init: pd.read_parquet(folder / "distances" / f"{init}.parquet"),
            lambda setting: read_trained(folder, setting),
            data.load_for(experiment.data, experiment.data_file).features,
        ),
        made_by,
    )
    write_text(path, text)


def read_trained(folder: Path, setting: Setting) -> Trained:
    """Return the networks of one setting from the file of its combination."""
    name = f"{setting.dropout.label}/{setting.bias.label}.npz"
    found = networks.load(folder / "train" / setting.init.label / name)
    return next(t for t in found if t.setting == setting)


def build(experiment: Experiment, results: Results, made_by: Provenance) -> str:
    """Return the report as HTML; the same inputs give the same text."""
    grid = Grid(experiment, results.verdicts)
    choices = list(selectors(grid))
    style = "\n".join([_template("report.css"), *model_rules(choices)])
    losses = summary.losses(results.networks)
    context = {
        "experiment": experiment, "grid": grid, "words": WORDS, "made_by": made_by,
        "symbols": {word.name: word.symbol for word in WORDS}, "bar": list(bar(grid)),
        "answer": summary.answer(grid), "others": summary.others(grid),
        "origins": summary.origins(grid), "selectors": choices, "panels": panels(grid),
        "fixed": fixed_factors(grid), "changes": list(summary.changes(grid)),
        "examples": examples(grid, results), "losses": losses.to_dict("records"),
        "loss_text": summary.loss_sentence(losses), "loss_figure": loss_figure(results, losses),
        "coin": COIN, "networks": len(results.networks),
        "diverged": int(results.networks["diverged"].sum()), "most_listed": MOST_LISTED,
        "components": list(components(experiment)), "registries": REGISTRIES,
        "style": style, "style_hash": _source_hash(style), "number": number,
    }  # fmt: skip
    return _environment().get_template("report.html").render(context)


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("symbreak"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip


def _template(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _source_hash(text: str) -> str:
    """Return a text's hash as a content security policy wants it."""
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


def number(value: float) -> str:
    """Return a value with three digits; ``0`` stands for an exact zero only."""
    if not math.isfinite(value):
        return "not finite"
    text = f"{value:.3g}".replace("e-0", "e-").replace("e+0", "e")
    return text.replace("-", "−") if not text.startswith("-0") or value else "0"


def bar(grid: Grid) -> Iterator[tuple[str, float, float]]:
    """Yield (verdict, start, width) in percent of all settings, in the order of the words."""
    start = 0.0
    for word in WORDS:
        width = 100 * grid.counts[word.name] / max(1, len(grid.rows))
        if width:
            yield word.name, start, width
        start += width


def selectors(grid: Grid) -> Iterator[tuple[str, list[str]]]:
    """Yield (factor, labels of its values) for each factor that the reader can choose."""
    for name, values in grid.factors.items():
        yield name, [value_label(value) for value in values]


def model_rules(choices: Sequence[tuple[str, list[str]]]) -> Iterator[str]:
    """Yield the style rules that show the panel of the chosen values (see ``panels``)."""
    for indices in product(*(range(len(labels)) for _, labels in choices)):
        chosen = "".join(f":has(#f{i}v{j}:checked)" for i, j in enumerate(indices))
        yield f".models{chosen} .{_key(indices)}{{display:block}}"


def _key(indices: Sequence[int]) -> str:
    return "-".join(["model", *map(str, indices)])


def panels(grid: Grid) -> list[Panel]:
    """Return the matrix of every model, in the order of the experiment."""
    e = grid.experiment
    names = {model: model_label(grid, model) for model in grid.models}
    indices = product(*(range(len(values)) for values in grid.factors.values()))
    cells = {  # by combination, a model after the other
        combination: [cell(grid, s, names) for s in e.settings(*combination)]
        for combination in e.combinations()
    }
    return [
        Panel(
            _key(index), names[model],
            [[[cells[i, d, b][m] for d in e.dropout] for i in e.init] for b in e.bias],
        )
        for m, (index, model) in enumerate(zip(indices, grid.models, strict=True))
    ]  # fmt: skip


def model_label(grid: Grid, setting: Setting) -> str:
    """Return the values of a setting's factors that vary, as in ``tanh, 6-4``."""
    return ", ".join(value_label(getattr(setting, name)) for name in grid.factors)


def fixed_factors(grid: Grid) -> list[tuple[str, str]]:
    """Return the factors of the model that have one value, with its label."""
    first = grid.models[0]
    return [(n, value_label(getattr(first, n))) for n in FACTORS if n not in grid.factors]


def cell(grid: Grid, setting: Setting, names: Mapping[Setting, str]) -> Cell:
    """Return a setting's cell."""
    row = grid.rows.get(setting)
    if row is None:
        return Cell("missing", "–", "no result", "")
    symbol = next(word.symbol for word in WORDS if word.name == row.verdict)
    share = f"{_percent(row.broken_fraction)} % ({_interval(row)})"
    if row.verdict == "mixed":
        share = f"{row.shares}; {share}"
    return Cell(str(row.verdict), symbol, share, elsewhere(grid, setting, names))


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f}"


def _interval(row: Any) -> str:
    return f"{_percent(row.broken_low)}–{_percent(row.broken_high)}"


def elsewhere(grid: Grid, setting: Setting, names: Mapping[Setting, str]) -> str:
    """Return which other models give the combination another verdict; a count where many do."""
    e = grid.experiment
    own, found = grid.verdict(setting), []
    models = e.settings(setting.init, setting.dropout, setting.bias)
    for model, label in zip(models, names.values(), strict=True):
        verdict = grid.verdict(model)
        if verdict not in (own, None):
            found.append(f"{label}: {verdict}")
    if len(found) > 2:
        return f"{len(found)} of {len(names) - 1} other models differ"
    return "; ".join(found)
