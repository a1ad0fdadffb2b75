"""Sends each program to the engine that trains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dsl.program import Program
from evosearch.compiled import Compiled
from evosearch.engine import AUTO, COMPILED, MACHINE, engine_for
from evosearch.machine import Machine
from evosearch.plan import Chunk, Plan


class _Slot(NamedTuple):
    engine: str
    slot: Any


class Dispatch:
    """Both engines of one plan, behind the interface of one.

    Args:
        plan: of the task.
        asked: the `engine` of the task's config.
    """

    def __init__(self, plan: Plan, asked: str = AUTO) -> None:
        self.plan = plan
        self._asked = asked
        self._engines: dict[str, Machine | Compiled] = {
            MACHINE: Machine(plan),
            COMPILED: Compiled(plan),
        }

    def start(self, program: Program, seed: int) -> _Slot:
        """The slot of a program before its first step, on the engine for it."""
        engine = engine_for(program, self._asked)
        return _Slot(engine, self._engines[engine].start(program, seed))

    def advance(self, slot: _Slot, chunk: Chunk) -> tuple[_Slot, Any, Any]:
        """Take a chunk's steps on the slot's engine."""
        after, loss, peak = self._engines[slot.engine].advance(slot.slot, chunk)
        return _Slot(slot.engine, after), loss, peak

    def finish(
        self, slot: _Slot, seed: int, hurdles: Sequence[float]
    ) -> tuple[_Slot, list[float], float]:
        """Take all chunks, or those up to its end, on the slot's engine."""
        engine = self._engines[slot.engine]
        after, losses, peak = engine.finish(slot.slot, seed, hurdles)
        return _Slot(slot.engine, after), losses, peak

    def weights(self, slot: _Slot) -> Any:
        """The pytree of a slot's weights."""
        return self._engines[slot.engine].weights(slot.slot)
