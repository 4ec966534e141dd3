"""Judge every setting."""

import pandas as pd
from symbreak import files, verdicts

job = globals()["snakemake"]
with files.job_log(job.log[0], "verdicts", job.params.code):
    networks = pd.concat(map(pd.read_parquet, job.input), ignore_index=True)
    files.write_text(job.output.verdicts, verdicts.settings(networks).to_csv(index=False))
    with files.written(job.output.networks) as path:
        networks.to_parquet(path, index=False)
