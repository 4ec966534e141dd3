"""What the jobs of an experiment need, for a scheduler: minutes and megabytes, rather too many."""

from dataclasses import replace
from math import ceil, comb, prod
from pathlib import Path

from symbreak.networks import (
    largest_product,
    network_widths,
    networks_at_once,
    parameter_count,
)
from symbreak.refining import Request
from symbreak.settings import Demand, Experiment, Setting

DEMAND_INPUTS = 4
BYTES_A_CELL = 4  # of a CSV file, at least
START_MINUTES = 5  # to find the library, and to compile what the cache does not hold
# Of a process with all that it imports and compiles, and, on a cluster, of the two Snakemakes that
# every job starts: 320 and 2 x 175 were measured.
BASE_MB = 800


def train_minutes(experiment: Experiment) -> int:
    """Return an upper estimate of the minutes that training one combination takes."""
    rows, inputs = table_size(experiment)
    seconds = sum(step_seconds(s, rows, inputs) for s in models(experiment))
    return START_MINUTES + ceil(seconds * experiment.steps * experiment.replicates / 60)


def step_seconds(setting: Setting, rows: int, inputs: int) -> float:
    """Return an upper estimate of a network's step: about four times what was measured."""
    work = min(setting.batch_size or rows, rows) * parameters(setting, inputs)
    return 5e-6 + 2e-9 * work if setting.arithmetic == "exact" else 1e-3 + 4e-8 * work


def train_megabytes(experiment: Experiment) -> int:
    """Return an upper estimate of the memory of training one combination."""
    return BASE_MB + ceil(3 * combination_bytes(experiment) / 1e6)


def measure_megabytes(experiment: Experiment) -> int:
    """Return an upper estimate of the memory of measuring one initializer."""
    combinations = len(experiment.dropout) * len(experiment.bias)
    pairs = sum(comb(width, 2) for s in models(experiment) for width in s.hidden)
    lines = combinations * pairs * experiment.replicates * experiment.checkpoints
    held = combinations * combination_bytes(experiment) + 1000 * lines
    return BASE_MB + ceil((held + activation_bytes(experiment)) / 1e6)


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


def combination_bytes(experiment: Experiment) -> int:
    """Return the size of the weights that one combination keeps."""
    _, inputs = table_size(experiment)
    vectors = sum(parameters(s, inputs) for s in models(experiment))
    return 8 * prod((vectors, experiment.replicates, experiment.checkpoints))


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
