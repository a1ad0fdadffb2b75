"""Which statements and states can reach the update, in one call or in any number."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress

from dsl.program import Program


@dataclass(frozen=True, slots=True)
class Live:
    """One flag for each statement and one for each state of a program."""

    statements: tuple[bool, ...]
    states: tuple[bool, ...]


def live(program: Program) -> Live:
    """Find what the update depends on through any number of steps.

    A state is an output only if its value at the start of a step can reach `update`,
    in this step or in a later one: the least fixpoint over the states. Beyond the
    paper, whose analysis is for one call (`live_in_one_call`).
    """
    needed = {program.outputs[0]}
    new_states = program.outputs[1:]
    while True:
        flags, read = _backward(program, needed)
        alive = [state in read for state in program.states]
        found = [*compress(new_states, alive)]
        if needed.issuperset(found):
            return Live(flags, tuple(alive))
        needed.update(found)


def live_in_one_call(program: Program) -> Live:
    """Find what any output of a single call depends on, all states being outputs."""
    flags, _ = _backward(program, set(program.outputs))
    return Live(flags, (True,) * len(program.states))


def _backward(program: Program, outputs: set[str]) -> tuple[tuple[bool, ...], set[str]]:
    """Flags of the statements that `outputs` depend on, and the inputs they read."""
    read = set(outputs)
    flags = []
    for statement in reversed(program.statements):
        target = statement.target
        if target in read:
            read.discard(target)
            read.update(statement.reads)
            flags.append(True)
        else:
            flags.append(False)
    flags.reverse()
    return tuple(flags), read
