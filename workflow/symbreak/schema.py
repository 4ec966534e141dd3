"""The config's keys, declared once: checks, error sentences, editor schema and docs read this list.

Each rule is a JSON schema fragment whose ``title`` says in words what is allowed; the error
sentences quote it. Components come from their registries.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symbreak import references
from symbreak.components import Component, Parameter, Registry
from symbreak.files import write_between
from symbreak.refining import AT_LEAST_ZERO, VARIED
from symbreak.settings import REGISTRIES
from symbreak.streams import WEIGHT_LAYER

Rule = dict[str, Any]

MARKER = "<!-- generated: python -m symbreak.schema -->"
KINDS = ("demand", "csv")
NOUNS = {
    "init": "initializer", "dropout": "dropout", "bias": "bias rule", "activation": "activation",
    "optimizer": "optimizer",
}  # fmt: skip
REQUIRED = object()


@dataclass(frozen=True)
class Key:
    """One key of the config: its dotted path, what it allows and what it changes.

    ``default`` is REQUIRED where the key must be given; ``kind`` names the data kind it is for.
    """

    path: str
    rule: Rule
    sentence: str
    changes: str
    default: Any = REQUIRED
    example: Any = None
    kind: str = ""

    @property
    def section(self) -> str:
        """The section that holds the key, empty for the top level."""
        return self.path.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The key's own name, without its section."""
        return self.path.rpartition(".")[2]

    @property
    def required(self) -> bool:
        """Tell whether the key must be given."""
        return self.default is REQUIRED

    @property
    def fragment(self) -> Rule:
        """The JSON schema of the key's value."""
        default = {} if self.required else {"default": self.default}
        example = self.example if self.required else self.default
        text = f"{self.sentence} Changes: {self.changes}."
        return {**self.rule, "description": text, **default, "examples": [example]}


def integer(low: int, high: int) -> Rule:
    """A rule: whole numbers from low to high."""
    words = f"a whole number of at least {low} and at most {high}"
    return {"title": words, "type": "integer", "minimum": low, "maximum": high}


def number(interval: Parameter) -> Rule:
    """A rule: finite numbers in the parameter's interval."""
    rule: Rule = {"title": f"a number, {interval.interval}".replace(", any number", "")}
    rule["type"] = "number"
    if math.isfinite(interval.low):
        rule["exclusiveMinimum" if interval.low_open else "minimum"] = interval.low
    if math.isfinite(interval.high):
        rule["exclusiveMaximum" if interval.high_open else "maximum"] = interval.high
    return rule


def at_least_zero(name: str) -> Rule:
    """A rule: finite numbers from 0."""
    return number(Parameter(name, 0.0, "", low=0.0))


def mapping(title: str, rules: Mapping[str, Rule]) -> Rule:
    """A rule: a mapping of some of these keys."""
    return {"title": title, "type": "object", "additionalProperties": False, "properties": rules}


def names(*allowed: str) -> Rule:
    """A rule: one of these names."""
    title = f"one of {', '.join(allowed)}" if len(allowed) > 1 else allowed[0]
    return {"title": title, "type": "string", "enum": list(allowed)}


def text(what: str) -> Rule:
    """A rule: a text that is not empty."""
    return {"title": what, "type": "string", "minLength": 1}


def either(*rules: Rule) -> Rule:
    """A rule: what any of these allows."""
    return {"title": ", or ".join(rule["title"] for rule in rules), "anyOf": list(rules)}


def list_of(rule: Rule, what: str) -> Rule:
    """A rule: a list, not empty; ``what`` says in words what of."""
    return {"title": f"a list of {what}", "type": "array", "minItems": 1, "items": rule}


def factor(rule: Rule) -> Rule:
    """A rule: one value, or a list of values that the grid crosses."""
    return either(rule, list_of(rule, "such values"))


def component(kind: str) -> Rule:
    """A rule: a component of this kind (the definition stands in ``$defs``)."""
    return {"title": f"a component of kind {kind}", "$ref": f"#/$defs/{kind}"}


def usage(registry: Registry) -> str:
    """Return in words how a component of this kind is written."""
    example = next((c for c in registry.values() if c.parameters), None)
    if example is None:
        return "one name"
    parameter = example.parameters[0]
    written = f"{{{example.name}: {{{parameter.name}: {parameter.default:g}}}}}"
    return f"one name, or one name with its parameters, as in {written}"


def _definition(registry: Registry) -> Rule:
    by_mapping = {
        "title": usage(registry),
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {name: _parameters(component) for name, component in registry.items()},
    }
    return either(names(*registry), by_mapping)


def _parameters(component: Component) -> Rule:
    usage = ", ".join(f"{p.name}: {p.default:g}" for p in component.parameters)
    return {
        "title": f"a mapping of its parameters, as in {{{usage}}}",
        "description": f"{component.sentence} Reference: {references.text(component.reference)}.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            p.name: {**number(p), "description": f"{p.meaning}.", "default": p.default}
            for p in component.parameters
        },
    }


# At most so many layers: each has draws of its own, numbered below DropConnect's.
WIDTHS = list_of(integer(2, 4096), "at most 62 widths") | {"maxItems": WEIGHT_LAYER - 1}
NAME = {
    "title": "a folder's name of letters, digits, - and _, at most 64 of them",
    "type": "string",
    # (?![\s\S]) is the end of the text; $ would let a trailing line break pass.
    "pattern": r"^[A-Za-z0-9_-]{1,64}(?![\s\S])",
}
SHARE = Parameter("share", 0.99, "", 0.0, 1.0, low_open=True)
PRECISIONS = ("float64", "float32")
BATCH = either(names("full"), integer(1, 1_000_000))
ALL = "everything"
TOLERANCE = Parameter("tolerance", 0.05, "", 1e-12, 1.0)
VARY = "a component's parameter, as in dropout.hidden.p, or learning_rate or weight_decay"
REQUEST = "a mapping, as in {vary: dropout.hidden.p, from: 0.001, to: 0.5}"
# What ``refine.with`` holds fixed: a value of each factor of the grid.
FIXED: Mapping[str, Rule] = {
    **{kind: component(kind) for kind in REGISTRIES},
    "hidden": WIDTHS,
    **{name: number(parameter) for name, parameter in AT_LEAST_ZERO.items()},
    "batch_size": BATCH,
    "arithmetic": names("exact", "blas"),
    "dtype": names(*PRECISIONS),
}

KEYS = (
    Key("experiment", NAME, "The experiment's name.", "the folders of all it makes",
        example="my-experiment"),
    Key("seed", integer(0, 2**63 - 1), "The seed of every random draw.",
        "data, initial weights, masks and row order", example=20240501),
    Key("data.kind", names(*KINDS), "The demand story, generated, or your own table.", ALL,
        example="demand"),
    Key("data.rows", integer(20, 1_000_000), "Rows to generate, both splits together.",
        "the data", 1000, kind="demand"),
    Key("data.noise", at_least_zero("noise"), "The size of the noise in the generated answer.",
        "how well any network can do", 0.5, kind="demand"),
    Key("data.balanced", {"title": "true or false", "type": "boolean"},
        "Whether both classes have exactly as many rows (an even number of rows is needed).",
        "whether networks of zeros stay frozen: a balanced batch sends no signal", True,
        kind="demand"),
    Key("data.path", text("the path of a CSV file, from the working directory, without braces"),
        "The CSV file with your table.", "the data", example="my/table.csv", kind="csv"),
    Key("data.target", text("the name of a column"), "The column to predict, two classes.",
        "the data", example="label", kind="csv"),
    Key("data.test_path", {"title": "the path of a CSV file, or null", "type": ["string", "null"],
                           "minLength": 1},
        "A second CSV file for testing; without it rows of the first are held out.",
        "the losses and accuracies on test rows", None, kind="csv"),
    Key("data.standardize", {"title": "true or false", "type": "boolean"},
        "Whether each column is given mean 0 and variance 1 over the training rows.",
        "the scale of the inputs", True, kind="csv"),
    Key("model.hidden", list_of(WIDTHS, "architectures, lists of widths, as in [[6], [6, 4]]"),
        "Architectures, lists of the widths of hidden layers (a width of 1 has no pairs).",
        "the networks; a factor of the grid", example=[[6]]),
    Key("model.activation", factor(component("activation")), "What hidden units apply.",
        "the networks; a factor of the grid", example=["sigmoid", "tanh", "relu"]),
    Key("training.optimizer", factor(component("optimizer")), "The rule that updates weights.",
        "training; a factor of the grid", ["sgd"]),
    Key("training.learning_rate", factor(at_least_zero("learning_rate")),
        "The size of a step; 0 is allowed, as a control.", "training; a factor of the grid",
        example=0.1),
    Key("training.weight_decay", factor(at_least_zero("weight_decay")),
        "Times the weight, added to its gradient (not to a bias's).",
        "training; a factor of the grid", 0),
    Key("training.batch_size", factor(BATCH), "Rows in a step: full, or a number.",
        "training; a factor of the grid", "full"),
    Key("training.steps", integer(1, 10_000_000), "Steps of training.", "training", example=2000),
    Key("training.arithmetic", factor(names("exact", "blas")),
        "exact has no rounding that tells units apart; blas is NumPy's @.",
        "rounding; a factor of the grid", "exact"),
    Key("training.dtype", factor(names(*PRECISIONS)), "The precision of training.",
        "rounding; a factor of the grid", "float64"),
    Key("grid.init", list_of(component("init"), "initializers"), "Initializers of the weights.",
        "the grid", example=["zeros", {"constant": {"value": 0.5}}, "normal"]),
    Key("grid.dropout", list_of(component("dropout"), "dropouts"), "Dropouts.", "the grid",
        example=["none", {"hidden": {"p": 0.5}}]),
    Key("grid.bias", list_of(component("bias"), "bias rules"), "Bias rules, for every layer.",
        "the grid", example=["zeros"]),
    Key("replicates", integer(1, 100_000), "Networks of each setting, each with its own draws.",
        "the width of the intervals", example=20),
    Key("checkpoints", integer(2, 1000),
        "Steps at which weights are kept: log-spaced, first and last always in, each step once.",
        "the curves over time", 24),
    Key("shards", either({"title": "null", "type": "null"}, integer(1, 100_000)),
        "Training jobs of each initializer, its combinations dealt out among them; null: a job a"
        " combination.", "how much is lost when a run is interrupted; no bit of the results", None),
    Key("redundancy", number(SHARE),
        "Distinct units are redundant where every pair's activations correlate (in absolute value)"
        " at least this much.", "the verdict redundant", 0.99),
    Key("neglect", number(SHARE),
        "A property is neglected where the unit that is left for it has a smaller partial"
        " correlation with it (in absolute value): 0.7 explains half of what the other properties"
        " leave.", "which properties count as neglected", 0.7),
    Key("claims", {"title": "the path of a YAML file, or null", "type": ["string", "null"],
                   "minLength": 1},
        "A file with claims of your own, held against the verdicts beside the built-in ones.",
        "which claims the report judges", None),
    Key("published", {"title": "the path or address of a SHA256SUMS, or null",
                      "type": ["string", "null"], "minLength": 1},
        "The checksums of a published site, for `snakemake verify`: docs/publishing.md.",
        "what is compared, and nothing of an experiment", None),
    Key("refine", {"title": "a list of searches, as in [{vary: dropout.hidden.p, from: 0.001, "
                            "to: 0.5}]", "type": "array", "items": {"$ref": "#/$defs/refine"}},
        "Searches for the values of a number at which the verdict changes: docs/boundaries.md.",
        "the section Boundaries of the report", []),
    Key("refine.vary", names(*VARIED) | {"title": VARY}, "The number that is varied.", "the search",
        example="dropout.hidden.p"),
    Key("refine.from", number(Parameter("from", 0.0, "")), "Its least value.", "the search",
        example=0.001),
    Key("refine.to", number(Parameter("to", 0.0, "")),
        "Its largest value. Where both have the same sign, values are spaced by their ratio.",
        "the search", example=0.5),
    Key("refine.with", mapping("a mapping, as in {init: constant, activation: tanh}", FIXED),
        "What is held fixed; of each factor that is not named, the first value of the grid.",
        "the setting that is searched", {}),
    Key("refine.scan", integer(1, 10),
        "How often the range is halved before the search: 3 halvings are 9 values.",
        "which changes are seen: of two between neighbouring values, none", 3),
    Key("refine.tolerance", number(TOLERANCE),
        "How close a boundary's two values should be: a share of the lower one, or of the range "
        "where its ends have not the same sign.", "the number of values tried", 0.05),
)  # fmt: skip

SECTIONS: Mapping[str, str] = {
    "data": "What the networks learn.",
    "model": "The networks.",
    "training": "How they are trained.",
    "grid": "What is crossed: every initializer with every dropout and every bias rule.",
}


def section_keys(section: str, kind: str = "") -> list[Key]:
    """Return the keys of a section (empty: the top level), with those for a kind of data."""
    return [key for key in KEYS if key.section == section and key.kind in ("", kind)]


def schema() -> Rule:
    """Return the JSON schema (Draft 2020-12) of a config, from the keys and the registries."""
    top = _object("", "a mapping of keys, as in config/default.yaml", section_keys(""))
    top["properties"] |= {name: _section(name) for name in SECTIONS}
    top["required"] += list(SECTIONS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **top,
        "description": "A symbreak experiment.",
        "$defs": {kind: _definition(registry) for kind, registry in REGISTRIES.items()}
        | {"refine": _object("refine", REQUEST, section_keys("refine"))},
    }


def _section(name: str) -> Rule:
    if name != "data":
        keys = section_keys(name)
        return _object(name, f"a mapping of the keys {', '.join(k.name for k in keys)}", keys)
    title = "a mapping, as in {kind: demand} or {kind: csv, path: ..., target: ...}"
    every = _object(name, title, section_keys(name))
    del every["additionalProperties"]
    is_kind = [{"properties": {"kind": {"const": kind}}, "required": ["kind"]} for kind in KINDS]
    then = [_object(name, title, section_keys(name, kind)) for kind in KINDS]
    return every | {"allOf": [{"if": i, "then": t} for i, t in zip(is_kind, then, strict=True)]}


def _object(section: str, title: str, keys: list[Key]) -> Rule:
    return {
        "title": title,
        "description": SECTIONS.get(section, ""),
        "type": "object",
        "additionalProperties": False,
        "required": [key.name for key in keys if key.required],
        "properties": {key.name: key.fragment for key in keys},
    }


def tables() -> str:
    """Return the tables of ``config/README.md``: every key, then every component."""
    lines = ["| key | allowed | default | what it is | what it changes |", "|---|---|---|---|---|"]
    for key in KEYS:
        default = "required" if key.required else f"`{_as_yaml(key.default)}`"
        lines.append(
            f"| `{key.path}` | {key.rule['title']} | {default} | {key.sentence} | {key.changes} |"
        )
    for kind, registry in REGISTRIES.items():
        lines += ["", f"### {kind}", "", "| name | parameters | what it does | reference |"]
        lines.append("|---|---|---|---|")
        for component in registry.values():
            parameters = "; ".join(
                f"{p.name} (default {p.default:g}, {p.interval}): {p.meaning}"
                for p in component.parameters
            )
            lines.append(
                f"| `{component.name}` | {parameters or 'none'} | {component.sentence} "
                f"| {references.text(component.reference)} |"
            )
    return "\n".join(lines)


def _as_yaml(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def main() -> None:
    """Write the schema and the tables of config/README.md; run it at the top of the checkout."""
    Path("workflow/schemas").mkdir(exist_ok=True)
    text = json.dumps(schema(), indent=2) + "\n"
    Path("workflow/schemas/config.schema.json").write_text(text, encoding="utf-8")
    write_between("config/README.md", MARKER, tables())


if __name__ == "__main__":
    main()
