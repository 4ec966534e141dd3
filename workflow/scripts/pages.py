"""Write the pages of the settings of one initializer."""

import pandas as pd
from symbreak import data, files, intact, networks, pages
from symbreak.settings import data_from

with (
    files.job_log(snakemake.log[0], "pages", snakemake.params.code),
    intact.checked(snakemake.input, snakemake.output),
):
    rows = data.load_for(data_from(snakemake.params.data), snakemake.input.data)
    trained = (setting for file in snakemake.input.weights for setting in networks.load(file))
    found = pd.read_parquet(snakemake.input.properties)
    with files.written(snakemake.output[0]) as path:
        pages.table(trained, found, rows, snakemake.params.neglect).to_parquet(path, index=False)
