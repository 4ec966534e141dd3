"""A report's page with another index: more settings, or predictions, than its experiment has."""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from symbreak import packing

Index = dict[str, Any]
PACKS = ("index", "columns")


def altered(text: str, change: Callable[[Index], None]) -> str:
    """Return a page's text after ``change`` of its index.

    ``change`` gets all columns in the index as lists of a value a setting.
    """
    held = {name: _held(text, name) for name in PACKS}
    index, later = (json.loads(gzip.decompress(b64decode(held[name]))) for name in PACKS)
    names = set(later)
    index["columns"] = {name: _plain(one) for name, one in {**index["columns"], **later}.items()}
    change(index)
    packed = {name: {"all": values} for name, values in index["columns"].items()}
    index["columns"] = {name: one for name, one in packed.items() if name not in names}
    later = {name: packed[name] for name in names}
    for name, value in zip(PACKS, (index, later), strict=True):
        text = text.replace(held[name], packing.packed([packing.text(value)]))
    return text


def _held(text: str, name: str) -> str:
    found = re.search(rf'id="pack-{name}">([^<]*)<', text)
    assert found
    return found[1]


def _plain(column: dict[str, list[Any]]) -> list[Any]:
    return column.get("all") or [column["of"][place] for place in column["at"]]


def repeated(times: int, missing: int) -> Callable[[Index], None]:
    """Return a change to so many times the settings, under made-up initializers; the first lack."""

    def change(index: Index) -> None:
        inits = index["factors"][0]
        inits["values"] = [f"{label}-{k}" for k in range(times) for label in inits["values"]]
        index["size"] *= times
        for name, values in index["columns"].items():
            index["columns"][name] = [None] * missing + (values * times)[missing:]

    return change


def predicted(index: Index) -> None:
    """Predict every verdict rightly, but those of the first three settings: wrong, open, none."""
    columns = index["columns"]
    for name, verdict in enumerate(columns["verdict"]):
        word = "broken" if verdict == "redundant" else verdict
        columns["predicted_shares"][name] = f"{word} {index['replicates']}"
        columns["agrees"][name] = columns["known"][name] = "yes"
        columns["rule"][name] = "own start" if word == "broken" else "same start"
    columns["agrees"][0] = "no"
    wrong = "symmetric" if columns["verdict"][0] == "tied" else "tied"
    columns["predicted_shares"][0] = f"{wrong} {index['replicates']}"
    columns["known"][1] = "no"
    for name in ("agrees", "known", "predicted_shares", "rule"):
        columns[name][2] = None
