"""The matrix, a setting's page, two settings side by side, in a browser: what a reader does."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import report_results
import yaml
from browser import OpenPage
from browser_states import checker
from playwright.sync_api import Locator, Page, expect
from symbreak import config, page
from symbreak.settings import Experiment, Setting

EXPERIMENT = report_results.small()
SETTINGS = [s for c in EXPERIMENT.combinations() for s in EXPERIMENT.settings(*c)]
CONSTANT = Setting.from_record(
    SETTINGS[0].record() | {"init": "constant-0.5", "dropout": "none", "bias": "none"}
)
NORMAL = Setting.from_record(CONSTANT.record() | {"init": "normal-0.5"})
STEPS = [0, 1, 3, 6, 12]  # of the small experiment's checkpoints
UNKNOWN = "no-such/setting"


def opened_at(open_page: OpenPage, file: Path, *settings: Setting, **how: Any) -> Page:
    """The report with a setting's page open, or two side by side."""
    names = ("setting", "beside")
    parts = [f"{name}={s.path}" for name, s in zip(names, settings, strict=False)]
    found = open_page(file, "#" + "&".join(parts) if parts else "", **how).page
    expect(found.locator(".panel:visible table[role=grid]")).to_be_visible()
    if settings:
        expect(found.locator("#setting-page .actions").first).to_be_visible()
    return found


def place(setting: Setting) -> int:
    """The place of a setting's cell among those of its panel: rows of bias rules of dropouts."""
    e = EXPERIMENT
    row, block = e.init.index(setting.init), e.bias.index(setting.bias)
    columns = len(e.bias) * len(e.dropout)
    return row * columns + block * len(e.dropout) + e.dropout.index(setting.dropout)


def cells(found: Page) -> Locator:
    """The cells of the panel that is shown."""
    return found.locator(".panel:visible .map tbody td")


def test_a_click_on_a_cell_opens_its_setting_and_the_address_is_a_link_to_it(
    open_page: OpenPage, report_file: Path
) -> None:
    found = opened_at(open_page, report_file)
    cells(found).nth(place(CONSTANT)).click()
    expect(found.locator("#setting-title")).to_contain_text("constant-0.5, dropout none")
    assert found.evaluate("location.hash") == f"#setting={CONSTANT.path}"
    again = open_page(report_file, found.evaluate("location.hash")).page
    expect(again.locator("#setting-title")).to_contain_text("constant-0.5, dropout none")
    assert (
        again.locator("#setting-page").inner_text() == found.locator("#setting-page").inner_text()
    )


def test_the_matrix_is_one_stop_of_the_tab_key_and_arrows_move_in_it(
    open_page: OpenPage, report_file: Path
) -> None:
    found = opened_at(open_page, report_file)
    assert found.locator(".panel:visible .map [tabindex='0']").count() == 1
    cells(found).first.focus()
    columns, block = len(EXPERIMENT.bias) * len(EXPERIMENT.dropout), len(EXPERIMENT.dropout)
    moves = {
        "ArrowRight": 1, "ArrowDown": columns, "ArrowLeft": -1, "PageDown": block,
        "PageUp": -block, "End": columns - 1, "Home": 1 - columns, "ArrowUp": -columns,
    }  # fmt: skip
    at = 0
    for key, by in moves.items():
        found.keyboard.press(key)
        at += by
        expect(cells(found).nth(at)).to_be_focused()
    for key in ("ArrowUp", "ArrowLeft", "PageUp"):  # nothing is beyond the edge
        found.keyboard.press(key)
        expect(cells(found).nth(at)).to_be_focused()
    assert found.locator(".panel:visible .map [tabindex='0']").count() == 1


def test_enter_opens_a_cell_and_close_goes_back_to_it(
    open_page: OpenPage, report_file: Path
) -> None:
    found = opened_at(open_page, report_file)
    at = cells(found).nth(place(NORMAL))
    at.focus()
    found.keyboard.press("Enter")
    expect(found.locator("#setting-title")).to_be_focused()
    expect(at).to_have_attribute("aria-selected", "true")
    found.get_by_role("button", name="Close").click()
    expect(at).to_be_focused()
    assert "setting=" not in found.evaluate("location.hash")


def test_the_readout_says_a_cells_verdict_share_and_interval(
    open_page: OpenPage, report_file: Path
) -> None:
    found = opened_at(open_page, report_file)
    at = cells(found).nth(place(CONSTANT))
    for look in (at.hover, at.focus):
        cells(found).last.hover()
        look()
        expect(found.locator(".readout")).to_contain_text("symmetric")
        expect(found.locator(".readout")).to_contain_text(
            "0 % of 3 networks broken (95 % interval 0–56)"
        )
    assert "symmetric, 0 % of 3 networks broken" in (at.get_attribute("aria-label") or "")


def test_back_and_forward_go_through_the_settings(open_page: OpenPage, report_file: Path) -> None:
    found = opened_at(open_page, report_file)
    for setting in (CONSTANT, NORMAL):
        cells(found).nth(place(setting)).click()
        expect(found.locator("#setting-title")).to_contain_text(setting.init.label)
    found.go_back()
    expect(found.locator("#setting-title")).to_contain_text(CONSTANT.init.label)
    found.go_forward()
    expect(found.locator("#setting-title")).to_contain_text(NORMAL.init.label)


def test_a_plain_anchor_keeps_the_open_setting(open_page: OpenPage, report_file: Path) -> None:
    found = opened_at(open_page, report_file, NORMAL)
    found.locator('nav a[href="#claims"]').click()
    expect(found.locator("#claims")).to_be_in_viewport()
    assert f"setting={NORMAL.path}" in found.evaluate("location.hash")
    expect(found.locator("#setting-title")).to_contain_text("normal-0.5")


def test_the_matrix_shows_the_model_of_the_address(open_page: OpenPage, report_file: Path) -> None:
    found = open_page(report_file, "#model=sigmoid").page
    expect(found.get_by_label("sigmoid", exact=True).first).to_be_checked()
    found.locator(".choices label", has_text="tanh").click()
    expect(found).to_have_url(re.compile("#model=tanh$"))
    other = Setting.from_record(CONSTANT.record() | {"activation": "sigmoid"})
    own = opened_at(open_page, report_file, other)
    expect(own.get_by_label("sigmoid", exact=True).first).to_be_checked()


def test_panels_that_the_page_does_not_hold_are_drawn_alike(
    open_page: OpenPage, report_file: Path, tmp_path: Path
) -> None:
    text = report_file.read_text(encoding="utf-8")
    written = re.findall(r'<div class="panel model-1.*?\n</div>\n', text, re.DOTALL)
    assert len(written) == 2
    for panel in written:
        text = text.replace(panel, "")
    file = tmp_path / "less.html"
    file.write_text(text, encoding="utf-8")
    shown = []
    for path in (report_file, file):
        found = open_page(path, "#model=sigmoid").page
        expect(cells(found).first).to_be_visible()
        shown.append([
            found.locator(".panel:visible .map tbody").inner_text(),
            cells(found).evaluate_all("all => all.map(c => [c.className, c.ariaLabel])"),
        ])  # fmt: skip
    assert shown[0] == shown[1]


def test_the_replay_moves_the_neurons_and_keeps_its_step_in_the_address(
    open_page: OpenPage, report_file: Path
) -> None:
    found = opened_at(open_page, report_file, NORMAL, reduced_motion=False)
    unit = found.locator(".unit").first
    end = unit.get_attribute("cx") or ""
    slider = found.get_by_label("Replay")
    slider.focus()
    found.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", f"step 0 of {STEPS[-1]}")
    assert unit.get_attribute("cx") != end
    expect(found).to_have_url(re.compile("&step=0$"))
    play = found.locator(".play")
    play.click()
    expect(play).to_have_text("Pause")
    expect(play).to_have_text("Play")  # it stops at the end
    expect(unit).to_have_attribute("cx", end)
    expect(found).not_to_have_url(re.compile("step="))


def test_the_replay_pauses(open_page: OpenPage, report_file: Path) -> None:
    found = opened_at(open_page, report_file, NORMAL)
    found.get_by_role("button", name="Play").click()
    found.get_by_role("button", name="Pause").click()
    at = found.locator(".replay output").inner_text()
    found.wait_for_timeout(500)
    assert found.locator(".replay output").inner_text() == at


def test_each_figure_has_a_sentence_and_its_numbers(open_page: OpenPage, report_file: Path) -> None:
    found = opened_at(open_page, report_file, NORMAL)
    figures = found.locator("#setting figure")
    assert figures.count() == 4
    for sentence in figures.locator("figcaption").all_inner_texts():
        assert re.search(r"\d", sentence)
    for chart in found.locator("#setting svg.chart").all():
        assert chart.get_attribute("role") == "img"
        assert re.search(r"\d", chart.get_attribute("aria-label") or "")
    for summary in found.locator("#setting .numbers summary").all():
        summary.click()
    assert found.locator("#setting .numbers table:visible").count() == 4


@pytest.mark.parametrize("width", [1280, 390])
def test_two_settings_stand_side_by_side_or_one_under_the_other(
    open_page: OpenPage, report_file: Path, width: int
) -> None:
    found = opened_at(open_page, report_file, CONSTANT, NORMAL, width=width)
    expect(found.locator("#setting [role=status]")).to_have_text(
        "With initializer constant-0.5 → normal-0.5 the verdict goes from symmetric to broken: 0 % "
        "of 3 networks broken (95 % interval 0–56), then 100 % of 3 networks broken (95 % interval "
        "44–100)."
    )
    figures = found.locator("#setting figure")
    tops = figures.evaluate_all("all => all.map((one) => one.getBoundingClientRect().top)")
    assert (tops[0] == tops[1]) == (width == 1280)
    assert found.evaluate("document.documentElement.scrollWidth") <= width
    marked = set(found.locator("mark").all_inner_texts())
    assert len(marked) == 2
    assert all("init:" in line for line in marked)


def test_a_flip_opens_the_two_side_by_side_from_the_page_and_from_the_readout(
    open_page: OpenPage, report_file: Path
) -> None:
    found = opened_at(open_page, report_file, NORMAL)
    for links in (found.locator("#setting .flips a"), found.locator(".readout p:last-child a")):
        links.first.click()
        expect(found.locator("#setting-title")).to_contain_text("initializer normal-0.5 → zeros")
        expect(found.locator("#setting-title")).to_be_focused()
        found.get_by_role("button", name="Show A alone").click()


def test_figures_side_by_side_share_their_scales(open_page: OpenPage, report_file: Path) -> None:
    found = opened_at(open_page, report_file, CONSTANT, NORMAL)
    axes = found.locator("#setting .axes").evaluate_all("all => all.map(a => a.textContent)")
    assert len(axes) == 2
    assert axes[0] == axes[1]


def test_another_value_of_a_factor_opens_that_setting(
    open_page: OpenPage, report_file: Path
) -> None:
    found = opened_at(open_page, report_file, CONSTANT)
    choice = found.locator("#setting").get_by_label("initializer")
    choice.focus()
    choice.select_option("normal-0.5")
    expect(found.locator("#setting-title")).to_contain_text("normal-0.5")
    expect(found.locator("#setting-init")).to_be_focused()
    found.get_by_role("button", name="Compare side by side").click()
    expect(found.locator("#setting-title")).to_contain_text("Side by side")
    found.locator("#beside-init").select_option("tied-0.5--0.5")
    expect(found.locator("#setting-title")).to_contain_text(
        "initializer normal-0.5 → tied-0.5--0.5"
    )
    found.get_by_role("button", name="Swap").click()
    expect(found.locator("#setting-title")).to_contain_text(
        "initializer tied-0.5--0.5 → normal-0.5"
    )
    found.get_by_role("button", name="Show A alone").click()
    expect(found.locator("#setting-title")).to_contain_text("tied-0.5--0.5")


def test_shift_and_a_click_put_a_cell_beside_the_open_one(
    open_page: OpenPage, report_file: Path
) -> None:
    found = opened_at(open_page, report_file, CONSTANT)
    cells(found).nth(place(NORMAL)).click(modifiers=["Shift"])
    expect(found.locator("#setting-title")).to_contain_text("constant-0.5 → normal-0.5")
    assert found.evaluate("location.hash").endswith(f"&beside={NORMAL.path}")


def test_an_unknown_setting_is_named_and_nothing_breaks(
    open_page: OpenPage, report_file: Path
) -> None:
    found = open_page(report_file, f"#setting={UNKNOWN}").page
    expect(found.locator("#setting-page")).to_contain_text(UNKNOWN)


def test_a_setting_that_diverged_has_a_page(open_page: OpenPage, report_file: Path) -> None:
    found = opened_at(open_page, report_file, SETTINGS[-2])
    expect(found.locator("#setting .ruled")).to_contain_text("diverged")
    expect(found.locator("#setting figure").first).to_be_visible()


def test_claims_and_examples_link_to_their_settings(open_page: OpenPage, report_file: Path) -> None:
    found = opened_at(open_page, report_file)
    expect(found.locator("[data-setting*='/'] > a").first).to_be_attached()
    links = found.locator("[data-setting*='/']").all()
    assert links
    for link in links:
        href = link.locator("a").get_attribute("href") or ""
        assert href.startswith(f"#setting={link.get_attribute('data-setting')}")
    found.locator(".example h3 a").first.click()
    expect(found.locator("#setting-title")).to_be_focused()


def test_without_a_script_the_page_says_where_the_numbers_are(
    open_page: OpenPage, report_file: Path
) -> None:
    found = open_page(report_file, "#matrix", script=False).page
    expect(found.locator("#setting-page")).to_contain_text("verdicts.csv")
    assert found.locator(".readout").is_hidden()


def saved(found: Page, name: str) -> tuple[str, str]:
    """The name and the text of the file that a button saves."""
    with found.expect_download() as waiting:
        found.get_by_role("button", name=name).click()
    download = waiting.value
    return download.suggested_filename, Path(download.path()).read_text(encoding="utf-8")


def test_the_saved_config_is_of_exactly_that_setting(
    open_page: OpenPage, report_file: Path, experiment: Experiment
) -> None:
    names = set()
    found = opened_at(open_page, report_file)
    for setting in SETTINGS[::5]:
        found.goto(f"{report_file.as_uri()}#setting={setting.path}")
        expect(found.locator("#setting-init")).to_have_value(setting.init.label)
        expect(found.locator("#setting-activation")).to_have_value(setting.activation.label)
        name, text = saved(found, "Save config")
        one = config.experiment(yaml.safe_load(text))
        assert [s for c in one.combinations() for s in one.settings(*c)] == [setting]
        assert one.run() == experiment.run()
        assert one.data == experiment.data
        assert (one.redundancy, one.neglect) == (experiment.redundancy, experiment.neglect)
        assert name == f"{one.name}.yaml"
        assert one.name != experiment.name
        command = found.locator(".rerun pre").last.inner_text().strip()
        assert command == f"snakemake --cores 4 --configfile {name}"
        names.add(name)
    assert len(names) == len(SETTINGS[::5])


def test_saved_numbers_are_those_of_the_setting(open_page: OpenPage, report_file: Path) -> None:
    found = opened_at(open_page, report_file, NORMAL)
    _, text = saved(found, "Save numbers (JSON)")
    numbers = json.loads(text)
    assert list(numbers["setting"].values()) == NORMAL.path.split("/")
    assert numbers["verdict"]["verdict"] == "broken"
    assert numbers["steps"] == STEPS
    _, table = saved(found, "Save distances (CSV)")
    assert [line.split(",")[0] for line in table.split()] == ["step", *map(str, STEPS)]
    heads, *rows = [line.split(",") for line in table.split()]
    assert heads[-1] == "rounded_within_percent"
    assert all(0 < float(row[-1]) < 20 for row in rows)
    exact = numbers["drawn"]["distance"]["median"]
    assert [float(row[2]) for row in rows] == pytest.approx(exact, rel=0.005)


def test_saved_figures_are_told_apart_by_their_names(
    open_page: OpenPage, report_file: Path
) -> None:
    found = opened_at(open_page, report_file, NORMAL)
    names = found.evaluate("""[...document.querySelectorAll("#setting figure")]
        .map((figure) => figure.dataset.name)""")
    assert len(set(names)) == len(names) > 1
    assert all(NORMAL.init.label in name for name in names)


@pytest.mark.parametrize("settings", [(NORMAL,), (CONSTANT, NORMAL)], ids=["one", "two"])
def test_axe_finds_nothing_in_a_settings_page(
    open_page: OpenPage, report_file: Path, settings: tuple[Setting, ...]
) -> None:
    axe = checker("axe-core/axe.min.js").read_text(encoding="utf-8")
    found = opened_at(open_page, report_file, *settings, reduced_motion=True)
    found.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found.evaluate(axe)
    violations = found.evaluate("axe.run('#setting').then((result) => result.violations)")
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in violations] == []


def test_no_name_is_declared_in_two_script_files() -> None:
    pattern = re.compile(r"^(?:async )?(?:function|const|let) (\w+)", re.MULTILINE)
    names = [name for file in page.SCRIPTS for name in pattern.findall(page.read("js", file))]
    assert len(names) == len(set(names))
