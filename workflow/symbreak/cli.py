"""The command ``symbreak``, for one network or one component; the pipeline is Snakemake's."""

import math
from pathlib import Path
from typing import Any

import click
from threadpoolctl import threadpool_limits

from symbreak import __version__, audit, config, data, engine, hunt, opening, why
from symbreak.config import ConfigError
from symbreak.data import DataError
from symbreak.frameworks import ACTIVATIONS, FRAMEWORKS
from symbreak.settings import FULL

WIDTHS = "2-8,10,12,13,16,24,32,33,48,64"
DTYPES = ("float64", "float32")


class Numbers(click.ParamType):
    """Whole numbers with ranges, as in 2-8,16; ``words`` stand for other values."""

    name = "numbers"

    def __init__(self, low: int, high: int, words: tuple[str, ...] = ()) -> None:
        self.low, self.high, self.words = low, high, words

    def convert(self, value: Any, param: Any, ctx: Any) -> list[int | None]:
        """Return the numbers, None for a word; each once, in the order given."""
        found: list[int | None] = []
        for part in str(value).split(","):
            if part.strip() in self.words:
                found.append(None)
                continue
            first, dash, last = part.partition("-")
            try:
                low, high = int(first), int(last if dash else first)
            except ValueError:
                low, high = 1, 0
            if not self.low <= low <= high <= self.high:
                words = "".join(f" or {word}" for word in self.words)
                self.fail(f"{part!r} is no number from {self.low} to {self.high:,}, no range "
                          f"of them{words}; write them as in 2-8,16", param, ctx)  # fmt: skip
            found.extend(range(low, high + 1))
        return list(dict.fromkeys(found))


class Finite(click.FloatRange):
    """A finite number in a range."""

    name = "number"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Return the number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def main() -> None:
    """Look into the symmetry between neurons, for one network or one stack of software.

    Whole grids are run by Snakemake: see the README.
    """


@main.command("check")
@click.argument("config_file", metavar="CONFIG", type=click.Path(path_type=Path))
def check_command(config_file: Path) -> None:
    """Check a config file as a run would, and count its networks."""
    try:
        found = config.read(config_file)
        data.check(found.data, found.seed, found.batches)
    except (ConfigError, DataError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"{config_file}: experiment {found.name} is {len(list(found.combinations())):,} "
        f"combinations, {len(found):,} settings, {len(found) * found.replicates:,} networks."
    )


@main.command("audit")
@click.option(
    "--data",
    "source",
    default="demand",
    show_default=True,
    metavar="NAME|PATH",
    help="demand, flower (a course's planar data), or your own CSV file.",
)
@click.option("--target", help="The column to predict, of a CSV file.")
@click.option(
    "--steps",
    type=click.IntRange(1),
    help="Steps of gradient descent at most.  [default: 2000, flower 10000]",
)
@click.option(
    "--widths",
    type=Numbers(2, 4096),
    default=WIDTHS,
    show_default=True,
    metavar="LIST",
    help="Numbers of hidden units.",
)
@click.option(
    "--batch",
    type=Numbers(1, 10**6, (FULL,)),
    default="full,32",
    show_default=True,
    metavar="LIST",
    help="Rows of a step, in the order of the table.",
)
@click.option(
    "--dtype",
    type=click.Choice(DTYPES),
    multiple=True,
    default=DTYPES,
    show_default=True,
    help="Precision; can be given twice.",
)
@click.option(
    "--activation",
    type=click.Choice(ACTIVATIONS),
    default="tanh",
    show_default=True,
    help="Of the hidden units.",
)
@click.option(
    "--rate",
    type=Finite(0, min_open=True),
    help="Learning rate.  [default: 1, flower 1.2]",
)
@click.option(
    "--value", type=Finite(), help="Of every weight at the start.  [default: 0.5, flower 0.01]"
)
@click.option(
    "--framework",
    "names",
    type=click.Choice(list(FRAMEWORKS), case_sensitive=False),
    multiple=True,
    help="Only these; can be given several times.  [default: all]",
)
@click.option("--output", type=click.Path(file_okay=False, path_type=Path),
              default=Path("results/audit"), show_default=True,
              help="Folder of audit.csv, audit.svg and audit.png.")  # fmt: skip
def audit_command(
    source: str, target: str | None, widths: list[int], batch: list[int | None],
    dtype: tuple[str, ...], activation: str, names: tuple[str, ...], output: Path,
    **given: float | None,
) -> None:  # fmt: skip
    """Find when each framework separates equal neurons."""
    rows, fixed = rows_of(source, target)
    fixed |= {name: value for name, value in given.items() if value is not None}
    absences = {name: FRAMEWORKS[name].absence for name in names or FRAMEWORKS}
    for sentence in filter(None, absences.values()):
        click.echo(sentence)
    usable = [name for name, sentence in absences.items() if sentence is None]
    if not usable:
        raise click.ClickException("none of these frameworks can be used; install one")
    grid = audit.Grid(*rows, widths, batch, dtype, activation, **fixed)
    try:
        output.mkdir(parents=True, exist_ok=True)
        table = audit.audit(grid, usable)
        click.echo(audit.text(table))
        for path in audit.write(table, output):
            click.echo(f"wrote {path}", err=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise click.ClickException(f"{output}: cannot be written ({reason})") from None


@main.command("flower")
@click.option("--widths", type=Numbers(2, 4096), default="2-8", show_default=True, metavar="LIST",
              help="Numbers of hidden units.")  # fmt: skip
@click.option("--steps", type=click.IntRange(1), default=audit.SOURCES["flower"].steps,
              show_default=True, help="Steps of gradient descent.")  # fmt: skip
def flower_command(widths: list[int], steps: int) -> None:
    """Train a course's equal neurons by @ and with sums in one order."""
    click.echo(opening.text(widths, steps))


def rows_of(source: str, target: str | None) -> tuple[tuple[Any, Any], dict[str, Any]]:
    """Return (x, y) of a named source or a CSV file, and the start, rate and steps for it."""
    if source in audit.SOURCES:
        found = audit.SOURCES[source]
    elif target is None:
        known = " or ".join(audit.SOURCES)
        raise click.UsageError(f"--data {source}: not {known}; for your own CSV file name the "
                               "column to predict too, as in --target sold")  # fmt: skip
    else:
        found = audit.Source(lambda: audit.table_rows(source, target))
    try:
        return found.rows(), {"value": found.value, "rate": found.rate, "steps": found.steps}
    except DataError as error:
        raise click.ClickException(str(error)) from None


@main.command("why")
@click.argument("config_file", metavar="CONFIG", type=click.Path(path_type=Path))
@click.argument("network", metavar="A")
@click.argument("other", metavar="[B]", required=False)
@click.option(
    "--units",
    type=int,
    nargs=2,
    help="Two units of A, counted from 1.  [default: the first two that differ]",
)
@click.option("--layer", type=int, default=1, show_default=True, help="Their hidden layer.")
@click.option("--steps", type=click.IntRange(1), help="At most.  [default: the config's]")
def why_command(
    config_file: Path, network: str, other: str | None, units: tuple[int, int] | None, layer: int,
    steps: int | None,
) -> None:  # fmt: skip
    """Name the first operation at which two neurons differ.

    A and B are networks of the experiment CONFIG: words of a setting's label (init dropout bias
    activation hidden optimizer rate decay batch arithmetic dtype), as many as single it out, and
    a replicate, as in "constant-0.5 none zeros tanh 3 sgd full blas:0". With A alone, its units
    are compared; with B, all numbers of both. The network is trained again by the reference
    engine, and every operation is compared bit by bit.
    """
    try:
        experiment = config.read(config_file)
        most = steps or experiment.steps
        a = why.find(experiment, network)
        with threadpool_limits(1):  # as in the pipeline: BLAS bits depend on it
            if other is None:
                click.echo(why.explain_units(experiment, a, layer, units or (), most))
            else:
                click.echo(why.explain_runs(experiment, a, why.find(experiment, other), most))
    except (ConfigError, DataError, why.WhyError) as error:
        raise click.ClickException(str(error)) from None


@main.command("hunt")
@click.option("--count", type=click.IntRange(1), default=200, show_default=True,
              help="Number of random settings.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True,
              help="Another seed draws other settings.")  # fmt: skip
@click.option("--only", type=click.IntRange(0), help="Run the case of this number alone.")
@click.option("--replicates", type=click.IntRange(1, 10_000), default=6, show_default=True,
              help="Networks of each setting.")  # fmt: skip
def hunt_command(count: int, seed: int, only: int | None, replicates: int) -> None:
    """Look for a random setting that the theory predicts wrongly.

    Each setting (any component, width, depth, batch, decay, precision, kind of rows) is predicted,
    then trained in exact arithmetic and judged. Prints each disagreement with the command that
    runs it again, and how many there are. The exit code is 1 where there is one.
    """
    numbers = range(count) if only is None else range(only, only + 1)
    found = list(hunt.hunt(seed, numbers, replicates, engine.train))
    for one in found:
        if only is not None or not one.agreed.holds:
            click.echo(hunt.sentence(one))
    click.echo(hunt.summary(found))
    if not all(one.agreed.holds for one in found):
        raise click.exceptions.Exit(1)
