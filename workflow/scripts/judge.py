"""Judge every setting."""

import pandas as pd
from symbreak import files, judging

with files.job_log(snakemake.log[0], "judging", snakemake.params.code):
    networks, found, dynamics = (
        pd.concat(map(pd.read_parquet, snakemake.input[name]), ignore_index=True)
        for name in ("networks", "properties", "dynamics")
    )
    choices = (snakemake.params[name] for name in ("redundancy", "neglect", "claims"))
    for name, table in judging.tables(networks, found, dynamics, *choices).items():
        files.write_text(snakemake.output[name], table.to_csv(index=False, lineterminator="\n"))
    with files.written(snakemake.output.networks) as path:
        networks.to_parquet(path, index=False)
