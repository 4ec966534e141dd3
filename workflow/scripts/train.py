"""Train the networks of combinations, a file each."""

from symbreak import files, intact

with (
    files.job_log(snakemake.log[0], "training", snakemake.params.code),
    intact.checked(snakemake.input, snakemake.output),
):
    from symbreak import data, networks, settings, training

    given = snakemake.params
    table = data.load_for(settings.data_from(given.data), snakemake.input.data)
    for file in snakemake.output:
        chosen = settings.combination(file, given.models)
        with files.written(file) as path:
            networks.save(path, training.train(chosen, given.run, table))
