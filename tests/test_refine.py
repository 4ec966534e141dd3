"""Requests of ``refine``: mistakes, the networks behind a boundary, and the report's words."""

import copy
import dataclasses
from itertools import product
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
import report_results
from hypothesis import given, settings
from hypothesis import strategies as st
from report_page import MADE_BY, Page
from symbreak import boundary, config, crossings, report, trainer, training
from symbreak.bisection import MIXED, Boundary, Interval, boundaries, search
from symbreak.refining import FEWEST, VARIED, Request
from symbreak.settings import REGISTRIES, Setting

HIDDEN = {"vary": "dropout.hidden.p", "from": 0.001, "to": 0.5}
EPS = {"vary": "init.constant_eps.eps", "from": 1e-20, "to": 1e-4, "scan": 2, "tolerance": 0.3,
       "with": {"dropout": "none"}}  # fmt: skip


def experiment(*entries: dict[str, Any], **changes: Any) -> config.Experiment:
    return report_results.small(**{"replicates": 6, "refine": list(entries)} | changes)


WRONG = [
    ({"vary": "dropout.hiden.p"}, "entry 1, vary is the text", "the nearest is dropout.hidden.p"),
    ({"vary": "p"}, "entry 1, vary is the text", "as in dropout.hidden.p, or learning_rate"),
    ({"vary": "dropout.none.p"}, "entry 1, vary is the text", "a component's parameter"),
    ({"to": 1}, "to is 1; dropout.hidden.p must be", "at least 0 and below 1"),
    ({"from": -1}, "from is -1; dropout.hidden.p must be", "at least 0 and below 1"),
    ({"to": 0.001}, "from is 0.001 and to is 0.001", "from must be below to"),
    ({"to": 0.0005}, "from is 0.001 and to is 0.0005", "from must be below to"),
    ({"from": "1e-3"}, 'from is the text "1e-3"', "write 0.001, without quotes"),
    ({"from": float("nan")}, "from is nan", "finite"),
    ({"step": 1}, "entry 1, step is unknown", "did you mean"),
    ({"scan": 11}, "scan is 11", "at most 10"),
    ({"tolerance": 0}, "tolerance is 0", "at least 1e-12"),
    ({"with": {"inti": "zeros"}}, "with.inti is unknown", "did you mean init"),
    ({"with": {"init": "zeroes"}}, "with.init is the text", "the nearest is zeros"),
    ({"with": {"init": ["zeros"]}}, "with.init is [zeros]", "known names: zeros"),
    ({"with": {"init": {"constant": {"vlaue": 1}}}}, "vlaue is unknown", "did you mean value"),
    ({"with": {"init": {"zeros": {"a": 1}}}}, "zeros takes no parameters", "write zeros alone"),
    ({"with": {"dropout": "input"}}, "with.dropout is input-0.2", "write hidden there"),
    ({"with": {"hidden": 3}}, "with.hidden is 3", "a list of at most 62 widths"),
    ({"with": {"hidden": [1]}}, "with.hidden, entry 1 is 1", "at least 2"),
    ({"with": {"batch_size": 33}}, "refine: with.batch_size is 33", "at most 32"),
    ({"vary": "weight_decay", "with": {"weight_decay": 1}}, "is what is varied", "leave it away"),
]


@pytest.mark.parametrize(("change", "wrong", "right"), WRONG)
def test_a_mistake_is_named_with_what_would_be_right(change, wrong, right) -> None:
    with pytest.raises(config.ConfigError) as caught:
        experiment({**HIDDEN, **change})
    sentence = str(caught.value)
    assert sentence.startswith("config: refine")
    assert wrong in sentence
    assert right in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("missing", ["vary", "from", "to"])
def test_a_missing_key_is_named_with_its_entry(missing: str) -> None:
    entry = {name: value for name, value in HIDDEN.items() if name != missing}
    with pytest.raises(config.ConfigError, match=f"refine, entry 2, {missing} is missing; add it"):
        experiment(HIDDEN, entry)


def test_too_few_replicates_are_refused_and_so_many_are_enough() -> None:
    """As many as all must agree for a sure majority."""
    with pytest.raises(config.ConfigError, match=f"refine needs at least {FEWEST}"):
        experiment(HIDDEN, replicates=FEWEST - 1)
    assert experiment(HIDDEN, replicates=FEWEST).refine
    assert boundary.prevailing(["broken"] * FEWEST) == "broken"
    assert boundary.prevailing(["broken"] * (FEWEST - 1)) == MIXED


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_any_change_is_accepted_or_explained_in_one_line(data: st.DataObject) -> None:
    entry = copy.deepcopy({**HIDDEN, "with": {"init": {"constant": {"value": 1}}, "hidden": [3]}})
    part = data.draw(st.sampled_from([entry, entry["with"], entry["with"]["init"]]))
    key = data.draw(st.sampled_from([*part, "x", "scan", "dtype", "bias"]))
    part[key] = data.draw(st.sampled_from([None, True, -1, 0.5, 10**400, "", "zeros", "x\n", [], {},
                                           {"zeros": None}, ["a"], *VARIED]))  # fmt: skip
    try:
        experiment(entry)
    except config.ConfigError as error:
        assert str(error).startswith("config: refine")
        assert len(str(error).splitlines()) == 1


def requests(*entries: dict[str, Any]) -> list[Request]:
    return [Request.from_record(record) for record in experiment(*entries).refine]


def test_what_is_not_named_is_the_first_of_the_grid() -> None:
    plain, held = requests(HIDDEN, {**HIDDEN, "with": {"init": "tied", "hidden": [4, 2]}})
    first = next(iter(report_results.train(experiment())))
    assert plain.at(0.5) == first
    assert held.at(0.5).hidden == (4, 2)
    assert held.at(0.5).init == REGISTRIES["init"].choose("tied")
    assert (held.at(0.25).dropout.label, held.name) == ("hidden-0.25", "hidden-p-2")


@pytest.mark.parametrize("vary", VARIED)
def test_every_number_can_be_varied_alone(vary: str) -> None:
    (request,) = requests({"vary": vary, "from": 0.25, "to": 0.75})
    low, high = (request.at(value).record() for value in (0.25, 0.75))
    (column,) = [name for name in low if low[name] != high[name]]
    assert column == vary.split(".")[0]
    assert Request.from_record(request.record()) == request
    assert Setting.from_record(low) == request.setting


@pytest.fixture(scope="module")
def searched() -> list[crossings.Search]:
    """A few searches of small networks, by the reference engine."""
    none = {"vary": "init.normal.std", "from": 0.1, "to": 1.0, "scan": 1}
    made = experiment(EPS, none, {**none, "with": {"arithmetic": "blas"}})
    rows = report_results.dataset(made)
    found = []
    for record in made.refine:
        request = Request.from_record(record)
        with (
            patch.object(training, "engine_of", lambda _: trainer),
            patch.object(boundary, "self_test"),
        ):
            tables = boundary.tables(request, made.run(), rows, made.redundancy)
        found.append(crossings.Search(request, *(t.fillna(crossings.EMPTY)
                                                 for t in tables.values())))  # fmt: skip
    return found


def test_the_verdicts_beside_a_boundary_are_those_of_a_plain_run(searched) -> None:
    """The search trains nothing that an experiment of these settings would not train."""
    eps = searched[0]
    assert eps.boundaries["below"].iloc[0] == "symmetric"
    assert eps.boundaries["above"].iloc[-1] in ("broken", "redundant")
    for row in eps.crossed:
        for value, verdict in ((row.low, row.below), (row.high, row.above)):
            init = {"constant_eps": {"value": 0.5, "eps": value}}
            plain = report_results.small(
                replicates=6, model={"hidden": [[3]], "activation": "tanh"},
                grid={"init": [init], "dropout": ["none"], "bias": ["none"]},
            )  # fmt: skip
            judged = report_results.results(plain, report_results.train(plain)).verdicts.iloc[0]
            tried = eps.points.set_index("value").loc[value]
            assert (tried["shares"], tried["prevails"]) == (judged["shares"], verdict)


def test_a_search_without_a_change_says_so(searched) -> None:
    none = searched[1]
    assert none.boundaries.empty
    assert len(none.points) == 3
    assert crossings.sentence(none) == (
        "No change between std = 0.1 and 1: most networks are broken (6 networks at each of 3 "
        "values)."
    )


def test_the_report_says_each_boundary_with_its_theory(searched) -> None:
    page = page_of(searched)
    text = " ".join("".join(page.texts).split())
    for one in searched:
        assert crossings.sentence(one) in text
        for row in one.crossed:
            assert f"{one.spell(row.low)} to {one.spell(row.high)}" in text
    assert crossings.theory(searched[0]) in text
    assert {crossings.foretold(row) for row in searched[0].rows} <= set(page.texts)
    assert crossings.theory(searched[2]) == ""  # of NumPy's @ nothing is predicted
    assert "boundaries" in page.values("id")


def page_of(found: list[crossings.Search]) -> Page:
    grid = {"init": ["tied"], "dropout": ["none"], "bias": ["none"]}
    plain = report_results.small(replicates=6, grid=grid)
    results = report_results.results(plain, report_results.train(plain))
    return Page(report.build(plain, dataclasses.replace(results, searches=found), MADE_BY))


def test_a_report_without_searches_has_no_such_section() -> None:
    assert not {"boundaries", "searches-title"} & set(page_of([]).values("id"))


def test_a_disagreement_of_a_search_stands_at_the_head_of_the_report(searched) -> None:
    eps = searched[0]
    wrong = dataclasses.replace(eps, points=eps.points.assign(agrees="no"))
    page = page_of([wrong])
    count = len(eps.points)
    assert f"theory disagrees at {count} of {count} values" in "".join(page.texts)
    ids = page.values("id")
    assert ids.index("searches-title") < ids.index("key")


PLACES = st.floats(1e-9, 1e-1, exclude_min=True, exclude_max=True)


@given(places=st.lists(PLACES, min_size=32, max_size=32))
def test_the_interval_reaches_from_the_11th_to_the_22nd_networks_own_boundary(places) -> None:
    """Of 32 networks that each cross once, at these places."""
    interval = Interval(1e-9, 1e-1, 0.05)
    labels = search(
        lambda value: boundary.prevailing(["ab"[place <= value] for place in places]), interval, 3
    )
    (found,) = boundaries(labels)
    values, ordered = list(labels), sorted(places)
    after, before = values[values.index(found.low) + 1], values[values.index(found.high) - 1]
    assert found.low < ordered[10] <= after
    assert before < ordered[21] <= found.high
    assert after <= found.low * 1.05 * (1 + 1e-12)
    assert found.high <= before * 1.05 * (1 + 1e-12)


@pytest.mark.parametrize("replicates", [FEWEST, 7, 12])
def test_the_coverage_is_the_share_of_outcomes_without_a_sure_majority(replicates: int) -> None:
    """At the median each network has crossed or not, as a coin falls."""
    outcomes = [boundary.prevailing(list(names)) for names in product("ab", repeat=replicates)]
    share = outcomes.count(MIXED) / len(outcomes)
    assert crossings.coverage(replicates) == pytest.approx(100 * share)


A, T, B = "symmetric", "tied", "broken"


@pytest.mark.parametrize(
    ("names", "once"),
    [([A, A, B], True), ([A, T, B], True), ([T, T, T], True), ([A, B, A], False),
     ([A, T, A], False), ([B, T, B], False), ([B, A, A], False), ([T, A, B], True)],
)  # fmt: skip
def test_a_network_crosses_once_where_it_never_comes_back(names: list[str], once: bool) -> None:
    assert boundary.crosses_once(names, Boundary(0.1, 0.2, A, B)) == once


def test_steady_networks_are_counted_between_the_neighbouring_boundaries() -> None:
    networks = {float(i): pd.DataFrame({"verdict": pair}) for i, pair in enumerate(
        [[B, B], [A, A], [A, B], [B, A], [B, B], [A, A]])}  # fmt: skip
    found = Boundary(2.0, 3.0, A, B)
    assert boundary.steady(networks, found, 1.0, 4.0) == 1
    assert boundary.steady(networks, found, -1.0, 9.0) == 0


def test_the_theorys_boundary_is_the_nearest_of_the_same_kind() -> None:
    predicted = [Boundary(1, 2, A, B), Boundary(5, 6, B, A), Boundary(8, 9, A, B)]
    for found, low in ((Boundary(7, 9, A, "redundant"), 8), (Boundary(4, 6, B, A), 5)):
        assert boundary.foretold({}, found, predicted) == ("found", low, low + 1)


@pytest.mark.parametrize(
    ("found", "rules", "known", "word"),
    [(Boundary(1, 2, "redundant", B), "a", True, "same"), (Boundary(1, 2, A, T), "a", True, "none"),
     (Boundary(1, 2, A, T), "a", False, "open"), (Boundary(1, 2, A, T), "", False, "silent")],
)  # fmt: skip
def test_what_the_theory_says_of_a_boundary_it_does_not_put_anywhere(
    found: Boundary, rules: str, known: bool, word: str
) -> None:
    beside = pd.DataFrame({"rule": [rules, "a"], "known": [known, True]})
    said, low, high = boundary.foretold({1.0: beside, 2.0: beside}, found, [])
    assert said == word
    assert np.isnan([low, high]).all()
    assert word in crossings.WORDS
