"""The report: tables and networks in, one HTML page out that needs no script and no network.

``build`` takes plain data; ``write`` reads it from an experiment's folders. The page's text is in
``templates/``, its numbers and sentences come from ``summary``, its pictures from ``figures``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from symbreak import (
    breaks,
    cards,
    causes,
    citation,
    crossings,
    data,
    examples,
    figures,
    glossary,
    incomplete,
    index,
    intact,
    mathematics,
    matrix,
    neglect_text,
    networks,
    packing,
    page,
    references,
    rounding,
    saddle,
    summary,
    teaching,
)
from symbreak.files import write_text
from symbreak.networks import Trained
from symbreak.provenance import Provenance, provenance
from symbreak.settings import COLUMNS, REGISTRIES, Experiment, Setting
from symbreak.story import PROPERTIES
from symbreak.svg import Figure

__all__ = ["Provenance", "Results", "build", "provenance", "write"]
# What is read of tables with a row a network: all of them would not fit memory.
OF_NETWORKS = ("replicate", "verdict", "test_loss", "diverged")
TIMES = [*COLUMNS, "replicate", "layer", "reach_by"]
TEXT_COLUMNS = {"hidden": str, "batch_size": str}  # labels that look like numbers


@dataclass(frozen=True)
class Results:
    """What an experiment found.

    ``verdicts`` and ``networks`` have a row a setting and a row a network, ``claims`` a row a
    claim, ``sensitivity`` a row a threshold, ``over_training`` a row a verdict and checkpoint,
    ``by_verdict`` a row a verdict, ``neglect`` a row a kind of start and noise, ``contrasts`` a row
    a pair of settings, ``dynamics`` a row a setting and hidden layer, ``hunted`` a row a case of
    the hunt. ``distances`` takes a setting and returns the pairs of its networks, ``times`` and
    ``pages`` the label of an initializer and return their rows of dynamics and the pages of its
    settings; ``trained`` takes a setting and returns its networks. ``features`` are the names of
    the inputs x [b, d] of the training rows with labels y [b], ``rows`` a sentence on the rows;
    ``searches`` are those of ``refine``. ``missing`` is None for a whole run, else the reasons of
    what is missing.
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
    distances: Callable[[Setting], pd.DataFrame]
    times: Callable[[str], pd.DataFrame]
    pages: Callable[[str], pd.DataFrame]
    trained: Callable[[Setting], Trained]
    features: Sequence[str]
    x: np.ndarray
    y: np.ndarray
    rows: str
    searches: Sequence[crossings.Search] = ()
    missing: Sequence[dict[str, Any]] | None = None


def write(path: str | Path, experiment: Experiment, made_by: Provenance,
          missing: list[dict[str, Any]] | None = None) -> None:  # fmt: skip
    """Write the report of an experiment from the results in its folders.

    With ``missing`` (``incomplete.missing``) a partial one, of what there is.
    """
    results = read(experiment, missing)
    write_text(path, build(experiment, results, made_by))


def write_site(folder: str | Path, experiment: Experiment, made_by: Provenance) -> list[Path]:
    """Write the report as a site: index.html and the data it loads; returns the files.

    Data of an earlier site that this one does not have are removed.
    """
    files = site(experiment, read(experiment), made_by)
    written = {Path(folder) / name: text for name, text in files.items()}
    for old in set((Path(folder) / "data").glob("*.js")) - written.keys():
        old.unlink()
    for path, text in written.items():
        write_text(path, text)
    return list(written)


def read(experiment: Experiment, missing: list[dict[str, Any]] | None = None) -> Results:
    """Return the results of an experiment from its folders."""
    folder = Path(experiment.results)
    hunted = pd.read_csv(folder / "hunt.csv")
    homes: dict[str, str] = {}
    if missing is not None:
        folder, homes = Path(incomplete.folder(experiment)), incomplete.shown(experiment)

    def home(init: str) -> Path:
        return Path(homes.get(init, folder))

    table = data.read_csv(experiment.data_file, data.target_of(experiment.data))
    rows = data.dataset(experiment.data, table)
    return Results(
        pd.read_csv(folder / "verdicts.csv", dtype=TEXT_COLUMNS),
        pd.read_parquet(folder / "networks.parquet", columns=list(OF_NETWORKS)),
        pd.read_csv(folder / "claims.csv", dtype={"verdict": str}),
        pd.read_csv(folder / "sensitivity.csv"),
        pd.read_csv(folder / "over_training.csv"),
        pd.read_csv(folder / "by_verdict.csv"),
        pd.read_csv(folder / "neglect.csv"),
        pd.read_csv(folder / "contrasts.csv", dtype={**TEXT_COLUMNS, "value": str}),
        pd.read_csv(folder / "dynamics.csv", dtype=TEXT_COLUMNS),
        hunted,
        lambda setting: read_distances(home(setting.init.label), setting),
        lambda init: pd.read_parquet(home(init) / "dynamics" / f"{init}.parquet", columns=TIMES),
        lambda init: pd.read_parquet(home(init) / "pages" / f"{init}.parquet"),
        lambda setting: read_trained(Path(experiment.results), setting),
        rows.features,
        rows.x_train,
        rows.y_train,
        data.count_rows(table),
        crossings.read(experiment),
        missing,
    )


def read_distances(folder: Path, setting: Setting) -> pd.DataFrame:
    """Return the pairs of one setting's networks; reads the row groups that hold some."""
    wanted = [(name, "==", value) for name, value in setting.record().items()]
    path = folder / "distances" / f"{setting.init.label}.parquet"
    return pd.read_parquet(path, filters=wanted)


def read_trained(folder: Path, setting: Setting) -> Trained:
    """Return the networks of one setting from the file of its combination."""
    name = f"{setting.dropout.label}/{setting.bias.label}.npz"
    file = folder / "train" / setting.init.label / name
    intact.check(file)
    found = networks.load(file)
    return next(trained for trained in found if trained.setting == setting)


def build(experiment: Experiment, results: Results, made_by: Provenance) -> str:
    """Return the report as one HTML file; the same inputs give the same text."""
    return page.one_file(*assembled(experiment, results, made_by))


def site(experiment: Experiment, results: Results, made_by: Provenance) -> dict[str, str]:
    """Return the files of the report as a site, by path."""
    return page.site(*assembled(experiment, results, made_by))


def assembled(experiment: Experiment, results: Results,
              made_by: Provenance) -> tuple[str, page.Packs]:  # fmt: skip
    """Return the page without its data, and the data."""
    grid = summary.Grid(experiment, results.verdicts)
    losses = summary.losses(results.networks)
    style, script = page.style(matrix.style_rules(grid)), page.script()
    context = {
        "experiment": experiment, "grid": grid, "words": summary.WORDS, "made_by": made_by,
        "answer": summary.answer(grid), "others": summary.others(grid),
        "theory": summary.theory(grid), "hunt_text": summary.hunted(results.hunted),
        "hunt_misses": results.hunted.query("agrees == 'no'").to_dict("records"),
        "claims": cards.cards(grid, results.claims, made_by.command),
        "origins": summary.origins(grid), "bar": list(bar(grid)),
        "selectors": matrix.selectors(grid), "panels": matrix.panels(grid),
        "left_out": len(grid.models) - matrix.written_models(grid),
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
        "components": list(citation.used(experiment)), "references": references,
        "sentence": sentence, "rows": results.rows, "plural": summary.plural,
        "sections": page.SECTIONS, "missing": results.missing,
        **citation.context(experiment, made_by, results.rows, len(grid.rows), results.dynamics),
        **causes.context(grid, results.contrasts),
        "ground": teaching.ground(experiment, results.x, results.y),
        "glossary": glossary.groups([(c.kind, c.name) for c in citation.components(experiment)]),
        "style": style, "script": script, "policy": page.policy(style, script),
    }  # fmt: skip
    return environment().get_template("report.html").render(context), packs(grid, results)


def environment() -> jinja2.Environment:
    """Return what reads the templates: it escapes text and stops at a name it does not know."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("symbreak"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    found.filters["terms"] = glossary.link
    return found


def packs(grid: summary.Grid, results: Results) -> page.Packs:
    """Return the index of all settings, and their pages, for the script."""
    steps = results.pages(next(iter(grid.rows)).init.label)["steps"].iloc[0]
    found = index.index(grid, steps, list(results.features))
    later = packing.packed([packing.text(index.later_columns(grid))])
    return page.Packs(found, later, list(packing.chunks(page_rows(grid, results), found["points"])))


def page_rows(grid: summary.Grid, results: Results) -> Iterator[packing.Row | None]:
    """Yield the row of pages of every setting in the grid's order; None where it is missing."""
    known = {setting.init for setting in grid.rows}
    for init in grid.experiment.init:
        table = results.pages(init.label) if init in known else pd.DataFrame()
        rows: list[dict[Any, Any]] = table.to_dict("records")
        found = {summary.identity(Setting.from_record(row)): row for row in rows}
        own = (setting for setting in grid.settings if setting.init == init)
        yield from (found.get(summary.identity(setting)) for setting in own)


def bar(grid: summary.Grid) -> Iterator[tuple[str, float, float]]:
    """Yield (verdict, start, width), in percent of all settings, in the order of the words."""
    start = 0.0
    for word in summary.WORDS:
        width = 100 * grid.counts[word.name] / max(1, len(grid.rows))
        if width:
            yield word.name, round(start, 3), round(width, 3)
        start += width


def loss_figure(found: pd.DataFrame, losses: pd.DataFrame) -> Figure | None:
    """Return the box plots of the losses by verdict; None where no loss is finite."""
    finite = losses.dropna()
    if finite.empty:
        return None
    medians = "; ".join(f"{row.verdict} {row.median:.3f}" for row in finite.itertuples())
    kept = found[found["verdict"].isin(finite["verdict"])]
    text = f"Median test loss in nats by verdict: {medians}."
    return figures.loss(kept, list(finite["verdict"]), text)


def neglect_figure(over_training: pd.DataFrame) -> Figure | None:
    """Return the lines of neglected properties over training; None where they are not known."""
    known = over_training.dropna(subset="neglected_mean")
    if known.empty:
        return None
    ends = known.groupby("verdict", sort=False)["neglected_mean"].agg(["first", "last"])
    words = [f"{v} {row['first']:.2f} to {row['last']:.2f}" for v, row in ends.iterrows()]
    text = f"Neglected properties of three, before and after training: {'; '.join(words)}."
    return figures.neglect(known, text)


def sentence(kind: str, name: str) -> str:
    """Return the sentence that a component's declaration says of it."""
    return REGISTRIES[kind][name].sentence
