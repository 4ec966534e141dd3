"""Measure the networks of one initializer."""

from symbreak import data, files, metrics, networks, verdicts
from symbreak.settings import data_from

with files.job_log(snakemake.log[0], "verdicts", snakemake.params.code):
    x = data.load_for(data_from(snakemake.params.data), snakemake.input.data).x_train
    trained = [setting for file in snakemake.input.weights for setting in networks.load(file)]
    with files.written(snakemake.output.distances) as path:
        metrics.distances(trained).to_parquet(path, index=False)
    with files.written(snakemake.output.networks) as path:
        verdicts.networks(trained, x, snakemake.params.redundancy).to_parquet(path, index=False)
