"""Judge every setting."""

import pandas as pd
from symbreak import files, learned, verdicts

with files.job_log(snakemake.log[0], "learned", snakemake.params.code):
    networks, found = (
        pd.concat(map(pd.read_parquet, snakemake.input[name]), ignore_index=True)
        for name in ("networks", "properties")
    )
    redundancy, neglect = snakemake.params.redundancy, snakemake.params.neglect
    judged = learned.with_learned(verdicts.settings(networks), found, neglect)
    sensitivity = learned.sensitivity(networks, found, redundancy)
    for name, table in (("verdicts", judged), ("sensitivity", sensitivity)):
        files.write_text(snakemake.output[name], table.to_csv(index=False, lineterminator="\n"))
    with files.written(snakemake.output.networks) as path:
        networks.to_parquet(path, index=False)
