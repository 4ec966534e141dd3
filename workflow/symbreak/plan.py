"""What the jobs of an experiment need, for a scheduler: minutes and megabytes, rather too many."""

import csv
from dataclasses import replace
from functools import cache
from math import ceil
from pathlib import Path

from symbreak.networks import (
    HELD,
    largest_product,
    network_widths,
    networks_at_once,
    parameter_count,
    part_bytes,
    part_size,
)
from symbreak.refining import Request
from symbreak.settings import Demand, Experiment, Setting

COSTS = Path(__file__).parent / "costs.csv"
COMPILED = ("activation", "optimizer", "dropout")  # kinds of components that are compiled
DEMAND_INPUTS = 4
BYTES_A_CELL = 4  # of a CSV file, at least
START_MINUTES = 5  # to find the library, and to compile what the cache does not hold
NETWORK_BYTES = 4_000  # of a network, in the job that holds its initializer's tables
PUBLISHED_BYTES = 4_000  # and in the site, as a table and as text
JUDGED_BYTES = 1_800  # and in the judge job, which holds little of all
SETTING_BYTES = 12_000  # of a setting there
PAGE_BYTES = 40_000  # and of its page
REPORT_BYTES = 40_000  # of a setting in the report
# Of a process with all that it imports and compiles, and, on a cluster, of the two Snakemakes that
# every job starts: 320 and 2 x 175 were measured.
BASE_MB = 800


def train_minutes(experiment: Experiment, combinations: int = 1) -> int:
    """Return an upper estimate of the minutes that training so many combinations takes."""
    rows, inputs = table_size(experiment)
    seconds = sum(step_seconds(s, rows, inputs) for s in models(experiment))
    networks = combinations * experiment.replicates
    return START_MINUTES + ceil(seconds * experiment.steps * networks / 60)


def step_seconds(setting: Setting, rows: int, inputs: int) -> float:
    """Return an upper estimate of a network's step: about four times what was measured."""
    work = min(setting.batch_size or rows, rows) * parameters(setting, inputs)
    return 5e-6 + 2e-9 * work if engine_name(setting) == "exact" else 1e-3 + 4e-8 * work


def engine_name(setting: Setting) -> str:
    """Return the engine that trains a setting: exact, reference or blas.

    A component that ``costs.csv`` does not know, a user's own, may be for NumPy only: it is taken
    to be, as nothing is compiled to find out.
    """
    if setting.arithmetic != "exact":
        return "blas"
    own = {(kind, getattr(setting, kind).name) for kind in COMPILED}
    return "exact" if own <= measured_components() else "reference"


@cache
def measured_components() -> frozenset[tuple[str, str]]:
    """Return the (kind, name) of the components of the compiled engine that were measured."""
    with COSTS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["engine"] == "exact"]
    return frozenset((kind, row[kind].partition("-")[0]) for row in rows for kind in COMPILED)


def train_megabytes(experiment: Experiment) -> int:
    """Return an upper estimate of the memory of a training job, which holds a part at a time."""
    return BASE_MB + ceil(4 * largest_part(experiment) / 1e6)


def measure_megabytes(experiment: Experiment) -> int:
    """Return an upper estimate of the memory of measuring, which holds a batch at a time."""
    held = 8 * max(HELD, largest_part(experiment))
    return BASE_MB + ceil((held + activation_bytes(experiment)) / 1e6)


def pages_megabytes(experiment: Experiment) -> int:
    """Return an upper estimate of the memory of drawing an initializer's pages together."""
    settings = len(experiment) // len(experiment.init)
    held = NETWORK_BYTES * settings * experiment.replicates + PAGE_BYTES * settings
    return measure_megabytes(experiment) + ceil(held / 1e6)


def judge_megabytes(experiment: Experiment) -> int:
    """Return an upper estimate of the memory of judging: of little a network."""
    networks = len(experiment) * experiment.replicates
    one = networks / len(experiment.init)
    held = JUDGED_BYTES * networks + SETTING_BYTES * len(experiment) + NETWORK_BYTES * one
    return BASE_MB + ceil(held / 1e6)


def report_megabytes(experiment: Experiment) -> int:
    """Return an upper estimate of the memory of the report, which holds a row a setting."""
    networks = len(experiment) * experiment.replicates
    held = REPORT_BYTES * len(experiment) + 100 * networks
    return measure_megabytes(experiment) + ceil(held / 1e6)


def publish_megabytes(experiment: Experiment) -> int:
    """Return an upper estimate of the memory of the site, which holds the table of networks."""
    networks = len(experiment) * experiment.replicates
    return report_megabytes(experiment) + ceil(PUBLISHED_BYTES * networks / 1e6)


def largest_part(experiment: Experiment) -> int:
    """Return the most bytes that a part's weights, or its distances, take."""
    _, inputs = table_size(experiment)
    shapes = {network_widths(inputs, hidden) for hidden in experiment.hidden}
    checks = experiment.checkpoints
    return max(min(experiment.replicates, part_size(widths, checks)) * part_bytes(widths, checks)
               for widths in shapes)  # fmt: skip


def refine_minutes(experiment: Experiment, request: Request) -> int:
    """Return an upper estimate of the minutes of a search: of the most values it may try."""
    rows, inputs = table_size(experiment)
    networks = experiment.replicates * request.interval.most_values(request.scan)
    seconds = step_seconds(request.setting, rows, inputs) * experiment.steps * networks
    return START_MINUTES + ceil(seconds / 60)


def refine_megabytes(experiment: Experiment, request: Request) -> int:
    """Return an upper estimate of the memory of a search, which holds one value's networks."""
    weights = parameters(request.setting, table_size(experiment)[1]) * experiment.replicates
    one = replace(experiment, hidden=(request.setting.hidden,))
    return BASE_MB + ceil((50 * weights + activation_bytes(one)) / 1e6)


def activation_bytes(experiment: Experiment) -> int:
    """Return an upper estimate of the memory that activations over all rows take at once."""
    rows, inputs = table_size(experiment)
    numbers = 0
    for hidden in experiment.hidden:
        widths = network_widths(inputs, hidden)
        count, few = networks_at_once(widths, rows)
        numbers = max(numbers, few * 4 * largest_product(widths) + count * 15 * max(widths))
    return 8 * rows * numbers


def models(experiment: Experiment) -> list[Setting]:
    """Return the settings of one combination; every combination has as many."""
    return experiment.settings(experiment.init[0], experiment.dropout[0], experiment.bias[0])


def parameters(setting: Setting, inputs: int) -> int:
    """Return the number of parameters of a setting's networks."""
    return parameter_count(network_widths(inputs, setting.hidden))


def table_size(experiment: Experiment) -> tuple[int, int]:
    """Return (rows, inputs), for a user's table from the size of its files and its header."""
    if isinstance(experiment.data, Demand):
        return experiment.data.rows, DEMAND_INPUTS
    with Path(experiment.data.path).open(encoding="utf-8-sig") as file:
        inputs = file.readline().count(",") + 1
    size = sum(Path(file).stat().st_size for file in experiment.tables)
    return size // (BYTES_A_CELL * inputs) + 1, inputs
