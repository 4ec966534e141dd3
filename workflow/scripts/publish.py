"""Make the site."""

from symbreak import config, files, intact, places, publish, report

with (
    files.job_log(snakemake.log[0], "publish", snakemake.params.code),
    intact.checked(intact.small(snakemake.input), []),
):
    experiment = config.experiment(snakemake.params.config)
    made_by = report.provenance(snakemake.input.config, snakemake.params.config)
    names = (*places.DOCS, *places.PAPERS, places.CITATION)
    papers = dict(zip(names, snakemake.input.papers, strict=True))
    said = publish.write(
        publish.Sources(experiment, made_by, papers, list(snakemake.input.statements))
    )
    print(said)
print(said)
