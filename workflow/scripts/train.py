"""Train the networks of one combination."""

from symbreak import files

job = globals()["snakemake"]
with files.job_log(job.log[0], "training", job.params.code):
    from symbreak import data, networks, training
    from symbreak.settings import data_from

    table = data.load_for(data_from(job.params.data), job.input.data)
    trained = training.train(job.params.records, job.params.run, table)
    with files.written(job.output[0]) as path:
        networks.save(path, trained)
