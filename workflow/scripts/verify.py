"""Compare the results with a published site."""

from symbreak import config, files, intact, report, verify

with (
    files.job_log(snakemake.log[0], "verify", snakemake.params.code),
    intact.checked(snakemake.input, []),
):
    experiment = config.experiment(snakemake.params.config)
    made_by = report.provenance(snakemake.input.config, snakemake.params.config)
    said = verify.write(experiment, made_by, snakemake.params.published)
    print(said)
print(said)
