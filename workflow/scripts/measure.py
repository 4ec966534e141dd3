"""Measure the networks of one initializer."""

from symbreak import data, files, learned, metrics, networks, verdicts
from symbreak.settings import data_from

with files.job_log(snakemake.log[0], "learned", snakemake.params.code):
    rows = data.load_for(data_from(snakemake.params.data), snakemake.input.data)
    trained = [setting for file in snakemake.input.weights for setting in networks.load(file)]
    redundancy, neglect = snakemake.params.redundancy, snakemake.params.neglect
    with files.written(snakemake.output.distances) as path:
        metrics.distances(trained).to_parquet(path, index=False)
    with files.written(snakemake.output.networks) as path:
        verdicts.networks(trained, rows.x_train, redundancy).to_parquet(path, index=False)
    with files.written(snakemake.output.properties) as path:
        learned.table(trained, rows, redundancy, neglect).to_parquet(path, index=False)
