"""What an experiment will take, before anything starts: jobs, networks, core-hours, memory, disk.

Times are ranges. Training is read off the table of measured steps (``costs.py``), the other stages
off what they took in the runs that docs/grid.md lists; each range holds everything that was
measured. This machine is compared with the table's by a moment's training in NumPy, and where it
is faster or slower the range is widened to hold both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, comb

from symbreak import costs, plan
from symbreak.block import LANES
from symbreak.engine import blocks
from symbreak.learned import TRACED
from symbreak.networks import network_widths, parameter_count
from symbreak.refining import Request
from symbreak.settings import Experiment, Setting
from symbreak.training import checkpoint_steps

Range = tuple[float, float]

ROOM = 0.6, 1.7  # around what a stage other than training took in the runs measured
SINGLE = 1.35  # a row in a lane for a network in a lane: so many times the time a row
FORWARD = 0.5  # of a step: the pass that evaluates a row
START_SECONDS = 0.35, 0.9  # of CPU time: a job's Python, libraries and Snakemake's own work
TABLE_SECONDS = 0.8, 2.0  # the same of a job that reads or writes tables
KERNEL_SECONDS = 12.0, 45.0  # of CPU time: to compile a precision
HUNT_SECONDS = 4.0, 20.0
# Seconds of CPU time, by what they are counted in, of the stages after training.
PER_SETTING = {"measure": 8e-3, "pages": 25e-3, "judge": 2e-3, "report": 8e-3}
PER_NETWORK = {"measure": 1e-3, "pages": 0.3e-3, "judge": 1e-4, "report": 0.0}
PER_PAIR = 3e-6  # measure: a row of distances
PER_MEASURED = 1e-3 / costs.ROWS  # measure: a network at a checkpoint, a training row
NETWORK_SECONDS = 2e-4  # train: to draw a network's start
DISK_PAIR = 12, 50  # bytes of a row of distances
DISK_NETWORK = 150, 900  # and of a network in the other tables
DISK_SETTING = 2_000, 20_000  # of a setting: its page and its rows of the CSV files
CORES = 1, 4, 16, 64, 256


@dataclass(frozen=True)
class Estimate:
    """CPU seconds by stage, each (low, high); seconds of the longest jobs; bytes of disk."""

    seconds: dict[str, Range]
    longest: Range
    disk: Range
    machine: float

    @property
    def total(self) -> Range:
        """The CPU seconds of all stages."""
        return added(self.seconds.values())

    def wall(self, cores: int) -> Range:
        """Return the wall seconds on so many idle cores: what runs alone, then the rest shared."""
        alone = added([self.seconds["judge"], self.seconds["report"]])
        shared = (whole - part for whole, part in zip(self.total, alone, strict=True))
        low, high = (one + max(rest / cores, most)
                     for one, rest, most in zip(alone, shared, self.longest,
                                                strict=True))  # fmt: skip
        return low, high


def added(ranges: Iterable[Range]) -> Range:
    """Return the sum of ranges."""
    found = list(ranges)
    return sum(low for low, _ in found), sum(high for _, high in found)


def times(factor: float, found: Range) -> Range:
    """Return a range so many times."""
    return factor * found[0], factor * found[1]


def estimate(experiment: Experiment, machine: float = 1.0) -> Estimate:
    """Return what an experiment takes; ``machine`` is ``speed()``."""
    networks, settings = len(experiment) * experiment.replicates, len(experiment)
    jobs = train_jobs(experiment)
    rest = 2 * len(experiment.init) + len(experiment.refine) + 4
    low, high = min(machine, 1.0), max(machine, 1.0)
    train = training_seconds(experiment)
    counted = {name: PER_SETTING[name] * settings + PER_NETWORK[name] * networks
               for name in PER_SETTING}  # fmt: skip
    rows, inputs = plan.table_size(experiment)
    counted["measure"] += PER_PAIR * pair_rows(experiment)
    counted["measure"] += PER_MEASURED * rows * 0.8 * measured_networks(experiment)
    counted["report"] += 4.0
    found = {
        "kernels": times(len(experiment.kernel_dtypes), KERNEL_SECONDS),
        "hunt": HUNT_SECONDS,
        "train": train,
        **({"refine": refine_seconds(experiment)} if experiment.refine else {}),
        **{name: (ROOM[0] * value, ROOM[1] * value) for name, value in counted.items()},
        "starts of jobs": added([times(jobs, START_SECONDS), times(rest, TABLE_SECONDS)]),
    }
    seconds = {name: (low * a, high * b) for name, (a, b) in found.items()}
    inits = len(experiment.init)
    longest = added([times(1 / jobs, seconds["train"]), times(1 / inits, seconds["measure"]),
                     times(1 / inits, seconds["pages"])])  # fmt: skip
    return Estimate(seconds, longest, disk(experiment, inputs), machine)


@dataclass(frozen=True)
class Forecast:
    """What is said before a run, and the seconds that a job of each rule may take."""

    text: str
    each: dict[str, float]


def forecast(experiment: Experiment, jobs: Mapping[str, int], cores: int) -> Forecast | None:
    """Return it for so many jobs by rule; None where none of them is of a run's stages.

    A stage's work is shared by its jobs alike. The rules of a partial report are called after
    those of the whole one.
    """
    found = estimate(experiment, speed())
    inits = len(experiment.init)
    whole = {"train": train_jobs(experiment), "measure": inits, "pages": inits,
             "refine": len(experiment.refine),
             "kernels": len(experiment.kernel_dtypes)}  # fmt: skip
    stages = {rule: "report" if rule == "partial" else rule.partition("_")[0] for rule in jobs}
    counts = {stage: sum(jobs[rule] for rule in jobs if stages[rule] == stage)
              for stage in found.seconds if stage in stages.values()}  # fmt: skip
    if not counts:
        return None
    each = {stage: added([times(1 / max(1, whole.get(stage, 1)), found.seconds[stage]),
                          START_SECONDS]) for stage in counts}  # fmt: skip
    work = added(times(count, each[stage]) for stage, count in counts.items())
    longest = [max(ends) for ends in zip(*each.values(), strict=True)]
    low, high = (max(every / max(cores, 1), one)
                 for every, one in zip(work, longest, strict=True))  # fmt: skip
    names = ", ".join(f"{count:,} {stage}" for stage, count in counts.items())
    told = (
        f"Experiment {experiment.name}: {sum(jobs.values()):,} jobs to do ({names}), "
        f"{hours(work)} core-hours; on {cores:,} idle {'core' if cores == 1 else 'cores'} "
        f"{span((low, high))}."
    )
    return Forecast(told, {rule: sum(each[stage]) / 2 for rule, stage in stages.items()
                           if stage in each})  # fmt: skip


def train_jobs(experiment: Experiment) -> int:
    """Return the number of training jobs."""
    combinations = len(experiment.dropout) * len(experiment.bias)
    return len(experiment.init) * (len(experiment.shard_pairs) or combinations)


def models(experiment: Experiment) -> list[Setting]:
    """Return a setting of each dropout and model: those of other starts take as long."""
    first, bias = experiment.init[0], experiment.bias[0]
    return [s for dropout in experiment.dropout for s in experiment.settings(first, dropout, bias)]


def training_seconds(experiment: Experiment) -> Range:
    """Return the CPU seconds of all training."""
    rows, inputs = plan.table_size(experiment)
    train = int(rows * 0.8)
    checks = len(checkpoint_steps(experiment.steps, experiment.checkpoints))
    starts = NETWORK_SECONDS * experiment.replicates
    low = high = 0.0
    for setting in models(experiment):
        least, _, most = costs.microseconds(setting, train, inputs)
        seen = FORWARD * checks * rows / min(setting.batch_size or train, train)
        steps = (experiment.steps + seen) * lanes(setting, experiment.replicates, train)
        low, high = low + 1e-6 * steps * least + starts / 2, high + 1e-6 * steps * most + 2 * starts
    same = len(experiment.init) * len(experiment.bias)
    return low * same, high * same


def refine_seconds(experiment: Experiment) -> Range:
    """Return the CPU seconds of the searches: from their scans alone to all values they may try."""
    rows, inputs = plan.table_size(experiment)
    low = high = 0.0
    for record in experiment.refine:
        request = Request.from_record(record)
        least, _, most = costs.microseconds(request.setting, int(rows * 0.8), inputs)
        networks = lanes(request.setting, experiment.replicates, int(rows * 0.8))
        each = 1e-6 * experiment.steps * networks
        low += least * each * (2**request.scan + 1)
        high += most * each * request.interval.most_values(request.scan)
    return low, 2 * high + 20 * len(experiment.refine)


def lanes(setting: Setting, replicates: int, rows: int) -> float:
    """Return how many networks of full lanes take as long as these replicates."""
    if plan.engine_name(setting) != "exact":
        return replicates
    batch = min(setting.batch_size or rows, rows)
    alone = SINGLE * LANES * ceil(batch / LANES) / batch
    return sum(alone if len(block) == 1 else LANES for block in blocks(replicates, batch))


def pair_rows(experiment: Experiment) -> int:
    """Return the rows of the tables of distances."""
    checks = len(checkpoint_steps(experiment.steps, experiment.checkpoints))
    pairs = [sum(comb(width, 2) for width in s.hidden) for s in plan.models(experiment)]
    combinations = len(experiment) // len(pairs)
    return sum(pairs) * combinations * experiment.replicates * checks


def measured_networks(experiment: Experiment) -> int:
    """Return how many networks are measured at how many checkpoints, over all."""
    checks = len(checkpoint_steps(experiment.steps, experiment.checkpoints))
    return len(experiment) * (2 * experiment.replicates + TRACED * max(checks - 2, 0))


def disk(experiment: Experiment, inputs: int) -> Range:
    """Return the bytes that the results take."""
    checks = len(checkpoint_steps(experiment.steps, experiment.checkpoints))
    networks, pairs = len(experiment) * experiment.replicates, pair_rows(experiment)
    kept = 0
    for setting in plan.models(experiment):
        count = parameter_count(network_widths(inputs, setting.hidden))
        kept += count * (checks * (4 if setting.dtype == "float32" else 8) + 1) + 32 * checks
    weights = kept * networks // len(plan.models(experiment))
    tables = added([times(networks, DISK_NETWORK), times(len(experiment), DISK_SETTING)])
    return added([(weights, weights), times(pairs, DISK_PAIR), tables])


def speed() -> float:
    """Return this machine's CPU time over that of the table's machine, for some steps in NumPy.

    The best of several tries, as others may be at work here, over the best of the table.
    """
    cell = next(cell for cell in costs.table()
                if cell.engine == "reference" and cell.setting == costs.BASE)  # fmt: skip
    return min(costs.time_of("reference", costs.BASE, 60) for _ in range(6)) / cell.low


def text(experiment: Experiment, found: Estimate) -> str:
    """Return what there is to know before a run starts, in lines."""
    networks = len(experiment) * experiment.replicates
    inits, jobs = len(experiment.init), train_jobs(experiment)
    memory = {"train": plan.train_megabytes, "measure": plan.measure_megabytes,
              "pages": plan.pages_megabytes, "judge": plan.judge_megabytes,
              "report": plan.report_megabytes, "publish": plan.publish_megabytes}  # fmt: skip
    lines = [
        f"Experiment {experiment.name}: {len(experiment):,} settings, {networks:,} networks, "
        f"{experiment.steps:,} steps each.",
        f"Jobs: {jobs:,} train, {inits:,} measure, {inits:,} pages, "
        f"{len(experiment.refine)} refine, {len(experiment.kernel_dtypes)} kernels, and "
        "data, hunt, judge, report.",
        "", "CPU time, from what was measured (see docs/grid.md), as a range:",
        *(f"  {name:<15} {span(found.seconds[name])}" for name in found.seconds),
        f"  {'in all':<15} {span(found.total)}, {hours(found.total)} core-hours",
        f"This machine took {found.machine:.2f} times the CPU time of the one the table was "
        "measured on; a machine whose vectors are narrower takes longer than NumPy tells.",
        "", "Wall time on idle cores:",
        *(f"  {cores:>4} {'core ' if cores == 1 else 'cores'}      {span(found.wall(cores))}"
          for cores in CORES),
        f"A training job takes {span(times(1 / jobs, found.seconds['train']))}: what an "
        "interrupted run loses, a core.",
        "", "Memory of a job, at most:",
        *(f"  {name:<15} {need(experiment):,} MB" for name, need in memory.items()),
        f"Disk: {size(found.disk)}.",
    ]  # fmt: skip
    return "\n".join(lines)


def span(seconds: Range) -> str:
    """Return a range of times in the unit that fits."""
    for unit, length in (("h", 3600.0), ("min", 60.0)):
        if seconds[1] >= 2 * length:
            return f"{_short(seconds[0] / length)} to {_short(seconds[1] / length)} {unit}"
    return f"{_short(seconds[0])} to {_short(seconds[1])} s"


def hours(seconds: Range) -> str:
    """Return a range in hours."""
    return " to ".join(_short(value / 3600) for value in seconds)


def size(disk: Range) -> str:
    """Return a range of bytes in GB."""
    return " to ".join(_short(value / 1e9) for value in disk) + " GB"


def _short(value: float) -> str:
    """Return two digits of a number."""
    return f"{float(f'{value:.2g}'):,.10g}"
