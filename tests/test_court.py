"""The claims court: verdicts, conditions and counterexamples of random tables of verdicts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from claimed_tables import RECORDS, REPLICATES, SETTINGS, networks, verdicts
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from symbreak import claims, conditions, config, court, evidence, facts
from symbreak.claims import Claim
from symbreak.settings import COLUMNS, Setting
from symbreak.statistics import bootstrap

quick = settings(deadline=None, max_examples=25)
FRAME = evidence.frame(verdicts("broken 4"))
NAMES = [name for name in conditions.NAMES if FRAME[name].nunique() > 1]
VALUES = {name: sorted(set(FRAME[name])) for name in NAMES}
BREAKS, STAYS = f"broken {REPLICATES}", f"symmetric {REPLICATES}"
TEXT = {"title": "A claim", "says": "It says so.", "source": "a test"}


def claim(expects: dict[str, Any], **tested_by: Any) -> Claim:
    entry = {"id": "c", **TEXT, "tested_by": tested_by, "expects": expects}
    return claims.parse({"claims": [entry]})[0]


BROKEN = claim({"networks": "broken"})


def judged(mask: np.ndarray, one: Claim = BROKEN, records: pd.DataFrame = RECORDS) -> Any:
    """Return the row of one claim, of a table whose settings break where the mask says so."""
    table = verdicts(np.where(mask, BREAKS, STAYS), records)
    return next(court.table([one], table, networks(table)).itertuples())


def random_mask(seed: int, share: float) -> np.ndarray:
    return np.random.default_rng(seed).random(len(RECORDS)) < share


masks = st.builds(random_mask, st.integers(0, 10**6), st.sampled_from([0.03, 0.5, 0.97]))


@st.composite
def parts(draw: Callable) -> tuple[str, list[str]]:
    """A factor, and one to three of its values, not all."""
    name = draw(st.sampled_from(NAMES))
    most = min(conditions.MOST_VALUES, len(VALUES[name]) - 1)
    return name, draw(st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=most,
                               unique=True))  # fmt: skip


def inside(part: tuple[str, list[str]]) -> np.ndarray:
    return FRAME[part[0]].isin(part[1]).to_numpy()


@quick
@given(masks)
def test_a_claim_holds_where_every_setting_that_tests_it_agrees(mask: np.ndarray) -> None:
    allowed = claim({"networks": ["symmetric", "broken"]}, noise=["own", "rows"])
    row = judged(mask, allowed)
    assert (row.verdict, row.condition, row.share) == ("holds", "", 1)
    assert pd.isna(row.counterexample)
    assert row.settings == row.settings_agree == FRAME["noise"].isin(["own", "rows"]).sum()
    assert (row.share_low, row.share_high) == (1, 1)


@quick
@given(masks)
def test_the_verdict_is_holds_only_if_no_setting_disagrees(mask: np.ndarray) -> None:
    row = judged(mask)
    assert (row.verdict == "holds") == mask.all()
    assert (row.settings_agree, row.networks_agree) == (mask.sum(), REPLICATES * mask.sum())
    assert row.share == pytest.approx(mask.mean())


@quick
@given(parts())
def test_a_planted_condition_of_one_factor_is_found(part: tuple[str, list[str]]) -> None:
    mask = inside(part)
    rule = conditions.condition(FRAME, mask)
    assert rule is not None
    assert len(rule.parts) == 1
    assert (rule.inside(FRAME) == mask).all()
    row = judged(mask)
    assert (row.verdict, row.settings_inside) == ("holds when", mask.sum())


@quick
@given(parts(), parts(), st.booleans())
def test_a_planted_condition_of_two_factors_is_found(
    first: tuple[str, list[str]], second: tuple[str, list[str]], either: bool
) -> None:
    mask = (np.logical_or if either else np.logical_and)(inside(first), inside(second))
    assume(0 < mask.sum() < len(mask))
    rule = conditions.condition(FRAME, mask)
    assert rule is not None
    assert (rule.inside(FRAME) == mask).all()


@quick
@given(masks, parts())
def test_inside_a_condition_every_setting_agrees_and_it_covers_half_of_those_that_do(
    mask: np.ndarray, part: tuple[str, list[str]]
) -> None:
    mask = mask | inside(part)
    rule = conditions.condition(FRAME, mask)
    if rule is not None and not mask.all():
        covered = rule.inside(FRAME)
        assert rule.settings == covered.sum() >= mask.sum() / 2
        assert not (covered & ~mask).any()
        assert all(min(len(p.values), len(p.others)) <= 3 for p in rule.parts)


@quick
@given(parts(), st.integers(0, len(RECORDS) - 1))
def test_one_setting_that_disagrees_is_outside_of_every_condition(
    part: tuple[str, list[str]], hole: int
) -> None:
    mask = inside(part)
    mask = mask & (np.arange(len(mask)) != hole)
    rule = conditions.condition(FRAME, mask)
    assert rule is None or not (rule.inside(FRAME) & ~mask).any()


def test_of_several_conditions_the_one_that_covers_most_is_found() -> None:
    most, fewer = RECORDS["init"] != "zeros", RECORDS["batch_size"] == "full"
    some = RECORDS.index % 4 == 1  # so that the two do not cover all
    rule = conditions.condition(FRAME, (most | fewer | some).to_numpy())
    assert rule is not None
    assert (rule.inside(FRAME) == most).all()


def test_a_setting_agrees_only_where_all_its_networks_do() -> None:
    one = claim({"networks": ["broken", "redundant"]})
    shares = np.where(RECORDS["init"] == "zeros", "broken 3; symmetric 1", "broken 3; redundant 1")
    row = next(court.table([one], verdicts(shares)).itertuples())
    zeros = (RECORDS["init"] == "zeros").sum()
    assert row.settings_agree == len(RECORDS) - zeros
    assert row.networks_agree == row.networks - zeros
    assert row.found == "broken 3; symmetric 1"


def test_what_is_not_to_be_is_left_out() -> None:
    row = judged(np.ones(len(RECORDS), bool), claim({"networks": "broken"}, noise={"not": "none"}))
    assert row.settings == (FRAME["noise"] != "none").sum()


def test_a_checkerboard_has_no_condition_and_the_claim_is_false() -> None:
    """Any rule of two factors holds agreeing and disagreeing settings alike."""
    codes = sum(RECORDS[name].astype("category").cat.codes for name in
                ("init", "dropout", "bias", "activation", "batch_size"))  # fmt: skip
    row = judged((codes % 2 == 0).to_numpy())
    assert (row.verdict, row.condition, row.settings_inside) == ("false", "", 0)
    assert row.share == 0.5


@settings(deadline=None, max_examples=10)
@given(masks, parts(), st.randoms())
def test_the_order_of_the_rows_changes_nothing(
    mask: np.ndarray, part: tuple[str, list[str]], random: Any
) -> None:
    mask = mask & inside(part)
    order = list(range(len(mask)))
    random.shuffle(order)
    for one in (BROKEN, claim({"unchanged": {"column": "distinct_share", "across": "bias"}})):
        before = judged(mask, one)._asdict()
        after = judged(mask[order], one, RECORDS.iloc[order].reset_index(drop=True))._asdict()
        chosen = ("counterexample", "found", "instead_of", "found_there", "changed")  # the first
        for name in before.keys() - {"Index", *chosen}:
            assert str(before[name]) == str(after[name]), name
        if pd.notna(before["changed"]):
            assert before["changed"].count(";") == after["changed"].count(";")


@quick
@given(masks)
def test_a_counterexample_contradicts_and_is_nearest_to_a_setting_that_agrees(
    mask: np.ndarray,
) -> None:
    row = judged(mask)
    if mask.all():
        return
    labels = [s.label for s in SETTINGS]
    at = labels.index(row.counterexample)
    assert not mask[at]
    assert row.found == STAYS
    if not mask.any():
        assert pd.isna(row.instead_of)
        return
    other = labels.index(row.instead_of)
    assert mask[other]
    assert row.found_there == BREAKS
    table = RECORDS.to_numpy(str)
    changes = (table[:, None] != table[None])[np.ix_(~mask, mask)].sum(axis=2)
    assert (table[at] != table[other]).sum() == changes.min() == 1 + row.changed.count(";")


@quick
@given(masks, st.sampled_from(["bias", "dropout", "activation"]))
def test_a_comparison_agrees_where_the_factor_changes_nothing(
    mask: np.ndarray, factor: str
) -> None:
    row = judged(mask, claim({"unchanged": {"column": "distinct_share", "across": factor}}))
    others = [name for name in COLUMNS if name != factor]
    same = RECORDS.assign(m=mask).groupby(others)["m"].transform("nunique") == 1
    assert row.settings_agree == same.sum()
    if not same.all():
        assert row.changed.startswith(f"{factor}: ")
        assert ";" not in row.changed
        assert {row.found, row.found_there} == {BREAKS, STAYS}


def test_networks_that_diverged_say_nothing() -> None:
    shares = np.where(RECORDS["init"] == "zeros", f"diverged {REPLICATES}", "broken 3; diverged 1")
    row = next(court.table([BROKEN], verdicts(shares)).itertuples())
    kept = (RECORDS["init"] != "zeros").sum()
    assert (row.verdict, row.settings, row.networks) == ("holds", kept, 3 * kept)


def test_a_claim_without_a_setting_says_why() -> None:
    row = judged(np.ones(len(RECORDS), bool), claim({"networks": "broken"}, start="near"))
    assert (row.verdict, row.settings) == ("not tested", 0)
    assert row.condition == (
        "no setting of this experiment is one where the units start almost equal"
    )


def test_unknown_properties_leave_a_claim_about_them_untested() -> None:
    """As with a table of one's own: the numbers are empty."""
    one = claim({"neglected_mean": {"below": "neglected_untrained_mean"}})
    found = court.table([one], verdicts(BREAKS, neglected_mean=np.nan))
    assert found["verdict"].tolist() == ["not tested"]


def learned_of(found: pd.DataFrame, last: Any) -> pd.DataFrame:
    """Rows of networks at a first and a last step: 3 properties neglected first, then ``last``."""
    plain = found.assign(least_correlation=0.5, coverage=1.0, effective_width=2.0,
                         effective_rank=1.0)  # fmt: skip
    return pd.concat([plain.assign(step=0, neglected=3), plain.assign(step=9, neglected=last)])


@quick
@given(st.integers(0, 10**6))
def test_intervals_draw_seeds_again_each_with_its_networks_of_all_settings(seed: int) -> None:
    """However many settings there are, they say no more than their seeds do."""
    random = np.random.default_rng(seed)
    broken = random.random((len(RECORDS), REPLICATES)) < random.random(REPLICATES)
    shares = [f"broken {n}; symmetric {REPLICATES - n}" for n in broken.sum(axis=1)]
    table = verdicts(shares)
    found = networks(table)
    found["verdict"] = np.where(broken.ravel(), "broken", "symmetric")
    neglected = random.integers(0, 4, (len(RECORDS), REPLICATES))
    one = claims.parse({"claims": [{"id": "c", **TEXT, "tested_by": {"noise": "own"}, "shows": {
        "neglected_mean": "after", "neglected_untrained_mean": "before"}, "expects": {
            "networks": "broken"}}]})[0]  # fmt: skip
    order = random.permutation(2 * len(found))  # whatever the order of the rows
    learned = learned_of(found, neglected.ravel()).iloc[order]
    row = next(court.table([one], table, found, learned).itertuples())
    tested = (FRAME["noise"] == "own").to_numpy()
    assert (row.share_low, row.share_high) == bootstrap(broken[tested].mean(axis=0))
    means = neglected[tested].mean(axis=0)
    low, high = bootstrap(means)
    after, before = row.evidence.split("; ")
    assert after == f"{means.mean():.2f} ({low:.2f} to {high:.2f}) after"
    assert before == "3.00 (3.00 to 3.00) before"


def test_where_nothing_is_drawn_there_is_no_interval() -> None:
    """The networks of such a setting are one network, told several times."""
    table = verdicts(BREAKS)
    for asked, some in (({"noise": "none", "drawn_start": "no"}, False),
                        ({"noise": "none", "drawn_start": "yes"}, True),
                        ({"noise": "rows", "drawn_start": "no"}, True)):  # fmt: skip
        row = next(court.table([claim({"networks": "broken"}, **asked)], table,
                               networks(table)).itertuples())  # fmt: skip
        assert (row.settings_drawn == row.settings) == some
        assert (row.settings_drawn > 0) == some
        assert pd.notna(row.share_low) == pd.notna(row.share_high) == some


@pytest.mark.parametrize(("few", "within", "agree"), [(2, 0.5, True), (2, 0.49, False),
                                                      (3, 0.25, True), (3, 0, False)])  # fmt: skip
def test_compared_settings_agree_within_the_tolerance(few: int, within: float, agree: bool) -> None:
    less = f"broken {few}; symmetric {REPLICATES - few}"
    table = verdicts(np.where(RECORDS["bias"] == "none", less, BREAKS))
    compared = {"column": "distinct_share", "across": "bias", "within": within}
    row = next(court.table([claim({"unchanged": compared})], table).itertuples())
    assert row.verdict == ("holds" if agree else "false")
    said = "is the same" if not within else f"differs by no more than {within}"
    assert said in row.agrees_where
    if not agree:
        assert {row.found, row.found_there} == {less, BREAKS}


def test_a_counterexample_differs_by_more_than_the_tolerance() -> None:
    shares = {"none": "broken 3; symmetric 1", "constant-0.1": BREAKS, "normal-0.1": STAYS}
    assert set(shares) == set(RECORDS["bias"])
    compared = {"column": "distinct_share", "across": "bias", "within": 0.75}
    table = verdicts(RECORDS["bias"].map(shares).to_numpy())
    row = next(court.table([claim({"unchanged": compared})], table).itertuples())
    assert {row.found, row.found_there} == {BREAKS, STAYS}


def test_shares_of_networks_leave_out_those_that_diverged() -> None:
    table = verdicts(np.where(RECORDS["bias"] == "none", "broken 3; diverged 1", BREAKS))
    table.loc[RECORDS["bias"] == "normal-0.1", "shares"] = f"diverged {REPLICATES}"
    shares = evidence.frame(table)["distinct_share"]
    assert set(shares.dropna()) == {1.0}
    assert (shares.isna() == (RECORDS["bias"] == "normal-0.1")).all()
    row = next(court.table([claim({"unchanged": {"column": "distinct_share", "across": "bias"}})],
                           table).itertuples())  # fmt: skip
    assert (row.verdict, row.settings) == ("holds", shares.notna().sum())


def test_fewer_neglected_means_that_the_interval_says_so() -> None:
    (question,) = (c for c in config.claims(None) if c.id == "question")
    cases = (0.5, 0.9, 1, "holds"), (0.5, 1, 1, "false"), (0.9, 1.5, 2, "holds"), (1, 1, 2, "false")
    for mean, high, untrained, verdict in cases:
        table = verdicts(BREAKS, neglected_mean=mean, neglected_high=high,
                         neglected_untrained_mean=untrained)  # fmt: skip
        row = next(court.table([question], table).itertuples())
        assert row.verdict == verdict
        assert verdict == "holds" or f"{mean:g} (0.4 to {high:g}) neglected" in row.found


def test_bounds_may_be_columns_and_a_mean_of_unknown_networks_has_no_interval() -> None:
    table = verdicts(BREAKS, neglected_mean=np.linspace(0, 2, len(RECORDS)),
                     neglected_low=0.25, neglected_high=0.75)  # fmt: skip
    one = claims.parse({"claims": [{"id": "c", **TEXT, "tested_by": {}, "shows": {
        "neglected_mean": "neglected"}, "expects": {"neglected_mean": {
            "below": "neglected_untrained_mean", "at_least": 0.5}}}]})[0]  # fmt: skip
    row = next(court.table([one], table).itertuples())
    numbers = table["neglected_mean"]
    assert row.settings_agree == ((numbers < 1) & (numbers >= 0.5)).sum()
    assert row.evidence == "1.00 neglected"


def test_a_components_name_means_it_with_any_parameters() -> None:
    by_name = court.table([claim({"networks": "broken"}, init="constant")], verdicts(BREAKS))
    by_label = court.table([claim({"networks": "broken"}, init="constant-0.5")], verdicts(BREAKS))
    other = court.table([claim({"networks": "broken"}, init="constant-2")], verdicts(BREAKS))
    assert by_name["settings"].tolist() == by_label["settings"].tolist() == [36]
    assert other["verdict"].tolist() == ["not tested"]


def test_networks_that_repeat_another_have_its_bits_or_are_counted() -> None:
    table = verdicts(f"frozen {REPLICATES}")
    found = networks(table, "frozen")
    rows = evidence.frame(table, found)
    quiet = (rows["drawn_start"] == "no") & (rows["noise"] == "none")
    still = (rows["drawn_start"] == "yes") & (rows["bias"] == "none")
    assert ((rows["repeats"] == REPLICATES) == (quiet | still)).all()
    assert (rows["repeats_different"] == rows["repeats"]).all()  # all checksums differ here
    keys = found[["init", "replicate"]].where(found["init"] == "normal-0.5", "same")
    same = found.assign(checksum=[" ".join(map(str, key)) for key in keys.to_numpy()])
    assert evidence.frame(table, same)["repeats_different"].sum() == 0
    moved = networks(table, "broken")
    assert evidence.frame(table, moved)["repeats"].sum() == REPLICATES * quiet.sum()


@pytest.mark.parametrize(
    ("factor", "label", "fact", "value"),
    [
        ("init", "normal-0.5", "start", "distinct"),
        ("init", "normal-0", "start", "equal"),  # a spread of nothing
        ("init", "normal-0", "zero_weights", "all"),
        ("init", "constant_eps-0.5-1e-30", "start", "equal"),  # nothing is left of eps
        ("init", "constant_eps-0.5-0.0001", "start", "near"),
        ("init", "tied-0.5-0.5", "start", "equal"),
        ("init", "random_in_zero_out-0.5", "zero_weights", "outgoing"),
        ("bias", "normal-0", "biases", "zero"),
        ("bias", "constant-0", "biases", "zero"),
        ("bias", "uniform-0.1", "start", "distinct"),
        ("dropout", "hidden-0", "noise", "none"),
        ("dropout", "shared-0.5", "noise", "shared"),
        ("dropout", "gaussian-0.5", "noise", "own"),
        ("batch_size", "32", "noise", "rows"),
        ("activation", "gelu", "activation_at_zero", "zero"),
        ("activation", "leaky_relu", "activation_below_zero", "sloped"),
    ],
)
def test_facts_are_what_components_do_not_what_they_are_called(
    factor: str, label: str, fact: str, value: str
) -> None:
    plain = {**SETTINGS[0].record(), "init": "constant-0.5", "dropout": "none", factor: label}
    assert facts.all_of(Setting.from_record(plain))[fact] == value
