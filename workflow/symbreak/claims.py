"""Claims as data: what people say, which settings test it, and what should be found there.

A file of claims is YAML, as ``claims.yaml`` beside this module; ``parse`` checks its content.
``config.claims`` reads files, ``court`` holds the claims against the verdicts.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symbreak.components import nearest
from symbreak.facts import FACTS
from symbreak.settings import COLUMNS, REGISTRIES

BUILT_IN = Path(__file__).with_name("claims.yaml")
VERDICTS = ("diverged", "frozen", "symmetric", "tied", "redundant", "broken")
YES_NO = ("yes", "no")
# What can be found of a setting, beside its verdict: columns of verdicts.csv, and three of court's.
NUMBERS = ("replicates", "distinct_min", "distinct_max", "moved", "broken_fraction", "broken_low",
           "broken_high", "max_distance_median", "loss_median", "accuracy_median", "diverged",
           "starts_distinct", "neglected_mean", "neglected_low", "neglected_high",
           "neglected_untrained_mean", "coverage_mean", "coverage_untrained_mean",
           "effective_width_mean", "effective_rank_mean", "distinct_share", "repeats",
           "repeats_different")  # fmt: skip
RATES = ("learning_rate", "weight_decay")  # of a setting, and numbers
WORDS = {"verdict": (*VERDICTS, "mixed"), "agrees": YES_NO, "known": YES_NO}
BOUNDS = ("at_least", "above", "at_most", "below", "not")
KEYS = {"id": True, "title": True, "says": True, "source": True, "tested_by": True,
        "expects": True, "shows": False, "try": False}  # whether it must be there # fmt: skip
UNTESTED = ("id", "title", "says", "source", "untested", "try")  # of a claim that no run can test
ID = r"[a-z0-9][a-z0-9-]{0,39}"


class ClaimError(ValueError):
    """A claim that cannot be used: one sentence with the claim, the key and what is right."""


@dataclass(frozen=True)
class Check:
    """What is asked of a column: one of some values (or none of them), or to keep bounds.

    ``bounds`` are (name of ``BOUNDS``, number or name of a column).
    """

    column: str
    values: tuple[str | float, ...] = ()
    negated: bool = False
    bounds: tuple[tuple[str, str | float], ...] = ()


@dataclass(frozen=True)
class Claim:
    """A claim: its words, the settings that test it, and what it says should be found there.

    Of ``tested_by`` and ``expects`` every check must be passed. ``networks`` are the verdicts that
    every network of the setting may have; empty where nothing is asked. ``unchanged`` is a column
    and the factor that should not change it by more than ``within``; empty likewise. ``shows`` are
    columns to show, each with its name in words. ``try_with`` is a config that tests the claim, or
    commands that do; ``untested`` says why no single run can.
    """

    id: str
    title: str
    says: str
    source: str
    tested_by: tuple[Check, ...]
    expects: tuple[Check, ...] = ()
    networks: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    within: float = 0.0
    shows: tuple[tuple[str, str], ...] = ()
    try_with: str = ""
    untested: str = ""


def parse(content: Mapping[str, Any], known: Iterable[str] = ()) -> list[Claim]:
    """Return the claims of a file's content; raises ClaimError.

    ``known`` are the ids that other claims have.
    """
    _known_keys("the file", content, ("claims",))
    entries = content.get("claims")
    if not isinstance(entries, list) or not entries:
        raise ClaimError("claims must be a list of claims, each with " + ", ".join(KEYS))
    found: list[Claim] = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            raise ClaimError(f"claim {number} must be a mapping of the keys {', '.join(KEYS)}")
        claim = _claim(_text(entry, "id", f"claim {number}"), entry)
        if claim.id in (*known, *(other.id for other in found)):
            raise ClaimError(f"claim {claim.id}: another claim has this id; choose a new one")
        found.append(claim)
    return found


def _claim(name: str, entry: Mapping[str, Any]) -> Claim:
    where = f"claim {name}"
    if not re.fullmatch(ID, name):
        raise ClaimError(f"{where}: id must be small letters, digits and -, at most 40 of them")
    _known_keys(where, entry, UNTESTED if "untested" in entry else KEYS)
    title, says, source = (_text(entry, key, where) for key in ("title", "says", "source"))
    try_with = _text(entry, "try", where) if "try" in entry else ""
    if "untested" in entry:
        untested = _text(entry, "untested", where)
        return Claim(name, title, says, source, (), try_with=try_with, untested=untested)
    tested_by = tuple(_test(f"{where}: tested_by.{column}", column, value)
                      for column, value in _mapping(entry, "tested_by", where).items())  # fmt: skip
    expects = dict(_mapping(entry, "expects", where))
    if not expects:
        raise ClaimError(f"{where}: expects is empty; say what should be found")
    networks = _networks(f"{where}: expects.networks", expects.pop("networks", None))
    unchanged, within = _unchanged(f"{where}: expects.unchanged", expects.pop("unchanged", None))
    shown = _mapping({"shows": {}, **entry}, "shows", where).items()
    shows = tuple((_one_of(f"{where}: shows", c, NUMBERS), str(words)) for c, words in shown)
    tests = tuple(_test(f"{where}: expects.{c}", c, value, ("networks", "unchanged"))
                  for c, value in expects.items())  # fmt: skip
    return Claim(name, title, says, source, tested_by, tests, networks, unchanged, within, shows,
                 try_with)  # fmt: skip


def _known_keys(where: str, entry: Mapping[str, Any], known: Iterable[str]) -> None:
    for key in entry:
        if key not in known:
            raise ClaimError(f"{where}: key {_unknown(key, known)}")


def _unknown(name: Any, known: Iterable[str]) -> str:
    near = nearest(str(name), known)
    meant = f"; did you mean {near}?" if near else ";"
    return f"{str(name)!r} is unknown{meant} Known: {', '.join(known)}"


def _one_of(where: str, value: Any, known: Iterable[str]) -> str:
    if str(value) not in known:
        raise ClaimError(f"{where}: {_unknown(value, known)}")
    return str(value)


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ClaimError(f"{where}: {key} must be a text, and is {value!r}"
                         if key in entry else f"{where}: {key} is missing")  # fmt: skip
    return " ".join(value.split())


def _mapping(entry: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = entry.get(key)
    if not isinstance(value, Mapping):
        raise ClaimError(f"{where}: {key} must be a mapping, as in {{column: value}}")
    return value


def _networks(where: str, value: Any) -> tuple[str, ...]:
    return tuple(_one_of(where, name, VERDICTS) for name in _listed(value))


def _unchanged(where: str, value: Any) -> tuple[tuple[str, ...], float]:
    """Return the column and the factor, and by how much the column may differ."""
    if value is None:
        return (), 0.0
    if not isinstance(value, Mapping) or set(value) - {"within"} != {"column", "across"}:
        raise ClaimError(f"{where} must be {{column: a column, across: a factor, within: a number}}"
                         ", without within where nothing may differ")  # fmt: skip
    column = _one_of(f"{where}.column", value["column"], ("verdict", *NUMBERS))
    within = _number(f"{where}.within", value.get("within", 0))
    if within < 0 or (within and column not in NUMBERS):
        raise ClaimError(f"{where}.within must be 0 or more, and 0 or left out for verdict")
    return (column, _one_of(f"{where}.across", value["across"], COLUMNS)), within


def _test(where: str, column: str, value: Any, others: Sequence[str] = ()) -> Check:
    known = (*FACTS, *COLUMNS, *WORDS, *NUMBERS, *others)
    if column not in known:
        raise ClaimError(f"{where}: {_unknown(column, known)}")
    if not isinstance(value, Mapping):
        return Check(column, _values(where, column, value))
    _known_keys(where, value, BOUNDS)
    if set(value) == {"not"}:
        return Check(column, _values(where, column, value["not"]), negated=True)
    if column not in (*NUMBERS, *RATES):
        raise ClaimError(f"{where}: {column} is no number; write its values, or {{not: value}}")
    return Check(column, bounds=tuple((n, _bound(f"{where}.{n}", b)) for n, b in value.items()))


def _bound(where: str, value: Any) -> str | float:
    if isinstance(value, str):
        return _one_of(where, value, (*NUMBERS, *RATES))
    return _number(where, value)


def _number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ClaimError(f"{where} must be a number, and is {value!r}")
    return float(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _values(where: str, column: str, value: Any) -> tuple[str | float, ...]:
    """Return the values that a column may have, as the tables spell them."""
    values = _listed(value)
    if not values:
        raise ClaimError(f"{where} is empty; give it a value")
    if column in (*NUMBERS, *RATES):
        return tuple(_number(where, v) for v in values)
    words = [YES_NO[not v] if isinstance(v, bool) else str(v) for v in values]
    known = (*FACTS[column].values,) if column in FACTS else WORDS.get(column, ())
    for word in words:
        if known:
            _one_of(where, word, known)
        elif column in REGISTRIES:
            _component(where, column, word)
    return tuple(words)


def _component(where: str, kind: str, word: str) -> None:
    """Raise ClaimError unless a word is a component's name, or a label."""
    try:
        if word not in REGISTRIES[kind]:
            REGISTRIES[kind].parse(word)
    except ValueError:
        raise ClaimError(f"{where}: {_unknown(word, REGISTRIES[kind])}") from None
