"""From a config file to a checked experiment; what is wrong comes back as one sentence.

``experiment`` checks a mapping against the schema (``schema.py``), by the jsonschema library, and
against what a schema cannot say. Sentences name file, key, value, what would be right and, for a
misspelled name, the nearest one.
"""

import difflib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from symbreak.components import Choice
from symbreak.schema import KEYS, SECTIONS, schema, section_keys
from symbreak.settings import FULL, REGISTRIES, Demand, Experiment, Table

FACTORS = ("optimizer", "learning_rate", "weight_decay", "batch_size", "arithmetic", "dtype")
Path_ = Sequence[Any]


class ConfigError(ValueError):
    """A config that cannot be used: one sentence with the place, the value and what is right."""


def read(path: str | Path) -> Experiment:
    """Return the experiment of a YAML file; raises ConfigError."""
    return experiment(_load(str(path)), [str(path)])


def experiment(config: Mapping[str, Any], files: Sequence[str] = ()) -> Experiment:
    """Return the experiment of a mapping that was read from these YAML files.

    Raises ConfigError at the first thing that is wrong. The files are read again for what a
    mapping no longer shows, a key that stands twice.
    """
    for file in files:
        _load(file)
    where = ", ".join(files) or "config"
    try:
        return _build(config)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _build(config: Mapping[str, Any]) -> Experiment:
    for path, value in _leaves(config):
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{spell_path(path)} is {value}; it must be a finite number")
    errors = list(jsonschema.Draft202012Validator(schema()).iter_errors(config))
    if errors:
        raise ConfigError(explain(min(errors, key=_position(config))))
    found = _parse(config)
    _check_balance(found)
    _check_batches(found)
    return found


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield (path, value) of everything that is no mapping and no list."""
    if isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, part in items:
            yield from _leaves(part, (*path, key))
    else:
        yield path, value


def _position(config: Any) -> Any:
    """Return a sort key: misspelled keys first, then errors in the order of the file."""

    def position(error: jsonschema.ValidationError) -> tuple[bool, list[int]]:
        places, part = [], config
        for step in error.absolute_path:
            places.append(list(part).index(step) if isinstance(part, Mapping) else step)
            part = part[step]
        return error.validator != "additionalProperties", places

    return position


def explain(error: jsonschema.ValidationError) -> str:
    """Return the sentence for a schema error."""
    outer = error
    while error.validator == "anyOf":
        wrong_type = {
            e.relative_schema_path[0]
            for e in error.context
            if e.validator == "type" and not e.relative_path
        }
        near = [e for e in error.context if e.relative_schema_path[0] not in wrong_type]
        if not near:
            break
        outer, error = error, max(near, key=lambda e: len(e.relative_path))
    path = spell_path(error.absolute_path)
    if error.validator == "additionalProperties":
        return _unknown_key(error)
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return _missing_key(path, missing)
    if error.validator == "minItems":
        return f"{path} is an empty list; give it at least one entry"
    title = error.schema.get("title") or outer.schema.get("title")
    if error.validator in ("enum", "type") and isinstance(error.instance, str):
        title = outer.schema["title"] if error.validator == "type" else title
    return f"{path} is {show(error.instance)}; it must be {title}{_hint(error)}"


def _hint(error: jsonschema.ValidationError) -> str:
    value = error.instance
    if error.validator == "enum" and isinstance(value, str):
        return f" (the nearest is {nearest(value, error.validator_value)})"
    if isinstance(value, str) and _is_number(value):
        return f" (in YAML write {float(value)!r}, with a point and without quotes)"
    if list(error.absolute_path)[:2] == ["model", "hidden"] and isinstance(value, int):
        return f" (write [[{value}]])"
    return ""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _unknown_key(error: jsonschema.ValidationError) -> str:
    allowed = list(error.schema["properties"])
    key = next(key for key in error.instance if key not in allowed)
    path = spell_path([*error.absolute_path, key])
    homes = [k.path for k in KEYS if k.name == key] + [s for s in SECTIONS if s == key]
    if homes:
        return f"{path} is in the wrong place; its place is {homes[0]}"
    if not allowed:
        name = error.absolute_path[-1]
        return f"{path} is unknown: {name} takes no parameters; write {name} alone"
    kind = "parameters" if "grid" in path or len(error.absolute_path) > 1 else "keys"
    if error.schema.get("maxProperties") == 1:
        kind = "names"
    return (f"{path} is unknown; did you mean {nearest(str(key), allowed)}? "
            f"Known {kind}: {', '.join(allowed)}")  # fmt: skip


def _missing_key(path: str, missing: str) -> str:
    name = f"{path}.{missing}" if path != "the config" else missing
    if missing in SECTIONS:
        keys = ", ".join(key.name for key in section_keys(missing) if key.required)
        return f"section {missing} is missing; add it with {keys}"
    found = next((key for key in KEYS if key.path == name), None)
    example = f", as in {missing}: {yaml_text(found.example)}" if found else ""
    return f"{name} is missing; add it{example}"


def nearest(name: str, known: Sequence[str]) -> str:
    """Return the known name that a misspelled one most resembles."""
    return difflib.get_close_matches(name, [str(k) for k in known], n=1, cutoff=0.0)[0]


def spell_path(path: Path_) -> str:
    """Return a place in the config, as in ``grid.init, entry 3, constant.value``."""
    text = ""
    for step in path:
        in_entry = ", entry " in text
        part = f", entry {step + 1}" if isinstance(step, int) and text else str(step)
        text += part if part[0] == "," or not text else f"{', ' if in_entry else '.'}{part}"
    return text or "the config"


def show(value: Any) -> str:
    """Return a value with its type where that may be the mistake, shortened."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"{str(value).lower()} (true and false are no numbers)"
    if isinstance(value, str):
        return f"the text {json.dumps(value[:40], ensure_ascii=False)}"
    text = yaml_text(value)
    return text if len(text) <= 60 else text[:57] + "..."


def yaml_text(value: Any) -> str:
    """Return a value as YAML on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=math.inf, sort_keys=False)
    return text.removesuffix("...\n").strip()


def _parse(config: Mapping[str, Any]) -> Experiment:
    data, model, training, grid = (config[name] for name in SECTIONS)
    values = {key.path: key.default for key in KEYS if not key.required}
    values |= {f"training.{name}": value for name, value in training.items()}
    factors = {name: _factor(f"training.{name}", values[f"training.{name}"]) for name in FACTORS}
    kind = Demand if data["kind"] == "demand" else Table
    fields = {name: value for name, value in data.items() if name != "kind"}
    return Experiment(
        name=config["experiment"],
        seed=int(config["seed"]),
        data=kind(**fields),
        hidden=_distinct("model.hidden", [tuple(map(int, widths)) for widths in model["hidden"]]),
        activation=_factor("model.activation", model["activation"]),
        **factors,
        steps=int(training["steps"]),
        **{name: _factor(f"grid.{name}", grid[name]) for name in ("init", "dropout", "bias")},
        replicates=int(config["replicates"]),
        checkpoints=int(config.get("checkpoints", values["checkpoints"])),
        redundancy=float(config.get("redundancy", values["redundancy"])),
    )


def _factor(path: str, value: Any) -> tuple[Any, ...]:
    """Return the distinct values of a factor, given as one value or a list."""
    entries = value if isinstance(value, list) else [value]
    return _distinct(path, [_entry(path.split(".")[1], entry) for entry in entries])


def _entry(name: str, entry: Any) -> Any:
    if name in REGISTRIES:
        return _choice(name, entry)
    if name == "batch_size":
        return None if entry == FULL else int(entry)
    return float(entry) + 0.0 if name in ("learning_rate", "weight_decay") else entry


def _choice(kind: str, entry: str | Mapping[str, Any]) -> Choice:
    if isinstance(entry, str):
        return REGISTRIES[kind].choose(entry)
    name, parameters = next(iter(entry.items()))
    return REGISTRIES[kind].choose(name, **{k: v + 0.0 for k, v in parameters.items()})


def _distinct(path: str, values: list[Any]) -> tuple[Any, ...]:
    for i, value in enumerate(values):
        if value in values[:i]:
            name = value.label if isinstance(value, Choice) else yaml_text(value or FULL)
            first = values.index(value) + 1
            raise ConfigError(
                f"{path}, entry {i + 1} is {name}, as entry {first} is; remove one of them"
            )
    return tuple(values)


def _check_balance(found: Experiment) -> None:
    if isinstance(found.data, Demand) and found.data.balanced and found.data.rows % 2:
        rows = found.data.rows
        raise ConfigError(f"data.rows is {rows}; balanced data needs an even number: {rows + 1}")


def _check_batches(found: Experiment) -> None:
    if not isinstance(found.data, Demand):
        return
    rows = found.data.rows * 4 // 5
    rows -= rows % 2 if found.data.balanced else 0
    for batch in found.batch_size:
        if batch is not None and batch > rows:
            raise ConfigError(
                f"training.batch_size is {batch}, more than the {rows} training rows (80 % of "
                f"data.rows); write at most {rows}, or full"
            )


class _StrictLoader(yaml.SafeLoader):
    """YAML that refuses a key that stands twice in one mapping."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key, _ in node.value:
        name = loader.construct_object(key, deep=True)
        if isinstance(name, list | dict):
            raise yaml.constructor.ConstructorError(None, None, "a key is a list", key.start_mark)
        if name in seen:
            line = key.start_mark.line + 1
            raise ConfigError(f"line {line}: key {name} is there twice; remove one of them")
        seen.add(name)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _load(path: str) -> dict[str, Any]:
    """Return the mapping of a YAML file; raises ConfigError."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
        content = yaml.load(text, _StrictLoader)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; name a config file") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: this is a directory; name a config file in it") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({(error.strerror or '').lower()})") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start + 1} is not UTF-8; save it so") from None
    except ConfigError as error:
        raise ConfigError(f"{path}, {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise ConfigError(f"{path}{line}: not YAML ({problem})") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: it holds no keys; see config/README.md for those it needs")
    return content
