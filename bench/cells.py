"""Cells of the benchmark: what is trained, one record each."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from symbreak.components import Choice
from symbreak.settings import REGISTRIES, Setting

ROWS, INPUTS = 1000, 4  # training rows and features of the demand data
RATE, BETA1, BETA2, EPSILON = 0.01, 0.9, 0.999, 1e-8  # of Adam

HIDDEN = ((4,), (16,), (64,), (4, 4), (16, 16), (64, 64))
ACTIVATIONS = ("tanh", "relu", "sigmoid")
BATCHES = (None, 32)
DTYPES = ("float64", "float32")
DROPOUTS = ("none", "hidden")
NETWORKS = (1, 16, 100, 1000)


class Cell(NamedTuple):
    """One training that every contender does; ``batch`` is None for all rows."""

    hidden: tuple[int, ...]
    activation: str = "tanh"
    batch: int | None = None
    dtype: str = "float64"
    dropout: str = "none"
    networks: int = 100

    @property
    def setting(self) -> Setting:
        """The setting of this project that the cell trains."""
        names = {"init": "glorot_uniform", "dropout": self.dropout, "bias": "zeros",
                 "activation": self.activation}  # fmt: skip
        choices = {kind: REGISTRIES[kind].choose(name) for kind, name in names.items()}
        return Setting(**choices, hidden=self.hidden, learning_rate=RATE, weight_decay=0.0,
                       optimizer=Choice("adam", (BETA1, BETA2, EPSILON)), batch_size=self.batch,
                       arithmetic="exact", dtype=self.dtype)  # fmt: skip

    @property
    def random(self) -> bool:
        """Whether training draws: contenders then agree in distribution, not in digits."""
        return self.batch is not None or self.dropout != "none"

    @property
    def dropped(self) -> float:
        """The probability of being dropped, zero without dropout."""
        return sum(self.setting.dropout.values)

    @property
    def labels(self) -> dict[str, str]:
        """The cell's columns of the table."""
        record = self.setting.record()
        return {
            "hidden": record["hidden"],
            "activation": self.activation,
            "batch": record["batch_size"],
            "dtype": self.dtype,
            "dropout": record["dropout"],
            "networks": str(self.networks),
        }


def all_cells() -> list[Cell]:
    """Return every cell; networks vary fastest."""
    axes = product(HIDDEN, ACTIVATIONS, BATCHES, DTYPES, DROPOUTS, NETWORKS)
    return [Cell(*values) for values in axes]


def some_cells() -> list[Cell]:
    """Return a subset for minutes: every value of every axis, one axis at a time."""
    return list(dict.fromkeys(_around()))


def _around() -> Iterator[Cell]:
    for batch in BATCHES:
        for width, activation in product((4, 16, 64), ("tanh", "relu")):
            yield Cell((width,), activation, batch)
        centre = Cell((16,), "tanh", batch)
        yield centre._replace(activation="sigmoid")
        yield centre._replace(dtype="float32")
        yield centre._replace(dropout="hidden")
        yield centre._replace(hidden=(16, 16))
        for networks in (1, 16, 1000):
            yield centre._replace(hidden=(4,), networks=networks)
        for width in (16, 64):
            yield Cell((width,), "tanh", batch, networks=1)
        yield Cell((16,), "relu", batch, "float32")
        yield Cell((16, 16), "relu", batch)
    yield from (Cell((width, width)) for width in (4, 64))
    yield Cell((16, 16), "tanh", 32, networks=1)
