"""Which engine trains a task, and in how many slots: by measured times and free memory.

The machine is compiled once and trains any program, with an update of many small parts;
a program that is compiled for itself has one of few, but pays for its compilation. So
what a compilation can save is at most what the machine's updates take. Where they take
less than any compilation does, nothing is compiled to be timed; where the model is so
small that they cannot take more on a CPU, nothing is timed at all.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import jax
import numpy as np

from dsl.library import read_program
from dsl.parse import parse
from dsl.program import Program
from evosearch.compile_cache import keep_compilations
from evosearch.compiled import Compiled
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.engine import AUTO, COMPILED, MACHINE, engine_for
from evosearch.evaluate import load_plan
from evosearch.lockstep import laid_out
from evosearch.machine import Machine
from evosearch.plan import Plan
from evosearch.slots import Slots, is_out_of_memory, stack
from evosearch.tasks.files import in_task_code
from evosearch.threads import keep_off_accelerators
from evosearch.train import Engine
from evosearch.trial import try_all, why_not_side_by_side

SHORTEST_COMPILATION = 0.2
"""Seconds; no program's training step was seen to compile in less."""

_STATEMENT_SECONDS, _WEIGHT_SECONDS = 10e-6, 10e-9
"""Of a statement and of a weight in it; several times what was seen on one core."""

MOST_SLOTS = 1024
_MEMORY = 0.8
"""The share of a device's free memory that slots may take."""
_SAMPLE = 4
"""Slots whose memory is looked up to tell how many there is room for."""
_LONG_ENOUGH = 0.5
"""Seconds after which a measurement is not repeated."""

IDLE = parse("def train(w, g, lr):\n  u = g - g\n  return u\n")
"""A program with one instruction: what it takes is not for its update."""


class Choice(NamedTuple):
    """What was chosen for a task, and a sentence that says why."""

    task: TaskConfig
    reason: str


class Circumstances(NamedTuple):
    """What a choice depends on beside the task.

    Attributes:
        training: of the config.
        program: text of one that is trained to see how long it takes.
        seeds: data seeds that each program is trained on, after one compilation.
        window: programs that can be under way.
        workers: that share this machine's accelerators; 0 is one for each.
    """

    training: TrainingConfig
    program: str
    seeds: int
    window: int
    workers: int


Asked = tuple[TaskConfig, Circumstances]


def try_and_choose(asked: Sequence[Asked], functions: str | None) -> list[Choice]:
    """Try tasks and a user's functions, then choose what their config leaves open.

    Args:
        asked: tasks, each with what its choice depends on.
        functions: the file of the user's own functions.

    Raises:
        InputError: as of `try_all`.
    """
    keep_compilations()
    try_all([task for task, _ in asked], asked[0][1].training, functions)
    return [
        choose(task, here) if is_open(task) else _named(task) for task, here in asked
    ]


def try_and_choose_apart(asked: Sequence[Asked], functions: str | None) -> list[Choice]:
    """The same, in a process of its own; no accelerator is asked for nothing."""
    if not any(is_open(task) for task, _ in asked):
        keep_off_accelerators()
    return try_and_choose(asked, functions)


def is_open(task: TaskConfig) -> bool:
    """Whether a task's config leaves something to be chosen."""
    return task.engine == AUTO or task.slots == 0


def _named(task: TaskConfig) -> Choice:
    return Choice(
        task, f"task {task.task}: engine {task.engine}, {_at_once(task.slots)}"
    )


def _at_once(slots: int) -> str:
    return "one program at a time" if slots == 1 else f"{slots} programs at a time"


def choose(task: TaskConfig, here: Circumstances) -> Choice:
    """Put an engine and a number of slots where a task's config leaves them open.

    It is measured on this machine; for a cluster of others they are better named.

    Raises:
        InputError: the code of a user's task raised.
    """
    plan = load_plan(task, here.training)
    return in_task_code(task.task, lambda: _chosen(task, plan, here))


def _chosen(task: TaskConfig, plan: Plan, here: Circumstances) -> Choice:
    program = parse(here.program)
    if engine_for(program) == COMPILED:
        program = parse(read_program("adamw"))
    engine, slots, reason = task.engine, task.slots, ""
    if slots > 1:
        engine = MACHINE
    if engine == COMPILED:
        slots = 1
    free = free_memory(here.workers)
    if slots == 0 and (free == 0.0 or why_not_side_by_side(plan)):
        slots = 1
    if slots == 0:
        slots = fitting_slots(plan, program, free, here.window)
    if engine == AUTO:
        engine, reason = _engine(plan, program, here.seeds, slots)
    slots = 1 if engine == COMPILED else slots
    chosen = task.model_copy(update={"engine": engine, "slots": slots})
    told = f"task {task.task}: engine {engine}, {_at_once(slots)}{reason}"
    return Choice(chosen, told)


def free_memory(workers: int) -> float:
    """Bytes of an accelerator for each of its workers; 0 on a CPU: no use in slots."""
    devices = jax.devices()
    found = None if devices[0].platform == "cpu" else devices[0].memory_stats()
    if found is None:
        return 0.0
    sharing = max(1, -(-workers // len(devices)))
    return float(found["bytes_limit"] - found["bytes_in_use"]) / sharing


def fitting_slots(plan: Plan, program: Program, free: float, window: int) -> int:
    """The largest power of two of slots that there is room and use for, tried once.

    Args:
        plan: of the task.
        program: that is tried in all of them.
        free: bytes; what slots need of it is told by a few of them.
        window: programs that can be under way.
    """
    few = min(_SAMPLE, window)
    each = Slots(plan, few).bytes_needed(laid_out(program), plan.chunk(0, 0)) / few
    most = min(window, MOST_SLOTS, _MEMORY * free / each)
    slots = 1 << int(math.log2(max(1.0, most)))
    while slots > 1:
        _tell(f"trying {slots} slots")
        try:
            _on_slots(plan, program, slots)()
        except jax.errors.JaxRuntimeError as error:
            if not is_out_of_memory(error):
                raise
            slots //= 2
        else:
            return slots
    return 1


def _engine(
    plan: Plan, program: Program, seeds: int, slots: int
) -> tuple[Literal["machine", "compiled"], str]:
    """The faster engine for a program's trainings, and why."""
    if jax.devices()[0].platform == "cpu" and slots == 1:
        most = seeds * _most_update_seconds(plan, program)
        if most < SHORTEST_COMPILATION:
            return MACHINE, f" (a program's updates take less than {most:.2g} s)"
    _tell("timing the machine")
    chunks = plan.chunks * seeds / slots
    machine = Machine(plan)
    take_chunk = (
        _on(machine, program) if slots == 1 else _on_slots(plan, program, slots)
    )
    on_machine = chunks * _warm_seconds(take_chunk)
    told = f" (a program takes {on_machine:.2g} s on the machine"
    if slots == 1:
        # Without slots it can be told what an update takes.
        idle = chunks * _warm_seconds(_on(machine, IDLE))
        update = max(0.0, on_machine - idle)
        if update < SHORTEST_COMPILATION:
            return MACHINE, f"{told}, of which its updates take {update:.2g} s)"
    _tell("timing a compilation")
    take_chunk = _on(Compiled(plan), program)
    first, each = _timed(take_chunk), _seconds(take_chunk)
    compiled = first + (plan.chunks * seeds - 1) * each
    told += f" and {compiled:.2g} s compiled, of which {first - each:.2g} s compiling)"
    return COMPILED if compiled < on_machine else MACHINE, told


def _most_update_seconds(plan: Plan, program: Program) -> float:
    """An estimate, on the large side, of what a training's updates take on a CPU."""
    statement = _STATEMENT_SECONDS + _WEIGHT_SECONDS * plan.layout.size
    return len(plan.rates) * len(program.statements) * statement


def _tell(what: str) -> None:
    """A sign of life, while nothing else is to be seen of a run."""
    print(f"before the run: {what}", file=sys.stderr, flush=True)


def _warm_seconds(take_chunk: Callable[[], None]) -> float:
    take_chunk()
    return _seconds(take_chunk)


def _seconds(take_chunk: Callable[[], None]) -> float:
    """Seconds of a chunk: the shortest of three, or of those within half a second."""
    best, began = math.inf, time.perf_counter()
    for _ in range(3):
        best = min(best, _timed(take_chunk))
        if time.perf_counter() - began > _LONG_ENOUGH:
            break
    return best


def _timed(take_chunk: Callable[[], None]) -> float:
    began = time.perf_counter()
    take_chunk()
    return time.perf_counter() - began


def _on(engine: Engine, program: Program) -> Callable[[], None]:
    """Takes the first chunk's steps again and again: later ones take as long."""
    slot, chunk = engine.start(program, 0), engine.plan.chunk(0, 0)

    def take_chunk() -> None:
        nonlocal slot
        slot, loss, _ = engine.advance(slot, chunk)
        float(loss)

    return take_chunk


def _on_slots(plan: Plan, program: Program, count: int) -> Callable[[], None]:
    """The same in all slots of the machine."""
    slots, one = Slots(plan, count), laid_out(program)
    programs = stack([one] * count)
    chunks = stack([plan.chunk(0, 0)] * count)
    seeds, fresh = np.zeros(count, np.uint32), np.ones(count, bool)
    bank = slots.admit(slots.empty(len(one.trees)), seeds, fresh)

    def take_chunk() -> None:
        nonlocal bank
        bank, _, _ = slots.advance(bank, programs, chunks)

    return take_chunk
