"""Shards and parts: how work is cut up decides what is lost and held, and no bit of the results."""

from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from symbreak import config, data, learned, measuring, networks, settings, training

ROOT = Path(__file__).parents[1]
TINY = config.read(ROOT / "config/tiny.yaml")
SMALL = replace(TINY, init=TINY.init[1:2], dropout=TINY.dropout[2:4], replicates=20,
                hidden=((3,),), activation=TINY.activation[:2], batch_size=(None,),
                optimizer=TINY.optimizer[:1])  # fmt: skip
CONFIGS = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))


def pairs_of(shards: int | None, **axes: tuple) -> list[list[tuple[str, str]]]:
    return replace(TINY, shards=shards, **axes).shard_pairs


@given(st.integers(1, 40))
def test_every_combination_is_in_one_shard_and_shards_differ_by_one_at_most(count: int) -> None:
    found = pairs_of(count)
    sizes = [len(pairs) for pairs in found]
    assert [*chain(*found)] == [(d.label, b.label) for d in TINY.dropout for b in TINY.bias]
    assert len(found) == min(count, len(TINY.dropout) * len(TINY.bias))
    assert max(sizes) - min(sizes) <= 1


@given(st.integers(1, 40))
def test_one_more_initializer_changes_no_shard(count: int) -> None:
    assert pairs_of(count, init=TINY.init[:1]) == pairs_of(count)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_labels_of_a_combination_and_the_models_give_its_settings(name: str) -> None:
    experiment = config.read(ROOT / "config" / name)
    models = yaml.safe_load(yaml.safe_dump(experiment.models()))  # plain values
    count = 0
    for choices in experiment.combinations():
        labels = "/".join(choice.label for choice in choices)
        found = settings.combination(f"{experiment.results}/train/{labels}.npz", models)
        assert found == experiment.settings(*choices)
        count += len(found)
    assert count == len(experiment)


@pytest.fixture(scope="module")
def table() -> data.Dataset:
    return data.dataset(SMALL.data, data.make(SMALL.data, SMALL.seed))


def trained(table: data.Dataset) -> list[networks.Trained]:
    chosen = [s for labels in SMALL.combinations() for s in SMALL.settings(*labels)]
    return list(training.train(chosen, SMALL.run(), table))


@pytest.mark.parametrize("limit", [1, 20_000])
def test_networks_in_parts_have_the_same_bits_and_tables(
    table: data.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """A part is a network, or as many as fit a limit; files, batches and tables follow it."""
    whole = trained(table)
    networks.save(tmp_path / "whole.npz", whole)
    monkeypatch.setattr(networks, "HELD", limit)
    parts = trained(table)
    assert len(parts) > len(whole)
    networks.save(tmp_path / "parts.npz", parts)
    for one, other in zip(whole, networks.load(tmp_path / "parts.npz"), strict=True):
        assert one.setting == other.setting
        for name in networks.ARRAYS:
            assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    rest = table, SMALL.seed, SMALL.redundancy, SMALL.neglect
    for name, rows in learned.tables(whole, *rest):
        found = dict(learned.tables(parts, *rest))[name]
        pd.testing.assert_frame_equal(found, rows)


def test_a_measured_file_grows_batch_by_batch_to_the_table_of_all(
    table: data.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(table)
    files = [tmp_path / f"{i}.npz" for i in range(2)]
    for file, group in zip(files, (whole[:2], whole[2:]), strict=True):
        networks.save(file, group)
    rest = table, SMALL.seed, SMALL.redundancy, SMALL.neglect
    outputs = {name: tmp_path / f"{name}.parquet"
               for name in ("distances", "dynamics", "networks", "properties")}  # fmt: skip
    monkeypatch.setattr(measuring, "BATCH", 1)
    measuring.measure(files, outputs, *rest)
    for name, rows in learned.tables(whole, *rest):
        found = pd.read_parquet(outputs[name])
        expected = rows.astype(dict(found.dtypes))  # labels that are numbers come back as numbers
        pd.testing.assert_frame_equal(found, expected, check_categorical=False)


@given(st.lists(st.integers(2, 300), min_size=1, max_size=3), st.integers(2, 1000))
def test_a_part_takes_no_more_than_the_limit_unless_it_is_one_network(
    hidden: list[int], checkpoints: int
) -> None:
    widths = networks.network_widths(4, tuple(hidden))
    size = networks.part_size(widths, checkpoints)
    each = networks.part_bytes(widths, checkpoints)
    weights = checkpoints * 8 * networks.parameter_count(widths)
    assert size == 1 or size * each <= networks.HELD
    assert weights <= each
    assert size < networks.LANES or size % networks.LANES == 0


def test_batches_hold_every_part_once_and_no_more_than_the_limit(
    table: data.Dataset, tmp_path: Path
) -> None:
    whole = trained(table)
    networks.save(tmp_path / "a.npz", whole)
    sizes = [len(t.weights) * networks.part_bytes(t.widths, len(t.steps)) for t in whole]
    for limit in (1, 2 * max(sizes), sum(sizes)):
        found = list(measuring.batches([tmp_path / "a.npz"], limit))
        assert [t.setting for batch in found for t in batch] == [t.setting for t in whole]
        ends = np.cumsum([0, *(len(batch) for batch in found)])
        assert all(sum(sizes[a:b]) <= limit or b - a == 1 for a, b in pairwise(ends))
