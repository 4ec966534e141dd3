"""Look for settings of which the theory is wrong."""

from symbreak import files, hunt, intact

with (
    files.job_log(snakemake.log[0], "hunt", snakemake.params.code),
    intact.checked(snakemake.input, snakemake.output),
):
    table = hunt.table(snakemake.params.seed)
    files.write_text(snakemake.output[0], table.to_csv(index=False, lineterminator="\n"))
