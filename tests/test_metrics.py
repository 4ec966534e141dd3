"""Tables of distances and verdicts: several layers, edge cases, and their documentation."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged_networks import a_model, judged, random_layers, rows_with_properties, trained
from networks_strategies import INPUTS, rows_for
from symbreak import dynamics, judging, learned, metrics, networks, pages, verdicts
from symbreak.networks import join_layers, network_widths
from symbreak.settings import COLUMNS

DOCS = Path(__file__).parents[1] / "docs/files.md"
TYPES = {"i": "whole", "f": "number", "b": "flag", "O": "text", "U": "text"}


def merged(layers: list[networks.Layer], layer: int, into: list[int]) -> list[networks.Layer]:
    """Return the network whose unit u of a hidden layer is a copy of unit into[u]."""
    w, b = layers[layer - 1]
    after, bias = layers[layer]
    changed = {layer - 1: (w[into], b[into]), layer: (after[:, into], bias)}
    return [changed.get(k, old) for k, old in enumerate(layers)]


def test_the_least_broken_layer_decides_and_all_are_shown() -> None:
    setting = a_model((4, 3))
    free = random_layers(network_widths(INPUTS, setting.hidden))
    nets = free, merged(free, 2, [0, 1, 1]), merged(free, 1, [2, 2, 2, 2])
    rows = judged(trained(setting, *nets))
    assert rows["layer_verdicts"].tolist() == [
        "broken; broken", "broken; tied", "symmetric; broken",
    ]  # fmt: skip
    assert rows["verdict"].tolist() == ["broken", "tied", "symmetric"]
    assert rows[["distinct", "units"]].to_numpy().tolist() == [[4, 4], [2, 3], [1, 4]]
    assert rows["equal"].tolist() == [False, False, True]


@given(place=st.integers(0, 100), layer=st.integers(1, 2))
def test_a_layer_is_frozen_unless_some_part_of_its_neuron_vectors_moved(
    place: int, layer: int
) -> None:
    setting = a_model((4, 3))
    widths = network_widths(INPUTS, setting.hidden)
    flags = np.zeros(networks.parameter_count(widths), bool)
    flags[place % flags.size] = True
    net = random_layers(widths)
    rows = judged(trained(setting, net, moved=flags))
    touched = networks.neuron_vectors(flags, widths, layer).any()
    shown = rows["layer_verdicts"][0].split("; ")[layer - 1]
    assert shown == ("broken" if touched else "frozen")


def test_a_frozen_network_says_whether_its_units_are_equal() -> None:
    setting = a_model((3,))
    free = random_layers(network_widths(INPUTS, setting.hidden))
    rows = judged(trained(setting, free, merged(free, 1, [0, 0, 0]), moved=False))
    assert rows["verdict"].tolist() == ["frozen", "frozen"]
    assert rows["equal"].tolist() == [False, True]
    assert rows["distinct"].tolist() == [3, 1]


@given(seed=st.integers(0, 10**6), units=st.integers(2, 7), data=st.data())
def test_distinct_units_are_the_groups_of_copies(seed: int, units: int, data) -> None:
    into = data.draw(st.lists(st.integers(0, units - 1), min_size=units, max_size=units))
    setting = a_model((units,))
    net = merged(random_layers(network_widths(INPUTS, setting.hidden), seed), 1, into)
    groups = len(set(into))
    row = judged(trained(setting, net), redundancy=1.0).iloc[0]
    expected = {1: "symmetric", units: "broken"}.get(groups, "tied")
    assert (row["distinct"], row["verdict"]) == (groups, expected)
    assert (row["max_distance"] == 0) == (groups == 1)


def test_a_diverged_network_has_no_distances_and_no_part_in_medians() -> None:
    setting = a_model((3,))
    net = trained(setting, *[random_layers(network_widths(INPUTS, (3,)), s) for s in range(3)])
    net.weights[1] = np.nan
    for score in (net.train_loss, net.test_loss, net.train_accuracy, net.test_accuracy):
        score[1] = np.nan
    rows = judged(net)
    assert rows["verdict"].tolist() == ["broken", "diverged", "broken"]
    assert (rows["distinct"][1], rows["equal"][1], rows["diverged"][1]) == (0, False, True)
    table = metrics.distances([net])
    lost = table["replicate"] == 1
    assert table[lost].filter(regex="l2|cosine").isna().all(axis=None)
    assert table[~lost].filter(regex="l2").notna().all(axis=None)
    row = verdicts.settings(rows).iloc[0]
    assert (row["verdict"], row["shares"], row["diverged"]) == ("mixed", "broken 2; diverged 1", 1)
    assert row["max_distance_median"] == np.mean(rows["max_distance"][[0, 2]])
    assert (row["loss_median"], row["accuracy_median"]) == (0.2, 0.8)


def test_dead_units_are_the_same_as_each_other_and_different_from_a_living_one() -> None:
    setting = a_model((3,), "relu")
    net = random_layers(network_widths(INPUTS, (3,)))
    for dead, verdict in ((3, "redundant"), (2, "broken")):
        net[0][1][:dead] = -100 - np.arange(dead)
        assert judged(trained(setting, net))["verdict"][0] == verdict
        net[0][1][:] = 0


@pytest.mark.parametrize(("factor", "verdict"), [(1 - 1e-4, "redundant"), (1 + 1e-4, "broken")])
def test_redundancy_is_the_least_correlation_of_all_pairs(factor: float, verdict: str) -> None:
    setting = a_model((3,), "linear", dtype="float32")
    x, _ = rows_for(setting)
    net = random_layers(network_widths(INPUTS, (3,)), 5)
    w, b = net[0]
    activations = x.astype(np.float64) @ w.T + b
    least = abs(np.corrcoef(activations.T)).min()
    assert judged(trained(setting, net), redundancy=least * factor)["verdict"][0] == verdict


def test_networks_are_judged_one_by_one_whatever_is_judged_beside_them() -> None:
    setting = a_model((3, 2), "gelu")
    nets = [random_layers(network_widths(INPUTS, (3, 2)), s) for s in range(70)]
    together = judged(trained(setting, *nets))
    alone = pd.concat([judged(trained(setting, net)) for net in nets], ignore_index=True)
    pd.testing.assert_frame_equal(
        together.drop(columns="replicate"), alone.drop(columns="replicate")
    )
    x, _ = rows_for(setting)
    flat = np.stack([join_layers(net) for net in nets])
    widths = network_widths(INPUTS, (3, 2))
    all_at_once = metrics.least_correlation(setting, flat, widths, x)
    each = [metrics.least_correlation(setting, one[None], widths, x)[0] for one in flat]
    assert (all_at_once == np.stack(each)).all()


def test_distances_have_a_row_a_pair_layer_checkpoint_and_replicate() -> None:
    groups = [
        trained(a_model(hidden), *[random_layers(network_widths(INPUTS, hidden), s)
                                   for s in range(2)], checkpoints=3)
        for hidden in ((2,), (4, 3))
    ]  # fmt: skip
    table = metrics.distances(groups)
    keys = ["hidden", "replicate", "layer", "step", "unit_a", "unit_b"]
    assert not table.duplicated(keys).any()
    assert (table["unit_a"] < table["unit_b"]).all()
    counts = table.groupby(["hidden", "layer"], observed=True).size()
    assert counts.to_dict() == {("2", 1): 6 * 1, ("4-3", 1): 6 * 6, ("4-3", 2): 6 * 3}


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), power=st.integers(-40, 40))
def test_a_larger_scale_scales_distances_and_leaves_cosines(seed: int, power: int) -> None:
    setting = a_model((4,))
    net = random_layers(network_widths(INPUTS, (4,)), seed)
    larger = [(w * 2.0**power, b * 2.0**power) for w, b in net]
    small, large = (metrics.distances([trained(setting, n)]) for n in (net, larger))
    for name in ("incoming", "outgoing", "whole"):
        assert (large[f"l2_{name}"] == small[f"l2_{name}"] * 2.0**power).all()
        assert (large[f"cosine_{name}"] == small[f"cosine_{name}"]).all()


@given(seed=st.integers(0, 10**6))
def test_distances_obey_the_triangle_inequality(seed: int) -> None:
    net = random_layers(network_widths(INPUTS, (3,)), seed)
    table = metrics.distances([trained(a_model((3,)), net, checkpoints=1)])
    for name in ("l2_incoming", "l2_outgoing", "l2_whole"):
        a, b, c = sorted(table[name])
        assert c <= (a + b) * (1 + 1e-12)


@given(seed=st.integers(0, 10**6))
def test_cosines_of_copies_are_exactly_0_and_of_zero_vectors_missing(seed: int) -> None:
    net = merged(random_layers(network_widths(INPUTS, (3,)), seed), 1, [0, 0, 2])
    net[0][0][2], net[0][1][2] = 0, 0
    table = metrics.distances([trained(a_model((3,)), net, checkpoints=1)])
    assert table["cosine_whole"][0] == table["cosine_incoming"][0] == 0
    assert table["cosine_incoming"][1:].isna().all()
    assert table["cosine_whole"].notna().all()


def test_settings_keep_the_order_of_the_grid() -> None:
    order = ["tanh", "relu", "linear", "gelu"]
    groups = [trained(a_model((3,), a), *[random_layers((INPUTS, 3, 1))] * 2) for a in order]
    table = verdicts.settings(judged(*groups))
    assert table["activation"].tolist() == order
    assert table["replicates"].tolist() == [2] * 4


def test_the_numbers_of_the_csv_read_back_to_the_same_bits() -> None:
    nets = [random_layers((INPUTS, 3, 1), seed) for seed in range(5)]
    table = verdicts.settings(judged(trained(a_model((3,)), *nets)))
    row = next(csv.DictReader(io.StringIO(table.to_csv(index=False))))
    for name in ("max_distance_median", "broken_low", "loss_median"):
        assert float(row[name]) == table[name][0]


def documented(heading: str) -> dict[str, list[str]]:
    """Return the rows of the first table below a heading of docs/files.md by their first cell."""
    section = re.split(r"^## ", DOCS.read_text(encoding="utf-8"), flags=re.M)
    text = next(part for part in section if part.startswith(heading))
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in rows}


@pytest.mark.parametrize(
    "heading",
    ["Verdicts", "Contrasts", "By verdict", "Neglect", "Networks", "Distances", "What",
     "Pages", "Sensitivity", "Learning", "Dynamics of networks", "Dynamics of settings"],
)  # fmt: skip
def test_every_column_has_its_row_and_type_in_the_docs(heading: str) -> None:
    nets = [random_layers((INPUTS, 3, 1), seed) for seed in range(2)]
    groups = [trained(a_model((3,), name), *nets) for name in ("tanh", "relu")]
    x, y = rows_for(groups[0].setting)
    rows = verdicts.with_theory(judged(*groups), groups, SimpleNamespace(x_train=x, y_train=y), 0)
    found = learned.table(groups, rows_with_properties(groups[0].setting), 0.99, 0.7)
    paged = pages.table(groups, found, rows_with_properties(groups[0].setting), 0.7)
    pairs = metrics.distances(groups)
    moving = dynamics.table(groups, pairs["l2_whole"].to_numpy())
    summed = judging.tables([judging.part(rows, found, moving, 0.99, 0.7)], 0.7)
    tables = {
        "Verdicts": summed["verdicts"],
        "Contrasts": summed["contrasts"],
        "By verdict": summed["by_verdict"],
        "Neglect": summed["neglect"],
        "Sensitivity": summed["sensitivity"],
        "Learning": summed["over_training"],
        "Networks": rows,
        "What": found,
        "Pages": paged,
        "Distances": pairs,
        "Dynamics of networks": moving,
        "Dynamics of settings": summed["dynamics"],
    }
    texts = set(COLUMNS) & set(tables[heading]) - {"learning_rate", "weight_decay"}
    table = tables[heading].astype(dict.fromkeys(texts, object))
    alone = heading in ("Sensitivity", "Learning", "By verdict", "Neglect")
    of_setting = {} if alone else documented("The columns of a setting")
    columns = of_setting | documented(heading)
    assert sorted(columns) == sorted(table.columns)
    kinds = {name: "list" if isinstance(table[name][0], list)
             else TYPES[np.asarray(table[name]).dtype.kind] for name in table}  # fmt: skip
    assert kinds == {name: columns[name][1] for name in table}
    assert all(meaning for _, _, meaning in columns.values())


def test_every_array_of_the_weights_has_its_row_and_shape_in_the_docs(tmp_path: Path) -> None:
    group = trained(a_model((3,)), random_layers((INPUTS, 3, 1)), checkpoints=4)
    networks.save(tmp_path / "weights.npz", [group, replace(group, setting=a_model((3,), "relu"))])
    with np.load(tmp_path / "weights.npz") as file:
        arrays = {re.sub(r"_\d+$", "", name): file[name].shape for name in file.files}
    rows = documented("Weights")
    assert sorted(rows) == sorted(arrays)
    for name, shape in arrays.items():
        letters = [cell for cell in rows[name][0].split(", ") if cell not in ("", "bytes")]
        assert name == "records" or len(letters) == len(shape)


def test_the_verdicts_have_their_sentence_in_the_docs() -> None:
    text = DOCS.read_text(encoding="utf-8")
    shown = re.findall(r"^- `(\w+)`:", text, re.M)
    assert shown == list(verdicts.VERDICTS)
