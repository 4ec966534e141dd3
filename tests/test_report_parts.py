"""What the report is made of: colours, numbers, wide layers, provenance."""

import hashlib
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import yaml
from symbreak import figures, report, summary


def test_only_an_exact_zero_is_written_as_zero() -> None:
    assert summary.number(0.0) == figures._short(0.0) == "0"
    assert summary.number(1e-17) == figures._short(1e-17) == "1e−17"
    assert summary.number(-0.25) == "−0.25"
    assert summary.number(float("nan")) == "not finite"


def test_a_wide_layer_is_drawn_without_numbers() -> None:
    neurons = np.linspace(-1, 1, 40 * 6).reshape(40, 6)
    wide = figures.weights(neurons, neurons, list("abcdef"), "wide").svg
    assert "neuron 1" not in wide
    assert wide.count("--shade-") >= 2 * neurons.size


def test_provenance_does_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    config = tmp_path / "my.yaml"
    config.write_text("experiment: my\n")
    found = report.provenance([config], {"experiment": "my"})
    assert found.commit.startswith("unknown")
    assert found.versions["numpy"] == np.__version__
    assert found.config == (("my.yaml", "experiment: my\n"),)
    assert found.command == "snakemake --cores 4 --configfile my.yaml"


def test_a_config_that_no_file_says_is_in_the_report_as_a_file(tmp_path: Path) -> None:
    config = tmp_path / "my.yaml"
    config.write_text("experiment: my\nseed: 1\nmodel: {hidden: [[3]]}\n")
    values = {"experiment": "my", "seed": 5, "model": OrderedDict(hidden=((4, 3),))}
    for files in ([config], []):
        found = report.provenance(files, values)
        ((name, text),) = found.config
        assert yaml.safe_load(text) == {**values, "model": {"hidden": [[4, 3]]}}
        assert found.command.endswith(f" --configfile {name}")
        assert found.digest == hashlib.sha256(text.encode()).hexdigest()
