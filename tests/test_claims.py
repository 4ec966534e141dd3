"""Claims as data: mistakes come back as one sentence, and the built-in ones can be tested."""

import copy
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from claimed_tables import DEFAULT, ROOT, networks, settings_of, verdicts
from judged_networks import a_model, judged, random_layers, rows_with_properties, trained
from networks_strategies import INPUTS
from report_results import times
from symbreak import claims, config, court, evidence, facts, judging, learned
from symbreak.claims import Check
from symbreak.settings import COLUMNS
from symbreak.verdicts import MIXED, RESULTS, VERDICTS

GOOD: dict[str, Any] = {
    "id": "mine", "title": "Mine", "says": "A claim.", "source": "me",
    "tested_by": {"start": ["equal", "groups"], "init": "constant", "weight_decay": {"at_most": 1}},
    "expects": {"networks": "broken", "neglected_mean": {"below": "neglected_untrained_mean"}},
}  # fmt: skip


def sentence(tmp_path: Path, entry: Any) -> str:
    """Return what is said of a config whose file of claims has this claim."""
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({"claims": [entry]}))
    with pytest.raises(config.ConfigError) as caught:
        config.experiment({**DEFAULT, "claims": str(file)})
    text = str(caught.value)
    assert str(file) in text
    assert "\n" not in text
    return text.partition(f"{file}: ")[2]


WRONG = [
    ("tested_by", {"strat": "equal"}, "tested_by.strat", "did you mean start?"),
    ("tested_by", {"start": "eqal"}, "claim mine: tested_by.start", "did you mean equal?"),
    ("tested_by", {"init": "zeroes"}, "'zeroes' is unknown", "did you mean zeros?"),
    ("tested_by", {"init": "constant-x"}, "'constant-x' is unknown", "did you mean constant"),
    ("tested_by", {"noise": {"at_least": 1}}, "noise is no number", "{not: value}"),
    ("tested_by", {"noise": {"nto": "none"}}, "'nto' is unknown", "did you mean not?"),
    ("tested_by", {"networks": "broken"}, "'networks' is unknown", "Known: start"),
    ("tested_by", {"start": []}, "tested_by.start is empty", "give it a value"),
    ("tested_by", ["equal"], "tested_by must be a mapping", "column: value"),
    ("expects", {}, "expects is empty", "say what should be found"),
    ("expects", {"networks": "broke"}, "expects.networks: 'broke'", "did you mean broken?"),
    ("expects", {"network": "broken"}, "expects.network: 'network'", "did you mean networks?"),
    ("expects", {"neglected": 1}, "expects.neglected: 'neglected'", "did you mean neglected_"),
    ("expects", {"loss_median": "low"}, "loss_median must be a number", "'low'"),
    ("expects", {"loss_median": {"below": "los"}}, "loss_median.below", "'los' is unknown"),
    ("expects", {"loss_median": {"below": True}}, "below must be a number", "True"),
    ("expects", {"verdict": "fine"}, "expects.verdict: 'fine'", "Known: diverged"),
    ("expects", {"unchanged": {"column": "verdict"}}, "expects.unchanged must be", "across"),
    ("expects", {"unchanged": {"column": "verdict", "across": "biases"}}, "unchanged.across",
     "did you mean bias?"),
    ("expects", {"unchanged": {"column": "distinct_share", "across": "bias", "within": "x"}},
     "unchanged.within must be a number", "'x'"),
    ("expects", {"unchanged": {"column": "verdict", "across": "bias", "within": 0.1}},
     "unchanged.within must be 0", "left out for verdict"),
    ("try", 5, "try must be a text", "is 5"),
    ("untested", "never", "key 'expects' is unknown", "Known: id"),
    ("shows", {"neglect": "x"}, "shows: 'neglect'", "did you mean neglected"),
    ("shows", ["neglected_mean"], "shows must be a mapping", "column: value"),
    ("id", "Mine!", "id must be small letters", "digits"),
    ("id", "biases", "claim biases: another claim has this id", "choose"),
    ("title", 5, "title must be a text", "is 5"),
    ("tilte", "x", "key 'tilte' is unknown", "did you mean title?"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "wrong", "right"), WRONG)
def test_a_mistake_is_named_with_its_claim_and_what_would_be_right(
    tmp_path: Path, key: str, value: Any, wrong: str, right: str
) -> None:
    text = sentence(tmp_path, {**GOOD, key: value})
    assert wrong in text
    assert right in text


@pytest.mark.parametrize("key", ["id", "title", "says", "source", "tested_by", "expects"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    text = sentence(tmp_path, {k: v for k, v in GOOD.items() if k != key})
    assert f" {key} " in text


def test_a_file_that_is_missing_or_holds_no_claims_is_named(tmp_path: Path) -> None:
    texts = {None: "no such file", "claim: []": "did you mean claims?",
             "claims: {}": "must be a list", "claims: [1]": "claim 1 must be"}  # fmt: skip
    for text, says in texts.items():
        file = tmp_path / f"{says[:5]}.yaml"
        if text is not None:
            file.write_text(text)
        with pytest.raises(config.ConfigError, match=re.escape(says)) as caught:
            config.experiment({**DEFAULT, "claims": str(file)})
        assert str(file) in str(caught.value)


def test_a_good_claim_is_read_as_written_and_comes_after_the_built_in_ones(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({"claims": [GOOD]}, sort_keys=False))
    *built_in, mine = config.claims(str(file))
    assert built_in == config.claims(None)
    assert mine.tested_by == (
        Check("start", ("equal", "groups")), Check("init", ("constant",)),
        Check("weight_decay", bounds=(("at_most", 1.0),)),
    )  # fmt: skip
    assert mine.networks == ("broken",)
    assert mine.expects == (
        Check("neglected_mean", bounds=(("below", "neglected_untrained_mean"),)),
    )


def test_the_judge_judges_a_readers_own_claims(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({"claims": [{**GOOD, "tested_by": {}}]}))
    setting = a_model((3,))
    group = trained(setting, random_layers((INPUTS, 3, 1)), random_layers((INPUTS, 3, 1), 1))
    rows = rows_with_properties(setting)
    found = learned.table([group], rows, 0.99, 0.7)
    tables = judging.tables(
        [judging.part(judged(group), found, times([group]), 0.99, 0.7)], 0.7, str(file)
    )
    assert tables["claims"]["claim"].tolist()[-1] == "mine"
    assert tables["claims"]["settings"].tolist()[-1] == 1


def test_what_a_claim_may_name_is_what_the_tables_hold() -> None:
    assert tuple(VERDICTS) == claims.VERDICTS
    assert claims.WORDS["verdict"] == (*VERDICTS, MIXED)
    made = {*RESULTS, *judging.SUMMED, "starts_distinct", "distinct_share", "repeats",
            "repeats_different"}  # fmt: skip
    assert set(claims.NUMBERS) <= made
    assert set(claims.RATES) < set(COLUMNS)


def untested(content: dict[str, Any]) -> set[str]:
    """Return the claims that no setting of an experiment tests; its verdicts play no part."""
    labels = [s.record() for s in settings_of(config.experiment(content))]
    table = verdicts("broken 4", pd.DataFrame(labels))
    rows = evidence.frame(table, networks(table))
    return {c.id for c in config.claims(None)
            if not c.untested and not evidence.tested(c, rows).any()}  # fmt: skip


def test_the_config_that_a_claim_names_tests_it() -> None:
    named = {c.id: c.try_with for c in config.claims(None) if not c.untested}
    for path in set(named.values()):
        cannot = untested(yaml.safe_load((ROOT / path).read_text()))
        assert not cannot & {name for name, other in named.items() if other == path}, path


def test_the_default_grid_tests_every_built_in_claim_but_that_of_minibatches() -> None:
    """It has no minibatches; with them every claim is tested that a run can test."""
    assert untested(DEFAULT) == {"minibatch-ties"}
    with_batches = copy.deepcopy(DEFAULT)
    with_batches["training"]["batch_size"] = ["full", 32]
    assert not untested(with_batches)


def test_built_in_claims_are_part_of_the_package() -> None:
    assert claims.BUILT_IN.parent == Path(claims.__file__).parent
    assert claims.BUILT_IN.suffix == ".yaml"


def test_the_docs_hold_the_facts_and_a_worked_example_that_is_false_as_they_say() -> None:
    docs = (ROOT / "docs/claims.md").read_text()
    assert facts.table() in docs, "run: python -m symbreak.facts"
    example = docs.partition("Write a file of claims,\n")[2].partition("\nname it")[0]
    (claim,) = claims.parse(yaml.safe_load(example))
    labels = [s.record() for s in settings_of(config.experiment(DEFAULT))]
    table = verdicts("broken 4", pd.DataFrame(labels), effective_width_mean=6.0)
    (row,) = court.table([claim], table).itertuples()
    assert (row.verdict, row.evidence) == ("false", "6.00 different neurons at the end")
    assert all(f"`{name}`" in (ROOT / "docs/files.md").read_text() for name in row._fields[1:])
