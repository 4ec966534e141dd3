"""Judge every setting."""

import pandas as pd
from symbreak import files, verdicts

with files.job_log(snakemake.log[0], "verdicts", snakemake.params.code):
    networks = pd.concat(map(pd.read_parquet, snakemake.input), ignore_index=True)
    files.write_text(
        snakemake.output.verdicts,
        verdicts.settings(networks).to_csv(index=False, lineterminator="\n"),
    )
    with files.written(snakemake.output.networks) as path:
        networks.to_parquet(path, index=False)
