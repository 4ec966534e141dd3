"""What is wrong with a config, in one sentence: place, value, what would be right, nearest name.

The sentences are made from errors of the jsonschema library and the titles in ``schema.py``.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from symbreak.components import nearest
from symbreak.schema import KEYS, NOUNS, SECTIONS, section_keys, usage
from symbreak.settings import REGISTRIES

Place = Sequence[str | int]  # the way to a value: keys, and entries of lists from 0

PLACES = {key.path.rpartition(".")[2]: key.path for key in KEYS}
PARENTS = {kind: PLACES[kind] for kind in REGISTRIES}  # where the components of a kind stand


def first(errors: Iterable[ValidationError], config: Any) -> str:
    """Return the sentence for unknown keys before all else, then for what stands first.

    A misspelled key is also a missing one; its own sentence is the one that helps.
    """

    def position(error: ValidationError) -> tuple[bool, list[int]]:
        places, part = [], config
        for step in error.absolute_path:
            places.append(list(part).index(step) if isinstance(part, Mapping) else int(step))
            part = part[step]
        return error.validator != "additionalProperties", places

    return explain(min(errors, key=position))


def explain(error: ValidationError) -> str:
    """Return the sentence for a schema error."""
    chain = _meant(error)
    error = chain[-1]
    place = list(error.absolute_path)
    if error.validator == "additionalProperties":
        return _unknown_key(error)
    if error.validator == "required":
        return _missing_key(error)
    if error.validator == "minItems":
        return f"{spell_place(place)} is an empty list; give it at least one entry"
    kind = _kind_at(place)
    if kind and error.validator in ("anyOf", "enum", "type", "minProperties", "maxProperties"):
        return _no_component(kind, place, error.instance)
    if _kind_at(place[:-1]) and not error.schema.get("properties", True):
        return _no_parameters(place)
    rule = next(e.schema for e in chain if len(e.absolute_path) == len(place))
    text = f"{spell_place(place)} is {show(error.instance)}"
    return f"{text}; it must be {rule['title']}{_hint(error, rule)}"


def _meant(error: ValidationError) -> list[ValidationError]:
    """Return the errors down to the one within the alternatives that the value's type means."""
    chain = [error]
    while chain[-1].validator == "anyOf":
        branches = [branch for branch in _branches(chain[-1]) if not _wrong_type(branch)]
        if not branches:
            break
        chain.append(branches[0][0])
    return chain


def _branches(error: ValidationError) -> list[list[ValidationError]]:
    found: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        found.setdefault(inner.relative_schema_path[0], []).append(inner)
    return list(found.values())


def _wrong_type(branch: list[ValidationError]) -> bool:
    """Tell whether an alternative is for values of another type."""
    own = [error for error in branch if not error.relative_path]
    return any(
        error.validator == "type"
        or (error.validator == "anyOf" and all(map(_wrong_type, _branches(error))))
        for error in own
    )


def _unknown_key(error: ValidationError) -> str:
    allowed = list(error.schema["properties"])
    key = str(next(key for key in error.instance if key not in allowed))
    parent = list(error.absolute_path)
    place = spell_place([*parent, key])
    near = nearest(key, allowed)
    if _kind_at(parent):
        return _no_component(_kind_at(parent), parent, key)
    if _kind_at(parent[:-1]):
        if not allowed:
            return _no_parameters(parent)
        return _unknown(place, near, "parameters", allowed)
    if not near:
        elsewhere = _elsewhere(key, parent, error.instance)
        if elsewhere:
            return f"{place} {elsewhere}"
    return _unknown(place, near, "keys", allowed)


def _no_parameters(place: Place) -> str:
    name = place[-1]
    return f"{spell_place(place)} takes no parameters; write {name} alone"


def _unknown(place: str, near: str | None, what: str, allowed: Sequence[str]) -> str:
    known = f"nown {what}: {', '.join(allowed)}"
    return f"{place} is unknown; " + (f"did you mean {near}? K" if near else "k") + known


def _elsewhere(key: str, parent: Place, siblings: Mapping[str, Any]) -> str:
    """Return what to say of a key that another section or another kind of data has, or nothing."""
    if key in SECTIONS:
        return f"is in the wrong place; {key} is a section of its own, at the top level"
    near = nearest(key, PLACES, cutoff=0.75)
    if not near:
        return ""
    right = next(k for k in KEYS if k.path == PLACES[near])
    if near != key:
        return f"is unknown; did you mean {right.path}?"
    if right.section == ".".join(map(str, parent)):
        return f"is for kind {right.kind}, and data.kind is {siblings['kind']}; remove one of them"
    level = "" if right.section else ", at the top level"
    return f"is in the wrong place; its place is {right.path}{level}"


def _missing_key(error: ValidationError) -> str:
    missing = next(key for key in error.validator_value if key not in error.instance)
    if missing in SECTIONS:
        keys = ", ".join(key.name for key in section_keys(missing) if key.required)
        return f"section {missing} is missing; add it with {keys}"
    found = next(key for key in KEYS if key.path == PLACES[missing])
    place = spell_place([*error.absolute_path, missing])
    return f"{place} is missing; add it, as in {missing}: {yaml_text(found.example)}"


def _kind_at(place: Place) -> str:
    """Return the kind of the component that stands at a place, empty where none does."""
    if list(place[:1]) == ["refine"]:
        is_fixed = len(place) == 4 and place[2] == "with" and place[3] in REGISTRIES
        return str(place[3]) if is_fixed else ""
    keys = place[:-1] if place and isinstance(place[-1], int) else place
    path = ".".join(map(str, keys))
    is_listed = len(keys) < len(place) or path.startswith(("model.", "training."))
    return next((k for k, parent in PARENTS.items() if parent == path and is_listed), "")


def _no_component(kind: str, place: Place, value: Any) -> str:
    """Return the sentence for a value that names no component of a kind."""
    registry, text = REGISTRIES[kind], spell_place(place)
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in registry:
        return _no_parameters([*place, next(iter(value))])
    known = f"known names: {', '.join(registry)}"
    if isinstance(value, str):
        return (
            f"{text} is {show(value)}, which is no {NOUNS[kind]}{_meant_name(kind, value)}; {known}"
        )
    return f"{text} is {show(value)}; it must be {usage(registry)}; {known}"


def _meant_name(kind: str, name: str) -> str:
    registry = REGISTRIES[kind]
    if "-" in name:
        with suppress(ValueError):
            choice = registry.parse(name)
            return f" (write {yaml_text({choice.name: registry.named(choice)})})"
    near = nearest(name, registry)
    if near:
        return f" (the nearest is {near})"
    other = next((k for k in REGISTRIES if name in REGISTRIES[k]), None)
    if other:
        return f" (it is of kind {other}, for {PARENTS[other]})"
    return ""


def _hint(error: ValidationError, rule: Mapping[str, Any]) -> str:
    value = error.instance
    near = nearest(str(value), map(str, error.schema.get("enum", ())))
    if near:
        return f" (the nearest is {near})"
    quotes = _hint_of_quotes(value, rule)
    if quotes:
        return quotes
    place = [*error.absolute_path, ""]
    if place[0] == "grid" and isinstance(value, str | Mapping):
        return f" (write [{yaml_text(value)}])"
    if place[:2] == ["model", "hidden"] and len(place) <= 4 and type(value) is int:
        return f" (write [[{value}]])"
    return ""


def _hint_of_quotes(value: Any, rule: Mapping[str, Any]) -> str:
    """Return what to say where quotes, added or taken away, make a value that the rule allows."""
    is_allowed = Draft202012Validator(rule).is_valid
    if isinstance(value, str) and _is_number(value):
        number = float(value)
        exact = int(number) if number.is_integer() and abs(number) < 1e16 else number
        return f" (in YAML write {exact!r}, without quotes)" if is_allowed(exact) else ""
    if isinstance(value, bool) and "number" in rule["title"]:
        return " (true and false are no numbers)"
    if not isinstance(value, str | Mapping | list | None) and is_allowed(yaml_text(value)):
        return f' (in YAML write "{yaml_text(value)}", in quotes)'
    return ""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def spell_place(place: Place) -> str:
    """Return a place in the config, as in ``grid.init, entry 3, constant.value``."""
    text, after_entry = "", False
    for step in place:
        if isinstance(step, int):
            text += f", entry {step + 1}"
        else:
            text += (", " if after_entry else "." if text else "") + _plain(step)
        after_entry = isinstance(step, int)
    return text or "the config"


def _plain(key: str) -> str:
    """Return a key on one line, shortened."""
    return json.dumps(key[:64], ensure_ascii=False)[1:-1]


def show(value: Any) -> str:
    """Return a value with its type where that may be the mistake, on one line, shortened."""
    if value is None:
        return "empty"
    if isinstance(value, str):
        return f"the text {json.dumps(value[:40], ensure_ascii=False)}"
    text = yaml_text(value)
    return text if len(text) <= 60 else text[:57] + "..."


def yaml_text(value: Any) -> str:
    """Return a value as YAML on one line."""
    try:
        text = yaml.safe_dump(value, default_flow_style=True, width=math.inf, sort_keys=False)
    except yaml.YAMLError:  # a Python object, from a mapping that no file holds
        text = repr(value)
    return " ".join(text.removesuffix("...\n").split())
