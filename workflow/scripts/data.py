"""Make the experiment's table."""

from symbreak import data, files, intact
from symbreak.settings import data_from

with (
    files.job_log(snakemake.log[0], "data", snakemake.params.code),
    intact.checked(snakemake.input, snakemake.output),
):
    columns = data.make(data_from(snakemake.params.data), snakemake.params.seed)
    with files.written(snakemake.output[0]) as path:
        data.write_csv(columns, path)
    print(data.count_rows(columns))
