"""Write the report, or a partial one: of what there is."""

from symbreak import config, files, intact, report

with (
    files.job_log(snakemake.log[0], "report", snakemake.params.code),
    intact.checked(intact.small(snakemake.input), snakemake.output),
):
    experiment = config.experiment(snakemake.params.config)
    made_by = report.provenance(snakemake.input.config, snakemake.params.config)
    report.write(snakemake.output[0], experiment, made_by, snakemake.params.missing)
