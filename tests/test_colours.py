"""The page's colours as numbers: text can be read, and the verdicts stay apart for every eye."""

from itertools import combinations

import pytest
from colours import EYES, contrast, distance, tokens
from symbreak import svg

MODES = ("light", "dark")
APART = 9  # of OKLab times 100: some four times what is just seen


@pytest.mark.parametrize("mode", MODES)
def test_text_stands_out_from_what_is_behind_it(mode: str) -> None:
    found = tokens(mode)
    pairs = [(f"on-{name}", name) for name in svg.VERDICTS]
    pairs += [("ink", f"shade-{i}") for i in range(len(svg.SHADES))]
    pairs += [(text, back) for text in ("ink", "muted") for back in ("paper", "raised")]
    for text, back in pairs:
        assert contrast(found[text], found[back]) >= 4.5, (text, back)


@pytest.mark.parametrize("mode", MODES)
def test_what_is_drawn_and_focused_stands_out_from_the_paper(mode: str) -> None:
    found = tokens(mode)
    for name in ("focus", *(f"{verdict}-line" for verdict in svg.VERDICTS)):
        assert contrast(found[name], found["paper"]) >= 3, name


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["", "-line"], ids=["cells", "lines"])
@pytest.mark.parametrize("eyes", EYES)
def test_the_verdicts_stay_apart_for_every_eye(mode: str, kind: str, eyes: str) -> None:
    """Each has a sign and a word as well; the colours alone would do."""
    found = tokens(mode)
    for first, second in combinations(svg.VERDICTS, 2):
        apart = distance(found[first + kind], found[second + kind], eyes)
        assert apart >= APART, (first, second, apart)


def test_what_is_saved_takes_the_light_colours_whatever_the_page_has() -> None:
    """The rule of the light colours holds for ``.light``, too; the dark one only for the page."""
    light, dark = tokens("light"), tokens("dark")
    assert light.keys() == dark.keys()
    assert set(svg.VARIABLES.values()) <= {f"--{name}" for name in light}


def test_the_measures_are_those_of_the_standards() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.48, abs=0.01)
    assert distance("#000", "#fff") == pytest.approx(100, abs=0.01)
    assert distance("#f00", "#0f0") > 2 * distance("#f00", "#0f0", "deuteranopia")
