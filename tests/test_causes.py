"""One cause at a time: what the report says sets equal neurons apart, and when it says nothing."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest
import report_results
from report_page import MADE_BY, Page
from symbreak import causes, config, report
from symbreak.report import Results
from symbreak.settings import COLUMNS, REGISTRIES
from symbreak.statistics import wilson
from symbreak.summary import Grid

CONTROLS = Path(__file__).parents[1] / "config/controls.yaml"


EXPERIMENT = report_results.small(
    grid={"init": ["constant", "normal"], "dropout": ["hidden", "none", "shared"],
          "bias": ["none", "normal", "zeros"]},
    training={**report_results.SMALL["training"], "batch_size": ["full", 8]},
    model={"hidden": [[3]], "activation": ["tanh"]},
    replicates=5,
)  # fmt: skip


@pytest.fixture(scope="module")
def results() -> Results:
    return report_results.results(EXPERIMENT, report_results.train(EXPERIMENT))


@pytest.fixture(scope="module")
def found(results: Results) -> dict[str, causes.Cause]:
    grid = Grid(EXPERIMENT, results.verdicts)
    return {cause.label: cause for cause in causes.causes(grid, results.contrasts)}


@pytest.fixture(scope="module")
def page(results: Results) -> str:
    return report.build(EXPERIMENT, results, MADE_BY)


def section(text: str) -> str:
    return text.split('<section id="causes"')[1].split("</section>")[0]


def test_noise_of_their_own_and_random_biases_alone_set_units_apart(
    found: dict[str, causes.Cause],
) -> None:
    apart = {label: [trial.apart for trial in cause.trials] for label, cause in found.items()}
    assert apart == {
        "batch size 8": [0], "dropout hidden-0.5": [5], "dropout shared-0.5": [0],
        "bias normal-0.1": [5], "bias zeros": [0],
    }  # fmt: skip
    kinds = [cause.kind for cause in found.values()]
    assert kinds == ["order", "mask", "mask", "bias", "bias"]
    assert causes.answer(list(found.values())) == (
        "Alone, dropout hidden-0.5 and bias normal-0.1 set equal neurons apart in every network; "
        "batch size 8, dropout shared-0.5 and bias zeros in none."
    )


def test_a_cause_that_works_from_some_starts_only_is_said_to(
    found: dict[str, causes.Cause],
) -> None:
    works, idle = found["dropout hidden-0.5"], found["dropout shared-0.5"]
    both = replace(works, trials=works.trials + idle.trials)
    assert (both.broke, both.always, both.same) == (1, False, 2)
    assert causes.answer([both]) == "Alone, dropout hidden-0.5 sets equal neurons apart in some."
    assert causes.answer([]) == ""


def test_a_trial_starts_equal_and_one_thing_is_changed(found: dict[str, causes.Cause]) -> None:
    for cause in found.values():
        for trial in cause.trials:
            assert trial.start.init.name == "constant"
            assert (trial.start.dropout.name, trial.start.bias.name) == ("none", "none")
            assert trial.start.batch_size is None
            assert trial.before.distinct_max == 1
            before, after = ({n: str(getattr(row, n)) for n in COLUMNS}
                             for row in (trial.before, trial.after))  # fmt: skip
            assert {n for n in COLUMNS if before[n] != after[n]} == {cause.factor}
            assert after[cause.factor] == cause.value
            assert trial.same
            drawn = cause.label != "bias zeros"  # equal units with equal biases: one network
            assert trial.certain == (not drawn)


def test_the_page_has_a_row_a_cause_with_its_interval(
    page: str, found: dict[str, causes.Cause]
) -> None:
    text = section(page)
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", text, re.DOTALL)
    assert len(rows) == len(found)
    for row, cause in zip(rows, found.values(), strict=True):
        words = " ".join(Page(row).texts)
        low, high = wilson(cause.trials[0].apart, 5)
        assert f"{cause.factor.replace('_', ' ')}: {cause.first} → {cause.value}" in words
        assert f"{cause.trials[0].apart} of 5" in words
        assert f"{100 * low:.0f}–{100 * high:.0f}\xa0%" in html.unescape(words)
        assert words.split()[-3:] == ["5", "of", "5"]  # the same start
    plain = re.sub(r"<[^>]+>", "", text)  # terms of the glossary are links
    assert causes.answer(list(found.values())) in html.unescape(plain)


def test_a_start_of_other_bits_is_not_called_the_same(results: Results) -> None:
    off = results.contrasts.assign(same_start=results.contrasts["replicates"] - 1)
    text = report.build(EXPERIMENT, replace(results, contrasts=off), MADE_BY)
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", section(text), re.DOTALL)
    assert all(" ".join(Page(row).texts).split()[-3:] == ["4", "of", "5"] for row in rows)


def test_without_an_equal_start_there_is_no_section(results: Results) -> None:
    random = results.contrasts[results.contrasts["init"] != "constant-0.5"]
    text = report.build(EXPERIMENT, replace(results, contrasts=random), MADE_BY)
    assert 'id="causes"' not in text
    assert "#causes" not in text


def test_equal_units_without_dropout_are_an_equal_start() -> None:
    """A shared mask leaves them equal, too, but it is noise: no start without any."""
    settings = (s for c in EXPERIMENT.combinations() for s in EXPERIMENT.settings(*c))
    equal = {(s.init.name, s.dropout.name, s.bias.name) for s in settings if causes.starts_equal(s)}
    assert equal == {("constant", "none", "none"), ("constant", "none", "zeros")}


def test_a_start_that_comes_apart_by_itself_is_no_control(results: Results) -> None:
    spoiled = results.verdicts.assign(distinct_max=3)
    grid = Grid(EXPERIMENT, spoiled)
    assert causes.causes(grid, results.contrasts) == []


def test_the_comparisons_are_counted(results: Results, page: str) -> None:
    count = len(results.contrasts)
    assert f"{count} comparisons (" in page.split('id="methods"')[1]
    rows = causes.families(results.contrasts)
    assert sum(row["pairs"] for row in rows) == count
    sizes = results.contrasts.groupby(["factor", "value"], sort=False).size()
    assert [row["pairs"] for row in rows] == sizes.tolist()
    none = causes.families(results.contrasts.assign(p_holm=1.0))
    assert not any(row["to_broken"] or row["from_broken"] for row in none)
    every = causes.families(results.contrasts.assign(p_holm=0.01, to_broken=2, from_broken=1))
    assert all(row["to_broken"] == row["pairs"] and not row["from_broken"] for row in every)


def test_the_controls_hold_every_single_cause_alone() -> None:
    controls = config.read(CONTROLS)
    assert [init.name for init in controls.init] == ["constant"]
    assert controls.arithmetic == ("exact", "blas")
    assert controls.batch_size == (None, 32)
    assert {choice.name for choice in controls.dropout} == set(REGISTRIES["dropout"])
    assert {choice.name for choice in controls.bias} == set(REGISTRIES["bias"])
