"""Neglect by start and noise, on real small networks: what each count and threshold must obey."""

import numpy as np
import pytest
from symbreak import neglect, neglect_text
from symbreak.report import Results
from symbreak.settings import Experiment


def test_a_higher_threshold_neglects_no_fewer_and_what_nobody_carries_is_neglected(
    results: Results,
) -> None:
    for _, rows in results.neglect.groupby(["start", "noise"]):
        assert rows["threshold"].is_monotonic_increasing
        for name in neglect.MEASURED:
            assert rows[f"{name}_mean"].is_monotonic_increasing
            assert (rows[f"{name}_low"] <= rows[f"{name}_mean"]).all()
            assert (rows[f"{name}_mean"] <= rows[f"{name}_high"]).all()
        assert (rows["uncarried_mean"] <= rows["neglected_mean"]).all()
        shares = sum(rows[f"{name}_mean"] for name in neglect.EACH)
        assert shares.tolist() == pytest.approx(rows["neglected_mean"].tolist())


def test_at_the_experiments_threshold_it_is_the_mean_of_the_settings(
    experiment: Experiment, results: Results
) -> None:
    rows = results.neglect[results.neglect["threshold"] == experiment.neglect]
    known = results.verdicts.dropna(subset="neglected_untrained_mean")
    assert rows["settings"].sum() == len(known)
    total = float(np.sum(rows["neglected_mean"] * rows["settings"]))
    assert total == pytest.approx(known["neglected_mean"].sum())


def test_noise_and_start_are_those_of_the_settings(results: Results) -> None:
    """Of the small grid half of the settings have hidden dropout."""
    once = results.neglect.drop_duplicates(["start", "noise"])
    known = results.verdicts.dropna(subset="neglected_untrained_mean")
    assert once.groupby("noise")["settings"].sum().to_dict() == {
        "own": int((known["dropout"] != "none").sum()),
        "none": int((known["dropout"] == "none").sum()),
    }
    different = int((known["starts_distinct"] == known["replicates"]).sum())
    assert once[once["start"] == "different"]["settings"].sum() == different


def test_where_nothing_is_known_there_is_no_row_and_no_sentence(results: Results) -> None:
    empty = results.neglect.iloc[:0]
    assert neglect_text.which_sentence(empty, 0.7) == ""
    assert neglect_text.at(empty, 0.7) == []
