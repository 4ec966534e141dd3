"""What a step of training costs: a measured table, and a fit that reads other settings off it.

``costs.csv`` holds microseconds of CPU time a network and step; ``python -m symbreak.costs``
measures it again on this machine (about a minute, once the kernels are compiled). A step's time is
taken to be a sum of the work that it does, each kind at a cost of its own, found by least squares
of the relative errors, none below zero.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from time import process_time

import numpy as np
from scipy.optimize import nnls

from symbreak import engine, files, plan, trainer
from symbreak.data import dataset as dataset_of
from symbreak.data import make
from symbreak.dropout import DROPOUTS
from symbreak.networks import LANES, network_widths, parameter_count
from symbreak.settings import REGISTRIES, Demand, Setting

Array = np.ndarray

ROWS = 800  # training rows of the table's cells
ROUNDS, SECONDS = 3, 0.08  # of each cell: so many times, so long each
NUMPY = ("reference", "blas")  # plain NumPy, one network at a time
REFERENCE_STEPS = 12  # of a cell in NumPy
FIELDS = ("engine", "dtype", "activation", "dropout", "optimizer", "hidden", "batch_size",
          "low", "median", "high")  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """A measured cell: its engine, its setting, and microseconds a network and step."""

    engine: str
    setting: Setting
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Fit:
    """Microseconds a unit of each kind of work, and measured over fitted: the least, the most."""

    costs: dict[str, float]
    least: float
    most: float


def microseconds(setting: Setting, rows: int, inputs: int) -> tuple[float, float, float]:
    """Return (low, middle, high) of the CPU time of one network's step, lanes all filled."""
    found = fit(plan.engine_name(setting), setting.dtype)
    middle = sum(found.costs.get(name, 0.0) * amount
                 for name, amount in work(setting, rows, inputs).items())  # fmt: skip
    return middle * found.least, middle, middle * found.most


def work(setting: Setting, rows: int, inputs: int) -> dict[str, float]:
    """Return how much of each kind of work a step of one network does."""
    widths = network_widths(inputs, setting.hidden)
    batch = min(setting.batch_size or rows, rows)
    units, parameters = sum(setting.hidden), parameter_count(widths)
    between = sum(a * b for a, b in zip(setting.hidden, setting.hidden[1:], strict=False))
    facts = DROPOUTS[setting.dropout.name].facts
    drawn = {"inputs": batch * inputs, "weights": parameters, "nowhere": 0}
    noise = drawn.get(facts["place"], batch * (len(setting.hidden) if facts["shared"] else units))
    return {
        "step": 1.0,
        "products": batch * parameters,
        "sums between hidden layers": batch * between,
        f"activation {setting.activation.name}": batch * units,
        f"dropout {setting.dropout.name}": noise,
        f"optimizer {setting.optimizer.name}": parameters,
        "order of rows": 0.0 if setting.batch_size is None else batch,
        "hidden layers": len(setting.hidden),
    }


@cache
def fit(name: str, dtype: str) -> Fit:
    """Return what each kind of work costs by the cells of an engine and a precision."""
    cells = [c for c in table() if c.engine == name and c.setting.dtype == dtype]
    rows = [work(cell.setting, ROWS, 4) for cell in cells]
    kinds = sorted({kind for row in rows for kind in row})
    measured = np.array([cell.median for cell in cells])
    amounts = np.array([[row.get(kind, 0.0) for kind in kinds] for row in rows])
    scale = np.maximum(amounts.max(axis=0), 1e-300)
    costs, _ = nnls(amounts / scale / measured[:, None], np.ones(len(cells)))
    fitted = amounts @ (costs / scale)
    return Fit(
        dict(zip(kinds, (costs / scale).tolist(), strict=True)),
        min(cell.low / value for cell, value in zip(cells, fitted.tolist(), strict=True)),
        max(cell.high / value for cell, value in zip(cells, fitted.tolist(), strict=True)),
    )


@cache
def table() -> tuple[Cell, ...]:
    """Return the measured cells."""
    with plan.COSTS.open(encoding="utf-8", newline="") as file:
        return tuple(_cell(row) for row in csv.DictReader(file))


def _cell(row: dict[str, str]) -> Cell:
    arithmetic = "blas" if row["engine"] == "blas" else "exact"
    record = {**BASE.record(), **{name: row[name] for name in FIELDS[1:7]}}
    numbers = (float(row[name]) for name in FIELDS[7:])
    return Cell(row["engine"], Setting.from_record(record | {"arithmetic": arithmetic}), *numbers)


BASE = Setting(
    REGISTRIES["init"].choose("normal"), REGISTRIES["dropout"].choose("none"),
    REGISTRIES["bias"].choose("normal"), REGISTRIES["activation"].choose("tanh"),
    (6,), REGISTRIES["optimizer"].choose("sgd"), 0.1, 0.0, None, "exact", "float64",
)  # fmt: skip


def designs() -> Iterator[Setting]:
    """Yield the settings that are measured: one choice changed at a time, and some together."""
    every = {kind: [registry.choose(name) for name in registry]
             for kind, registry in REGISTRIES.items()}  # fmt: skip
    for kind in engine.KINDS:
        yield from (_with(**{kind: choice}) for choice in every[kind])
    for hidden in ((2,), (16,), (64,), (4, 3), (16, 16)):
        yield from (_with(hidden=hidden, activation=a) for a in every["activation"][:3])
    for choice in every["dropout"][1:]:
        yield _with(hidden=(4, 3), dropout=choice)
        yield _with(hidden=(16,), dropout=choice, batch_size=32)
    for choice in every["optimizer"]:
        yield from (_with(optimizer=choice, batch_size=b, hidden=h)
                    for b in (32, 200) for h in ((6,), (16,), (4, 3)))  # fmt: skip


def _with(**changes: object) -> Setting:
    return replace(BASE, **changes)  # type: ignore[arg-type]


def numpy_designs() -> Iterator[Setting]:
    """Yield the settings that are measured of the engines in NumPy, which are slow."""
    yield BASE
    for kind in engine.KINDS:
        yield from (_with(**{kind: REGISTRIES[kind].choose(name)}) for name in REGISTRIES[kind])
    yield from (_with(hidden=hidden, batch_size=b)
                for hidden in ((2,), (16,), (4, 3)) for b in (None, 32))  # fmt: skip


def measure() -> Iterator[dict[str, object]]:
    """Yield the rows of the table, measured here; rounds go through all cells in turn."""
    cells = [(name, replace(setting, dtype=dtype, arithmetic=arithmetic))
             for name, arithmetic, chosen in (("exact", "exact", designs),
                                              ("reference", "exact", numpy_designs),
                                              ("blas", "blas", numpy_designs))
             for dtype in ("float64", "float32")
             for setting in dict.fromkeys(chosen())]  # fmt: skip
    steps = [_steps(*cell) for cell in cells]
    timed = list(zip(cells, steps, strict=True))
    times: Array = np.array([[time_of(*cell, count) for cell, count in timed]
                             for _ in range(ROUNDS)])  # fmt: skip
    for (name, setting), found in zip(cells, times.T, strict=True):
        record = setting.record()
        low, median, high = (round(float(value), 3) for value in np.sort(found)[[0, 1, 2]])
        yield {"engine": name, **{field: record[field] for field in FIELDS[1:7]},
               "low": low, "median": median, "high": high}  # fmt: skip


def _steps(name: str, setting: Setting) -> int:
    """Return how many steps take about so long as a round of a cell should."""
    if name in NUMPY:
        return REFERENCE_STEPS
    time_of(name, setting, 2)
    return int(np.clip(SECONDS / (1e-6 * LANES * time_of(name, setting, 20)), 20, 100_000))


def time_of(name: str, setting: Setting, steps: int) -> float:
    """Return microseconds of CPU time a network and step."""
    x, y = _rows(setting.dtype)
    replicates: Sequence[int] = range(1 if name in NUMPY else LANES)
    start = np.stack([trainer.initial_parameters(setting, x.shape[1], 1, r) for r in replicates])
    method = trainer if name in NUMPY else engine
    begin = process_time()
    with np.errstate(all="ignore"):
        method.train(setting, start, np.array(replicates), x, y, 1, np.array([steps]))
    return 1e6 * (process_time() - begin) / (steps * len(replicates))


@cache
def _rows(dtype: str) -> tuple[Array, Array]:
    demand = Demand(rows=ROWS * 5 // 4)
    found = dataset_of(demand, make(demand, 1))
    return (np.ascontiguousarray(found.x_train, dtype), np.ascontiguousarray(found.y_train, dtype))


def main() -> None:
    """Measure the table again, and write it."""
    rows = list(measure())
    with files.written(plan.COSTS) as path, path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for name, dtype in sorted({(str(row["engine"]), str(row["dtype"])) for row in rows}):
        found = fit(name, dtype)
        print(f"{name} {dtype}: measured over fitted {found.least:.2f} to {found.most:.2f}")
        for kind, cost in found.costs.items():
            print(f"  {kind}: {1000 * cost:.4f} ns")


if __name__ == "__main__":
    main()
