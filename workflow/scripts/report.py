"""Write the report."""

from symbreak import config, files, report

job = globals()["snakemake"]
with files.job_log(job.log[0], "report", job.params.code):
    experiment = config.experiment(job.params.config)
    files.write_text(job.output[0], report.build(experiment, job.params.config))
