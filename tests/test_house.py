"""The rules of the house: what imports what, how long things are, and papers that agree."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "workflow/symbreak"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# A module imports only from those before it, so that what decides a stage lies above it.
ORDER = (
    "__init__", "host", "files", "failures", "progress", "arithmetic", "normal", "components",
    "references", "streams",
    "activations", "initializers", "dropout", "optimizers", "settings", "incomplete", "facts",
    "claims", "bisection", "refining", "networks", "schema", "explain", "config", "provenance",
    "story", "table", "data", "plan", "anchors", "trainer", "block", "processor", "lanes",
    "loops", "phases",
    "rows", "step", "kernels", "machine", "engine", "selftest", "blas", "training", "frameworks",
    "audit", "opening", "trace", "why", "chance", "start", "signals", "symmetry", "layers", "rules",
    "theory", "metrics", "statistics", "agreement", "verdicts", "hunt", "functional", "properties",
    "surgery", "matching", "groups", "dynamics", "learned", "pooled", "neglect", "contrasts",
    "measuring", "costs", "estimate",
    "tempo", "conditions", "seeds", "evidence", "court", "judging", "boundary", "summary",
    "neglect_text", "glossary", "teaching", "mathematics", "causes", "cards", "citation", "svg",
    "figures", "crossings", "matrix", "paths", "operated", "examples", "pages", "packing", "index",
    "page", "breaks", "saddle", "rounding", "report", "downloads", "dictionary", "jobs", "picture",
    "crate", "places", "confirmations", "record", "publish", "compare", "verify", "cli",
)  # fmt: skip
MODULES = sorted(path.stem for path in LIBRARY.glob("*.py"))
SOURCES = sorted(
    path
    for folder in ("workflow", "tests", "bench")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".smk")
)
IMPORT_NAMES = {"pyyaml": "yaml"}
# Requirements that are run, not imported by the library.
TOOLS = {"hatchling", "snakemake"}


def imports(path: Path) -> set[str]:
    """Return the dotted names that a file imports, wherever the statement stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_every_module_has_its_place() -> None:
    assert sorted(ORDER) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_modules_above_it(module: str) -> None:
    own = {name.split(".")[1] for name in imports(LIBRARY / f"{module}.py")
           if name.startswith("symbreak.")} & set(ORDER)  # fmt: skip
    assert own <= set(ORDER[: ORDER.index(module)])


def test_no_name_is_declared_by_two_scripts_of_the_page() -> None:
    scripts = (LIBRARY / "templates/js").glob("*.js")
    declaration = r"^(?:async )?(?:function\*?|const|let) +(\w+)"
    declared = [n for path in scripts for n in re.findall(declaration, path.read_text(), re.M)]
    assert sorted(declared) == sorted(set(declared))


def test_the_workflows_pages_import_no_large_library() -> None:
    """Every job on a cluster reads them twice before it starts."""
    pages = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    lines = [line for page in pages for line in page.read_text().splitlines()
             if line.startswith(("from symbreak", "import symbreak"))]  # fmt: skip
    large = {"matplotlib", "numba", "pandas", "pyarrow", "scipy", "seaborn"}
    told = f"import sys; print(*({large!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", "\n".join([*lines, told])],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.split() == []


def test_the_library_knows_nothing_of_snakemake() -> None:
    for module in MODULES:
        names = {name.split(".")[0] for name in imports(LIBRARY / f"{module}.py")}
        assert "snakemake" not in names, module


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_file_is_over_400_lines_and_no_function_over_80(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= 400
    functions = ast.walk(ast.parse("\n".join(lines))) if path.suffix == ".py" else ()
    for node in functions:
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 80, node.name


def test_the_snakefile_is_a_page_and_a_script_a_call() -> None:
    assert len((ROOT / "Snakefile").read_text().splitlines()) <= 60
    for script in (ROOT / "workflow/scripts").glob("*.py"):
        assert len(script.read_text().splitlines()) <= 20, script.name


def rules() -> dict[str, str]:
    """Return the text of every rule by its name."""
    text = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    text = text.replace("    rule:", "rule train:")  # a rule a shard, in a loop
    parts = re.split(r"^rule (\w+):\n", re.sub(r"^ {5,}", "    ", text, flags=re.M), flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("rule", rules())
def test_a_rule_says_what_it_does_logs_and_names_its_code_and_script(rule: str) -> None:
    text = rules()[rule]
    assert text.startswith('    """')
    for part in ("log", "resources", "params", "script"):
        assert f"    {part}:" in text
    assert "    threads: 1\n" in text
    assert "code=code(" in text
    assert f'"../scripts/{rule}.py"' in text
    assert f"{{LOGS}}/{rule}/" in text
    if rule not in ("verify", "plan"):  # make nothing, so that they always run
        assert f"{{BENCHMARKS}}/{rule}/" in text


def locked(name: str) -> dict[str, set[str]]:
    """Return the versions of each package that a lock holds for Python 3.11."""
    found: dict[str, set[str]] = {}
    pattern = r"^([\w.-]+)==(\S+)(?: ; (.+?))? \\$"
    for package, version, marker in re.findall(pattern, (ROOT / name).read_text(), re.M):
        environment = {"python_full_version": "3.11.0", "python_version": "3.11"}
        if not marker or Marker(marker).evaluate(environment):
            found.setdefault(package, set()).add(version)
    return found


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=~!; ]", text)[0].lower() for text in requirements}


def test_locks_hold_what_pyproject_asks_for_and_agree() -> None:
    runtime, test = locked("requirements.lock"), locked("requirements-test.lock")
    project = PYPROJECT["project"]
    assert names(project["dependencies"]) <= runtime.keys()
    assert names(project["optional-dependencies"]["test"]) <= test.keys()
    assert {name: test.get(name) for name in runtime} == runtime
    assert all(len(versions) == 1 for versions in test.values())


@pytest.mark.parametrize("extra", ["bench", "slurm"])
def test_an_extras_lock_holds_its_packages_in_the_versions_of_the_others(extra: str) -> None:
    own, test = locked(f"requirements-{extra}.lock"), locked("requirements-test.lock")
    assert names(PYPROJECT["project"]["optional-dependencies"][extra]) <= own.keys()
    assert {name: test[name] for name in own if name in test} == {
        name: versions for name, versions in own.items() if name in test
    }
    assert all(len(versions) == 1 for versions in own.values())


@pytest.mark.parametrize("name", [path.name for path in ROOT.glob("requirements*.lock")])
def test_a_lock_has_a_hash_for_everything_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    for entry in re.split(r"\n(?=[a-z])", text.strip()):
        assert "--hash=sha256:" in entry, entry[:60]


def test_environment_yml_has_the_versions_of_the_lock() -> None:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    versions = dict(entry.split("=") for entry in listed if "=" in entry)
    assert versions.pop("python") == "3.11"
    assert versions.keys() == names(PYPROJECT["project"]["dependencies"])
    lock = locked("requirements.lock")
    assert {name: {version} for name, version in versions.items()} == {
        name: lock[name] for name in versions
    }


def test_what_is_imported_is_asked_for_and_what_is_asked_for_is_used() -> None:
    used = {name.split(".")[0] for module in MODULES for name in imports(LIBRARY / f"{module}.py")}
    foreign = used - set(sys.stdlib_module_names) - {"symbreak"}
    asked = {IMPORT_NAMES.get(n, n) for n in names(PYPROJECT["project"]["dependencies"]) - TOOLS}
    assert foreign == asked


def test_version_is_the_same_everywhere() -> None:
    version = PYPROJECT["project"]["version"]
    assert f'__version__ = "{version}"' in (LIBRARY / "__init__.py").read_text()
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == version
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_list_rules_reads_as_the_manual() -> None:
    done = subprocess.run([sys.executable, "-m", "snakemake", "--list-rules"], cwd=ROOT,
                          capture_output=True, text=True, check=True)  # fmt: skip
    listed = dict(
        re.findall(
            r"^(\w+?)(?:_1)? \((.+)\)$", re.sub(r".*_([2-9]|\d\d+) .*\n", "", done.stdout), re.M
        )
    )
    partial = (ROOT / "workflow/rules/partial.smk").read_text()
    assert listed.keys() == rules().keys() | {
        "all",
        *re.findall(r"^use .+ as (\w+)", partial, re.M),
    }
