"""Compile the training loops into object files of the experiment."""

from symbreak import files, intact

with (
    files.job_log(snakemake.log[0], "training", snakemake.params.code),
    intact.checked(snakemake.input, snakemake.output),
):
    from symbreak import training

    training.compile_kernels(snakemake.wildcards.dtype)
    files.write_text(snakemake.output[0], snakemake.params.code + "\n")
