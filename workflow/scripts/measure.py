"""Measure the networks of one initializer."""

from symbreak import data, files, learned, networks
from symbreak.settings import data_from

with files.job_log(snakemake.log[0], "learned", snakemake.params.code):
    rows = data.load_for(data_from(snakemake.params.data), snakemake.input.data)
    trained = [setting for file in snakemake.input.weights for setting in networks.load(file)]
    thresholds = snakemake.params.redundancy, snakemake.params.neglect
    for name, table in learned.tables(trained, rows, snakemake.params.seed, *thresholds):
        with files.written(snakemake.output[name]) as path:
            table.to_parquet(path, index=False)
