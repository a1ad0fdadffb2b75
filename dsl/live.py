"""Which statements and states can reach the update, in one call or in any number."""

from __future__ import annotations

from dataclasses import dataclass

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
    masks, alive = needs(program)
    return Live(
        tuple([mask & alive != 0 for mask in masks]),
        tuple([alive >> position & 2 != 0 for position in range(len(program.states))]),
    )


def live_in_one_call(program: Program) -> Live:
    """Find what any output of a single call depends on, all states being outputs."""
    masks, _ = needs(program)
    return Live(tuple(map(bool, masks)), (True,) * len(program.states))


def needs(program: Program) -> tuple[list[int], int]:
    """Which outputs of its call need each statement, and which outputs are live.

    A set of outputs is a number: bit 0 the update, bit 1 + i the new value of state i.
    One pass from the last statement to the first serves all outputs at once.
    """
    needed_by: dict[str, int] = {}
    bit = 1
    for output in program.outputs:
        needed_by[output] = needed_by.get(output, 0) | bit
        bit += bit
    masks = []
    for statement in reversed(program.statements):
        mask = needed_by.pop(statement.target, 0)
        masks.append(mask)
        if mask:
            for name in statement.reads:
                needed_by[name] = needed_by.get(name, 0) | mask
    masks.reverse()
    # The outputs that hold new values of the states that live outputs read.
    alive = 0
    grown = 1
    while grown != alive:
        alive = grown
        bit = 2
        for state in program.states:
            if needed_by.get(state, 0) & alive:
                grown |= bit
            bit += bit
    return masks, alive
