"""Gates of every page: accessible, correct HTML, whole links, strict policy, calm, zoomed."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from browser import NARROW, WIDE, OpenPage
from report_page import Page
from symbreak.figures import VERDICTS

CHECKERS = Path(sys.prefix) / "web/node_modules"
LOOKS = {"light": (WIDE, "light"), "dark": (WIDE, "dark"), "narrow": (NARROW, "light")}


def checker(path: str) -> Path:
    """Return the file of a checker; skip without it."""
    file = CHECKERS / path
    if not file.exists():
        pytest.skip(f"{path} is not installed: make .venv/ready-web installs it")
    return file


@pytest.fixture(scope="module")
def served(report_file: Path) -> Iterator[str]:
    """The report's address under a folder of a server."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(report_file.parents[1]))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        path = report_file.relative_to(report_file.parents[1]).as_posix()
        yield f"http://127.0.0.1:{server.server_port}/{path}"
        server.shutdown()


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(report_file: Path, open_page: OpenPage, look: str) -> None:
    axe = checker("axe-core/axe.min.js").read_text()
    width, scheme = LOOKS[look]
    page = open_page(report_file, width=width, scheme=scheme).page
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.evaluate(axe)
    found = page.evaluate("axe.run().then(result => result.violations)")
    assert [
        (rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found
    ] == []


def test_the_w3c_checker_finds_nothing(report_file: Path) -> None:
    jar = checker("vnu-jar/build/dist/vnu.jar")
    if not shutil.which("java"):
        pytest.skip("no java: the W3C's checker needs it")
    done = subprocess.run(
        ["java", "-jar", str(jar), "--errors-only", "--format", "json", str(report_file)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    found = json.loads(done.stderr or '{"messages": []}')["messages"]
    assert [(one["message"], one.get("extract", "")[:200]) for one in found] == []
    assert done.returncode == 0, done.stderr


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
    """The script's own additions, too, are looked at in test_browser_states."""
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


def test_it_works_from_a_server_under_a_folder(served: str, open_page: OpenPage) -> None:
    opened = open_page(served)
    assert opened.page.locator("#matrix td:visible").count() > 0
    assert not [a for a in opened.requests if not a.endswith("/favicon.ico")]


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
