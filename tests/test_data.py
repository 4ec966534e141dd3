"""The demand story and the datasets: exact balance, portable bytes, three neurons needed."""

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from symbreak import anchors, data, story
from symbreak.config import read
from symbreak.settings import Demand, Table

ROOT = Path(__file__).parents[1]
SEEDS = st.integers(0, 2**63 - 1)
NOISES = st.floats(0, 1e6) | st.sampled_from([0.0, 5e-324, 1e308])
few = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def a_demand(draw: st.DrawFn) -> Demand:
    """Any demand section that a checked config can hold, up to 400 rows."""
    return Demand(2 * draw(st.integers(10, 200)), draw(NOISES), draw(st.booleans()))


def part(columns: dict[str, list], split: str) -> list[int]:
    """Return the targets of one part of a demand table."""
    pairs = zip(columns[story.TARGET], columns["split"], strict=True)
    return [target for target, name in pairs if name == split]


@few
@given(demand=a_demand(), seed=SEEDS)
def test_rows_are_split_four_to_one_and_balanced_parts_hold_half_of_each_class(demand, seed):
    columns = data.make(demand, seed)
    train, test = part(columns, "train"), part(columns, "test")
    assert len(train) + len(test) == demand.rows
    assert abs(len(train) - 0.8 * demand.rows) < 2
    if demand.balanced:
        assert (2 * sum(train), 2 * sum(test)) == (len(train), len(test))


def test_without_balance_the_classes_come_as_drawn():
    train = part(data.make(Demand(10_000, 0.5, False), 1), "train")
    assert sum(train) / len(train) == pytest.approx(anchors.base_rate(0.5, 2), abs=0.02)


@few
@given(demand=a_demand(), seed=SEEDS)
@example(demand=Demand(20, 1e6, False), seed=29)  # one class
def test_a_table_of_one_class_is_refused_and_no_other(demand, seed):
    classes = set(part(data.make(demand, seed), "train"))
    if len(classes) == 2:
        data.check(demand, seed)
        return
    with pytest.raises(data.DataError, match=f"training rows are {classes.pop()} with seed {seed}"):
        data.check(demand, seed)


def test_the_same_seed_gives_the_same_bytes_on_every_machine():
    digests = {
        hashlib.sha256(data.csv_text(data.make(Demand(rows, noise, balanced), 20240501)).encode())
        .hexdigest()[:16]
        for rows, noise, balanced in ((500, 0.5, True), (100, 0.0, False))
    }  # fmt: skip
    assert digests == {"3f46ad89f0ca8200", "c5ca967c55e1f502"}


@few
@given(demand=a_demand(), seed=st.integers(0, 2**62))
def test_another_seed_gives_another_table(demand, seed):
    assert data.csv_text(data.make(demand, seed)) != data.csv_text(data.make(demand, seed + 1))


@few
@given(seed=SEEDS, noise=NOISES, count=st.integers(1, 50), more=st.integers(1, 50))
def test_more_candidates_leave_the_first_ones_as_they_are(seed, noise, count, more):
    few_, many = (story.candidates(n, seed, noise) for n in (count, count + more))
    assert all((few_[name] == many[name][:count]).all() for name in few_)


@few
@given(seed=SEEDS, noise=NOISES)
def test_inputs_and_scores_stay_in_their_ranges_and_decimals(seed, noise):
    columns = story.candidates(300, seed, noise)
    for name, (least, span, _) in story.INPUTS.items():
        assert least <= columns[name].min() <= columns[name].max() <= least + span
    for name in story.PROPERTIES:
        assert 0 <= columns[name].min() <= columns[name].max() <= 5
    for name in (*story.INPUTS, *story.PROPERTIES):
        assert all(len(repr(value).partition(".")[2]) <= 3 for value in columns[name].tolist())


def test_inputs_are_uniform_and_independent_of_each_other():
    columns = story.candidates(20_000, 3, 0.5)
    units = np.array([(columns[n] - least) / span for n, (least, span, _) in story.INPUTS.items()])
    quantiles = np.quantile(units, [0.1, 0.5, 0.9], axis=1).T
    assert np.abs(quantiles - [0.1, 0.5, 0.9]).max() < 0.015
    assert np.abs(np.corrcoef(units) - np.eye(4)).max() < 0.03


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@few
@given(
    price=st.floats(10, 50), shipping=st.floats(0, 20), marketing=st.floats(0, 40),
    material=st.floats(0, 1), better=st.floats(0, 5),
)  # fmt: skip
def test_scores_follow_the_formulas_and_the_direction_of_the_story(
    price, shipping, marketing, material, better
):
    one = np.array
    afford = story.affordability(one([price, price + better]), one([shipping, shipping]))
    aware = story.awareness(one([marketing, marketing + better]))
    quality = story.quality(one([material, material + better]))
    assert afford[0] == pytest.approx(5 * logistic((46 - price - shipping) / 3), abs=6e-4)
    assert aware[0] == pytest.approx(5 * (1 - math.exp(-marketing / 15)), abs=6e-4)
    assert quality[0] == pytest.approx(5 * logistic((material - 0.4) / 0.07), abs=6e-4)
    assert afford[1] <= afford[0]
    assert aware[1] >= aware[0]
    assert quality[1] >= quality[0]


@few
@given(scores=st.tuples(*[st.floats(0, 5)] * 3), noise=NOISES, better=st.floats(0, 5))
@example(scores=(2.5, 2.5, 2.5), noise=0.0, better=0.0)
def test_the_probability_is_one_needs_every_score_and_rises_with_each(scores, noise, better):
    def chance(*values: float) -> float:
        return story.probability(tuple(np.array([v]) for v in values), noise)[0]

    here = chance(*scores)
    assert 0 <= here <= 1
    for k in range(3):
        others = [v + better if i == k else v for i, v in enumerate(scores)]
        alone = [v if i == k else 1e9 for i, v in enumerate(scores)]
        assert here <= chance(*others)
        assert here <= chance(*alone)


@few
@given(demand=a_demand(), seed=SEEDS)
def test_a_written_table_reads_back_to_the_same_bits(tmp_path, demand, seed):
    columns = data.make(demand, seed)
    data.write_csv(columns, tmp_path / "demand.csv")
    assert data.read_csv(tmp_path / "demand.csv", story.TARGET) == columns
    fresh, loaded = data.dataset(demand, columns), data.load_for(demand, tmp_path / "demand.csv")
    for name in vars(fresh):
        assert np.array_equal(getattr(fresh, name), getattr(loaded, name))


@few
@given(demand=a_demand(), seed=SEEDS)
def test_networks_see_the_inputs_with_mean_zero_and_variance_one_of_the_training_rows(demand, seed):
    columns = data.make(demand, seed)
    found = data.dataset(demand, columns)
    train = np.array(columns["split"]) == "train"
    assert found.features == ("price", "shipping_cost", "marketing", "material")
    assert np.abs(found.x_train.mean(axis=0)).max() < 1e-12
    assert np.abs(found.x_train.std(axis=0) - 1).max() < 1e-12
    for j, name in enumerate(found.features):
        raw = np.array(columns[name])
        scaled = (raw - raw[train].mean()) / raw[train].std()
        assert found.x_test[:, j] == pytest.approx(scaled[~train], abs=1e-12)
    assert found.y_train.tolist() == part(columns, "train")
    assert (
        found.properties_test[:, 0].tolist() == np.array(columns["affordability"])[~train].tolist()
    )


VALUES = st.floats(allow_nan=False, allow_infinity=False)


@few
@given(values=st.lists(VALUES, min_size=2, max_size=20), order=st.randoms(use_true_random=False))
def test_standardizing_does_not_depend_on_the_order_of_the_rows(values, order):
    column, train = np.array(values), np.ones(len(values), bool)
    shuffled = list(range(len(values)))
    order.shuffle(shuffled)
    scaled = data.standardized(column, train)
    assert np.isfinite(scaled).all()
    assert (data.standardized(column[shuffled], train) == scaled[shuffled]).all()


@few
@given(values=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20), k=st.integers(-900, 900))
def test_standardizing_does_not_depend_on_the_unit_even_where_squares_overflow(values, k):
    column, train = np.array([*values, 1.0]), np.ones(len(values) + 1, bool)
    column = np.where(np.abs(column) < 1e-9, 0.0, column)  # no subnormal numbers after scaling
    assert (data.standardized(np.ldexp(column, k), train) == data.standardized(column, train)).all()


def test_a_constant_column_becomes_zeros():
    train = np.array([True, True, False])
    assert data.standardized(np.array([0.1, 0.1, 7.0]), train).tolist() == [0.0, 0.0, 0.0]


def test_a_test_row_beyond_all_scale_is_refused(tmp_path):
    path = tmp_path / "far.csv"
    path.write_text("a,y\n1e-300,0\n2e-300,1\n")
    test = tmp_path / "test.csv"
    test.write_text("a,y\n1e300,0\n")
    with pytest.raises(data.DataError, match=r"test\.csv, column 'a': a test row is more than"):
        data.check(Table(str(path), "y", str(test)), 1)
    data.check(Table(str(path), "y", str(test), standardize=False), 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,y\n1,0\n", "line 1: there is no column 'split'; make the data again"),
        ("a,y,split\n1,0,both\n", "line 2, column 'split': 'both' is neither train nor test"),
    ],
)
def test_a_table_that_the_pipeline_did_not_write_is_refused(tmp_path, text, message):
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(data.DataError, match=message):
        data.read_csv(tmp_path / "table.csv", "y")


def test_one_neuron_loses_much_to_three_and_random_starts_show_it(monkeypatch):
    monkeypatch.setattr(anchors, "POPULATION", 4000)
    monkeypatch.setattr(anchors, "TRIES", 3)
    losses = anchors.anchors(read(ROOT / "config" / "default.yaml"))
    bayes = losses["Bayes rule"][2]
    one, two, three = (
        losses[f"best {words}, tanh, for the population"][2]
        for words in ("one neuron", "two neurons", "three neurons")
    )
    assert three == pytest.approx(bayes, abs=0.01)
    assert one > two + 0.05 > three + 0.1
    for name in ("sigmoid", "tanh", "relu"):
        equal = losses[f"best one neuron, {name}, for the training rows"]
        trained = losses[f"6 {name} units trained from random starts, mean of 5"]
        assert trained[0] < equal[0] - 0.1
        assert trained[1] < equal[1] - 0.05


def test_the_data_dictionary_describes_every_column_and_shows_every_anchor_row():
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for name in data.make(Demand(), 1):
        assert f"\n| `{name}` | " in text
    default = read(ROOT / "config" / "default.yaml")
    story, rate = default.data, default.learning_rate[0]
    said = f"({story.rows} rows, noise {story.noise:g}, rate {rate:g}, {default.steps} steps)"
    assert said in text
    parts = anchors.datasets(story, default.seed)
    losses = anchors.bayes_losses(story, default.seed, parts)
    bayes = " | ".join(f"{loss:.3f}" for loss in losses)
    assert f"\n| Bayes rule | {bayes} |" in text
