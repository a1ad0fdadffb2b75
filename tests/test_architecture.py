"""Imports go one way, names say something, and files and functions stay short."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS = (
    ("cli",),
    ("commands",),
    ("refusal",),
    ("display",),
    ("study",),
    ("run",),
    ("handover",),
    ("report",),
    ("export",),
    ("funnel",),
    ("opening",),
    ("summary", "begun"),
    ("tune",),
    ("final", "simplify", "identify"),
    ("search",),
    ("contest", "meta_validation"),
    ("candidate",),
    ("judge",),
    ("reference", "losses", "bench"),
    ("twins",),
    ("ledger", "counts", "verdict", "validation"),
    ("breed",),
    ("restart", "islands"),
    ("population", "constant_mutation", "random_program"),
    ("rates",),
    ("genome", "scale"),
    ("explain",),
    ("hurdles", "choice", "overfitting"),
    ("mutate", "fitness", "workers", "store", "front"),
    ("draws", "limits"),
    ("trial", "actor"),
    ("evaluate", "function_trial"),
    ("own_functions",),
    ("function_calls",),
    ("dispatch", "batching"),
    ("slots",),
    ("machine", "compiled", "lockstep"),
    ("scalars", "steps"),
    ("padded", "instructions"),
    ("train",),
    ("plan",),
    ("tasks", "schedules"),
    ("tables",),
    ("rows", "folder", "stop", "threads", "engine", "compile_cache", "apart", "watch"),
    ("config",),
    ("errors",),
)
"""Parts of evosearch, highest first: each may import those below it, and dsl."""

HOMES = {
    "ray": "evosearch.workers",
    "lark": "dsl.parse",
    "torch": "evosearch.export.torch_run",
    "matplotlib": "evosearch.report.figures",
}
"""Libraries that one module alone may import."""

EMPTY_NAMES = {"util", "helper", "common", "manager", "misc"}
FILE_LIMIT = 300
FUNCTION_LIMIT = 60


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {
    _module_name(path): path
    for folder in ("dsl", "evosearch", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
SOURCES = [name for name in FILES if not name.startswith("tests")]
PARTS = sorted(
    {name.split(".")[1] for name in SOURCES if name.startswith("evosearch.")}
)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


def _named_by(node: ast.AST, package: str) -> list[str]:
    """Dotted names that a node imports, `from x import y` as x.y."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            above = package.split(".")[: len(package.split(".")) + 1 - level]
            base = [*(above if level else []), *([module] if module else [])]
            return [".".join([*base, alias.name]) for alias in names]
        case ast.Call(
            func=ast.Name(id=name) | ast.Attribute(attr=name),
            args=[ast.Constant(value=str(imported)), *_],
        ) if name in ("import_module", "__import__"):
            return [imported]
    return []


@cache
def imports(module: str) -> frozenset[str]:
    """What a module imports anywhere, functions too: our modules, others' names."""
    is_package = FILES[module].name == "__init__.py"
    package = module if is_package else module.rpartition(".")[0]
    names = [
        name for node in ast.walk(_tree(module)) for name in _named_by(node, package)
    ]
    found = set()
    for name in names:
        parts = name.split(".")
        prefixes = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
        found.add(next((each for each in prefixes if each in FILES), parts[0]))
    return frozenset(found - {module})


def _part(module: str) -> str:
    return module.removeprefix("evosearch").lstrip(".").split(".")[0]


def test_every_part_has_a_layer() -> None:
    placed = Counter(part for layer in LAYERS for part in layer)
    assert max(placed.values()) == 1
    missing = [part for part in PARTS if part not in placed]
    assert not missing, f"give {missing} a place in LAYERS of {Path(__file__).name}"


@pytest.mark.parametrize("module", [name for name in SOURCES if _part(name) in PARTS])
def test_imports_go_down(module: str) -> None:
    level = {part: depth for depth, layer in enumerate(LAYERS) for part in layer}
    for imported in imports(module):
        if imported.startswith("evosearch.") and _part(imported) != _part(module):
            assert level[_part(imported)] > level[_part(module)], imported


@pytest.mark.parametrize("module", [name for name in SOURCES if name[:3] == "dsl"])
def test_the_language_knows_nothing_of_the_search(module: str) -> None:
    assert not [name for name in imports(module) if name.startswith("evosearch")]


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: imports(name) & set(SOURCES) for name in SOURCES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("module", SOURCES)
def test_libraries_stay_in_their_module(module: str) -> None:
    for library, home in HOMES.items():
        assert library not in imports(module) or module == home


def test_packages_import_only_what_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = sum(project["optional-dependencies"].values(), project["dependencies"])
    declared = {line.partition(">")[0] for line in lines}
    owners = packages_distributions()
    for module in SOURCES:
        for name in imports(module) - set(FILES) - sys.stdlib_module_names:
            given = {owner.lower() for owner in owners.get(name, [])}
            assert given & declared, f"{module} imports {name}"


HEAVY = {
    *(
        "jax",
        "jinja2",
        "lark",
        "matplotlib",
        "numpy",
        "optax",
        "pydantic",
        "ray",
        "scipy",
    ),
    *("sklearn", "sqlite3", "torch", "yaml"),
}


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import dsl, evosearch", {"lark"}),
        ("from evosearch.cli import main; sys.argv[1:] = ['--help']; main()", set()),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_used(
    code: str, allowed: set[str]
) -> None:
    told = "atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    command = [sys.executable, "-c", f"import atexit, sys; {told}; {code}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stderr.split()) <= allowed


@pytest.mark.parametrize("module", FILES)
def test_a_module_starts_with_its_idea(module: str) -> None:
    docstring = ast.get_docstring(_tree(module)) or ""
    assert docstring.partition("\n")[0].endswith((".", ":")), "one sentence, one line"


@pytest.mark.parametrize("module", FILES)
def test_a_name_says_something(module: str) -> None:
    words = {word for part in module.split(".") for word in part.split("_")}
    assert not {word.removesuffix("s") for word in words} & EMPTY_NAMES


@pytest.mark.parametrize("module", FILES)
def test_files_and_functions_stay_short(module: str) -> None:
    lines = FILES[module].read_text(encoding="utf-8").count("\n")
    assert lines <= FILE_LIMIT, f"{lines} lines: is it still one idea?"
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= FUNCTION_LIMIT, f"{node.name}: {length} lines"


def test_print_the_lines_of_each_folder(capsys: pytest.CaptureFixture[str]) -> None:
    lines: Counter[str] = Counter()
    for path in FILES.values():
        folder = str(path.parent.relative_to(ROOT))
        lines[folder] += path.read_text(encoding="utf-8").count("\n")
    with capsys.disabled():
        print("\nlines:", ", ".join(f"{name} {lines[name]}" for name in sorted(lines)))
    assert lines["dsl"] > 0
    assert lines["evosearch"] > 0
