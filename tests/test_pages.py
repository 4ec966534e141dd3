"""The pages of settings: their numbers are those of the networks, and packing keeps them."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import unpacked
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from report_results import dataset, small
from symbreak import config, examples, index, learned, metrics, packing, page, pages, paths, report
from symbreak.networks import Trained, neuron_vectors
from symbreak.report import Results
from symbreak.settings import Experiment, Setting
from symbreak.story import PROPERTIES
from symbreak.summary import Grid

Table = dict[Setting, dict[str, Any]]
MADE_BY = report.Provenance((), {"symbreak": "0"}, "unknown")
numbers = st.one_of(st.just(0.0), st.just(float("nan")), st.floats(-1e3, 1e3), st.floats())
words = st.lists(st.sampled_from(["1,000", "−0.5", "3e−9", "to", "of", ".", "12", "−", "0"]))


@pytest.fixture(scope="module")
def table(experiment: Experiment, trained: dict[Setting, Trained]) -> Table:
    """The page of every setting of the small experiment."""
    rows = dataset(experiment)
    found = learned.table(trained.values(), rows, experiment.redundancy, experiment.neglect)
    made = pages.table(iter(trained.values()), found, rows, experiment.neglect)
    return dict(zip(trained, made.to_dict("records"), strict=True))


def test_a_page_has_the_distances_of_its_networks(
    table: Table, trained: dict[Setting, Trained]
) -> None:
    for setting, row in table.items():
        found = metrics.distances([trained[setting]])
        found = found[found["layer"] == row["layer"]].groupby("step")["l2_whole"]
        for name in ("min", "median", "max"):
            column = {"min": "low", "max": "high"}.get(name, name)
            assert row[f"distance_{column}"] == found.agg(name).tolist()


def test_weights_and_paths_number_the_units_alike(
    table: Table, trained: dict[Setting, Trained]
) -> None:
    for setting, row in table.items():
        networks, layer = trained[setting], row["layer"]
        first, last = (neuron_vectors(networks.weights[0, at], networks.widths, layer)
                       for at in (0, -1))  # fmt: skip
        units = paths.named(networks, layer, 0)
        assert units is not None
        assert np.array_equal(np.reshape(row["before"], first.shape), first)
        assert np.array_equal(np.reshape(row["after"], last.shape), units.vectors[-1])
        assert np.array_equal(last[units.names[-1]], units.vectors[-1])
        if row["points"]:
            points = np.reshape(row["points"], (len(networks.steps), len(first), 2))
            flat, share = paths.plane(units.vectors)
            assert np.array_equal(points, flat)
            assert row["share"] == share


def test_activations_are_those_of_rows_in_the_order_of_the_output(
    table: Table, trained: dict[Setting, Trained], experiment: Experiment
) -> None:
    x = dataset(experiment).x_train
    for setting, row in table.items():
        networks, layer = trained[setting], row["layer"]
        (layers,) = metrics.activations(setting, networks.weights[0, -1:], networks.widths, x)
        own = {tuple(values) for values in layers[layer - 1][0][:, _order(networks, layer)]}
        shown = np.reshape(row["activations"], (setting.hidden[layer - 1], -1)).T
        assert {tuple(values) for values in shown} <= own
        w = neuron_vectors(networks.weights[0, -1], networks.widths, layer)[_order(networks, layer)]
        assert (np.diff(shown @ w[:, -1]) >= -1e-12).all()


def _order(networks: Trained, layer: int) -> np.ndarray:
    units = paths.named(networks, layer, 0)
    assert units is not None
    return units.names[-1]


def test_shares_and_neglect_are_those_of_the_tables(
    table: Table, results: Results, experiment: Experiment, trained: dict[Setting, Trained]
) -> None:
    rows = dataset(experiment)
    found = learned.table(trained.values(), rows, experiment.redundancy, experiment.neglect)
    last = found[found["step"] == experiment.steps]
    grid = Grid(experiment, results.verdicts)
    for setting, row in table.items():
        own = examples.pairs_of(last, setting, 1)
        for name in PROPERTIES:
            assert row[f"share_{name}"] == (own[f"own_{name}"] >= experiment.neglect).mean()
            unit = row[f"unit_{name}"]
            carried = own[own["replicate"] == 0][f"own_{name}"].item()
            assert (unit > 0) == (carried >= experiment.neglect)
        for end in ("mean", "low", "high"):
            assert row[f"neglected_{end}"] == getattr(grid.rows[setting], f"neglected_{end}")


@st.composite
def a_row(draw: st.DrawFn, checkpoints: int, features: int) -> dict[str, Any]:
    """A row of pages of a network of any shape, with any numbers."""
    hidden = draw(st.lists(st.integers(2, 4), min_size=1, max_size=2))
    layer = draw(st.integers(1, len(hidden)))
    widths = (features, *hidden, 1)
    units, length = widths[layer], widths[layer - 1] + 1 + widths[layer + 1]

    def some(count: int, values: st.SearchStrategy[float] = numbers) -> list[float]:
        return draw(st.lists(values, min_size=count, max_size=count))

    finite = st.floats(-1e3, 1e3) | st.just(0.0)
    steps, rows = draw(st.integers(0, checkpoints)), draw(st.integers(0, 5))
    distance = st.one_of(st.just(0.0), st.floats(1e-18, 1e6), st.just(np.nan))
    return {
        "hidden": "-".join(map(str, hidden)), "layer": layer,
        **{f"distance_{name}": some(checkpoints, distance) for name in pages.ENDS},
        "points": some(2 * units * steps, finite), "share": draw(st.floats(0, 1)),
        "before": some(units * length), "after": some(units * length),
        "activations": some(units * rows, finite), "unit_quality": draw(st.integers(0, units)),
        "share_quality": draw(st.just(np.nan) | st.floats(0, 1)),
        **{f"{kind}_text": " ".join(draw(words)) for kind in packing.KINDS},
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_packed_comes_back_within_the_error_of_8_bits(data: st.DataObject) -> None:
    checkpoints, features = data.draw(st.integers(2, 5)), data.draw(st.integers(1, 3))
    rows = data.draw(st.lists(st.none() | a_row(checkpoints, features), max_size=4))
    most = data.draw(st.integers(2, 5))
    text = packing.chunk(rows, most)
    hidden = [row["hidden"] if row else "2" for row in rows]
    found = unpacked.chunk(text, hidden, features, checkpoints, most)
    assert [page is None for page in found] == [row is None for row in rows]
    assert packing.chunk(rows, most) == text
    for row, back in zip(rows, found, strict=True):
        if row is not None:
            assert back["texts"] == {kind: row[f"{kind}_text"] for kind in packing.KINDS}
            check_drawn(row, back)


def check_drawn(row: dict[str, Any], back: dict[str, Any]) -> None:
    for name in ("before", "after", "activations"):
        largest = packing.SHADES if name == "activations" else packing.LARGEST
        close(row[name], back[name].ravel(), largest)
    units = back["before"].shape[0]
    points = np.reshape(row["points"], (-1, units, 2))
    size = 2.0 ** (packing.step(points) / packing.OCTAVE)
    assert np.abs(points[back["kept"]] - back["points"]).max(initial=0) <= 0.51 * size / 127
    distances = np.array([row[f"distance_{name}"] for name in pages.ENDS])
    assert np.array_equal(np.isnan(distances), np.isnan(back["distance"]))
    assert np.array_equal(distances == 0, back["distance"] == 0)
    above = distances > 0
    if above.any():
        octaves = np.log2(distances[above].max() / distances[above].min()) + 2 / packing.OCTAVE
        error = np.log2(back["distance"][above] / distances[above])
        assert np.abs(error).max() <= 0.51 * octaves / (packing.TOP - 1)


def close(values: list[float], back: np.ndarray, largest: int) -> None:
    """Hold the bound that ``packing.signed`` states, over the numbers that a scale reaches."""
    array = np.array(values)
    known = np.isfinite(array)
    assert np.array_equal(np.isnan(back), ~known)
    size = 2.0 ** (packing.step(array) / packing.OCTAVE)
    if size < 1e300:
        assert np.abs(array[known] - back[known]).max(initial=0) <= 0.51 * size / largest
        assert size <= 1.1 * max(1e-300, np.abs(array[known]).max(initial=0)) or size == 1


@given(st.integers(0, 60), st.integers(2, 60))
def test_the_checkpoints_kept_are_even_and_hold_both_ends(count: int, most: int) -> None:
    kept = packing.kept(count, most)
    assert len(kept) == min(count, most)
    assert kept == sorted(set(kept))
    if count > 1:
        assert (kept[0], kept[-1]) == (0, count - 1)
        steps = np.diff(kept)
        assert steps.max() - steps.min() <= 1


@given(st.integers(1, 40_000), st.integers(2, 64), st.integers(2, 40))
def test_larger_grids_show_no_more_checkpoints(size: int, units: int, checkpoints: int) -> None:
    shown = packing.points(size, units, checkpoints)
    assert min(checkpoints, packing.FEWEST) <= shown <= checkpoints
    assert packing.points(size + 1, units, checkpoints) <= shown


def test_no_two_scripts_declare_the_same_name() -> None:
    declared = re.findall(
        r"^(?:const|let|var|class|(?:async )?function) (\w+)", page.script(), re.M
    )
    assert len(declared) > 20
    assert sorted(set(declared)) == sorted(declared)


VARIED = small(
    training={
        "optimizer": ["sgd", {"momentum": {"beta": 0.5}}], "learning_rate": [1e-05, 3],
        "weight_decay": [0, 1e-7], "batch_size": ["full", 7], "steps": 3,
        "arithmetic": ["exact", "blas"], "dtype": ["float32", "float64"],
    },
    model={"hidden": [[2], [3, 4]], "activation": ["leaky_relu", "gelu"]},
)  # fmt: skip


def test_ids_are_the_labels_and_lead_back_to_the_setting() -> None:
    every = [s for c in VARIED.combinations() for s in VARIED.settings(*c)]
    ids = [setting.path for setting in every]
    assert len(set(ids)) == len(ids)
    names = tuple(Setting.__dataclass_fields__)
    for setting, name in zip(every, ids, strict=True):
        assert Setting.from_record(dict(zip(names, name.split("/"), strict=True))) == setting
    assert "constant-0.5/hidden-0.5/none/leaky_relu/3-4/sgd/1e-5/0/full/exact/float32" in ids


@given(st.sampled_from([s for c in VARIED.combinations() for s in VARIED.settings(*c)]))
@settings(deadline=None, max_examples=30)
def test_the_config_of_a_setting_holds_this_setting_only(setting: Setting) -> None:
    text = index.config_text(VARIED).replace("{{name}}", "one")
    for factor in (index.factor(VARIED, name) for name in setting.record()):
        label = setting.path.split("/")[list(setting.record()).index(factor["name"])]
        text = text.replace(f"{{{{{factor['name']}}}}}",
                            factor["yaml"][factor["values"].index(label)])  # fmt: skip
    found = config.experiment(yaml.safe_load(text))
    assert [s for c in found.combinations() for s in found.settings(*c)] == [setting]
    assert (found.seed, found.data, found.steps) == (VARIED.seed, VARIED.data, VARIED.steps)
    assert (found.redundancy, found.neglect) == (VARIED.redundancy, VARIED.neglect)


@given(st.lists(st.none() | st.text(max_size=2) | st.floats(), max_size=30))
def test_a_column_of_the_index_comes_back(values: list[Any]) -> None:
    packed = index.column(values)
    back = packed["all"] if "all" in packed else [packed["of"][at] for at in packed["at"]]
    for value, found in zip(values, back, strict=True):
        if isinstance(value, float) and np.isfinite(value):
            assert found == pytest.approx(value, rel=5.1 * 10.0**-index.DIGITS, abs=1e-300)
        else:
            assert found == (value if isinstance(value, str) else None)


def packs(count: int, length: int) -> page.Packs:
    chunks = [chr(97 + k % 26) * length for k in range(count)]
    return page.Packs({"size": count * packing.CHUNK - 1, "columns": {}}, "later", chunks)


@pytest.mark.parametrize("length", [10, 30_000, page.BUDGET])
def test_a_file_keeps_to_its_budget_and_says_what_it_leaves_out(length: int) -> None:
    many = packs(100, length)
    text = page.one_file(f"<p>{page.HELD}</p>{page.DATA}", many)
    assert len(text.encode()) <= page.BUDGET
    held = len(re.findall(r'id="pack-c\d', text))
    assert held == min(100, (page.BUDGET - 1_000) // (length + 70))
    assert (f"the first {held * packing.CHUNK:,} of the" in text) == (held < 100)
    assert (page.SITE in text) == (held < 100)


def test_a_site_has_all_pages_and_is_the_same_when_made_again(
    experiment: Experiment, results: Results
) -> None:
    files = report.site(experiment, results, MADE_BY)
    assert files == report.site(experiment, results, MADE_BY)
    assert set(files) == {"index.html", "data/columns.js", "data/c0.js"}
    assert all("http" not in text for name, text in files.items() if name != "index.html")
    assert files["data/c0.js"].startswith('symbreakFile("c0", "')


def test_a_missing_page_leaves_a_gap(experiment: Experiment, results: Results) -> None:
    def without_the_first(init: str) -> pd.DataFrame:
        return results.pages(init).iloc[1:]

    fewer = replace(results, pages=without_the_first)
    rows = list(report.page_rows(Grid(experiment, results.verdicts), fewer))
    each = len(rows) // len(experiment.init)
    assert [i for i, row in enumerate(rows) if row is None] == list(range(0, len(rows), each))
