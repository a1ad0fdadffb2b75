"""A task that cannot be made costs one sentence that says what to mend."""

import subprocess
import sys
from pathlib import Path

import jax
import pytest

from evosearch.errors import InputError
from evosearch.tasks import TASKS, load_task

GOOD = """
from __future__ import annotations
from dataclasses import dataclass

@dataclass(frozen=True)
class Nothing:
    rate: float
    steps: int = 5
    floor: float = 0.0
    def init(self, key): ...
    def batch(self, key): ...
    def loss(self, params, batch): ...
    def evaluate(self, params): ...

def factory(rate: float, name: str | None = None) -> Nothing:
    return Nothing(rate)

def loose(**anything):
    return Nothing(anything["rate"])

def fails():
    return {}["missing"]

def partial(**attributes):
    return type("Partial", (), {"steps": 3, "floor": 0.0, **attributes})()

method = print
number = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    (tmp_path / "mine.py").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def message(reference: str, **arguments) -> str:
    with pytest.raises(InputError) as caught:
        load_task(reference, arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_listing_tasks_does_not_import_jax() -> None:
    code = (
        "import sys, evosearch.tasks as t; list(t.TASKS); print('jax' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


@pytest.mark.parametrize("name", sorted(TASKS))
def test_the_manual_describes_every_argument(name: str) -> None:
    manual = TASKS[name].manual()
    for argument in ("scale", "floor", "width", "depth", "heads", "batch", "steps"):
        assert f"    {argument}: " in manual


@pytest.mark.usefixtures("folder")
def test_a_file_is_found_from_the_current_folder() -> None:
    before = list(sys.path)
    task = load_task("mine.py:factory", {"rate": 1})
    assert (task.steps, task.rate) == (5, 1)
    assert load_task("mine.py:loose", {"rate": 2}).rate == 2
    assert load_task("mine.py:Nothing", {"rate": 3}).rate == 3
    assert sys.path == before


def test_files_of_one_name_do_not_meet(folder: Path) -> None:
    (folder / "other").mkdir()
    (folder / "other/mine.py").write_text(
        GOOD.replace("steps: int = 5", "steps: int = 7")
    )
    first = load_task("mine.py:factory", {"rate": 1})
    second = load_task("other/mine.py:factory", {"rate": 1})
    assert (first.steps, second.steps) == (5, 7)
    assert sys.modules[type(first).__module__].Nothing is type(first)


@pytest.mark.usefixtures("folder")
def test_unknown_names() -> None:
    assert "did you mean charlm?" in message("charml")
    assert "known are charlm, digits" in message("x")
    assert "as mine.py:factory" in message("mine.py")
    assert "there is no file" in message("absent.py:factory")
    assert "did you mean factory?" in message("mine.py:factroy")
    assert "there is no function 'number'" in message("mine.py:number")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("reference", "arguments", "said"),
    [
        ("charlm", {"scael": 1}, "no argument 'scael': did you mean scale?"),
        ("charlm", {"widht": 1}, "no argument 'widht': did you mean width?"),
        ("charlm", {"scale": "big"}, "argument 'scale' is 'big', and must be a number"),
        ("charlm", {"scale": True}, "argument 'scale' is True, and must be a number"),
        ("charlm", {"width": 8.0}, "'width' is 8.0, and must be a whole number"),
        ("charlm", {"text": 3}, "argument 'text' is 3, and must be text"),
        ("charlm", {"context": 0}, "context: 0 is too small"),
        ("digits", {"text": "a"}, "no argument 'text'"),
        ("mine.py:factory", {}, "argument 'rate' is missing"),
        ("mine.py:factory", {"rate": None}, "'rate' is None, and must be a number"),
        ("mine.py:fails", {"rate": 1}, "no argument 'rate': it takes none"),
        ("mine.py:Nothing", {"rate": "x"}, "'rate' is 'x', and must be a number"),
    ],
)
def test_wrong_arguments(reference: str, arguments: dict, said: str) -> None:
    assert said in message(reference, **arguments)


@pytest.mark.usefixtures("folder")
def test_an_exception_in_a_factory_names_file_line_and_exception() -> None:
    line = GOOD.splitlines().index('    return {}["missing"]') + 1
    assert f"mine.py, line {line} raised KeyError: 'missing'" in message(
        "mine.py:fails"
    )


def test_an_exception_in_a_file_names_file_line_and_exception(folder: Path) -> None:
    (folder / "broken.py").write_text("x = 1\ny = x / 0\n")
    assert "broken.py, line 2 raised ZeroDivisionError" in message("broken.py:f")
    (folder / "broken.py").write_text("x = 1\n\ndef f(:\n")
    assert "broken.py, line 3 raised SyntaxError" in message("broken.py:f")
    files = [getattr(each, "__file__", None) for each in sys.modules.values()]
    assert not [file for file in files if file and Path(file).parent == folder]


METHODS = {name: print for name in ("init", "loss", "evaluate", "batch")}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 0}, "needs `steps`, a whole number of 1 or more, and has 0"),
        ({"steps": 2.0}, "needs `steps`"),
        ({"floor": None}, "needs `floor`, a number, and has None"),
        ({"floor": float("nan")}, "needs `floor`"),
        ({"evaluate": None}, "has no method `evaluate`"),
        ({"batch": None}, "has neither a method `batch(key)` nor"),
        ({"batches": print}, "has both `batch` and `batches`"),
        ({"test": 3}, "has a `test` that cannot be called"),
    ],
)
def test_an_object_that_is_no_task(change: dict, said: str) -> None:
    assert said in message("mine.py:partial", **{**METHODS, **change})


@pytest.mark.usefixtures("folder")
def test_batches_may_take_the_place_of_batch() -> None:
    methods = {**METHODS, "batch": None, "batches": print}
    assert load_task("mine.py:partial", methods).steps == 3


def test_the_example_has_the_weights_that_it_says() -> None:
    task = load_task("tests/tasks/mlp.py:factory", {})
    leaves = jax.tree.leaves(task.init(jax.random.key(0)))
    assert sum(leaf.size for leaf in leaves) == 4810
