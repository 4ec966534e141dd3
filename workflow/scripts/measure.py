"""Measure the networks of one initializer."""

from symbreak import data, files, intact, measuring
from symbreak.settings import data_from

with (
    files.job_log(snakemake.log[0], "measuring", snakemake.params.code),
    intact.checked(snakemake.input, snakemake.output),
):
    given = snakemake.params
    rows = data.load_for(data_from(given.data), snakemake.input.data)
    outputs = dict(snakemake.output.items())
    measuring.measure(
        snakemake.input.weights, outputs, rows, given.seed, given.redundancy, given.neglect
    )
