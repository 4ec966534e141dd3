"""Nothing is skipped in CI: what a test needs is installed there, and what is missing fails."""

import os
from typing import Any

import pytest
import report_results
from browser import chromium, open_page, report_file
from symbreak.networks import Trained
from symbreak.report import Results
from symbreak.settings import Experiment, Setting

__all__ = ["chromium", "open_page", "report_file"]  # fixtures of the tests in a browser

CI = bool(os.environ.get("CI"))


def failed_in_ci(report: Any) -> Any:
    """Return the report of a test or file, a skipped one as failed where CI is set."""
    if CI and report.skipped:
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    return failed_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    return failed_in_ci((yield))


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    """The small experiment of the report's tests."""
    return report_results.small()


@pytest.fixture(scope="module")
def trained(experiment: Experiment) -> dict[Setting, Trained]:
    """Its networks."""
    return report_results.train(experiment)


@pytest.fixture(scope="module")
def results(experiment: Experiment, trained: dict[Setting, Trained]) -> Results:
    """What its report is made from."""
    return report_results.results(experiment, trained)
