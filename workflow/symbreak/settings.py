"""What an experiment is: its data, its settings, its networks. Values only; ``config.py`` checks.

A setting is one point of the grid, everything but the replicate. Its record, as in
``{"init": "constant-0.5", ..., "hidden": "6-4", "batch_size": "full"}``, is what job parameters,
file contents and table columns carry; ``Setting.from_record`` reads it back.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise, product, starmap
from math import prod
from typing import Any

from symbreak.activations import ACTIVATIONS
from symbreak.components import Choice, Registry, spell
from symbreak.dropout import DROPOUTS
from symbreak.initializers import BIASES, INITIALIZERS
from symbreak.optimizers import OPTIMIZERS

Record = dict[str, Any]

REGISTRIES: dict[str, Registry] = {
    registry.kind: registry
    for registry in (INITIALIZERS, DROPOUTS, BIASES, ACTIVATIONS, OPTIMIZERS)
}
FULL = "full"  # the label of a batch of all training rows


@dataclass(frozen=True)
class Demand:
    """The generated T-shirt table; ``noise`` is the softness of the answer in points of score."""

    rows: int = 1000
    noise: float = 0.5
    balanced: bool = True

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of training and test rows: 80 % and 20 %; balanced, both are even."""
        train = self.rows * 4 // 5
        if self.balanced:
            train -= train % 2
        return train, self.rows - train


@dataclass(frozen=True)
class Table:
    """A user's own CSV file; paths are relative to the working directory."""

    path: str
    target: str
    test_path: str | None = None
    standardize: bool = True


@dataclass(frozen=True)
class Setting:
    """One point of the grid. ``batch_size`` is None for the full batch."""

    init: Choice
    dropout: Choice
    bias: Choice
    activation: Choice
    hidden: tuple[int, ...]
    optimizer: Choice
    learning_rate: float
    weight_decay: float
    batch_size: int | None
    arithmetic: str
    dtype: str

    def record(self) -> Record:
        """Return the labels by column name, plain text and numbers, in the order of the fields."""
        return {
            **{kind: getattr(self, kind).label for kind in ("init", "dropout", "bias")},
            "activation": self.activation.label,
            "hidden": "-".join(map(str, self.hidden)),
            "optimizer": self.optimizer.label,
            "learning_rate": self.learning_rate,
            "weight_decay": self.weight_decay,
            "batch_size": FULL if self.batch_size is None else str(self.batch_size),
            "arithmetic": self.arithmetic,
            "dtype": self.dtype,
        }

    @classmethod
    def from_record(cls, record: Record) -> "Setting":
        """Return the setting behind a record; raises ValueError for an unknown label."""
        choices = {kind: registry.parse(record[kind]) for kind, registry in REGISTRIES.items()}
        batch = str(record["batch_size"])
        return cls(
            **choices,
            hidden=tuple(int(width) for width in str(record["hidden"]).split("-")),
            learning_rate=float(record["learning_rate"]),
            weight_decay=float(record["weight_decay"]),
            batch_size=None if batch == FULL else int(batch),
            arithmetic=record["arithmetic"],
            dtype=record["dtype"],
        )

    @property
    def has_biases(self) -> bool:
        """Whether there are bias parameters, as the bias rule declares."""
        return BIASES[self.bias.name].facts["units"] != "absent"

    @property
    def label(self) -> str:
        """Return the setting in one line, as figures and messages name it."""
        return " ".join(self._labels())

    @property
    def path(self) -> str:
        """Return the setting's id, the same in every report, as it stands in addresses."""
        return "/".join(self._labels())

    def _labels(self) -> list[str]:
        return [spell(v) if isinstance(v, float) else v for v in self.record().values()]


COLUMNS = tuple(Setting.__dataclass_fields__)  # of every table with a row a setting or a network
MODEL = COLUMNS[3:]  # all but the combination


@dataclass(frozen=True)
class Experiment:
    """One checked config file. Every tuple is a factor of the grid, in the order of the file."""

    name: str
    seed: int
    data: Demand | Table
    hidden: tuple[tuple[int, ...], ...]
    activation: tuple[Choice, ...]
    optimizer: tuple[Choice, ...]
    learning_rate: tuple[float, ...]
    weight_decay: tuple[float, ...]
    batch_size: tuple[int | None, ...]
    arithmetic: tuple[str, ...]
    dtype: tuple[str, ...]
    steps: int
    init: tuple[Choice, ...]
    dropout: tuple[Choice, ...]
    bias: tuple[Choice, ...]
    replicates: int
    checkpoints: int
    redundancy: float
    neglect: float
    claims: str | None
    shards: int | None = None  # training jobs an initializer; None: one a combination
    refine: tuple[Record, ...] = ()  # requests, as ``refining.Request`` reads them
    published: str | None = None  # what a verification compares with

    def combinations(self) -> Iterator[tuple[Choice, Choice, Choice]]:
        """Yield (init, dropout, bias)."""
        return product(self.init, self.dropout, self.bias)

    @property
    def shard_pairs(self) -> list[list[tuple[str, str]]]:
        """The labels (dropout, bias) that each training job of an initializer takes.

        Empty for one job a combination. An initializer's jobs are its own, and alike for all.
        """
        if self.shards is None:
            return []
        pairs = [(d.label, b.label) for d, b in product(self.dropout, self.bias)]
        count = min(self.shards, len(pairs))
        ends = [len(pairs) * k // count for k in range(count + 1)]
        return [pairs[start:end] for start, end in pairwise(ends)]

    def models(self) -> Record:
        """Return the factors of a model, each a list of plain values; ``combination`` reads them.

        In place of the records of all settings, which Snakemake would keep beside every file.
        """
        record = {name: list(getattr(self, name)) for name in MODEL}
        for name in ("activation", "optimizer"):
            record[name] = [choice.label for choice in record[name]]
        return record | {"hidden": [list(widths) for widths in self.hidden]}

    def settings(self, init: Choice, dropout: Choice, bias: Choice) -> list[Setting]:
        """Return the settings of one combination, in the order of the grid."""
        factors = (getattr(self, name) for name in MODEL)
        return [Setting(init, dropout, bias, *model) for model in product(*factors)]

    def __len__(self) -> int:
        """Return the number of settings."""
        return prod(len(getattr(self, name)) for name in COLUMNS)

    def run(self) -> dict[str, int]:
        """Return what all training jobs share."""
        names = ("seed", "steps", "checkpoints", "replicates")
        return {name: getattr(self, name) for name in names}

    def data_record(self) -> Record:
        """Return the data section as plain values; ``data_from`` reads it back."""
        return {"kind": type(self.data).__name__, **asdict(self.data)}

    @property
    def kernel_dtypes(self) -> list[str]:
        """The precisions to compile for: those of the grid, and the self-test's."""
        return sorted({*self.dtype, "float64"})

    @property
    def batches(self) -> list[int | None]:
        """The numbers of rows a step, those of the requests of ``refine`` included."""
        settings = (Setting.from_record(request["setting"]) for request in self.refine)
        return [*self.batch_size, *(setting.batch_size for setting in settings)]

    @property
    def tables(self) -> list[str]:
        """The user's own files that the experiment's table is made from."""
        found = [self.data.path, self.data.test_path] if isinstance(self.data, Table) else []
        return [path for path in found if path is not None]

    @property
    def data_file(self) -> str:
        """The path of the experiment's table, from the working directory."""
        name = "demand" if isinstance(self.data, Demand) else "table"
        return f"data/{self.name}/{name}.csv"

    @property
    def results(self) -> str:
        """The folder of the intermediate results."""
        return f"results/{self.name}"

    @property
    def boundary_files(self) -> list[str]:
        """The files of the requests of ``refine``, two each."""
        return [f"{self.results}/boundaries/{request['name']}/{table}.csv"
                for request in self.refine for table in ("points", "boundaries")]  # fmt: skip

    @property
    def report(self) -> str:
        """The path of the report."""
        return f"reports/{self.name}/report.html"

    def train_files(self, init: str) -> list[str]:
        """Return the files of weights of one initializer (its label), a combination each."""
        return [
            f"{self.results}/train/{init}/{dropout.label}/{bias.label}.npz"
            for dropout, bias in product(self.dropout, self.bias)
        ]


def combination(path: str, models: Record) -> list[Setting]:
    """Return the settings of the combination whose file this is; see ``Experiment.models``.

    The labels are the last parts of the path, as in ``zeros/none/constant-0.1.npz``.
    """
    labels = path.removesuffix(".npz").split("/")[-3:]
    kinds = zip((INITIALIZERS, DROPOUTS, BIASES), labels, strict=True)
    factors = dict(models) | {"hidden": [tuple(widths) for widths in models["hidden"]]}
    for name in ("activation", "optimizer"):
        factors[name] = [REGISTRIES[name].parse(label) for label in models[name]]
    values = ([registry.parse(label)] for registry, label in kinds)
    return list(starmap(Setting, product(*values, *(factors[name] for name in MODEL))))


def data_from(record: Record) -> Demand | Table:
    """Return the data section behind ``Experiment.data_record``."""
    kinds = {kind.__name__: kind for kind in (Demand, Table)}
    return kinds[record["kind"]](**{k: v for k, v in record.items() if k != "kind"})
