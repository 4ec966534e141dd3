"""symbreak: which settings break the symmetry between neurons? The whole pipeline on one page."""

import os
import sys
from pathlib import Path

from snakemake.utils import min_version

import symbreak
from symbreak import config as configuration
from symbreak import data, failures, files, incomplete, plan, refining

min_version("9.0")

# The library must be this folder's (an address, where another workflow takes this one from GitHub).
HERE = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
if HERE.is_dir() and not HERE.samefile(Path(symbreak.__file__).parents[2]):
    sys.exit(f"symbreak is installed from {symbreak.__file__}, not from {HERE}; "
             "run: pip install --no-deps --no-build-isolation -e .")  # fmt: skip

# A user's own config replaces the default one; Snakemake would merge the two.
if not workflow.configfiles:

    configfile: os.path.relpath(HERE / "config" / "default.yaml")


CONFIG_FILES = [os.path.relpath(file) for file in workflow.configfiles]
try:
    EXPERIMENT = configuration.experiment(config, CONFIG_FILES)
    data.check(EXPERIMENT.data, EXPERIMENT.seed, EXPERIMENT.batches)
except (configuration.ConfigError, data.DataError) as error:
    sys.exit(str(error))

DATA, RESULTS = EXPERIMENT.data_file, EXPERIMENT.results
LOGS, BENCHMARKS = f"{RESULTS}/logs", f"{RESULTS}/benchmarks"


rule all:
    """Make the report of the experiment, and all that it needs (the default target)."""
    input:
        EXPERIMENT.report,


include: "workflow/rules/common.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/measure.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/partial.smk"
include: "workflow/rules/hooks.smk"
