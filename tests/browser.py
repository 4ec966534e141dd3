"""Pages in a real browser: what a page logs, asks for and breaks is recorded, and must be nothing.

``open_page`` is the fixture for tests; a page of it that logged an error, broke its own policy or
asked for anything outside its folder fails the test that opened it.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import report_results
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from report_page import MADE_BY
from symbreak import report

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ("--disable-gpu", "--disable-background-networking", "--disable-component-update",
           "--disable-sync")  # fmt: skip
WIDE, NARROW, ZOOMED = 1280, 390, 320  # pixels: a laptop, a telephone, 1280 at 400 %
OWN = ("blob:", "data:")  # addresses that ask nobody


@dataclass
class Opened:
    """A page in the browser, and what it did that it should not.

    ``errors`` are console errors and uncaught exceptions, ``violations`` of its security policy,
    ``requests`` the addresses that it asked for beside its own.
    """

    page: Page
    folder: str
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Keep a message of the console if it is bad news."""
        if "Content Security Policy" in message.text:
            self.violations.append(message.text)
        elif message.type == "error":
            self.errors.append(message.text)

    def problems(self) -> list[str]:
        """Everything that a page should not do; a page of a site may read its site's files."""
        outside = [address for address in self.requests if not address.startswith(self.folder)]
        return self.errors + self.violations + outside

    def forgive(self) -> None:
        """Forget what went wrong: for tests of pages that are wrong on purpose."""
        for found in (self.errors, self.violations, self.requests):
            found.clear()


OpenPage = Callable[..., Opened]


def executable() -> str:
    """Return the path of the browser on this machine; skip without one."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a process; closed at the end."""
    path = executable()
    with sync_playwright() as playwright:
        # Chromium's sandbox does not run as root in a container; the pages are our own.
        options = {"executable_path": path, "args": list(OPTIONS), "chromium_sandbox": False}
        browser = playwright.chromium.launch(**options)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """A function that opens a page; see ``opened`` for what it takes."""
    pages: list[Opened] = []

    def opening(*place: Any, **how: Any) -> Opened:
        pages.append(opened(chromium, *place, **how))
        return pages[-1]

    yield opening
    problems = [problem for page in pages for problem in page.problems()]
    for found in pages:
        found.page.context.close()
    assert not problems, problems


def opened(
    browser: Browser, path: Path | str, at: str = "", width: int = WIDE, scheme: str = "light",
    *, script: bool = True, reduced_motion: bool = False, forced_colors: bool = False,
) -> Opened:  # fmt: skip
    """Return the page of a file or address, opened in a window of its own.

    ``at`` is what follows the address ("#matrix"), ``width`` in pixels, ``scheme`` light or dark.
    """
    address = path.as_uri() if isinstance(path, Path) else path
    context = browser.new_context(
        viewport={"width": width, "height": 844 if width <= NARROW else 900},
        color_scheme=scheme, java_script_enabled=script, accept_downloads=True,
        reduced_motion="reduce" if reduced_motion else "no-preference",
        forced_colors="active" if forced_colors else "none",
    )  # fmt: skip
    context.set_default_timeout(10_000)
    found = Opened(context.new_page(), address.rsplit("/", 1)[0] + "/")
    found.page.on("console", found.hear)
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    found.page.on("request", lambda request: _note(found, request.url, address))
    found.page.goto(address + at)
    return found


def _note(found: Opened, url: str, address: str) -> None:
    if url.split("#")[0] != address and not url.startswith(OWN):
        found.requests.append(url)


@pytest.fixture(scope="session")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the small experiment, some of whose networks diverged, beside its verdicts."""
    experiment = report_results.small()
    trained = report_results.train(experiment)
    first, second = list(trained)[-2:]
    trained[first] = report_results.spoil(trained[first], slice(None))
    trained[second] = report_results.spoil(trained[second], slice(0, 1))
    file = tmp_path_factory.mktemp("site") / "report.html"
    results = report_results.results(experiment, trained)
    results.verdicts.to_csv(file.with_name("verdicts.csv"), index=False)
    file.write_text(report.build(experiment, results, MADE_BY), encoding="utf-8")
    return file
