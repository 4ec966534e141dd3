"""The report: tables and networks in, one HTML page out that needs no script and no network.

``build`` takes plain data; ``write`` reads it from an experiment's folders. The page's text is in
``templates/``, its numbers and sentences come from ``summary``, its pictures from ``figures``.
"""

import hashlib
import platform
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import yaml

from symbreak import (
    breaks,
    cards,
    causes,
    crossings,
    data,
    examples,
    figures,
    index,
    mathematics,
    matrix,
    neglect_text,
    networks,
    packing,
    page,
    pages,
    rounding,
    saddle,
    summary,
)
from symbreak import config as configuration
from symbreak.components import Component
from symbreak.files import write_text
from symbreak.networks import Trained
from symbreak.settings import REGISTRIES, Experiment, Setting
from symbreak.story import PROPERTIES

PACKAGES = ("symbreak", "snakemake", "numpy", "numba", "pandas", "scipy", "matplotlib", "seaborn",
            "jinja2")  # fmt: skip
TEXT_COLUMNS = {"hidden": str, "batch_size": str}  # labels that look like numbers


@dataclass(frozen=True)
class Provenance:
    """What made a report; ``config`` is (path, text) of each config file, in order."""

    config: tuple[tuple[str, str], ...]
    versions: Mapping[str, str]
    commit: str

    @property
    def command(self) -> str:
        """The command that makes the report again."""
        paths = (path for path, _ in self.config)
        return shlex.join(["snakemake", "--cores", "4", "--configfile", *paths])

    @property
    def digest(self) -> str:
        """The SHA-256 of the config files' text, one after the other."""
        return hashlib.sha256("".join(text for _, text in self.config).encode()).hexdigest()


@dataclass(frozen=True)
class Results:
    """What an experiment found.

    ``verdicts`` and ``networks`` have a row a setting and a row a network, ``claims`` a row a
    claim, ``sensitivity`` a row a threshold, ``over_training`` a row a verdict and checkpoint,
    ``by_verdict`` a row a verdict, ``neglect`` a row a kind of start and noise, ``contrasts`` a row
    a pair of settings, ``dynamics`` a row a setting and hidden layer, ``hunted`` a row a case of
    the hunt. ``distances``, ``times`` and ``pages`` take the label of an initializer and return the
    pairs of its networks, their rows of dynamics and the pages of its settings; ``trained`` takes a setting and returns its networks.
    ``features`` are the names of the inputs x [b, d] of the training rows with labels y [b],
    ``rows`` a sentence on the rows; ``searches`` are those of ``refine``.
    """

    verdicts: pd.DataFrame
    networks: pd.DataFrame
    claims: pd.DataFrame
    sensitivity: pd.DataFrame
    over_training: pd.DataFrame
    by_verdict: pd.DataFrame
    neglect: pd.DataFrame
    contrasts: pd.DataFrame
    dynamics: pd.DataFrame
    hunted: pd.DataFrame
    distances: Callable[[str], pd.DataFrame]
    times: Callable[[str], pd.DataFrame]
    pages: Callable[[str], pd.DataFrame]
    trained: Callable[[Setting], Trained]
    features: Sequence[str]
    x: np.ndarray
    y: np.ndarray
    rows: str
    searches: Sequence[crossings.Search] = ()


def write(path: str | Path, experiment: Experiment, made_by: Provenance) -> None:
    """Write the report of an experiment from the results in its folders."""
    folder = Path(experiment.results)
    table = data.read_csv(experiment.data_file, data.target_of(experiment.data))
    rows = data.dataset(experiment.data, table)
    results = Results(
        pd.read_csv(folder / "verdicts.csv", dtype=TEXT_COLUMNS),
        pd.read_parquet(folder / "networks.parquet"),
        pd.read_csv(folder / "claims.csv", dtype={"verdict": str}),
        pd.read_csv(folder / "sensitivity.csv"),
        pd.read_csv(folder / "over_training.csv"),
        pd.read_csv(folder / "by_verdict.csv"),
        pd.read_csv(folder / "neglect.csv"),
        pd.read_csv(folder / "contrasts.csv", dtype={**TEXT_COLUMNS, "value": str}),
        pd.read_csv(folder / "dynamics.csv", dtype=TEXT_COLUMNS),
        pd.read_csv(folder / "hunt.csv"),
        lambda init: pd.read_parquet(folder / "distances" / f"{init}.parquet"),
        lambda init: pd.read_parquet(folder / "dynamics" / f"{init}.parquet"),
        lambda init: pd.read_parquet(folder / "pages" / f"{init}.parquet"),
        lambda setting: read_trained(folder, setting),
        rows.features,
        rows.x_train,
        rows.y_train,
        data.count_rows(table),
        crossings.read(experiment),
    )
    write_text(path, build(experiment, results, made_by))


def read_trained(folder: Path, setting: Setting) -> Trained:
    """Return the networks of one setting from the file of its combination."""
    name = f"{setting.dropout.label}/{setting.bias.label}.npz"
    found = networks.load(folder / "train" / setting.init.label / name)
    return next(trained for trained in found if trained.setting == setting)


def build(experiment: Experiment, results: Results, made_by: Provenance) -> str:
    """Return the report as HTML; the same inputs give the same text."""
    grid = summary.Grid(experiment, results.verdicts)
    losses = summary.losses(results.networks)
    style, script = page.style(matrix.style_rules(grid)), page.script()
    steps = results.pages(experiment.init[0].label)["steps"].iloc[0]
    context = {
        "experiment": experiment, "grid": grid, "words": summary.WORDS, "made_by": made_by,
        "answer": summary.answer(grid), "others": summary.others(grid),
        "theory": summary.theory(grid), "hunt_text": summary.hunted(results.hunted),
        "hunt_misses": results.hunted.query("agrees == 'no'").to_dict("records"),
        "claims": cards.cards(grid, results.claims),
        "origins": summary.origins(grid), "bar": list(bar(grid)),
        "selectors": matrix.selectors(grid), "panels": matrix.panels(grid),
        "fixed": matrix.fixed_factors(grid), "changes": list(summary.changes(grid)),
        "examples": examples.examples(grid, results.distances, results.trained, results.features,
                                      results.x, results.y),
        "lesson": mathematics.lesson(grid, results.trained, list(results.features), results.x,
                                     results.y),
        **breaks.context(results.dynamics, experiment.steps),
        "saddles": saddle.saddles(experiment, results.dynamics, results.times),
        "rounding": rounding.rounding(grid, results.dynamics),
        "losses": losses.to_dict("records"), "loss_text": summary.loss_sentence(losses),
        "loss_figure": loss_figure(results.networks, losses), "networks": len(results.networks),
        "neglect": neglect_text.by_verdict(results.by_verdict).to_dict("records"),
        "neglect_figure": neglect_figure(results.over_training),
        "neglect_text": neglect_text.verdict_sentence(results.by_verdict),
        "own_kinds": neglect_text.at(results.neglect, experiment.neglect),
        "properties": len(PROPERTIES),
        "which_text": neglect_text.which_sentence(results.neglect, experiment.neglect),
        "kinds": results.neglect.to_dict("records"), "kind_words": neglect_text.KINDS,
        "searches": results.searches, "crossings": crossings,
        "sensitivity": results.sensitivity.to_dict("records"),
        "diverged": int(results.networks["diverged"].sum()), "symbols": matrix.SYMBOLS,
        "components": list(components(experiment)), "sentence": sentence, "rows": results.rows,
        **causes.context(grid, results.contrasts),
        "style": style, "script": script, "policy": page.policy(style, script),
        "index": packing.packed(index.index(grid, steps, list(results.features))),
        "chunks": packing.chunks(setting_pages(grid, results)),
    }  # fmt: skip
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("symbreak"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    return environment.get_template("report.html").render(context)


def setting_pages(grid: summary.Grid, results: Results) -> list[dict[str, Any] | None]:
    """Return the page of every setting in the grid's order; None where it is missing."""
    found: dict[summary.Identity, dict[str, Any]] = {}
    for init in grid.experiment.init:
        for row in results.pages(init.label).to_dict("records"):
            found[summary.identity(Setting.from_record(row))] = pages.page(row, results.features)
    return [found.get(summary.identity(setting)) for setting in grid.settings]


def bar(grid: summary.Grid) -> Iterator[tuple[str, float, float]]:
    """Yield (verdict, start, width), in percent of all settings, in the order of the words."""
    start = 0.0
    for word in summary.WORDS:
        width = 100 * grid.counts[word.name] / max(1, len(grid.rows))
        if width:
            yield word.name, round(start, 3), round(width, 3)
        start += width


def loss_figure(found: pd.DataFrame, losses: pd.DataFrame) -> str:
    """Return the box plots of the losses by verdict; empty where no loss is finite."""
    finite = losses.dropna()
    if finite.empty:
        return ""
    medians = "; ".join(f"{row.verdict} {row.median:.3f}" for row in finite.itertuples())
    kept = found[found["verdict"].isin(finite["verdict"])]
    return figures.loss(
        kept, list(finite["verdict"]), f"Median test loss in nats by verdict: {medians}."
    )


def neglect_figure(over_training: pd.DataFrame) -> str:
    """Return the lines of neglected properties over training; empty where they are not known."""
    known = over_training.dropna(subset="neglected_mean")
    if known.empty:
        return ""
    ends = known.groupby("verdict", sort=False)["neglected_mean"].agg(["first", "last"])
    words = [f"{v} {row['first']:.2f} to {row['last']:.2f}" for v, row in ends.iterrows()]
    return figures.neglect(
        known, f"Neglected properties of three, before and after training: {'; '.join(words)}."
    )


def components(experiment: Experiment) -> Iterator[tuple[str, str, Component]]:
    """Yield (kind, label, component) of every component that the experiment uses."""
    for kind, registry in REGISTRIES.items():
        for choice in getattr(experiment, kind):
            yield kind, choice.label, registry[choice.name]


def sentence(kind: str, name: str) -> str:
    """Return the sentence that a component's declaration says of it."""
    return REGISTRIES[kind][name].sentence


def provenance(config_files: Sequence[str | Path], config: Mapping[str, Any]) -> Provenance:
    """Return what makes the report of a config; needs neither git nor a repository."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return Provenance(config_texts(config_files, config), versions, commit())


def config_texts(files: Sequence[str | Path], config: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return (path, text) of each config file, or of one that holds what was used.

    The latter where the files do not say all: after ``--config``, or from another workflow.
    """
    stated: dict[str, Any] = {}
    for path in files:
        stated |= configuration.load(str(path))
    used = configuration.plain(config)
    if used == stated:
        return tuple((_portable(path), Path(path).read_text(encoding="utf-8-sig"))
                     for path in files)  # fmt: skip
    name = f"{used['experiment']}-as-used.yaml"
    head = f"# What was used, not all of it from a config file: save it as {name}\n"
    return ((name, head + yaml.safe_dump(used, sort_keys=False, default_flow_style=None)),)


def _portable(path: str | Path) -> str:
    """Return a path as seen from the working directory; outside of it, only the name."""
    absolute, here = Path(path).resolve(), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute.name)


def commit() -> str:
    """Return the commit of this library's files, and whether they were changed since."""
    tracked = _git("ls-files", "--error-unmatch", "--", Path(__file__).name)
    head = _git("rev-parse", "HEAD")
    if not tracked or not head:
        return "unknown (the library is not in a git repository)"
    return head + (" with local changes" if _git("status", "--porcelain", "--", ".") else "")


def _git(*arguments: str) -> str:
    """Return what git says of this folder; nothing where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True,
            timeout=30, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
