"""The report says what the tables say, whole, safely, and with the same bytes every time."""

import html
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import report_results
from report_page import HOSTILE, MADE_BY, Page
from symbreak import examples, figures, matrix, neglect_text, report, summary, verdicts
from symbreak.networks import Trained
from symbreak.page import source_hash
from symbreak.report import Provenance, Results
from symbreak.settings import Experiment, Setting
from symbreak.summary import Grid


@pytest.fixture(scope="module")
def trained(experiment: Experiment) -> dict[Setting, Trained]:
    """All networks; every replicate of one setting diverged, and one replicate of another."""
    found = report_results.train(experiment)
    first, second = list(found)[-2:]
    found[first] = report_results.spoil(found[first], slice(None))
    found[second] = report_results.spoil(found[second], slice(0, 1))
    return found


@pytest.fixture(scope="module")
def built(experiment: Experiment, results: Results) -> str:
    return report.build(experiment, results, MADE_BY)


@pytest.fixture(scope="module")
def text(built: str) -> str:
    """The page, without the links of its words to the glossary (``test_glossary`` has these)."""
    return re.sub(r'<a class="term" [^>]*>(.*?)</a>', r"\1", built)


def table(text: str, kind: str) -> list[str]:
    """Return the page's tables of a class."""
    return re.findall(rf'<table class="{kind}">.*?</table>', text, re.DOTALL)


def numbers(sentence: str) -> list[int]:
    return [int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*", sentence)]


def test_the_answer_counts_what_the_verdicts_hold(
    experiment: Experiment, results: Results, text: str
) -> None:
    grid = Grid(experiment, results.verdicts)
    broken = (results.verdicts["verdict"] == "broken").sum()
    found = numbers(summary.answer(grid))
    assert found[:3] == [len(results.verdicts), broken, experiment.replicates]
    assert sum(found[3::2]) == broken  # the parts make up the whole
    assert sum(found[4::2]) == len(results.verdicts)
    assert summary.answer(grid) in html.unescape(text)


def test_each_setting_has_its_verdict_in_both_tables_of_its_model(
    experiment: Experiment, results: Results, text: str
) -> None:
    grid = Grid(experiment, results.verdicts)
    maps, words = table(text, "map"), table(text, "words")
    assert len(maps) == len(grid.models)
    in_maps = [name for found in maps for name in re.findall(r'title="(\w+)"', found)]
    in_words = [name for found in words for name in re.findall(r"</b>(\w+)<small>", found)]
    by_initializer = [
        row.verdict
        for model in range(len(grid.models))
        for init in experiment.init
        for bias in experiment.bias
        for dropout in experiment.dropout
        for row in [grid.rows[experiment.settings(init, dropout, bias)[model]]]
    ]
    assert in_maps == by_initializer
    assert sorted(in_words) == sorted(results.verdicts["verdict"])


def test_each_cell_has_the_share_of_broken_networks_and_its_interval(
    experiment: Experiment, results: Results
) -> None:
    grid = Grid(experiment, results.verdicts)
    panel = matrix.panels(grid)[1]
    row = grid.rows[
        experiment.settings(experiment.init[3], experiment.dropout[1], experiment.bias[0])[1]
    ]
    cell = panel.cells[0][3][1]
    assert (cell.verdict, cell.share) == (row.verdict, f"{100 * row.broken_fraction:.0f}")
    assert cell.interval == f"{100 * row.broken_low:.0f}–{100 * row.broken_high:.0f}"


def test_a_frozen_cell_says_whether_its_units_are_equal() -> None:
    """With a learning rate of zero, what an initializer and a bias rule gave is all there is."""
    training = {**report_results.SMALL["training"], "learning_rate": 0}
    still = report_results.small(training=training)
    found = report_results.results(still, report_results.train(still))
    panel = matrix.panels(Grid(still, found.verdicts))[0]
    says = [[{cell.units for cell in row} for row in table] for table in panel.cells]
    equal, two, distinct = {"units equal"}, {"2 distinct units"}, {"units distinct"}
    assert says == [[equal, equal, two, distinct], [distinct] * 4]  # without bias, and normal
    assert "<br>2 distinct units" in report.build(still, found, MADE_BY)


def test_only_a_frozen_cell_says_so(experiment: Experiment, results: Results) -> None:
    for panel in matrix.panels(Grid(experiment, results.verdicts)):
        for cell in (cell for table in panel.cells for row in table for cell in row):
            assert bool(cell.units) == (cell.verdict == "frozen")


def test_a_cell_names_the_models_that_give_another_verdict(
    experiment: Experiment, results: Results
) -> None:
    grid = Grid(experiment, results.verdicts)
    for change in summary.changes(grid):
        named = [
            cell.elsewhere
            for table in matrix.panels(grid)[0].cells for row in table for cell in row
            if cell.elsewhere
        ]  # fmt: skip
        assert change.changed == len(named) > 0
        assert all(name.endswith(f"with {change.second}") for name in named)


def test_every_model_can_be_shown_by_its_own_rule(experiment: Experiment, text: str) -> None:
    page = Page(text)
    panels = [found.split()[1] for found in page.values("class") if found.startswith("panel ")]
    radios = {found["id"] for _, found in page.elements if found.get("type") == "radio"}
    rules = dict(re.findall(r"^\.models(\S*) \.(model\S*)\{display:block\}", text, re.MULTILINE))
    assert sorted(rules.values()) == sorted(set(panels))
    assert set(re.findall(r"#(\w+):checked", "".join(rules))) == radios


def test_every_verdict_has_a_word_with_a_sign_of_its_own(text: str) -> None:
    words = {word.name: word for word in summary.WORDS}
    assert set(words) == {*verdicts.VERDICTS, verdicts.MIXED} == set(figures.VERDICTS)
    assert len({word.symbol for word in words.values()}) == len(words)
    key = re.search(r'<dl class="key">.*?</dl>', text, re.DOTALL)
    assert key
    assert all(word.meaning in html.unescape(key[0]) for word in words.values())


def test_an_example_of_each_verdict_is_shown(results: Results, text: str) -> None:
    shown = re.findall(r'<article class="example">\s*<h3>.*?>(\w+)(?:</span>)?</h3>', text)
    assert sorted(shown) == sorted(set(results.verdicts["verdict"]))


def test_an_example_has_the_numbers_of_its_networks(
    experiment: Experiment, results: Results, trained: dict[Setting, Trained]
) -> None:
    grid = Grid(experiment, results.verdicts)
    found = examples.examples(
        grid, results.distances, results.trained, results.features, results.x, results.y
    )
    for example in found:
        row = example.row
        said = example.distance.sentence
        assert said.startswith(f"3 pairs of neurons in each of {row.replicates}")
        if row.verdict in ("symmetric", "frozen"):
            assert "0 (from 0 to 0) at step 12" in said
        if row.verdict == "tied":
            assert "2 distinct of 3 neurons" in example.weights.sentence
        if row.verdict == "diverged":
            assert "no finite distance" in said


def test_diverged_networks_are_counted_and_named(experiment: Experiment, text: str) -> None:
    failures = section(text, "failures")
    networks = len(experiment) * experiment.replicates
    assert f"{experiment.replicates + 1} of {networks} networks diverged, in 2 of" in failures
    assert failures.count("<li>") == 2


def with_agreement(results: Results, words: list[str]) -> Results:
    """The results with the theory's agreement of each setting replaced, in turn."""
    count = len(results.verdicts)
    said = {
        "predicted_shares": "frozen 3",
        "rule": "no signal",
        "reason": "Nothing <moves>.",
        "known": "yes",
    }
    agrees = (words * count)[:count]
    return replace(results, verdicts=results.verdicts.assign(agrees=agrees, **said))


def test_a_disagreement_with_the_theory_comes_first(
    experiment: Experiment, results: Results
) -> None:
    made_by = report.Provenance((), {"symbreak": "1"}, "unknown")
    count = len(results.verdicts)
    text = report.build(experiment, with_agreement(results, ["no"] + ["yes"] * count), made_by)
    first = results.verdicts.iloc[0]
    assert f"Theory and measurement disagree in 1 of {count} settings" in text
    assert f"predicted frozen 3, measured {first['shares']}. Rule no signal" in text
    assert "Nothing &lt;moves&gt;." in text
    assert text.index("disagreements-title") < text.index('class="answer"')
    assert f"predicted {count} of these settings" in text
    assert "1 does not agree" in text


def test_a_theory_that_is_right_is_a_sentence_and_without_one_there_is_none(
    experiment: Experiment, results: Results, text: str
) -> None:
    made_by = report.Provenance((), {"symbreak": "1"}, "unknown")
    page = report.build(experiment, with_agreement(results, ["yes"]), made_by)
    assert "every prediction agrees with what was measured" in page
    assert "disagreements-title" not in page
    assert "The theory predicted" not in text


def test_predictions_that_only_narrow_down_are_counted(
    experiment: Experiment, results: Results
) -> None:
    right = with_agreement(results, ["yes"])
    few = right.verdicts["known"].where(right.verdicts.index > 1, "no")
    page = report.build(
        experiment, replace(right, verdicts=right.verdicts.assign(known=few)), MADE_BY
    )
    assert "of 2 it only says which verdicts are possible" in page


def test_a_missing_setting_is_shown_as_missing(experiment: Experiment, results: Results) -> None:
    without = replace(results, verdicts=results.verdicts.iloc[1:])
    text = report.build(experiment, without, MADE_BY)
    assert text.count("no result</small>") == 1
    assert f"1 of {len(experiment)} settings of the config have no result" in text


def test_verdicts_of_another_experiment_are_refused(results: Results) -> None:
    other = report_results.small(
        experiment="other", model={"hidden": [[4]], "activation": ["relu"]}
    )
    with pytest.raises(ValueError, match="of no setting of experiment other; judge it again"):
        Grid(other, results.verdicts)


def test_the_loss_sentence_says_which_side_is_lower() -> None:
    def losses(broken: float, symmetric: float) -> str:
        rows = pd.DataFrame({"verdict": ["broken", "symmetric"], "test_loss": [broken, symmetric],
                             "replicate": [0, 0]})  # fmt: skip
        return summary.loss_sentence(summary.losses(rows))

    assert "0.600 nats, 0.100 higher than" in losses(0.5, 0.6)
    assert "0.500 nats, 0.100 lower than" in losses(0.6, 0.5)
    assert "the same median test loss" in losses(0.5, 0.5)


def test_the_same_results_give_the_same_bytes(
    experiment: Experiment, results: Results, built: str
) -> None:
    assert report.build(experiment, results, MADE_BY) == built


def test_the_page_asks_nobody_for_anything(text: str) -> None:
    page = Page(text)
    assert not page.open  # every element is closed
    assert not {tag for tag, _ in page.elements} & {"link", "img", "iframe", "object"}
    assert all(target.startswith("#") for name in ("href", "src") for target in page.values(name))
    asked = text.replace('http-equiv="', "").replace('"http://www.w3.org/2000/svg"', "")
    assert "http" not in asked  # the second names a kind of element, and nobody asks there
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) <= {"#"}


def test_the_policy_allows_the_one_style_the_one_script_and_no_style_attribute(text: str) -> None:
    page = Page(text)
    style, script = (re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
                     for tag in ("style", "script"))  # fmt: skip
    policy = next(found for found in page.values("content") if "default-src" in found)
    assert style
    assert script
    assert f"script-src '{source_hash(script[1])}' 'strict-dynamic'" in policy
    assert f"style-src '{source_hash(style[1])}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not page.values("style")


def test_ids_are_unique_and_targets_exist(text: str) -> None:
    page = Page(text)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    referred = [t for name in ("href", "for", "aria-labelledby") for t in page.values(name)]
    referred += re.findall(r"url\(#([\w-]+)", text)
    assert {target.removeprefix("#") for target in referred} <= set(ids)


def test_a_reader_without_sight_has_names_for_everything(text: str) -> None:
    page = Page(text)
    assert text.count("<table") == text.count("<caption>")
    assert all(found.get("scope") for tag, found in page.elements if tag == "th")
    pictures = [found for tag, found in page.elements if found.get("role") == "img"]
    assert pictures
    assert all(found["aria-label"] for found in pictures)
    assert len({found["aria-label"] for found in pictures}) == len(pictures)
    scrolled = [found for _, found in page.elements if "scroll" in found.get("class", "").split()]
    assert all(found["tabindex"] == "0" and found["aria-label"] for found in scrolled)


def test_hostile_names_stay_text(experiment: Experiment, results: Results) -> None:
    hostile = replace(results, features=[HOSTILE, "b", "c", "d"])
    made_by = Provenance(((f"{HOSTILE}.yaml", HOSTILE),), {"symbreak": HOSTILE}, HOSTILE)
    text = report.build(replace(experiment, name=HOSTILE), hostile, made_by)
    assert "<script>alert" not in text
    assert Page(text).texts.count(HOSTILE) >= 4  # experiment, config, commit, a weight's name


def test_colours_of_figures_are_variables_of_the_style(text: str) -> None:
    style = text[text.index("<style>") : text.index("</style>")]
    pictures = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert set(re.findall(r"var\((--[\w-]+)\)", pictures)) <= set(re.findall(r"(--[\w-]+):", style))
    assert not re.findall(r"(?:fill|stroke)=\"#", pictures)


def section(text: str, name: str) -> str:
    return text.split(f'<section id="{name}"')[1].split("</section>")[0]


def test_what_is_neglected_is_shown_by_verdict_with_the_untrained_baseline(
    results: Results, text: str
) -> None:
    table = neglect_text.by_verdict(results.by_verdict)
    known = results.verdicts.dropna(subset="neglected_untrained_mean")
    assert table["settings"].sum() == len(known)
    row = table.set_index("verdict").loc["symmetric"]
    assert row["neglected_low"] <= row["neglected_mean"] <= row["neglected_high"]
    symmetric = known[known["verdict"] == "symmetric"]
    means = symmetric[["neglected_mean", "neglected_untrained_mean"]].mean()
    shown = [f"{means.iloc[0]:.2f} in symmetric", f"({means.iloc[1]:.2f} before training)"]
    assert means.iloc[0] >= 2  # of three properties equal units have one unit for one
    assert all(part in section(text, "learned") for part in shown)


def test_without_properties_the_report_says_so(experiment: Experiment, results: Results) -> None:
    empty = results.by_verdict.assign(neglected_mean=np.nan, neglected_untrained_mean=np.nan)
    text = report.build(experiment, replace(results, by_verdict=empty), MADE_BY)
    assert "not measured" in section(text, "learned")
    assert "<table" not in section(text, "learned")


def test_the_sensitivity_table_has_every_threshold(results: Results, text: str) -> None:
    shown = re.findall(r'<th scope="row">([\d.]+)</th>', section(text, "sensitivity"))
    assert [float(cell) for cell in shown] == results.sensitivity["redundancy"].tolist()


def test_neglect_over_training_is_drawn_with_a_dash_a_verdict(results: Results, text: str) -> None:
    rows = results.over_training
    assert "Neglected properties over training" in section(text, "learned")
    figure = figures.neglect(rows, "neglect").svg
    assert all(f">{name}<" in figure for name in set(rows["verdict"]))
    assert report.neglect_figure(rows.assign(neglected_mean=np.nan)) is None


def test_a_run_of_one_replicate_is_told_in_the_singular() -> None:
    alone = report_results.small(replicates=1)
    found = report_results.results(alone, report_results.train(alone))
    said = " ".join(Page(report.build(alone, found, MADE_BY)).texts)
    assert "in its one replicate" in said
    many = r"(?<![\d.,])1 (?:networks|settings|seeds|replicates|steps|pairs|times)\b"
    assert re.findall(f".{{40}}{many}", said) == []
