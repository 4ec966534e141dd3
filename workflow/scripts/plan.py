"""Print what a run will take."""

from symbreak import config, estimate, files

with files.job_log(snakemake.log[0], "estimate", snakemake.params.code):
    experiment = config.experiment(snakemake.params.config)
    text = estimate.text(experiment, estimate.estimate(experiment, estimate.speed()))
    print(text)
print(text)
