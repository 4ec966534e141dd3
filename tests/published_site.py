"""The small experiment's results in folders, as a run leaves them, and its site."""

from pathlib import Path

import pandas as pd
import report_results
import yaml
from symbreak import data, files, judging, learned, networks, pages, places, publish, record, report
from symbreak.networks import Trained
from symbreak.settings import Experiment, Setting

ROOT = Path(__file__).parents[1]
CONFIG = "config/small.yaml"
HARDWARE = "Some CPU, 2 CPUs, Linux x86_64"
JOBS = {
    "data/data": "08:00:00.000", "kernels/float64": "08:00:01.000", "judge/judge": "08:09:00.000",
    "train/normal-0.5/none/none": "08:01:00.000", "measure/normal-0.5": "08:05:00.000",
    "train/he_normal/none/none": "07:00:00.000",  # of an earlier config
    "report/report": "08:10:00.000", "publish/publish": "09:00:00.000",
}  # fmt: skip


def make(folder: Path, experiment: Experiment, trained: dict[Setting, Trained]) -> None:
    """Write data, results, logs and report of the experiment into a folder, and go there."""
    config = folder / CONFIG
    files.write_text(config, yaml.safe_dump(report_results.SMALL, sort_keys=False))
    results = folder / experiment.results
    with files.written(folder / experiment.data_file) as path:
        data.write_csv(data.make(experiment.data, experiment.seed), path)
    rows = data.load_for(experiment.data, folder / experiment.data_file)
    thresholds = experiment.redundancy, experiment.neglect
    found: dict[str, list[pd.DataFrame]] = {}
    for init in experiment.init:
        group = report_results.of(trained, init.label)
        for one in group:
            setting = one.setting
            name = f"{init.label}/{setting.dropout.label}/{setting.bias.label}.npz"
            (results / "train" / name).parent.mkdir(parents=True, exist_ok=True)
            same = [t for t in group if (t.setting.dropout, t.setting.bias)
                    == (setting.dropout, setting.bias)]  # fmt: skip
            networks.save(results / "train" / name, same)
        parts = dict(learned.tables(group, rows, experiment.seed, *thresholds))
        parts["pages"] = pages.table(group, parts["properties"], rows, experiment.neglect)
        for name, table in parts.items():
            found.setdefault(name, []).append(table)
            with files.written(results / name / f"{init.label}.parquet") as path:
                table.to_parquet(path, index=False)
    every, *rest = (pd.concat(found[name], ignore_index=True)
                    for name in ("networks", "properties", "dynamics"))  # fmt: skip
    every.to_parquet(results / "networks.parquet", index=False)
    part = judging.part(every, *rest, *thresholds)
    tables = judging.tables([part], experiment.neglect) | {"hunt": report_results.HUNTED}
    for name, table in tables.items():
        files.write_text(results / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
    write_jobs(results)


def write_jobs(results: Path, day: str = "2026-11-25") -> None:
    """Write the logs and benchmark files of jobs, an hour and a quarter of a second long."""
    for name, started in JOBS.items():
        log, hour = results / f"logs/{name}.log", int(started[:2])
        ended = f"{hour + 1:02d}{started[2:]}"
        files.write_text(log, f"started {day}T{started}Z on {HARDWARE}\nsaid\n"
                              f"finished {day}T{ended}Z\n")  # fmt: skip
        files.write_text(results / f"benchmarks/{name}.tsv", f"s\th:m:s\n0.25\t0:00:{hour:02d}\n")


def sources(experiment: Experiment, *statements: str) -> record.Sources:
    """What a site of the results in the working directory is made from."""
    made_by = report.provenance([CONFIG], report_results.SMALL)
    papers = {n: str(ROOT / n) for n in (*places.DOCS, *places.PAPERS, places.CITATION)}
    return record.Sources(experiment, made_by, papers, statements)


def site(experiment: Experiment, *statements: str) -> Path:
    """Publish the results in the working directory; returns the site's folder."""
    publish.write(sources(experiment, *statements))
    return Path(publish.marker(experiment)).parent / "site"
