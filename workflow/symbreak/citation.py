"""How to cite a report, and what to say of its methods: texts of exactly one run, to copy.

Everything is computed from the config, the results and what made the report; a date stands only
where the commit has one, so the same results give the same text.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from symbreak import references
from symbreak.components import Choice, Component
from symbreak.provenance import Provenance
from symbreak.settings import REGISTRIES, Demand, Experiment
from symbreak.summary import listed, plural, value_label

METHODS = ("wilson1927", "efron1979", "mcnemar1947", "holm1979", "kuhn1955", "salmon2011")
TOOLS = ("molder2021", "harris2020", "lam2015")
PARAGRAPH = """
We trained {networks} with symbreak {version} ({commit}): {settings}, each with {replicates}
(experiment seed {seed}, replicates 0 to {last}). The grid crosses {factors}. {data} The table has
{rows} Every network has a sigmoid output and was trained on cross-entropy for {steps}; the same
replicate of two settings starts from the same counter-based random draws {salmon2011}.
{arithmetic} A neuron's vector is its incoming weights, its bias and its outgoing weights. A
network is frozen if no neuron ever moved, symmetric if all are equal to the last bit, tied if
some are, redundant if all are distinct but the activations of every two have an absolute
correlation of at least {redundancy}, and broken otherwise; of several hidden layers the least
broken one decides. Shares of networks have Wilson score intervals {wilson1927}, other figures
percentile bootstrap intervals over seeds {efron1979}, all at 95 %. Settings that differ in one
choice were compared by McNemar's exact test {mcnemar1947} with Holm's adjustment within each
choice {holm1979}. A property counts as neglected below a partial correlation of {neglect} with
the neuron that the best assignment gives it {kuhn1955}. Components: {sources}. Tools {tools}, in
these versions: {versions}. Config SHA-256 {digest}.
"""
NOUNS = (
    ("init", "initializer"), ("dropout", "dropout"), ("bias", "bias rule"),
    ("activation", "activation"), ("hidden", "architecture"), ("optimizer", "optimizer"),
    ("learning_rate", "learning rate"), ("weight_decay", "weight decay"),
    ("batch_size", "batch size"), ("arithmetic", "arithmetic"), ("dtype", "precision"),
)  # fmt: skip


def components(experiment: Experiment) -> list[Component]:
    """Return the components of an experiment, each once, in the order of the config."""
    found = {
        (kind, choice.name): registry[choice.name]
        for kind, registry in REGISTRIES.items()
        for choice in getattr(experiment, kind)
    }
    return list(found.values())


def paragraph(experiment: Experiment, made_by: Provenance, rows: str, settings: int,
              names: Sequence[str] = ()) -> str:  # fmt: skip
    """Return the methods of one run in plain words, its numbers filled in.

    ``rows`` is a sentence on the table, ``settings`` the number of settings with a result;
    ``names`` are of the BLAS that ``blas`` networks ran on.
    """
    e = experiment
    filled = PARAGRAPH.format(
        **{key: cite(key) for key in METHODS},
        networks=plural(settings * e.replicates, "network"), settings=plural(settings, "setting"),
        replicates=plural(e.replicates, "replicate"), last=e.replicates - 1, seed=e.seed,
        version=made_by.versions["symbreak"], commit=made_by.commit_text, data=_table(e), rows=rows,
        factors="; ".join(_factor(e, name, noun) for name, noun in NOUNS),
        steps=plural(e.steps, "step"), arithmetic=_arithmetic(e, names),
        redundancy=e.redundancy, neglect=e.neglect, sources=_sources(components(e)),
        versions=listed([f"{name} {version}" for name, version in made_by.versions.items()]),
        digest=made_by.digest, tools=cite(*TOOLS),
    )  # fmt: skip
    return " ".join(filled.split())


def _factor(experiment: Experiment, name: str, noun: str) -> str:
    values = getattr(experiment, name)
    labels = listed([value_label(value) for value in values])
    return f"{plural(len(values), noun)} ({labels})" if len(values) > 1 else f"{noun} {labels}"


def _table(experiment: Experiment) -> str:
    if isinstance(experiment.data, Demand):
        return f"The data are generated (demand, noise {value_label(experiment.data.noise)})."
    return f"The data are the column {experiment.data.target} of a table of our own."


def _arithmetic(experiment: Experiment, names: Sequence[str]) -> str:
    said = {
        "exact": "In exact arithmetic every sum has one written order and nothing but IEEE "
        "additions, multiplications, divisions and square roots is used, so results have the "
        "same bits on every processor.",
        "blas": "In blas arithmetic products are those of NumPy's @"
        + (f" ({listed(list(names))})" if names else "") + ", whose order is the library's.",
    }  # fmt: skip
    return " ".join(said[name] for name in experiment.arithmetic)


def _sources(found: Iterable[Component]) -> str:
    """Return components with their papers, those of one paper together."""
    names: dict[tuple[str, str], list[str]] = {}
    for component in found:
        known = [part.entry.key for part in references.parts(component.reference) if part.entry]
        papers = cite(*known) if known else "(our own)"
        names.setdefault((dict(NOUNS)[component.kind], papers), []).append(component.name)
    return "; ".join(
        f"{noun}{'s' if len(several) > 1 else ''} {listed(several)} {papers}"
        for (noun, papers), several in names.items()
    )


def cite(*keys: str) -> str:
    """Return papers as a text cites them, as in ``(Kingma and Ba 2015)``."""
    return f"({'; '.join(references.entries()[key].short for key in keys)})"


def bibtex(experiment: Experiment, made_by: Provenance) -> str:
    """Return the run's own entry, then those of the papers behind it, as a ``.bib`` file."""
    found = references.cited(components(experiment), *METHODS, *TOOLS)
    return "\n\n".join([run_entry(experiment, made_by).bibtex, *(e.bibtex for e in found)])


def run_entry(experiment: Experiment, made_by: Provenance) -> references.Entry:
    """Return the entry of the run: its key names experiment and config, its year the commit's."""
    plain = references.escaped
    note = (f"experiment {experiment.name}, seed {experiment.seed}, "
            f"{plural(experiment.replicates, 'replicate')}, {plural(len(experiment), 'setting')}"
            f", config SHA-256 {made_by.digest}, {made_by.commit_text}")  # fmt: skip
    fields = {
        "author": "{the symbreak authors}",
        "title": f"symbreak report of the experiment {plain(experiment.name)}",
        "howpublished": plain(f"symbreak {made_by.versions['symbreak']}"),
        "version": plain(made_by.versions["symbreak"]),
        "year": made_by.date[:4],
        "date": made_by.date,
        "note": plain(note),
    }
    key = f"symbreak-{re.sub('[^A-Za-z0-9-]', '-', experiment.name)}-{made_by.digest[:8]}"
    return references.Entry("misc", key, {name: v for name, v in fields.items() if v})


def used(experiment: Experiment) -> Iterable[tuple[str, Choice, Component]]:
    """Yield (noun, choice, component) of every component that the experiment uses."""
    nouns = dict(NOUNS)
    for kind, registry in REGISTRIES.items():
        for choice in getattr(experiment, kind):
            yield nouns[kind], choice, registry[choice.name]


def kernels(dynamics: pd.DataFrame) -> list[str]:
    """Return the BLAS libraries and kernels that networks were trained with, by name."""
    found: Any = dynamics["blas"].dropna().unique()
    return [str(name) for name in found if name]


def context(experiment: Experiment, made_by: Provenance, rows: str, settings: int,
            dynamics: pd.DataFrame) -> dict[str, Any]:  # fmt: skip
    """Return what the page shows of methods and citation, by the names in the template."""
    found = kernels(dynamics)
    return {
        "paragraph": paragraph(experiment, made_by, rows, settings, found),
        "bibtex": bibtex(experiment, made_by), "kernels": found,
    }  # fmt: skip
