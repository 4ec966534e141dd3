"""Measure the networks of one initializer."""

from symbreak import data, files, metrics, networks, verdicts
from symbreak.settings import data_from

with files.job_log(snakemake.log[0], "verdicts", snakemake.params.code):
    rows = data.load_for(data_from(snakemake.params.data), snakemake.input.data)
    trained = [setting for file in snakemake.input.weights for setting in networks.load(file)]
    with files.written(snakemake.output.distances) as path:
        metrics.distances(trained).to_parquet(path, index=False)
    with files.written(snakemake.output.networks) as path:
        table = verdicts.networks(trained, rows.x_train, snakemake.params.redundancy)
        table = verdicts.with_theory(table, trained, rows, snakemake.params.seed)
        table.to_parquet(path, index=False)
