"""Measure the networks of one initializer."""

from symbreak import data, files, metrics, networks, verdicts
from symbreak.settings import data_from

job = globals()["snakemake"]
with files.job_log(job.log[0], "verdicts", job.params.code):
    x = data.load_for(data_from(job.params.data), job.input.data).x_train
    trained = [setting for file in job.input.weights for setting in networks.load(file)]
    with files.written(job.output.distances) as path:
        metrics.distances(trained).to_parquet(path, index=False)
    with files.written(job.output.networks) as path:
        verdicts.networks(trained, x, job.params.redundancy).to_parquet(path, index=False)
