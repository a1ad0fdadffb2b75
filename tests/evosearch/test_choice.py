"""Engines and slots are chosen by what they take, and only where that is left open."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jax
import pytest

from dsl.library import read_program
from dsl.parse import parse
from evosearch import choice
from evosearch.choice import Circumstances, choose, fitting_slots, try_and_choose
from evosearch.config import TaskConfig, TrainingConfig, load_config
from evosearch.errors import InputError
from evosearch.evaluate import load_plan
from evosearch.lockstep import resting
from evosearch.slots import Slots
from tests.command_line import ROOT

TASK = f"{ROOT}/tests/tasks/line.py:Line"
TRAINING = TrainingConfig()


def here(seeds: int = 1, window: int = 16) -> Circumstances:
    return Circumstances(TRAINING, read_program("adamw"), seeds, window, 0)


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Seconds of a chunk, by what is timed; nothing is trained."""
    seconds = {"machine": 1.0, "idle": 0.5, "compiled": 0.5, "compilation": 1.0}

    def on(engine: Any, program: Any) -> Any:
        idle = len(program.statements) == 1
        name = type(engine).__name__.lower()
        return lambda: "idle" if idle and name == "machine" else name

    monkeypatch.setattr(choice, "_on", on)
    monkeypatch.setattr(choice, "_seconds", lambda take_chunk: seconds[take_chunk()])
    monkeypatch.setattr(choice, "_most_update_seconds", lambda *_: 1e9)
    monkeypatch.setattr(
        choice,
        "_timed",
        lambda take_chunk: seconds["compilation"] + seconds[take_chunk()],
    )
    return seconds


def engine_of(seeds: int = 1) -> str:
    return choose(TaskConfig(task=TASK), here(seeds)).task.engine


def test_what_saves_more_than_its_compilation_is_compiled(
    timed: dict[str, float],
) -> None:
    # Ten chunks: 10 s on the machine; 5 s compiled, and the compilation.
    for compilation, engine in ((4.9, "compiled"), (5.1, "machine")):
        timed["compilation"] = compilation
        assert engine_of() == engine
    # One compilation serves all data seeds of a program.
    assert engine_of(seeds=2) == "compiled"


def test_what_cannot_be_saved_is_not_compiled(
    timed: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    timed.update(machine=0.51, idle=0.5, compiled=0.0, compilation=0.0)
    assert engine_of(seeds=1) == "machine"
    assert engine_of(seeds=3) == "compiled"
    monkeypatch.setattr(choice, "_most_update_seconds", lambda *_: 0.01)
    assert engine_of(seeds=3) == "machine"
    assert engine_of(seeds=30) == "compiled"


def test_the_reason_has_the_figures(timed: dict[str, float]) -> None:
    reason = choose(TaskConfig(task=TASK), here()).reason
    assert reason == (
        f"task {TASK}: engine compiled, one program at a time (a program takes 10 s on "
        "the machine and 6 s compiled, of which 1 s compiling)"
    )


def test_times_are_taken_of_real_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_most_update_seconds", lambda *_: 1e9)
    monkeypatch.setattr(choice, "SHORTEST_COMPILATION", 0.0)
    found = choose(TaskConfig(task=TASK), here())
    assert found.task.engine in ("machine", "compiled")
    numbers = re.search(
        r"takes (\S+) s on the machine and (\S+) s compiled, of which (\S+) s",
        found.reason,
    )
    assert numbers is not None
    machine, compiled, compilation = map(float, numbers.groups())
    assert min(machine, compilation) > 0.0
    assert compilation <= compiled
    assert (found.task.engine == "compiled") == (compiled < machine)


def test_nothing_is_chosen_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_on_slots", lambda *_: lambda: None)
    named = TaskConfig(task=TASK, engine="machine", slots=8)
    told = f"task {TASK}: engine machine, 8 programs at a time"
    assert try_and_choose([(named, here())], None) == [(named, told)]
    slots = choose(TaskConfig(task=TASK, slots=3), here()).task
    assert (slots.engine, slots.slots) == ("machine", 3)
    engine = choose(TaskConfig(task=TASK, engine="compiled"), here()).task
    assert (engine.engine, engine.slots) == ("compiled", 1)


def test_a_program_of_matrices_leaves_the_choice_to_adamw() -> None:
    muon = here()._replace(program=read_program("muon"))
    assert choose(TaskConfig(task=TASK), muon) == choose(TaskConfig(task=TASK), here())


def test_the_shipped_configs_are_trained_by_the_machine_on_a_cpu() -> None:
    configs = [load_config(path) for path in (ROOT / "configs").glob("*.yaml")]
    # Some have a task in common, and to time one takes seconds.
    asked = {
        (task.model_dump_json(), config.fitness.seeds): task
        for config in configs
        for task in config.tasks
    }
    assert len(asked) > 1
    for (_, seeds), task in asked.items():
        found = choose(task, here(seeds)).task
        assert (found.engine, found.slots) == ("machine", 1)


def test_slots_are_those_that_fit_and_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, program = (
        load_plan(TaskConfig(task=TASK), TRAINING),
        parse(read_program("adamw")),
    )
    tried: list[int] = []

    def advance(slots: Slots, bank: Any, *_: Any) -> Any:
        tried.append(slots.count)
        if slots.count > 8:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: no room")
        return bank, None, None

    monkeypatch.setattr(Slots, "advance", advance)
    monkeypatch.setattr(Slots, "bytes_needed", lambda slots, *_: 1000 * slots.count)
    for free, window, slots in ((0.0, 64, 1), (5e3, 64, 4), (1e9, 5, 4), (1e9, 3, 2)):
        assert fitting_slots(plan, program, free, window) == slots
    tried.clear()
    assert fitting_slots(plan, program, 1e9, 64) == 8
    assert tried == [64, 32, 16, 8]


def test_the_memory_of_slots_holds_their_registers_at_least() -> None:
    plan = load_plan(TaskConfig(task=TASK), TRAINING)
    program = resting(size := 64)
    files = 4 * plan.layout.size * size * (count := 3)
    needed = Slots(plan, count).bytes_needed(program, plan.chunk(0, 0))
    assert files <= needed <= 100 * files


def test_the_fault_of_a_task_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def Task():\n    raise OSError('gone')\n")
    with pytest.raises(InputError, match=r"mine\.py, line 2 raised OSError: gone"):
        choose(TaskConfig(task=f"{tmp_path}/mine.py:Task"), here())
