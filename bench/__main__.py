"""``python -m bench``: measure the cells, count failures, and write docs/benchmark.*."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import pandas as pd
from symbreak import files

from bench import exactness, figure, floor, page, tables
from bench.cells import Cell, all_cells, some_cells
from bench.measure import measure, stay_on_one_core
from bench.problem import ROOT


def arguments() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="every cell: hours")
    parser.add_argument("--resume", action="store_true",
                        help="keep the cells of an interrupted run in results/bench")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender in a cell")
    parser.add_argument("--seconds", type=float, default=0.15, help="of a measurement")
    parser.add_argument("--cells", type=int, help="measure only so many cells (to try it out)")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs", help="where to write")
    return parser.parse_args()


def measure_all(
    cells: Sequence[Cell], options: argparse.Namespace, machines: dict[str, floor.Machine]
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the table of figures and the median seconds before the first step."""
    path = ROOT / "results/bench/benchmark.csv"
    table = tables.read(path) if options.resume else tables.read(Path("no file"))
    waiting = [cell for cell in cells if tuple(cell.labels.values()) not in tables.done(table)]
    start_up: list[tuple[str, float]] = []
    for i, cell in enumerate(waiting, start=1):
        begin = perf_counter()
        figures = measure(cell, options.rounds, options.seconds)
        start_up += [(f.contender, f.start_up) for f in figures]
        rows = tables.rows_of(cell, figures, machines[cell.dtype])
        table = pd.concat([table, rows]) if len(table) else rows
        tables.write(path, table)
        print(f"{i} of {len(waiting)}: {' '.join(cell.labels.values())}: "
              f"{perf_counter() - begin:.0f} s", flush=True)  # fmt: skip
    return tables.read(path), page.medians(start_up)


def main() -> None:
    """Measure and write."""
    options = arguments()
    stay_on_one_core()
    cells = (all_cells() if options.full else some_cells())[: options.cells]
    machines = floor.measured()
    table, start_up = measure_all(cells, options, machines)
    cases = exactness.ALL_CASES if options.full else exactness.SOME_CASES
    failures = tables.failures_table(exactness.count_failures(cases))
    folder: Path = options.folder
    tables.write(folder / "benchmark.csv", table)
    tables.write(folder / "benchmark_exactness.csv", failures)
    figure.draw(tables.ratios(table), folder / "benchmark.svg")
    files.write_text(
        folder / "benchmark.md",
        page.page(table, failures, machines, start_up, options.rounds, options.seconds),
    )
    print(f"written: {folder / 'benchmark.md'}")


if __name__ == "__main__":
    main()
