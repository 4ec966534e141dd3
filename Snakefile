"""symbreak: which settings break the symmetry between neurons? The whole pipeline on one page."""

import os
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

import symbreak
from symbreak.config import ConfigError, experiment
from symbreak.data import DataError, check
from symbreak.files import fingerprint

min_version("9.0")


if Path(symbreak.__file__).parent != Path(workflow.basedir, "workflow", "symbreak"):
    raise WorkflowError(f"symbreak is installed from {symbreak.__file__}, not from this checkout; "
                        "run: pip install --no-deps --no-build-isolation -e .")

# A user's own config replaces the default one; Snakemake would merge the two.
CONFIG_FILES = [str(file) for file in workflow.config_settings.configfiles]
if not CONFIG_FILES:
    CONFIG_FILES = [str(Path(workflow.basedir, "config", "default.yaml"))]

    configfile: CONFIG_FILES[0]


try:
    EXPERIMENT = experiment(config, CONFIG_FILES)
    check(EXPERIMENT.data, EXPERIMENT.seed)
except (ConfigError, DataError) as error:
    raise WorkflowError(str(error)) from None

# One thread a job: networks are the parallel axis, and BLAS bits depend on the number of threads.
for library in ("OMP", "OPENBLAS", "MKL", "VECLIB", "NUMEXPR"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ["NUMBA_CACHE_DIR"] = os.path.abspath(f"{EXPERIMENT.results}/kernels")

DATA, RESULTS, LOGS = EXPERIMENT.data_file, EXPERIMENT.results, f"{EXPERIMENT.results}/logs"
BENCHMARKS = f"{EXPERIMENT.results}/benchmarks"


wildcard_constraints:
    init="[^/]+",
    dropout="[^/]+",
    bias="[^/]+",


rule all:
    """The report of the experiment (the default target)."""
    input:
        EXPERIMENT.report,


include: "workflow/rules/train.smk"
include: "workflow/rules/measure.smk"
include: "workflow/rules/report.smk"


onsuccess:
    print(f"Report: {EXPERIMENT.report}")


onerror:
    print(f"Some jobs failed. What is done is kept; logs: {LOGS}")
