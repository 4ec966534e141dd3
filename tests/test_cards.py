"""The cards of the report say what claims.csv holds."""

import re
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import pytest
from claimed_tables import RECORDS, REPLICATES, SMALL, networks, verdicts
from report_page import HOSTILE, Page
from symbreak import cards, claims, config, court
from symbreak.cards import Card
from symbreak.summary import Grid

BREAKS, STAYS = f"broken {REPLICATES}", f"symmetric {REPLICATES}"
RANDOM = (RECORDS["bias"] == "normal-0.1") | (RECORDS["init"] == "normal-0.5")
SHARES = np.where(RANDOM, BREAKS, STAYS)
GRID = Grid(config.experiment(SMALL), verdicts(SHARES))


def claim(**changes: Any) -> dict[str, Any]:
    plain = {"id": "mine", "title": "Mine", "says": "A claim.", "source": "me", "tested_by": {},
             "expects": {"networks": "broken"}}  # fmt: skip
    return {**plain, **changes}


def table(*entries: dict[str, Any]) -> pd.DataFrame:
    found = verdicts(SHARES)
    return court.table(claims.parse({"claims": list(entries)}), found, networks(found))


def card(**changes: Any) -> Card:
    (found,) = cards.cards(GRID, table(claim(**changes)))
    return found


def page(found: pd.DataFrame) -> tuple[str, Page]:
    environment = jinja2.Environment(loader=jinja2.PackageLoader("symbreak"), autoescape=True)
    text = environment.get_template("claims.html").render(claims=cards.cards(GRID, found))
    return text, Page(text)


def numbers(sentence: str) -> list[int]:
    return [int(found) for found in re.findall(r"\d+", sentence.replace(",", ""))]


def test_a_condition_is_a_sentence_with_its_numbers_and_a_counterexample() -> None:
    found = card()
    assert found.verdict == "Holds when the units start all different."
    agree, others = int(RANDOM.sum()), int((~RANDOM).sum())
    first, second = found.evidence
    assert numbers(first) == [agree, len(RECORDS), REPLICATES, agree, others]
    assert "none of the" in first
    assert numbers(second)[:2] == [REPLICATES * agree, REPLICATES * len(RECORDS)]
    against = found.counterexample
    assert against is not None
    assert against.setting.startswith("Initializer zeros, dropout none, bias none, activation tanh")
    assert (against.found, against.found_there) == (
        "symmetric in 4 networks",
        "broken in 4 networks",
    )
    assert against.instead == "bias normal-0.1 instead of none"


def test_each_verdict_has_a_sign_and_a_class_of_its_own() -> None:
    checkerboard = {"unchanged": {"column": "verdict", "across": "bias"}}
    found = [card(tested_by={"start": "distinct"}), card(), card(expects={"networks": "tied"}),
             card(tested_by={"start": "near"}), card(expects=checkerboard)]  # fmt: skip
    assert [c.kind for c in found] == ["holds", "if", "false", "not", "if"]
    assert [c.verdict.split()[0] for c in found] == ["Holds.", "Holds", "False.", "Not", "Holds"]
    assert len({c.sign for c in found}) == 4
    assert found[0].counterexample is None
    assert found[3].evidence == ()
    assert "almost equal" in found[3].verdict
    against = found[2].counterexample
    assert against is not None
    assert against.instead == ""  # there is no setting where it holds


def test_a_card_says_what_its_interval_is_of() -> None:
    quiet = card(tested_by={"noise": "none", "drawn_start": "no"})
    assert "(nothing is drawn in these settings)" in quiet.evidence[1]
    loud = card(tested_by={"drawn_start": "yes"})
    assert "(the same with every seed of this run)" in loud.evidence[1]
    found = table(claim()).assign(share_low=0.254, share_high=0.75)
    (varied,) = cards.cards(GRID, found)
    assert "(95 % interval 25.4 to 75.0, by seeds)" in varied.evidence[1]


def test_a_card_says_when_compared_settings_agree() -> None:
    compared = {"column": "distinct_share", "across": "bias", "within": 0.1}
    (sentence,) = card(expects={"unchanged": compared}).evidence[1:]
    assert "differs by no more than 0.1 between settings that differ in the bias alone" in sentence


def test_a_claim_that_is_not_tested_says_what_tests_it() -> None:
    never = card(tested_by={"start": "near"}, **{"try": "config/other.yaml"})
    assert never.try_with == "snakemake --cores 4 --configfile config/other.yaml"
    assert card(**{"try": "config/other.yaml"}).try_with == ""
    ruled = court.table(config.claims(None), verdicts(SHARES))
    own = "snakemake --cores 4 --configfile my.yaml"
    (same,) = (c for c in cards.cards(GRID, ruled, own) if c.id == "claim-same-seed")
    assert same.verdict.startswith("Not tested: one run cannot test it; run twice")
    assert f"; {own} --forceall; cmp first.parquet results/{GRID.experiment.name}/" in same.try_with
    text, _ = page(table(claim(tested_by={"start": "near"}, **{"try": "a <b>"})))
    assert "<code><span>a &lt;b&gt;</span></code>" in text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100 %"),
        (0.0, "0 %"),
        (0.999, "more than 99 %"),
        (1e-9, "less than 1 %"),
        (0.5, "50 %"),
    ],
)
def test_only_a_whole_share_is_100_percent(share: float, text: str) -> None:
    assert cards.percent(share) == text


def test_cards_read_back_from_a_file_are_the_same(tmp_path: Any) -> None:
    found = table(claim(), claim(id="never", tested_by={"start": "near"}),
                  claim(id="no", expects={"networks": "tied"}))  # fmt: skip
    found.to_csv(tmp_path / "claims.csv", index=False)
    read = pd.read_csv(tmp_path / "claims.csv", dtype={"verdict": str})
    assert cards.cards(GRID, read) == cards.cards(GRID, found)


def test_every_claim_is_on_the_page_in_order_and_hostile_words_stay_text() -> None:
    built_in = court.table(config.claims(None), verdicts(SHARES))
    mine = table(claim(title=HOSTILE, says=HOSTILE, source=HOSTILE))
    found = pd.concat([built_in, mine], ignore_index=True)
    text, parsed = page(found)
    assert "<script" not in text
    assert parsed.texts.count(HOSTILE) == 3
    ids = [name for name in parsed.values("id") if re.fullmatch("claim-[a-z-]+", name)]
    kept = [name for name in ids if not name.endswith("-title")]
    assert kept == [f"claim-{name}" for name in found["claim"]]
    for shown in cards.cards(GRID, found):
        assert shown.verdict in parsed.texts
        assert all(sentence in parsed.texts for sentence in shown.evidence)
    assert not parsed.open
