"""Train the networks of one combination."""

from symbreak import files

with files.job_log(snakemake.log[0], "training", snakemake.params.code):
    from symbreak import data, networks, training
    from symbreak.settings import data_from

    table = data.load_for(data_from(snakemake.params.data), snakemake.input.data)
    trained = training.train(snakemake.params.records, snakemake.params.run, table)
    with files.written(snakemake.output[0]) as path:
        networks.save(path, trained)
