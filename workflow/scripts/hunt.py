"""Look for settings of which the theory is wrong."""

from symbreak import files, hunt

with files.job_log(snakemake.log[0], "hunt", snakemake.params.code):
    table = hunt.table(snakemake.params.seed)
    files.write_text(snakemake.output[0], table.to_csv(index=False, lineterminator="\n"))
