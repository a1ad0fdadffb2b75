"""What is wrong with a config is told in one sentence: where, what, how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evosearch.config import load_config, parse_task
from evosearch.errors import InputError

SMALLEST = """\
name: lion
tasks:
  - task: charlm
    arguments: {scale: 1}
budget:
  programs: 10
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(SMALLEST, encoding="utf-8")
    return path


def problem(path: Path, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        load_config(path, overrides)
    return str(caught.value).replace(f"{path}", "FILE")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["search.tournment=3"],
            "override 'search.tournment=3': search.tournment: unknown key; "
            "did you mean tournament?",
        ),
        (
            ["tasks[0].task=digits"],
            "override 'tasks[0].task=digits': entries of lists are numbered, as in "
            "tasks.0.task",
        ),
        (
            ["searhc.population=3"],
            "override 'searhc.population=3': searhc: unknown key; did you mean search?",
        ),
        (
            ["tasks.0.warmup=1"],
            "override 'tasks.0.warmup=1': tasks.0.warmup: must be less than 1, but it "
            "is 1 (share of the steps in which the learning rate rises to its peak, "
            "from 0 to below 1)",
        ),
        (
            ["search.population=1"],
            "override 'search.population=1': search: tournament (2) "
            "must not exceed population (1)",
        ),
        (
            ["search.islands=3"],
            "override 'search.islands=3': search: population (1000) must be a multiple "
            "of islands (3)",
        ),
        (
            ["seed=2147483648"],
            "override 'seed=2147483648': seed: must be less than 2147483648, but it is "
            "2147483648 (seed of the search's random choices, from 0 to 2147483647)",
        ),
        (
            ["meta_validation.every=10"],
            "override 'meta_validation.every=10': meta_validation: every is 10, but "
            "tasks is empty: name at least one task, or set every to null",
        ),
        (
            ["meta_validation={every: 9, tasks: [{task: digits, slots: 99}]}"],
            "FILE: meta_validation.tasks.0.slots (99) must not exceed search.window "
            "(32), the programs that can be under way: enlarge the window, to some "
            "times the slots, or have fewer slots",
        ),
        (
            ["meta_validation={tasks: [{task: digits}, {task: digits}]}"],
            "FILE: meta_validation.tasks.0 and meta_validation.tasks.1 are the same",
        ),
        (
            ["meta_validation={tasks: [{tusk: digits}]}"],
            "override 'meta_validation={tasks: [{tusk: digits}]}': "
            "meta_validation.tasks.0.task: missing; add it (a built-in task (charlm, "
            "digits) or path/to/file.py:factory)\n"
            "override 'meta_validation={tasks: [{tusk: digits}]}': "
            "meta_validation.tasks.0.tusk: unknown key; did you mean task?",
        ),
        (
            ["budget.programs=null"],
            "FILE, line 5: budget: needs at least one of programs, evaluations and "
            "steps; minutes alone would end equal runs at different places",
        ),
        (
            ["search={insert: 0, delete: 0, modify: 0}"],
            "override 'search={insert: 0, delete: 0, modify: 0}': search: insert, "
            "delete and modify are all 0: give one of them positive odds",
        ),
        (
            ["tasks=[{task: a}, {task: b}, {task: a}]"],
            "FILE: tasks.0 and tasks.2 are the same",
        ),
        (
            ["training.chunks=4", "hurdles.quantile=0.5", "hurdles.first_chunk=4"],
            "FILE: hurdles.first_chunk (4) must be below training.chunks (4), or no "
            "training meets a hurdle: to have none, set hurdles.quantile to null",
        ),
        (
            ["hurdles.quantile=1"],
            "override 'hurdles.quantile=1': hurdles.quantile: must be less than 1, but "
            "it is 1 (a training ends that is worse, after a chunk, than this share of "
            "the trainings before it, so that about so many go on; above 0, below 1; "
            "null is no hurdles)",
        ),
        (
            ["tasks=[]"],
            "override 'tasks=[]': tasks: must not be empty; name at least one task",
        ),
        (
            ["tasks.1.task=a"],
            "override 'tasks.1.task=a': tasks has no entry 1; it has 1, "
            "numbered from 0",
        ),
        (["name.x=a"], "override 'name.x=a': name is a single value, without keys"),
        (
            ["tasks.0.arguments.scale=[1]"],
            "override 'tasks.0.arguments.scale=[1]': tasks.0.arguments.scale: must be "
            "text, a finite number, true, false or null",
        ),
        (
            ["name=two words"],
            "override 'name=two words': name: must be a plain name, but it is "
            "'two words' (names the run's folder: 1 to 64 letters, digits, - and _)",
        ),
        (
            ["training.weight_bound=1e999"],
            "override 'training.weight_bound=1e999': training.weight_bound: must be "
            "finite, but it is inf (largest size of a weight; beyond it a training "
            "has diverged; above 0)",
        ),
        (
            ["workers.count=true"],
            "override 'workers.count=true': workers.count: must be a whole number, "
            "without point or exponent, but it is true (workers; 0 is one for each "
            "core or GPU)",
        ),
        (
            ["workers.executor=rai"],
            "override 'workers.executor=rai': workers.executor: must be 'ray' or "
            "'inline', but it is 'rai' (ray: processes; inline: the searching process)",
        ),
        (
            ["search.mode=tune"],
            "override 'search.mode=tune': search.mode: must be 'evolve', 'constants' "
            "or 'random', but it is 'tune' (how children are made: evolve, by all "
            "mutations; constants, by other values of the seed program's constants "
            "alone; random, each drawn anew, whatever came before)",
        ),
        (
            ["search.functions=lion+matrx"],
            "override 'search.functions=lion+matrx': search.functions: must be lion, "
            "matrix or lion+matrix, or a list of functions' names; there is no set "
            "'matrx': did you mean matrix?",
        ),
        (
            ["search.functions=lion+lion"],
            "override 'search.functions=lion+lion': search.functions: lion is named "
            "twice: leave it away once",
        ),
        (
            ["search.functions=[add, sign, add]"],
            "override 'search.functions=[add, sign, add]': search.functions: add is "
            "named twice: leave it away once",
        ),
        (
            ["search.functions=[]"],
            "override 'search.functions=[]': search.functions: must be lion, matrix or "
            "lion+matrix, or a list of functions' names",
        ),
        (
            ["final=3"],
            "override 'final=3': final: must be a group of keys, but it is 3",
        ),
        (
            ["seed"],
            "override 'seed' must be key.path=value, as in search.population=100",
        ),
        (
            ["seed=["],
            "override 'seed=[', line 1, column 2: expected the node content, but found "
            "'<stream end>'; mend the YAML there",
        ),
    ],
)
def test_a_wrong_override_is_one_sentence(
    file: Path, overrides: list[str], message: str
) -> None:
    assert problem(file, *overrides) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "FILE is empty: it needs at least name, tasks and budget"),
        (b"# only this\n", "FILE is empty: it needs at least name, tasks and budget"),
        (b"- 1\n", "FILE must hold keys and values, as in `seed: 0`"),
        (b"seed: 1\n\nseed: 2\n", "FILE, line 3: seed is here again, first on line 1; "
         "keep one"),
        (b"search:\n\twindow: 1\n", "FILE, line 2, column 1: a tab; indent with "
         "spaces"),
        (b"a: 1\rb:\r\tc: 1\r", "FILE, line 3, column 1: a tab; indent with spaces"),
        (b"name: a\nb: \xff\n", "FILE, line 2: not UTF-8; save the file as UTF-8"),
        (b"a: 1\nb: \x07\n", "FILE, line 2: a character that YAML forbids; remove it"),
        (b"1: 2\n", "FILE, line 1: a key must be text; put it in quotes"),
        (b"a: !!int b\n", "FILE, line 1: 'b' does not fit its tag"),
        (b"a: !!python/name:os.sep x\n", "FILE, line 1: 'x' does not fit its tag"),
        (b"a: &x [*x]\n", "FILE, line 1, column 8: found an alias (*), which a config "
         "may not have; mend the YAML there"),
        (b"a: " + b"[" * 2000, "FILE: nested too deeply; make it flatter"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_config_is_one_sentence(
    file: Path, text: bytes, message: str
) -> None:
    file.write_bytes(text)
    assert problem(file) == message


def test_every_problem_of_a_file_is_told_with_its_line(file: Path) -> None:
    file.write_text(
        "name: a\nseed: -1\ntasks:\n- {task: charlm, width: 2}\n- arguments: {}\n"
    )
    assert problem(file).splitlines() == [
        "FILE, line 2: seed: must be greater than or equal to 0, but it is -1 "
        "(seed of the search's random choices, from 0 to 2147483647)",
        "FILE, line 4: tasks.0.width: unknown key; known are task, arguments, "
        "schedule, warmup, engine, slots, and tasks.0.arguments.width for the task",
        "FILE, line 5: tasks.1.task: missing; add it (a built-in task (charlm, digits) "
        "or path/to/file.py:factory)",
        "FILE: budget: missing; add it (when the run ends: programs, evaluations or "
        "steps, at least one)",
    ]


def test_a_path_that_is_no_file_is_one_sentence(file: Path, tmp_path: Path) -> None:
    assert problem(tmp_path) == "FILE is a folder; name a YAML file in it"
    near = problem(tmp_path / "rum.yaml")
    assert near == f"FILE does not exist; did you mean {file}?"
    assert problem(tmp_path / "none" / "a") == "FILE does not exist; check the path"


def test_a_byte_order_mark_is_no_part_of_the_first_key(file: Path) -> None:
    file.write_text(SMALLEST, encoding="utf-8-sig")
    assert load_config(file).name == "lion"


def test_a_wrong_task_without_a_file_is_one_sentence() -> None:
    with pytest.raises(InputError) as caught:
        parse_task("charlm", ["shedule=cosine"])
    assert str(caught.value) == (
        "override 'shedule=cosine': shedule: unknown key; did you mean schedule?"
    )
    with pytest.raises(InputError, match=r"slots, and arguments\.scale for the"):
        parse_task("charlm", ["scale=0.1"])
    with pytest.raises(InputError) as caught:
        parse_task("")
    assert str(caught.value) == (
        "task '': task: must not be empty, but it is '' (a built-in task (charlm, "
        "digits) or path/to/file.py:factory)"
    )


def test_slots_without_the_machine_are_told(file: Path) -> None:
    file.write_text(
        "name: a\nbudget: {programs: 1}\n"
        "tasks:\n- {task: charlm, engine: compiled, slots: 8}\n"
    )
    assert problem(file) == (
        "FILE, line 4: tasks.0: slots (8) are the machine's, but engine is compiled: "
        "set slots to 1, or engine to machine"
    )


def test_slots_that_cannot_be_filled_are_told(file: Path) -> None:
    file.write_text(
        "name: a\nbudget: {programs: 1}\n"
        "search: {window: 4, population: 9}\ntasks:\n- {task: charlm, slots: 8}\n"
    )
    assert problem(file).startswith(
        "FILE: tasks.0.slots (8) must not exceed search.window (4)"
    )
