"""The page of the benchmark, docs/benchmark.md: what the tables say."""

import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from bench.cells import BETA1, BETA2, EPSILON, INPUTS, RATE, ROWS
from bench.contenders import BEST_PEER, CONTENDERS, OURS
from bench.floor import FLOOR, Machine
from bench.tables import CELL, HIGH, LOW, TIME, ratios, wide

PACKAGES = ("numpy", "numba", "jax", "torch", "scikit-learn")

PAGE = """# Benchmark

Made by `make bench` (a part of the cells, minutes) or `make bench FULL=1` (all of them); `bench/`
holds the code. Figures are in [benchmark.csv](benchmark.csv), failures in
[benchmark_exactness.csv](benchmark_exactness.csv).

{machine}

![How many times longer each contender takes](benchmark.svg)

## How it is measured

Every contender trains the same networks: the demand data ({rows} training rows, {inputs} inputs),
the same random starts, Adam (rate {rate}, {beta1}, {beta2}, {epsilon}), all rows or batches of 32 a
step (an epoch ends with a batch of 8). One thread, one core. Inside a cell the contenders take
turns, {rounds} rounds of at least {seconds} s and 32 steps each (where that takes more than 2 s,
three rounds of at least four steps); a figure is the median, low and high are the extremes of the
rounds. Starting a call is inside the figures; compiling is outside and listed below. A loop over
networks is timed on one network, since its time a network does not depend on their number.

Shuffling (a new order for each network and epoch) and dropout masks are inside all figures, each
contender with a generator of its own: the stacked ones and those by hand with the fastest found
(NumPy's permutations, bytes of SplitMix64 or of 64-bit words), the others as their users would.
Before it is timed, a contender must reach the losses of this project's engine: in digits where
nothing is drawn, else within the spread of other seeds. JAX's derivative of the usual stable
cross-entropy is 0 instead of 1/2 at a logit of exactly 0, so its loss is written otherwise.

| contender | what it is | seconds before the first step, median |
|---|---|---|
{contenders}

## Ratios

Time of a contender over the time of `{ours}`: above 1, `{ours}` is faster. Against `{best}`:

{groups}

Every contender, over all cells:

{peers}

The floor is the time that a network-step's operations take at this machine's measured speed without
fused multiply-add ({speed}), or its memory traffic where that takes longer.
`{ours}` over the floor: {over_floor}.

## Exactness

Cases, of {cases} widths, row counts and precisions, in which a contender breaks E1 (equal units
stay bitwise equal), E2 (permuting the units permutes the result bitwise) and E3 (a network's bits
do not depend on the others beside it):

{exactness}

## Every cell

Microseconds a network-step of `{ours}` with low and high, its time over the floor, and the time of
each contender over its own; for `{best}` with the range that the rounds of both allow.

{cells}
"""


def page(table: pd.DataFrame, failures: pd.DataFrame, machines: Mapping[str, Machine],
         start_up: Mapping[str, float], rounds: int, seconds: float) -> str:  # fmt: skip
    """Return the page of a table of figures."""
    found = ratios(table)
    floor = 1 / found.loc[found["contender"] == FLOOR, "ratio"]
    return PAGE.format(
        machine=machine_line(), rows=f"{ROWS:,}", inputs=INPUTS, rate=RATE, beta1=BETA1,
        beta2=BETA2, epsilon=EPSILON, rounds=rounds, seconds=seconds, ours=OURS, best=BEST_PEER,
        contenders="\n".join(
            f"| `{c.name}` | {c.sentence} | {_seconds(start_up, c.name)} |" for c in CONTENDERS
        ),
        groups=markdown(by_group(found)), peers=markdown(by_contender(found)),
        speed=", ".join(f"{dtype}: {1 / m.operation:.1f} G operations/s, "
                        f"a division {m.division:.2f} ns" for dtype, m in machines.items()),
        over_floor=f"{floor.min():.2f} to {floor.max():.2f}, median {floor.median():.2f}",
        cases=int(failures["cases"].max()), exactness=markdown(exactness(failures)),
        cells=markdown(every_cell(table, found)),
    )  # fmt: skip


def machine_line() -> str:
    """Return processor, system and versions in a sentence."""
    found = [f"{name} {_version(name)}" for name in PACKAGES]
    return (f"Measured on {processor()}, {os.cpu_count()} cores, {platform.system()}, Python "
            f"{platform.python_version()}, {', '.join(found)}.")  # fmt: skip


def processor() -> str:
    """Return the processor's name and its widest vectors, as far as the system says."""
    cpu = Path("/proc/cpuinfo")
    if not cpu.exists():
        return platform.processor() or platform.machine()
    lines = dict(line.split("\t: ", 1) for line in cpu.read_text().splitlines() if "\t: " in line)
    lines = {key.strip(): value for key, value in lines.items()}
    flags = lines.get("flags", "").split()
    widest = next((name for name in ("avx512f", "avx2", "avx", "sse2") if name in flags), "")
    return f"{lines.get('model name', platform.machine())} ({widest})"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _seconds(start_up: Mapping[str, float], name: str) -> str:
    return f"{max(0.0, start_up[name]):.2f}" if name in start_up else "not measured"


def by_group(found: pd.DataFrame) -> pd.DataFrame:
    """Return the ratios against the best peer by activation, batch, precision and depth."""
    rows = found[found["contender"] == BEST_PEER].copy()
    rows["layers"] = rows["hidden"].str.count("-") + 1
    groups = rows.groupby(["activation", "batch", "dtype", "layers"], sort=False)["ratio"]
    return groups.agg(cells="size", least="min", median="median", most="max").reset_index()


def by_contender(found: pd.DataFrame) -> pd.DataFrame:
    """Return the least, median and greatest ratio of each contender, by batch."""
    rows = found[found["contender"] != FLOOR]
    groups = rows.groupby(["contender", "batch"], sort=False)["ratio"]
    return groups.agg(cells="size", least="min", median="median", most="max").reset_index()


def exactness(failures: pd.DataFrame) -> pd.DataFrame:
    """Return the failures as text; a loop over networks has no E3."""
    text = failures.drop(columns="cases").astype(object)
    return text.where(failures[text.columns].notna(), "none: no stack")


def every_cell(table: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return a row a cell: our time, over the floor, and every contender's ratio as text."""
    ours = table[table["contender"] == OURS].set_index(CELL)
    best = found[found["contender"] == BEST_PEER].set_index(CELL)
    rows = wide(found)
    text = pd.DataFrame(index=rows.index)
    text[OURS] = [
        f"{t:.3g} ({low:.3g} to {high:.3g})"
        for t, low, high in ours.loc[rows.index, [TIME, LOW, HIGH]].itertuples(index=False)
    ]
    text["over floor"] = (1 / rows[FLOOR]).map("{:.2f}".format)
    for name in (c.name for c in CONTENDERS if c.name in rows):
        text[name] = rows[name].map("{:.3g}".format).replace("nan", "-")
    if not best.empty:
        spread = best.loc[best.index.intersection(rows.index)]
        text.loc[spread.index, BEST_PEER] = [
            f"{r:.2f} ({low:.2f} to {high:.2f})"
            for r, low, high in spread[["ratio", LOW, HIGH]].itertuples(index=False)
        ]
    return text.reset_index()


def markdown(table: pd.DataFrame) -> str:
    """Return a table as Markdown; numbers with two decimals."""
    lines = [list(map(str, table.columns)), ["---"] * table.shape[1]]
    lines += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def medians(found: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return the median of the numbers of each name."""
    frame = pd.DataFrame(list(found), columns=["name", "value"])
    return dict(frame.groupby("name")["value"].median())
