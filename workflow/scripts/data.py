"""Make the experiment's table."""

from symbreak import data, files
from symbreak.settings import data_from

job = globals()["snakemake"]
with files.job_log(job.log[0], "data", job.params.code), files.written(job.output[0]) as path:
    data.write_csv(data.make(data_from(job.params.data), job.params.seed), path)
