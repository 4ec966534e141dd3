"""Configs: what is wrong comes back as one sentence with place, value and what is right."""

import copy
import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from symbreak import cli, config, schema
from symbreak.components import Choice, spell
from symbreak.settings import REGISTRIES, Demand, Setting

ROOT = Path(__file__).parents[1]
DEFAULT = yaml.safe_load((ROOT / "config/default.yaml").read_text())


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the default config with one key changed; path parts are split at dots."""
    result = copy.deepcopy(DEFAULT)
    *parents, last = path.split(".")
    part = result
    for name in parents:
        part = part[name]
    part[last] = value
    return result


WRONG = [
    ("grid.init", ["zeroes"], "grid.init, entry 1", "the nearest is zeros"),
    ("grid.init", [{"constant": {"vlaue": 1}}], "vlaue is unknown", "did you mean value"),
    ("grid.init", [{"zeros": {"value": 1}}], "zeros takes no parameters", "write zeros"),
    ("grid.init", [{"zeros": None}], "zeros takes no parameters", "write zeros alone"),
    ("grid.init", [{"constnt": {"value": 1}}], 'text "constnt"', "the nearest is constant"),
    ("grid.init", [{"constant": {"value": "0.5"}}], 'the text "0.5"', "write 0.5, without quotes"),
    ("grid.init", [{"constant": {"value": 10**400}}], "constant.value is beyond", "finite"),
    ("grid.init", [{"constant": {5: 1}}], "constant.5 is unknown", "nown parameters: value"),
    ("grid.init", [{"constant": {"a\nb": 1}}], r"constant.a\nb is unknown", "parameters: value"),
    ("grid.init", [{"zeros": {}, "normal": {}}], "is {zeros: {}, normal: {}}", "one name"),
    ("grid.init", ["constant-2"], 'text "constant-2"', "write {constant: {value: 2.0}}"),
    ("grid.init", ["hidden"], 'text "hidden"', "for grid.dropout"),
    ("grid.init", "zeros", 'text "zeros"', "write [zeros]"),
    ("grid.init", [{"constant": {"value": -0.0}}, {"constant": {"value": 0}}], "entry 2", "remove"),
    ("grid.init", [], "empty list", "at least one"),
    ("grid.init", ["constant", {"constant": {"value": 0.5}}], "as entry 1 is", "remove"),
    ("trainig", {}, "trainig is unknown", "did you mean training"),
    ("training.stepz", 3, "training.stepz is unknown", "did you mean steps"),
    ("training.steps", True, "true", "a whole number"),
    ("training.steps", 0, "steps is 0", "at least 1"),
    ("training.steps", "20", 'the text "20"', "write 20, without quotes"),
    ("training.batch_size", 0, "batch_size is 0", "full, or a whole number of at least 1"),
    ("training.learning_rate", [0, -0.0], "entry 2 is 0, as entry 1", "remove"),
    ("training.optimizer", [], "optimizer is an empty list", "at least one"),
    ("model.activation", "rleu", 'text "rleu"', "the nearest is relu"),
    ("model.activation", "RELU", 'text "RELU"', "the nearest is relu"),
    ("model.activation", True, "model.activation is true; it", "known names: sigmoid"),
    ("training.Steps", 3, "training.Steps is unknown", "did you mean steps"),
    ("seed", "0.5", 'seed is the text "0.5"; it must be a whole number', "9223372036854775807"),
    ("seed", True, "seed is true; it", "(true and false are no numbers)"),
    ("training.learning_rate", [False], "is false; it", "(true and false are no numbers)"),
    ("experiment", True, "experiment is true; it", '(in YAML write "true", in quotes)'),
    ("experiment", 2024, "experiment is 2024; it", '(in YAML write "2024", in quotes)'),
    ("training.learning_rate", "1e-3", "1e-3", "0.001"),
    ("training.learning_rate", float("nan"), "nan", "finite"),
    ("training.learning_rate", [0.1, float("inf")], "entry 2 is inf", "finite"),
    ("grid.dropout", [{"hidden": {"p": 1}}], "p is 1", "below 1"),
    ("grid.dropout", [{"hidden": {"p": -0.1}}], "p is -0.1", "at least 0"),
    ("grid.bias", [{"normal": {"std": -1}}], "std is -1", "at least 0"),
    ("replicates", 0, "replicates is 0", "at least 1"),
    ("experiment", "../x", "../x", "letters, digits"),
    ("experiment", "a\n", "experiment", "letters, digits"),
    ("model.hidden", [6], "entry 1 is 6", "[[6]]"),
    ("model.hidden", [[1]], "is 1", "at least 2"),
    ("training", None, "training is empty", "a mapping"),
    ("data.rows", 501, "501", "502"),
    ("training.batch_size", 4000, "4000", "at most 800"),
    ("model.hidden", [[2] * 63], "model.hidden, entry 1", "at most 62"),
    ("data.kind", "cvs", "cvs", "the nearest is csv"),
    ("data.kind", "CSV", "CSV", "the nearest is csv"),
    ("data.balanced", "true", 'the text "true"', "true or false"),
    ("data", {"kind": "csv", "target": "y"}, "data.path is missing", "as in path"),
    ("steps", 3, "steps is in the wrong place", "training.steps"),
    ("model.learning-rate", 3, "model.learning-rate is unknown", "training.learning_rate"),
    ("training.replicates", 3, "training.replicates is in the wrong place", "the top level"),
    ("data.path", "x.csv", "data.path is for kind csv", "data.kind is demand"),
]


@pytest.mark.parametrize(("path", "value", "wrong", "right"), WRONG)
def test_a_mistake_is_named_with_what_would_be_right(path, value, wrong, right) -> None:
    with pytest.raises(config.ConfigError) as caught:
        config.experiment(changed(path, value))
    sentence = str(caught.value)
    assert wrong in sentence
    assert right in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("section", ["data", "model", "training", "grid", "experiment", "seed"])
def test_a_missing_section_or_key_is_named(section: str) -> None:
    broken = copy.deepcopy(DEFAULT)
    del broken[section]
    with pytest.raises(config.ConfigError, match=f"{section} is missing"):
        config.experiment(broken)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"seed: 1\nseed: 2\n", "line 2: key seed is there twice"),
        (b"a: [1\n", "not YAML"),
        (b"", "holds no keys"),
        (b"- 1\n", "holds no keys"),
        (b"a: \xff\n", "not UTF-8"),
        (b"a: 2024-13-01\n", "cannot be read"),
        (b"a: " + b"9" * 5000, "cannot be read"),
        (b"[" * 5000, "cannot be read"),
        (b"a: &a [*a]\n", "line 1: not YAML"),
        (b"a: !!timestamp x\n", "cannot be read"),
        (b"? [1]\n: 2\n", "a key is a list"),
        (b"a: \x00\n", "not YAML"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: bytes, sentence: str) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(text)
    with pytest.raises(config.ConfigError, match=sentence) as caught:
        config.read(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_merge_key_is_no_duplicate(tmp_path: Path) -> None:
    path = tmp_path / "merged.yaml"
    lines = (ROOT / "config/tiny.yaml").read_text().splitlines()
    data = next(i for i, line in enumerate(lines) if line.startswith("data:"))
    lines[data] = "data:\n  <<: &base {kind: demand, rows: 60}\n  <<: {noise: 0.25}"
    path.write_text("\n".join(lines))
    assert config.read(path).data == Demand(60, 0.25, True)


def test_a_brace_in_a_path_is_refused(tmp_path: Path) -> None:
    """Snakemake would take it for a wildcard, wherever it stands."""
    for key in ("path", "test_path"):
        values = changed("data", {"kind": "csv", "path": "a.csv", "target": "y", key: "a{b}.csv"})
        with pytest.raises(config.ConfigError, match="table has a brace in its path, 'a"):
            config.experiment(values)
    with pytest.raises(config.ConfigError, match="table has a null character in its path"):
        config.experiment(changed("data", {"kind": "csv", "path": "a\0", "target": "y"}))
    file = tmp_path / "we{ird}.yaml"
    file.write_text((ROOT / "config/tiny.yaml").read_text())
    with pytest.raises(config.ConfigError, match="the file has a brace in its path"):
        config.read(file)


def test_a_missing_file_and_a_directory_are_named(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="no such file"):
        config.read(tmp_path / "none.yaml")
    with pytest.raises(config.ConfigError, match="directory"):
        config.read(tmp_path)


def check(*arguments: object) -> tuple[int, str]:
    """Return exit code and output of ``symbreak check``; a traceback is no sentence."""
    done = CliRunner().invoke(cli.main, ["check", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, done.output


def test_the_command_counts_what_a_config_describes(tmp_path: Path) -> None:
    grid = {"init": ["zeros", "normal"], "dropout": ["none"], "bias": ["none", "zeros", "normal"]}
    model = {"hidden": [[2], [3, 2]], "activation": ["tanh", "relu"]}
    file = tmp_path / "my.yaml"
    file.write_text(yaml.safe_dump({**DEFAULT, "grid": grid, "model": model, "replicates": 50}))
    assert check(file) == (
        0, f"{file}: experiment default is 6 combinations, 24 settings, 1,200 networks.\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "{file}: there is no such file"),
        (b"a: [1\n", "{file}, line 2: not YAML"),
        (b"a: \xff\n", "{file}: byte 4 is not UTF-8"),
        ({"replicates": 0}, "{file}: replicates is 0; it must be"),
        ({"data": {"kind": "csv", "path": "no.csv", "target": "y"}}, "no.csv: there is no such"),
    ],
)
def test_the_command_says_what_a_run_would_say(tmp_path: Path, content: Any, sentence: str) -> None:
    file = tmp_path / "my.yaml"
    if isinstance(content, dict):
        content = yaml.safe_dump({**DEFAULT, **content}).encode()
    if content is not None:
        file.write_bytes(content)
    code, output = check(file)
    assert code == 1
    assert output.startswith("Error: " + sentence.format(file=file))
    assert len(output.splitlines()) == 1
    assert check(tmp_path)[1].startswith(f"Error: {tmp_path}: this is a directory")


def paths_of(value: Any, path: tuple = ()) -> list[tuple]:
    """Return the path of every part of a config."""
    items = list(value.items() if isinstance(value, dict) else enumerate(value)
                 if isinstance(value, list) else [])  # fmt: skip
    return [path] * bool(path) + [p for key, part in items for p in paths_of(part, (*path, key))]


ANYTHING = st.recursive(
    st.sampled_from([None, True, -1, 0, 1, 2.5, 10**400, float("nan"), "", "x\n", "1e-3", "none"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "kind", "zeros", "constant", 5, None]), inner)
    ),
    max_leaves=4,
)


@settings(deadline=None, max_examples=300)
@given(at=st.sampled_from(paths_of(DEFAULT)), value=ANYTHING, key=st.sampled_from(["", "x", 7]))
def test_any_change_is_accepted_or_explained_in_one_line(at: tuple, value: Any, key: Any) -> None:
    """A value is replaced, or where there is a key, it stands under that key instead."""
    broken = copy.deepcopy(DEFAULT)
    part = broken
    for step in at[:-1]:
        part = part[step]
    if key and isinstance(part, dict):
        part[key] = part.pop(at[-1])
    else:
        part[at[-1]] = value
    try:
        config.experiment(broken)
    except config.ConfigError as error:
        sentence = str(error)
        assert len(sentence.splitlines()) == 1
        assert str(at[0]) in sentence or str(key) in sentence


def test_mappings_of_other_python_types_are_read() -> None:
    """Snakemake hands ordered dictionaries, another workflow may hand tuples."""
    values = OrderedDict(DEFAULT, model=OrderedDict(hidden=((6,),), activation=("tanh",)))
    assert config.experiment(values).hidden == ((6,),)


@given(rows=st.integers(20, 400), balanced=st.booleans())
def test_the_largest_batch_is_all_training_rows(rows: int, balanced: bool) -> None:
    rows += rows % 2 if balanced else 0
    most, _ = Demand(rows, 0.5, balanced).sizes
    values = changed("data", {"kind": "demand", "rows": float(rows), "balanced": balanced})
    values["training"]["batch_size"] = most
    found = config.experiment(values)
    assert (found.data, found.batch_size) == (Demand(rows, 0.5, balanced), (most,))
    values["training"]["batch_size"] = most + 1
    with pytest.raises(config.ConfigError, match=f"at most {most}"):
        config.experiment(values)


def test_default_is_the_grid_it_claims() -> None:
    found = config.experiment(DEFAULT)
    assert len(list(found.combinations())) >= 300
    assert found.replicates >= 20
    for kind in ("init", "dropout", "bias"):
        assert {choice.name for choice in getattr(found, kind)} == set(REGISTRIES[kind])


def test_tiny_holds_every_family() -> None:
    """Initializers and biases of every kind of symmetry; of the rest, every component.

    Nearly equal units count as distinct ones. Biases of zero stay equal, as absent ones are.
    """
    found = config.read(ROOT / "config/tiny.yaml")
    for kind in ("dropout", "activation", "optimizer"):
        assert {choice.name for choice in getattr(found, kind)} == set(REGISTRIES[kind])
    inits = REGISTRIES["init"]
    for side in ("hidden", "output"):
        every = {component.facts[side] for component in inits.values()}
        assert {inits[choice.name].facts[side] for choice in found.init} == every - {"near"}
    assert {REGISTRIES["bias"][b.name].facts["units"] for b in found.bias} == {"absent", "distinct"}
    assert {len(widths) for widths in found.hidden} == {1, 2}
    assert max(found.weight_decay) > 0
    rows, _ = found.data.sizes
    full, batch = found.batch_size
    assert full is None
    assert rows % batch, "the last batch of an epoch is a smaller one"
    assert found.arithmetic == ("exact",)


def test_committed_schema_is_the_librarys_and_accepts_the_configs() -> None:
    committed = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    assert committed == schema.schema(), "run: python -m symbreak.schema"
    jsonschema.Draft202012Validator.check_schema(committed)
    for file in sorted((ROOT / "config").glob("*.yaml")):
        jsonschema.validate(yaml.safe_load(file.read_text()), committed)
        assert config.read(file).name == file.stem


def test_every_key_and_component_is_documented() -> None:
    text = (ROOT / "config/README.md").read_text()
    for key in schema.KEYS:
        assert f"`{key.path}`" in text
    for registry in REGISTRIES.values():
        for component in registry.values():
            assert f"`{component.name}`" in text
            assert component.sentence in text
    assert schema.tables() in text, "run: python -m symbreak.schema"


@given(data=st.data(), kind=st.sampled_from(sorted(REGISTRIES)))
def test_labels_read_back(data: st.DataObject, kind: str) -> None:
    registry = REGISTRIES[kind]
    name = data.draw(st.sampled_from(list(registry)))
    number = st.floats(allow_nan=False, allow_infinity=False)
    values = tuple(data.draw(number) + 0.0 for _ in registry[name].parameters)
    choice = Choice(name, values)
    assert registry.parse(choice.label) == choice


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_has_one_spelling_and_reads_back(number: float) -> None:
    assert float(spell(number)) == number
    assert spell(float(spell(number))) == spell(number)


def test_settings_read_back_from_their_records() -> None:
    found = config.experiment(DEFAULT)
    for combination in found.combinations():
        for setting in found.settings(*combination):
            assert Setting.from_record(setting.record()) == setting


@pytest.mark.parametrize("path", ["data/mine/table.csv", "./data/mine/table.csv"])
def test_a_users_table_is_never_where_the_experiment_writes_its_own(path: str) -> None:
    data = {"kind": "csv", "path": path, "target": "y"}
    with pytest.raises(config.ConfigError, match="where the experiment's own table goes"):
        config.experiment({**DEFAULT, "experiment": "mine", "data": data})
