"""Judge every setting."""

from symbreak import files, intact, judging

with (
    files.job_log(snakemake.log[0], "judging", snakemake.params.code),
    intact.checked(snakemake.input, snakemake.output),
):
    given, made = snakemake.params, snakemake.output
    inputs = (snakemake.input[name] for name in ("networks", "properties", "dynamics"))
    with files.written(made.networks) as path:
        parts = judging.parts(zip(*inputs, strict=True), path, given.redundancy, given.neglect)
        tables = judging.tables(parts, given.neglect, given.claims)
    for name, table in tables.items():
        files.write_text(made[name], table.to_csv(index=False, lineterminator="\n"))
