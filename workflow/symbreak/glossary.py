"""The terms that the report uses, each declared once, and their links from the report's text.

``link`` is the filter of the templates: it links the first use of each term in every section.
Verdicts and components are declared elsewhere; their terms are read from there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symbreak.settings import REGISTRIES
from symbreak.summary import WORDS

BLOCKS = frozenset({"p", "li", "dd", "caption", "figcaption"})  # whose text has links
# Elements without links to terms: quotations, headings, and what is a control or code already.
CLOSED = frozenset({"a", "blockquote", "button", "code", "dfn", "dt", "label", "pre", "script",
                    "summary", "svg", *(f"h{level}" for level in range(1, 7))})  # fmt: skip
VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr"})
TAG = re.compile(r"(<[^>]*>)")
NAME = re.compile(r"</?\s*([a-zA-Z][\w-]*)")

KINDS = {"init": "Initializers", "dropout": "Dropout", "bias": "Bias rules",
         "activation": "Activations", "optimizer": "Optimizers"}  # fmt: skip


@dataclass(frozen=True)
class Term:
    """A term and its meaning; ``forms`` are the other spellings by which the text calls it."""

    name: str
    meaning: str
    forms: tuple[str, ...] = ()
    linked: bool = True
    key: str = ""

    @property
    def id(self) -> str:
        """The id of its entry in the page."""
        return "term-" + (self.key or re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-"))


TERMS = (
    Term("bootstrap interval", "From where to where a number goes when the seeds are drawn again, "
         "with replacement, 1,000 times; the middle 95 % of what comes out.",
         ("bootstrap intervals", "percentile bootstrap intervals")),
    Term("checkpoint", "A step of training at which the weights were kept.", ("checkpoints",)),
    Term("combination", "An initializer, a dropout and a bias rule. Its settings differ in the "
         "model and the training only.", ("combinations",)),
    Term("coverage", "How well the neurons carry the properties in all: the sum, over the "
         "properties, of how well each one's own neuron carries it."),
    Term("distance", "The Euclidean distance of two neuron vectors. 0 means equal to the last bit.",
         ("distances",)),
    Term("distinct", "Two neurons are distinct where some bit of their vectors differs."),
    Term("effective rank", "How many directions the activations of a layer's neurons really use: "
         "one for neurons that all do the same, at most as many as neurons."),
    Term("effective width", "The neurons that are left when equal, opposite and dead ones are "
         "merged."),
    Term("experiment", "One config file: data, model, training, grid and replicates.",
         ("experiments",)),
    Term("McNemar's exact test", "How likely a difference this large is by chance, where two "
         "settings are compared seed by seed. Only seeds in which the two differ count.",
         ("McNemar's test",)),
    Term("Holm's method", "Makes each of several tests stricter, so that a find by chance in any "
         "of them stays as rare as in one."),
    Term("nat", "The unit of the loss. Saying one half to every row costs 0.693 of it.", ("nats",)),
    Term("neglected", "A property is neglected where no neuron of its own carries enough of it.",
         ("neglects", "neglect")),
    Term("network", "A setting and a replicate: one trained network.", ("networks",)),
    Term("neuron vector", "A hidden unit's incoming weights, its bias and its outgoing weights, "
         "together.", ("neuron vectors", "neuron's vector", "neurons' vectors")),
    Term("property", "One of the three things that the T-shirt table's answer hangs on: "
         "affordability, awareness and perceived quality.", ("properties",)),
    Term("replicate", "One seed of a setting. The replicates of a setting differ in their random "
         "draws only; the same replicate of two settings starts from the same draws.",
         ("replicates", "seed", "seeds")),
    Term("setting", "One point of the grid: initializer, dropout, bias rule, activation and all "
         "other choices; everything but the replicate.", ("settings",)),
    Term("theory", "What follows from the declarations of the components and the training rows "
         "alone: which verdict a setting must have, or with what chance, and by which rule. It "
         "does not tell broken and redundant apart."),
    Term("threshold", "The absolute correlation of activations from which on two neurons count as "
         "doing the same; fixed before the run.", ("thresholds",)),
    Term("verdict", "What became of a network's neurons, in one word. A setting has its "
         "replicates' verdict where they agree, else it is mixed.", ("verdicts",)),
    Term("Wilson interval", "From where to where a share may lie in truth, at 95 %, given so many "
         "networks. 20 of 20 says at least 83.9 %, no more.",
         ("Wilson intervals", "Wilson score interval", "Wilson score intervals")),
)  # fmt: skip
ARITHMETIC = (
    Term("exact arithmetic", "Every sum is taken in one written order, with basic operations only. "
         "It has the four properties E1 to P."),
    Term("E1", "Neurons that are equal and meet equal noise stay equal to the last bit, for ever."),
    Term("E2", "Neurons in another order give the same result in that order, to the last bit."),
    Term("E3", "A network's bits do not depend on which others are trained beside it."),
    Term("P", "The same bits on every processor and in a browser.", linked=False),
    Term("blas", "What everybody writes: NumPy's @, which adds in an order of its own. Rounding "
         "may then set equal neurons apart.", ("blas arithmetic",)),
)  # fmt: skip


def verdict_terms() -> Iterator[Term]:
    """Yield the words of ``summary``."""
    yield from (Term(word.name, word.meaning) for word in WORDS)


def component_terms(components: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Term]]:
    """Yield (kind, term) of components given as (kind, name), with their declared sentences.

    Text is never linked to them, as most of their names are words of every day.
    """
    for kind, name in dict.fromkeys(components):
        sentence = REGISTRIES[kind][name].sentence
        yield kind, Term(name, sentence, linked=False, key=f"{kind}-{name}")


def groups(components: Sequence[tuple[str, str]]) -> Mapping[str, list[Term]]:
    """Return the glossary's terms by the title of their group."""
    kinds: dict[str, list[Term]] = {}
    for kind, term in component_terms(components):
        kinds.setdefault(KINDS[kind], []).append(term)
    return {
        "Words of this report": sorted(TERMS, key=lambda term: term.name.lower()),
        "Verdicts": list(verdict_terms()),
        "Arithmetic": list(ARITHMETIC),
        **kinds,
    }  # fmt: skip


def linked() -> dict[str, Term]:
    """Return the terms that text is linked to, by every spelling, in lower case."""
    terms = (*TERMS, *verdict_terms(), *ARITHMETIC)
    return {spelling.lower(): term for term in terms if term.linked
            for spelling in (term.name, *term.forms)}  # fmt: skip


LINKED = linked()
APOSTROPHE = "&#39;"  # as Jinja2 escapes it
PATTERN = re.compile(
    r"(?<![\w-])(?:" + "|".join(map(re.escape, sorted(LINKED, key=len, reverse=True))).replace(
        "'", f"(?:'|{APOSTROPHE})") + r")(?![\w-])", re.IGNORECASE,
)  # fmt: skip


def link(text: str) -> str:
    """Return the page's text with the first use of each term in every section linked to its entry.

    ``text`` is HTML in which every ``<`` begins a tag, as Jinja2 makes it.
    """
    open_tags: list[str] = []
    seen: set[str] = set()
    parts = TAG.split(text)
    for at, part in enumerate(parts):
        if at % 2:
            _follow(part, open_tags, seen)
        elif part.strip() and BLOCKS.intersection(open_tags) and not CLOSED & set(open_tags):
            parts[at] = PATTERN.sub(lambda match: _linked(match[0], seen), part)
    return "".join(parts)


def _follow(tag: str, open_tags: list[str], seen: set[str]) -> None:
    """Keep account of the elements that are open; a section begins anew."""
    found = NAME.match(tag)
    if found is None or tag.endswith("/>") or found[1] in VOID:
        return
    if tag.startswith("</"):
        open_tags.pop()
        return
    open_tags.append(found[1])
    if found[1] == "section":
        seen.clear()


def _linked(spelling: str, seen: set[str]) -> str:
    term = LINKED[spelling.lower().replace(APOSTROPHE, "'")]
    if term.id in seen:
        return spelling
    seen.add(term.id)
    return f'<a class="term" href="#{term.id}">{spelling}</a>'
