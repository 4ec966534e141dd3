"""What the report is made of: colours, numbers, wide layers, provenance."""

import hashlib
import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import yaml
from symbreak import figures, page, report, summary


def luminance(colour: str) -> float:
    """Return the relative luminance of #rgb or #rrggbb, as WCAG 2 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(mode: str) -> None:
    style = page.style()
    light, dark = re.findall(r":root \{.*?\}", style, re.DOTALL)[:2]
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", light if mode == "light" else light + dark))
    pairs = [(f"on-{name}", name) for name in figures.VERDICTS]
    pairs += [("ink", f"shade-{i}") for i in range(len(figures.SHADES))]
    pairs += [(text, back) for text in ("ink", "muted") for back in ("paper", "raised")]
    for text, back in pairs:
        low, high = sorted(luminance(colours[name]) for name in (text, back))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, back)


def test_only_an_exact_zero_is_written_as_zero() -> None:
    assert summary.number(0.0) == figures._short(0.0) == "0"
    assert summary.number(1e-17) == figures._short(1e-17) == "1e−17"
    assert summary.number(-0.25) == "−0.25"
    assert summary.number(float("nan")) == "not finite"


def test_a_wide_layer_is_drawn_without_numbers() -> None:
    neurons = np.linspace(-1, 1, 40 * 6).reshape(40, 6)
    wide = figures.weights(neurons, list("abcdef"), 1.0, "wide")
    assert "<text" not in wide
    assert wide.count("--shade-") >= neurons.size


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
