"""A user's own table: everything wrong is one sentence, everything right is read exactly."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from symbreak import data
from symbreak.settings import Table
from symbreak.table import DataError, read_table, stratified_split

few = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.text("abcXYZ ,;\"'é1\n", min_size=1, max_size=8).filter(
    lambda name: name == name.strip() and name not in ("y", "split")
)
GOOD = "a,b,y\n1,2,0\n3,4,1\n5,6,0\n7,8,1\n"


@st.composite
def a_table(draw: st.DrawFn) -> dict[str, list]:
    """Columns of any finite numbers and a target with two rows or more of each class."""
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    labels = draw(st.lists(st.integers(0, 1), max_size=20).map(lambda some: [*some, 0, 1, 0, 1]))
    size = len(labels)
    return {n: draw(st.lists(NUMBERS, min_size=size, max_size=size)) for n in names} | {"y": labels}


def write(path: Path, content: str | bytes) -> Path:
    """Write a file and return its path."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def message_of(path: Path, target: str = "y", test_path: Path | None = None) -> str:
    """Return the sentence with which a table is refused at plan time."""
    table = Table(str(path), target, str(test_path) if test_path else None)
    with pytest.raises(DataError) as caught:
        data.check(table, seed=1)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty; it needs a header and rows"),
        ("\n \n\n", "the file is empty; it needs a header and rows"),
        ("a,b,y\n", "there are no rows under the header; add some"),
        (b"a,y\n1,0\n2\xff,1\n", "line 3: byte 0xff is not UTF-8; save the file as UTF-8"),
        ("a,y\n1,0\n".encode("utf-16"), "line 1: byte 0xff is not UTF-8; save the file as UTF-8"),
        ("a,b,y\n1,2,0\n1,1\n", "line 3: 2 cells under a header of 3 columns; give every row"),
        ("a,y\n1,0\n2,1,3\n", "line 3: 3 cells under a header of 2 columns; give every row"),
        ("a;y\n1;0\n2,5;1\n", "line 1: 'a;y' is one column; separate columns by commas"),
        ("a,a,y\n1,2,0\n", "line 1: column 'a' is there twice; rename or remove one"),
        ("a,,y\n1,2,0\n", "line 1: column 2 has no name; give it one"),
        ("a,lable\n1,0\n", "line 1: there is no target column 'y'; the columns are 'a', 'lable'"),
        ("a,Y\n1,0\n", "line 1: there is no target column 'y'; the nearest is 'Y'"),
        ("a,split,y\n1,2,0\n", "line 1: column 'split' has the name of the column that is added"),
        ("y\n0\n1\n", "line 1: there is no column but the target 'y'; add a feature column"),
        ("a,y\n1,0\nred,1\n", "line 3, column 'a': 'red' is not a finite number; write one"),
        ("a,y\n\n1,0\n,1\n", "line 4, column 'a': an empty cell is not a finite number; write"),
        ("a,y\n1,0\nnan,1\n", "line 3, column 'a': 'nan' is not a finite number; write one"),
        ("a,y\n-inf,0\n", "line 2, column 'a': '-inf' is not a finite number; write one"),
        ("a,y\n1e999,0\n", "line 2, column 'a': '1e999' is not a finite number; write one"),
        ('a,y\n"1,5",0\n', "line 2, column 'a': '1,5' is not a finite number; write one"),
        ("a,y\n1_000,0\n", "line 2, column 'a': '1_000' is not a finite number; write one"),
        ('a,"b\nc",y\n1,2,0\n3,x,1\n', "line 4, column 'b\\nc': 'x' is not a finite number"),
        ('a,y\n1,0\n"2,1\n', "line 3: not CSV ("),
        ("a,y\n1,0\n2,2\n", "line 3, column 'y': '2' is not a binary target; write 0 or 1"),
        ("a,y\n1,yes\n2,no\n", "line 2, column 'y': 'yes' is not a binary target; write 0 or 1"),
        ("a,y\n1,0.5\n", "line 2, column 'y': '0.5' is not a binary target; write 0 or 1"),
        ("a,y\n1,\n", "line 2, column 'y': an empty cell is not a binary target; write 0 or 1"),
        ("a,y\n1,1\n2,1\n", "column 'y': every row is 1; add rows of the other class"),
        ("a,y\n1,0\n2,0\n", "column 'y': every row is 0; add rows of the other class"),
        ("a,y\n1,0\n2,1\n3,1\n", "column 'y': only one row is 0, too few for training and test"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(tmp_path, content, message):
    path = write(tmp_path / "own.csv", content)
    found = message_of(path)
    assert found.startswith((f"{path}, {message}", f"{path}: {message}"))
    assert "\n" not in found
    assert "; " in found  # what would be right


def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(tmp_path):
    missing = tmp_path / "none.csv"
    assert message_of(missing) == f"{missing}: there is no such file; name a CSV file that exists"
    assert message_of(tmp_path) == f"{tmp_path}: this is a directory; name a CSV file in it"
    write(tmp_path / "own.csv", GOOD)
    for impossible in (tmp_path / "own.csv" / "in.csv", Path("a\0b"), tmp_path / ("x" * 999)):
        assert ": cannot be read (" in message_of(impossible)


@few
@given(columns=a_table(), word=st.sampled_from(["x", "nan", "inf", "-Infinity", "1e400", ""]),
       place=st.integers(0, 10**6))  # fmt: skip
def test_a_bad_cell_anywhere_is_named_by_its_line_and_column(tmp_path, columns, word, place):
    names = [name for name in columns if name != "y"]
    name, row = names[place % len(names)], place % len(columns["y"])
    path = tmp_path / "own.csv"
    data.write_csv(columns | {name: [*columns[name][:row], word, *columns[name][row + 1 :]]}, path)
    line = row + 2 + sum(other.count("\n") for other in columns)
    assert message_of(path).startswith(f"{path}, line {line}, column {name!r}: ")


@few
@given(columns=a_table(), seed=st.integers(0, 2**63 - 1), standardize=st.booleans())
def test_any_finite_table_is_read_split_and_written_exactly(tmp_path, columns, seed, standardize):
    data.write_csv(columns, tmp_path / "own.csv")
    table = Table(str(tmp_path / "own.csv"), "y", standardize=standardize)
    made = data.make(table, seed)
    assert {name: values for name, values in made.items() if name != "split"} == columns
    data.write_csv(made, tmp_path / "table.csv")
    found = data.load_for(table, tmp_path / "table.csv")
    assert found.features == tuple(name for name in columns if name != "y")
    assert found.y_train.tolist() == [
        y for y, part in zip(columns["y"], made["split"], strict=True) if part == "train"
    ]
    if not standardize:
        train = np.array(made["split"]) == "train"
        assert found.x_train.T.tolist() == [
            np.array(columns[n])[train].tolist() for n in found.features
        ]


@few
@given(columns=a_table(), order=st.randoms(use_true_random=False))
def test_the_order_of_the_columns_changes_only_their_order(tmp_path, columns, order):
    names = list(columns)
    order.shuffle(names)
    data.write_csv(columns, tmp_path / "one.csv")
    data.write_csv({name: columns[name] for name in names}, tmp_path / "two.csv")
    one, two = (read_table(Table(str(tmp_path / f"{n}.csv"), "y"), 5) for n in ("one", "two"))
    assert one == two
    assert list(two) == [*(name for name in names if name != "y"), "y", "split"]


@few
@given(labels=st.lists(st.integers(0, 1), max_size=60), seed=st.integers(0, 2**63 - 1))
def test_the_split_holds_out_a_fifth_of_each_class_and_the_seed_alone_decides(labels, seed):
    labels = [*labels, 0, 0, 1, 1]
    split = stratified_split(labels, seed)
    assert split == stratified_split(labels, seed)
    for value in (0, 1):
        parts = [part for part, label in zip(split, labels, strict=True) if label == value]
        assert abs(parts.count("test") - len(parts) / 5) <= 0.5 or parts.count("test") == 1
        assert 1 <= parts.count("test") < len(parts)


def test_other_seeds_hold_out_other_rows():
    splits = [stratified_split([0, 1] * 10, seed) for seed in range(300)]
    held_out = np.array([[part == "test" for part in split] for split in splits])
    assert np.abs(held_out.mean(axis=0) - 0.2).max() < 0.1  # every row gets its turn


@pytest.mark.parametrize("text", ["0", "1", "0.0", "1.0", "false", "TRUE", " 1 ", "1e0"])
def test_every_spelling_of_a_binary_label_is_read(tmp_path, text):
    path = write(tmp_path / "own.csv", GOOD + f"9,9,{text}\n")
    last = read_table(Table(str(path), "y"), 1)["y"][-1]
    assert last == (text.strip().lower() in ("1", "1.0", "true", "1e0"))


def test_a_byte_order_mark_windows_lines_blank_lines_and_spaces_change_nothing(tmp_path):
    plain = write(tmp_path / "plain.csv", GOOD)
    text = "\ufeff" + GOOD.replace("\n", "\r\n\r\n").replace(",", " , ")
    other = write(tmp_path / "other.csv", text)
    one, two = (read_table(Table(str(path), "y"), 1) for path in (plain, other))
    assert one == two


def test_a_test_file_gives_the_test_rows_whatever_the_order_of_its_columns(tmp_path):
    train, test = write(tmp_path / "a.csv", GOOD), write(tmp_path / "b.csv", "y,b,a\n1,20,10\n")
    columns = read_table(Table(str(train), "y", str(test)), 1)
    assert [values[-1] for values in columns.values()] == [10.0, 20.0, 1, "test"]
    assert columns["split"][:-1] == ["train"] * 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,y\n1,0\n", ": column 'b' of {path} is missing; add it"),
        ("a,b,c,y\n1,2,3,0\n", ": column 'c' is not in {path}; remove it"),
        ("a,b,y\n1,2,0\n1,x,0\n", ", line 3, column 'b': 'x' is not a finite number"),
    ],
)
def test_what_is_wrong_with_a_test_file_is_said_of_it(tmp_path, content, message):
    path, test = write(tmp_path / "a.csv", GOOD), write(tmp_path / "b.csv", content)
    assert message_of(path, test_path=test).startswith(str(test) + message.format(path=path))


def test_one_training_row_of_a_class_is_enough_beside_a_test_file(tmp_path):
    path = write(tmp_path / "a.csv", "a,y\n1,0\n2,1\n")
    data.check(Table(str(path), "y", str(path)), 1)


@few
@given(columns=a_table(), copies=st.integers(0, 4))
def test_test_rows_that_are_training_rows_are_counted_with_their_lines(tmp_path, columns, copies):
    first = next(iter(columns))
    new = next(float(n) for n in range(99) if n not in columns[first])
    test = {name: values[:copies] + values[:1] for name, values in columns.items()}
    test[first] = [*columns[first][:copies], new]
    data.write_csv(columns, tmp_path / "own.csv")
    data.write_csv(test, tmp_path / "test.csv")
    table = Table(str(tmp_path / "own.csv"), "y", str(tmp_path / "test.csv"))
    text, train = data.count_rows(data.make(table, 1)), len(columns["y"])
    assert text.startswith(f"{train} training rows and {copies + 1} test rows, ")
    lines = ", ".join(str(train + 2 + k) for k in range(copies))
    assert (f"{copies} of which are training rows, too (lines {lines} " in text) == (copies > 0)


def test_a_batch_of_more_than_the_training_rows_is_refused(tmp_path):
    table = Table(str(write(tmp_path / "own.csv", GOOD)), "y")  # two of its four rows are for tests
    data.check(table, 1, (None, 2))
    with pytest.raises(DataError, match=r"own\.csv: training\.batch_size is 3, .* at most 2, or"):
        data.check(table, 1, (None, 2, 3))


@pytest.mark.parametrize("standardize", [True, False])
def test_a_table_with_nothing_to_learn_from_is_refused(tmp_path, standardize):
    """One constant column among others is allowed, and standardized to zeros."""
    rows = [f"1,2,{y}" for y in "01011"]
    path = write(tmp_path / "own.csv", "\n".join(["a,b,y", *rows]))
    table = Table(str(path), "y", str(path), standardize)
    with pytest.raises(DataError, match=r"own\.csv: 'a', 'b' each have one value in all training"):
        data.check(table, 1)
    write(path, "a,y\n1,0\n1,1\n")
    with pytest.raises(DataError, match=r"own\.csv: 'a' has one value in all training rows"):
        data.check(table, 1)
    write(path, "\n".join(["a,b,y", *rows, "1,3,1"]))
    data.check(table, 1)
    constant = data.dataset(table, data.make(table, 1)).x_train[:, 0]
    assert set(constant) == {0.0 if standardize else 1.0}


def test_the_nearest_column_is_named_for_a_misspelled_target(tmp_path):
    path = write(tmp_path / "own.csv", "a,b,label\n1,2,0\n")
    assert message_of(path, "lable").endswith("no target column 'lable'; the nearest is 'label'")
