"""What a report can show, as addresses; and the checkers of pages."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import report_results
from browser import Opened

CHECKERS = Path(sys.prefix) / "web/node_modules"
SETTINGS = [
    setting
    for combination in report_results.small().combinations()
    for setting in report_results.small().settings(*combination)
]
FIRST, LAST = SETTINGS[0].path, SETTINGS[-1].path  # frozen; all of its networks diverged
BESIDE = f"setting={FIRST}&beside={SETTINGS[-3].path}"
STATES = {  # name: (address, the part of the page that it changes)
    "a setting": (f"setting={FIRST}", "#setting"),
    "one that diverged": (f"setting={LAST}", "#setting"),
    "two side by side": (BESIDE, "#setting"),
    "the start of training": (f"{BESIDE}&step=0", "#setting"),
    "an unknown setting": ("setting=nowhere", "#setting"),
    "guessing": ("predict=1", "#matrix"),
    "guessed and revealed": ("predict=1&seen=all", "#matrix"),
    "a table of few": ("q=normal&verdict=broken&sort=-loss_median", "#settings"),
    "an empty table": ("q=nothing+like+this", "#settings"),
}
BUSY = ("two side by side", "guessing", "a table of few")  # states with all kinds of parts
# The W3C checker's list of CSS properties is behind: this one is of SVG 2.
UNKNOWN_TO_IT = "“paint-order”: Property “paint-order” doesn't exist"


def show(opened: Opened, hash_text: str = "") -> None:
    """Bring a page into a state, with all that is folded unfolded, and wait until it is drawn."""
    page = opened.page
    page.evaluate("symbreak.ready.then(() => null)")
    if hash_text:
        page.evaluate("text => { location.hash = text }", hash_text)
    page.wait_for_function(
        """() => !location.hash.includes("setting=")
                 || document.querySelector("#setting-page .actions")"""
    )
    page.evaluate(
        """new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => {
             document.querySelectorAll("details").forEach(one => { one.open = true; });
             drawn(); })))"""
    )


def checker(path: str) -> Path:
    """Return the file of a checker; skip without it."""
    file = CHECKERS / path
    if not file.exists():
        pytest.skip(f"{path} is not installed: make .venv/ready-web installs it")
    return file


# What stands in a picture is told by its label. Of the page's sections all but that of a part are
# taken away while it is looked at: axe-core's time grows with the whole page.
AXE = """async part => {
  const pictures = [...document.querySelectorAll("svg[role=img]")];
  const drawn = pictures.map(picture => [...picture.childNodes]);
  pictures.forEach(picture => picture.replaceChildren());
  const main = document.querySelector("main");
  const sections = [...main.children];
  const holds = one => one.matches(part) || one.querySelector(part);
  if (part) main.replaceChildren(sections.find(holds));
  const found = await axe.run(part ? { include: [[part]] } : document);
  main.replaceChildren(...sections);
  pictures.forEach((picture, n) => picture.replaceChildren(...drawn[n]));
  return found.violations.map(rule =>
    [rule.id, rule.nodes.slice(0, 3).map(node => node.html.slice(0, 200))]);
}"""


def axe(opened: Opened, part: str = "") -> list[tuple[str, list[str]]]:
    """Return what axe-core holds against a page, or a part of it: (rule, elements)."""
    source = checker("axe-core/axe.min.js").read_text(encoding="utf-8")
    if not opened.page.evaluate("typeof axe !== 'undefined'"):
        opened.page.evaluate(source)
    return opened.page.evaluate(AXE, part)


def w3c(*files: Path) -> list[tuple[str, str, str]]:
    """Return what the W3C's checker holds against pages: (file, message, text); skip without it."""
    jar = checker("vnu-jar/build/dist/vnu.jar")
    if not shutil.which("java"):
        pytest.skip("no java: the W3C's checker needs it")
    done = subprocess.run(
        ["java", "-jar", str(jar), "--errors-only", "--format", "json", *map(str, files)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.stderr.startswith("{"), done.stderr
    return [
        (Path(one["url"]).name, one["message"], one.get("extract", "")[:200])
        for one in json.loads(done.stderr)["messages"]
        if UNKNOWN_TO_IT not in one["message"]
    ]
