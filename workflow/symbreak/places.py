"""Where a site's parts are and go: what the workflow declares, without what makes them.

Every job reads the workflow's pages again, so that what they import is light.
"""

import sys
import urllib.parse
from pathlib import Path

from symbreak.settings import Experiment

SUMS = "SHA256SUMS"
CONFIRMATIONS = "confirmations"  # the folder of statements of verifications
SCHEMES = ("http", "https")

# Files of the checkout that a site needs, by what takes them.
DOCS = ("docs/files.md", "data/README.md")
PAPERS = (
    "Snakefile", "workflow/rules/common.smk", "workflow/rules/train.smk",
    "workflow/rules/measure.smk", "workflow/rules/report.smk", "workflow/rules/partial.smk",
    "workflow/rules/hooks.smk", "requirements.lock", "environment.yml", "LICENSE",
)  # fmt: skip
CITATION = "CITATION.cff"


def marker(experiment: Experiment) -> str:
    """Return the path of the file that stands beside a site and holds the checksum of its SUMS.

    A workflow declares this, not the site, as what it makes: it deletes what it declares before it
    makes it anew, and the old site is to stay until the new one is whole.
    """
    return f"reports/{experiment.name}/site.sha256"


def outputs(experiment: Experiment) -> list[str]:
    """Return what a workflow declares: the marker, and SUMS of a site that is not there."""
    sums = f"reports/{experiment.name}/site/{SUMS}"
    return [marker(experiment), *([] if Path(sums).exists() else [sums])]


def statements(experiment: Experiment) -> list[str]:
    """Return the files of an experiment's statements in the working directory."""
    return sorted(str(path) for path in Path(CONFIRMATIONS, experiment.name).glob("*.json"))


def is_address(published: str) -> bool:
    """Tell whether this is an address of the web, not a path."""
    return urllib.parse.urlsplit(published).scheme in SCHEMES


def local(experiment: Experiment) -> list[str]:
    """Return the file that is compared with, none for an address; exits where none is given."""
    if experiment.published is None:
        sys.exit(f"verify needs what to compare with: --config published=, the path or address of "
                 f"a site's {SUMS}")  # fmt: skip
    return [] if is_address(experiment.published) else [experiment.published]
