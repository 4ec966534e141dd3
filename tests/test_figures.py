"""Every figure of a report says its numbers, has them beside it, and an id of its own."""

import html
import re

import numpy as np
import pandas as pd
import pytest
from report_page import MADE_BY, Page
from symbreak import figures, report, svg
from symbreak.report import Results
from symbreak.settings import Experiment
from symbreak.svg import Figure


@pytest.fixture(scope="module")
def text(experiment: Experiment, results: Results) -> str:
    return report.build(experiment, results, MADE_BY)


def drawn(text: str) -> list[str]:
    """The figures of a page."""
    return re.findall(r"<figure .*?</figure>", text, re.DOTALL)


def test_every_drawing_of_the_page_goes_through_the_macro(text: str) -> None:
    pictures = re.findall(r'<svg[^>]* role="img"', text)
    assert len(pictures) == len(drawn(text)) > 0


def test_every_figure_has_a_sentence_with_numbers_and_says_it_to_who_does_not_see(
    text: str,
) -> None:
    for figure in drawn(text):
        label = html.unescape(re.search(r'aria-label="([^"]*)"', figure)[1])
        caption = re.search(r"<figcaption><p>(.*?)</p>", figure, re.DOTALL)[1]
        sentence = html.unescape(re.sub("<[^>]*>", "", caption))  # terms link to the glossary
        assert label.endswith(sentence)
        assert re.search(r"\d", sentence)


def test_every_figure_has_its_numbers_or_says_where_they_are(text: str) -> None:
    for figure in drawn(text):
        rows = re.findall(r"<tr>(.*?)</tr>", figure)
        if "<table" in figure:
            assert 1 < len(rows) <= svg.MOST_ROWS + 1
            assert len({row.count("<td>") + row.count("<th ") for row in rows}) == 1
        else:
            assert re.search(r"<p>\d+ rows: <code>\S+\.\w+</code>", figure)


def test_every_figure_has_an_id_of_its_own_and_so_has_what_it_defines(text: str) -> None:
    ids = Page(text).values("id")
    assert len(ids) == len(set(ids))
    assert all(re.match(r'<figure id="figure-[0-9a-f]{8}"', figure) for figure in drawn(text))


def test_an_id_changes_with_the_numbers_and_only_then() -> None:
    rows = pd.DataFrame({"step": [0, 1], "median": [0.0, 0.25]})
    one, same = (Figure("distance", "", "A sentence.", rows.copy(), "here") for _ in range(2))
    other = Figure("distance", "", "A sentence.", rows.assign(median=[0.0, 0.26]), "here")
    elsewhere = Figure("distance", "", "A sentence.", rows, "there")
    assert one.id == same.id
    assert len({one.id, other.id, elsewhere.id}) == 3


def test_numbers_are_those_drawn() -> None:
    pairs = pd.DataFrame({"step": [0, 0, 0, 5, 5, 5],
                          "l2_whole": [0.0, 0.0, 0.0, 1.0, 2.0, 4.0]})  # fmt: skip
    figure = figures.distance(pairs, "broken", (1.0, 4.0), "Farther.")
    assert figure.header == ["step", "median", "smallest", "largest"]
    assert list(figure.cells) == [["0", "0", "0", "0"], ["5", "2", "1", "4"]]


def test_too_many_numbers_are_named_by_their_file_not_cut() -> None:
    few, many = (pd.DataFrame({"x": range(n)}) for n in (svg.MOST_ROWS, svg.MOST_ROWS + 1))
    assert Figure("a", "", "s", few).fits
    assert not Figure("a", "", "s", many).fits


def test_the_paths_of_all_checkpoints_fit_beside_their_figure() -> None:
    points = np.arange(24.0).reshape(4, 3, 2)
    figure = figures.paths(points, [0, 1, 5, 9], "tied", "Paths.")
    assert figure.header[:3] == ["step", "neuron 1 x", "neuron 1 y"]
    assert list(figure.cells)[1] == ["1", "6", "7", "8", "9", "10", "11"]


def test_weights_before_and_after_are_one_figure() -> None:
    before, after = np.zeros((2, 2)), np.array([[1.0, -0.5], [np.inf, 0.0]])
    figure = figures.weights(before, after, ["in", "out"], "Weights.")
    assert list(figure.cells) == [
        ["before", "1", "0", "0"], ["before", "2", "0", "0"],
        ["after", "1", "1", "−0.5"], ["after", "2", "not finite", "0"],
    ]  # fmt: skip
    assert all(word in figure.svg for word in ("before training", "after training", "−0.50"))
