"""Gates of every page: accessible, correct, safe, whole, the same again; calm, large, plain."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import published_site
import pytest
import report_results
from browser import NARROW, WIDE, OpenPage
from browser_states import BUSY, STATES, axe, show, w3c
from report_page import Page
from symbreak.figures import VERDICTS

LOOKS = {"light": (WIDE, "light"), "dark": (WIDE, "dark"), "narrow": (NARROW, "light")}
PAGES = ("index.html", "report.html", "data.html", "404.html")  # of a site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The site of the small experiment; the working directory is where it was made."""
    folder, before = tmp_path_factory.mktemp("run"), Path.cwd()
    experiment = report_results.small()
    published_site.make(folder, experiment, report_results.train(experiment))
    os.chdir(folder)
    yield published_site.site(experiment).resolve()
    os.chdir(before)


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """The address of the site, a folder of a server."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(site.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{site.name}"
        server.shutdown()


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_state(report_file: Path, open_page: OpenPage, look: str) -> None:
    width, scheme = LOOKS[look]
    opened = open_page(report_file, width=width, scheme=scheme, reduced_motion=True)
    show(opened)
    found = {"as it opens": axe(opened)}
    for name in STATES if look == "light" else BUSY:
        state, part = STATES[name]
        show(opened, state)
        found[name] = axe(opened, part)
    assert {name: rules for name, rules in found.items() if rules} == {}


@pytest.mark.parametrize("name", [name for name in PAGES if name != "report.html"])
def test_axe_finds_nothing_in_a_site(site: Path, open_page: OpenPage, name: str) -> None:
    opened = open_page(site / name, width=NARROW, scheme="dark", reduced_motion=True)
    assert axe(opened) == []


def test_the_w3c_checker_finds_nothing(site: Path) -> None:
    assert w3c(*(site / name for name in PAGES)) == []


def test_the_w3c_checker_finds_nothing_in_what_the_script_makes(
    report_file: Path, open_page: OpenPage, tmp_path: Path
) -> None:
    opened = open_page(report_file)
    files = []
    for name in BUSY:
        show(opened, STATES[name][0])
        files.append(tmp_path / f"{name}.html")
        files[-1].write_text(opened.page.content(), encoding="utf-8")
        styled = opened.page.eval_on_selector_all("[style]", "els => els.map(e => e.outerHTML)")
        assert styled == []
    assert w3c(*files) == []


def test_the_policy_is_strict(report_file: Path) -> None:
    page = Page(report_file.read_text(encoding="utf-8"))
    policy = next(found for found in page.values("content") if "default-src" in found)
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts.pop("default-src") == "'none'"
    assert parts.pop("base-uri") == parts.pop("form-action") == "'none'"
    assert set(parts.pop("img-src", "").split()) <= {"data:", "blob:"}
    assert all(source.startswith("'sha256-") for source in parts.pop("style-src").split())
    script = parts.pop("script-src", "").split()
    assert all(source.startswith("'sha256-") or source == "'strict-dynamic'" for source in script)
    assert not parts


def test_nothing_is_styled_or_handled_inline(report_file: Path) -> None:
    page = Page(report_file.read_text(encoding="utf-8"))
    assert not page.values("style")
    assert not [name for _, found in page.elements for name in found if name.startswith("on")]


def test_a_policy_that_is_broken_is_noticed(report_file: Path, open_page: OpenPage) -> None:
    """The gate's own alarm: by a style, a script, a picture from elsewhere and an exception."""
    broken = report_file.with_name("broken.html")
    wrong = '<p style="color: red"><img alt="" src="https://example.org/a.png"><script>a()</script>'
    text = report_file.read_text(encoding="utf-8").replace("<main>", f"<main>{wrong}")
    broken.write_text(text, encoding="utf-8")
    opened = open_page(broken)
    assert len(opened.violations) >= 3
    opened.page.evaluate("setTimeout(() => { throw new Error('thrown') }); console.error('said')")
    opened.page.wait_for_function("true")
    assert {"thrown", "said"} <= set(opened.errors)
    opened.forgive()


def test_every_link_leads_somewhere(report_file: Path) -> None:
    page = Page(report_file.read_text(encoding="utf-8"))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    named = [name for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls")
             for value in page.values(attribute) for name in value.split()]  # fmt: skip
    assert set(named) <= set(ids)
    for address in page.values("href") + page.values("src"):
        file, _, name = address.partition("#")
        assert not file or (report_file.parent / file).exists(), address
        assert file or name in ids or "=" in name, address  # "=": a state of the script


@pytest.mark.parametrize("name", PAGES)
def test_a_site_works_from_disk_and_from_a_folder_of_a_server(
    site: Path, served: str, open_page: OpenPage, name: str
) -> None:
    for address in (site / name, f"{served}/{name}"):
        opened = open_page(address)
        assert opened.page.locator("h1").is_visible()
        if name in ("index.html", "report.html"):
            show(opened, STATES["a setting"][0])
            assert opened.page.locator("#setting-page figure").count() > 0


def test_another_process_makes_the_same_bytes(site: Path) -> None:
    """Of every file, with sets and dictionaries of strings in another order."""
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    program = "import published_site, report_results as r; published_site.site(r.small())"
    folders = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    subprocess.run(
        [sys.executable, "-c", program], check=True, timeout=300, stdout=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": folders, "PYTHONHASHSEED": "12"},
    )  # fmt: skip
    after = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert sorted(after) == sorted(before)
    assert [path.name for path in before if before[path] != after[path]] == []


def test_reduced_motion_is_honoured(report_file: Path, open_page: OpenPage) -> None:
    page = open_page(report_file, reduced_motion=True).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_verdicts_are_told_without_colours(report_file: Path, open_page: OpenPage) -> None:
    """Where the system chooses the colours, each cell of the map keeps a sign of its own."""
    page = open_page(report_file, forced_colors=True).page
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    cells = page.eval_on_selector_all(
        ".map td[class]",
        """cells => cells.filter(cell => cell.checkVisibility()).map(cell => {
             const style = getComputedStyle(cell);
             return [cell.className.split(" ")[0], cell.innerText.trim(),
                     style.color !== style.backgroundColor && style.opacity > 0]; })""",
    )
    signs = {verdict: sign for verdict, sign, _ in cells}
    assert signs
    assert set(signs) <= set(VERDICTS)
    assert len(set(signs.values())) == len(signs)
    assert all(sign and seen for _, sign, seen in cells)
    assert all(signs[verdict] == sign for verdict, sign, _ in cells)


def test_text_grows_with_the_readers_own_size(report_file: Path, open_page: OpenPage) -> None:
    """With letters of twice the size all of them grow, and the page does not scroll sideways."""
    page = open_page(report_file).page
    sizes = """() => [...document.querySelectorAll("h1, h2, p, th, td, dt, dd, button, summary")]
        .filter(el => el.checkVisibility() && !el.closest("svg"))
        .map(el => parseFloat(getComputedStyle(el).fontSize))"""
    before = page.evaluate(sizes)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    after = page.evaluate(sizes)
    assert after == pytest.approx([2 * size for size in before])
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
