"""Write the report."""

from symbreak import config, files, report

job = globals()["snakemake"]
with files.job_log(job.log[0], "report", job.params.code):
    experiment = config.experiment(job.params.config)
    report.write(job.output[0], experiment, report.provenance(job.params.files))
