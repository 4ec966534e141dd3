"""Compile the training loops into the experiment's cache folder."""

from symbreak import files

job = globals()["snakemake"]
with files.job_log(job.log[0], "training", job.params.code):
    from symbreak import training

    training.compile_kernels(job.params.records)
    files.write_text(job.output[0], job.params.code + "\n")
