"""A smaller copy of a config, to try a large grid before it is run: its axes shortened, no more.

The longest axis is halved (its first and last value stay, those between are evenly spaced) as long
as the share of the settings that is left is at least the one asked for:

    python -m bench.shorter config/full.yaml 0.01 > config/full-part.yaml
"""

import sys
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import yaml

AXES = ("grid.init", "grid.dropout", "grid.bias", "model.activation", "model.hidden",
        "training.optimizer", "training.learning_rate", "training.weight_decay",
        "training.batch_size", "training.arithmetic", "training.dtype")  # fmt: skip


def axes(config: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the section and the key of every axis that is a list."""
    for section, _, key in (name.partition(".") for name in AXES):
        if isinstance(config[section].get(key), list):
            yield config[section], key


def size(config: dict[str, Any]) -> int:
    """Return the number of settings."""
    return prod(len(section[key]) for section, key in axes(config))


def halved(values: list[Any]) -> list[Any]:
    """Return half of the values, rounded up, evenly spaced from the first to the last."""
    count = (len(values) + 1) // 2
    return [values[i * (len(values) - 1) // max(count - 1, 1)] for i in range(count)]


def shorten(config: dict[str, Any], share: float) -> None:
    """Halve the longest axis, the first of several, while at least the share is left."""
    least = share * size(config)
    while True:
        section, key = max(axes(config), key=lambda axis: len(axis[0][axis[1]]))
        whole = section[key]
        section[key] = halved(whole)
        if size(config) < least or len(whole) == len(section[key]):
            section[key] = whole
            return


def main() -> None:
    """Print the shortened config."""
    path, share = sys.argv[1:]
    config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    shorten(config, float(share))
    config["experiment"] += "-part"
    print(yaml.safe_dump(config, sort_keys=False, default_flow_style=None), end="")


if __name__ == "__main__":
    main()
