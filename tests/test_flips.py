"""The smallest changes that flip a verdict, as the page shows them, against all that there are."""

import json
import random
import re
from base64 import b64decode
from collections.abc import Sequence
from gzip import decompress
from pathlib import Path

import report_results
from browser import OpenPage
from playwright.sync_api import expect
from symbreak import packing
from symbreak.settings import Setting

EXPERIMENT = report_results.small()
SETTINGS = [s for c in EXPERIMENT.combinations() for s in EXPERIMENT.settings(*c)]
PACKED = re.compile(r'(id="pack-index">)([^<]*)')
Verdicts = dict[Setting, str | None]


def smallest(setting: Setting, verdicts: Verdicts) -> list[Setting]:
    """All settings of another verdict with the fewest changed factors, the smallest change first.

    Fewer changed components are smaller, whatever their parameters; then the grid's order counts.
    """
    others = [s for s in SETTINGS if verdicts[s] not in (None, verdicts[setting])]
    least = min((len(changed(setting, s)) for s in others), default=0)
    near = [s for s in others if len(changed(setting, s)) == least]
    return sorted(near, key=lambda s: sum(map(is_component, changed(setting, s))))


def changed(a: Setting, b: Setting) -> list[tuple[str, str]]:
    """The labels of both settings for each factor in which they differ."""
    both = zip(a.path.split("/"), b.path.split("/"), strict=True)
    return [pair for pair in both if pair[0] != pair[1]]


def is_component(pair: Sequence[str]) -> bool:
    """Tell whether two labels are of different components, not of other parameters of one."""
    first, second = (label.split("-")[0] for label in pair)
    return first != second and first[0].isalpha()


def judged(text: str, verdicts: Verdicts) -> str:
    """The page with other verdicts in its index."""

    def replaced(found: re.Match[str]) -> str:
        index = json.loads(decompress(b64decode(found[2])))
        index["columns"]["verdict"] = {"all": [verdicts[s] for s in SETTINGS]}
        return found[1] + packing.packed([packing.text(index)])

    return PACKED.sub(replaced, text)


def shown(open_page: OpenPage, file: Path, settings: Sequence[Setting]) -> list[list[str]]:
    """The ids beside each setting that its page links to, in order, the first one twice."""
    page = open_page(file).page
    found = []
    for setting in settings:
        page.goto(f"{file.as_uri()}#setting={setting.path}")
        for name in ("init", "dropout", "bias", "activation"):
            expect(page.locator(f"#setting-{name}")).to_have_value(getattr(setting, name).label)
        links = page.locator("#setting .flips a")
        hrefs = links.evaluate_all("all => all.map((a) => a.getAttribute('href'))")
        found.append([href.partition("&beside=")[2] for href in hrefs])
    return found


def check(open_page: OpenPage, file: Path, settings: list[Setting], verdicts: Verdicts) -> None:
    """Compare what the pages of some settings show with what there is."""
    for setting, links in zip(settings, shown(open_page, file, settings), strict=True):
        expected = [s.path for s in smallest(setting, verdicts)]
        assert links[:1] == expected[:1], setting.label
        assert sorted(links[1:]) == sorted(expected), setting.label


def test_the_flips_of_the_small_experiment(open_page: OpenPage, report_file: Path) -> None:
    text = report_file.read_text(encoding="utf-8")
    found = PACKED.search(text)
    assert found
    packed = json.loads(decompress(b64decode(found[2])))["columns"]["verdict"]
    column = packed.get("all") or [packed["of"][place] for place in packed["at"]]
    check(open_page, report_file, SETTINGS[::3], dict(zip(SETTINGS, column, strict=True)))


def test_the_flips_of_any_verdicts_some_missing(
    open_page: OpenPage, report_file: Path, tmp_path: Path
) -> None:
    draw = random.Random(5)
    file = tmp_path / "drawn.html"
    for words in (["broken", "tied", None], ["broken"] * 9 + ["tied"]):
        verdicts: Verdicts = {s: draw.choice(words) for s in SETTINGS}
        file.write_text(judged(report_file.read_text(encoding="utf-8"), verdicts), encoding="utf-8")
        known = [s for s in SETTINGS if verdicts[s]]
        check(open_page, file, draw.sample(known, 8), verdicts)


def test_where_no_single_change_flips_several_do(
    open_page: OpenPage, report_file: Path, tmp_path: Path
) -> None:
    verdicts: Verdicts = dict.fromkeys(SETTINGS, "broken") | {SETTINGS[0]: "frozen"}
    file = tmp_path / "one.html"
    file.write_text(judged(report_file.read_text(encoding="utf-8"), verdicts), encoding="utf-8")
    far = [s for s in SETTINGS if len(changed(s, SETTINGS[0])) in (2, 4)]
    check(open_page, file, far[::3], verdicts)


def test_where_all_verdicts_are_one_the_page_says_so(
    open_page: OpenPage, report_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "same.html"
    text = judged(report_file.read_text(encoding="utf-8"), dict.fromkeys(SETTINGS, "broken"))
    file.write_text(text, encoding="utf-8")
    page = open_page(file, f"#setting={SETTINGS[0].path}").page
    expect(page.locator(".flips")).to_contain_text("No setting of this grid has another verdict.")
