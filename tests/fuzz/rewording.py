"""A program in other words, drawn from a seed.

The cheap twins of the strategies in `tests/equivalences.py`.
"""

from __future__ import annotations

from random import Random

from dsl import FUNCTIONS, Program
from dsl.check import types_in_scope
from dsl.interpret import uses_matrices
from dsl.program import (
    Statement,
    Variable,
    shapes_of,
    state_types,
)
from dsl.types import SHAPED, Type
from tests.equivalences import independent, swapped, unused
from tests.fuzz.generation import MATRIX_ROWS, ROWS, Rows, draw_call
from tests.stepping import all_names, rename, with_statements


def reword(program: Program, random: Random) -> Program:
    """A program of the same digest: one to four rewordings, one after the other."""
    for _ in range(random.randrange(1, 5)):
        program = random.choice(REWORDINGS)(program, random)
    return program


def rows_of(program: Program) -> Rows:
    """Functions for what is added to a program: on the machine it stays there."""
    return MATRIX_ROWS if uses_matrices(program) else ROWS


def _renamed(program: Program, random: Random) -> Program:
    """Other names: some of them swapped among themselves, some of them new."""
    old = sorted(all_names(program))
    choices = sorted({*old, *(f"new_{name}" for name in old)})
    return rename(
        program, dict(zip(old, random.sample(choices, len(old)), strict=True))
    )


def _with_dead_statement(program: Program, random: Random) -> Program:
    """One more call whose value nobody reads, or is overwritten unread."""
    statements = list(program.statements)
    place = random.randrange(len(statements) + 1)
    scope = types_in_scope(program, place)
    row, arguments, _ = draw_call(random, scope, rows_of(program))
    targets = [unused(program)]
    if (
        place < len(statements)
        and statements[place].target not in statements[place].reads
    ):
        targets.append(statements[place].target)
    statements.insert(place, Statement(random.choice(targets), row.name, arguments))
    return with_statements(program, statements)


def _with_dead_state(program: Program, random: Random) -> Program:
    """One more state that feeds itself, or takes any value of its shape, unused.

    Half the time there are two that feed each other.
    """
    with_shapes = uses_matrices(program)
    kind = random.choice(SHAPED) if with_shapes else Type.TREE
    scope = types_in_scope(program, len(program.statements))
    name = unused(program)
    fitting = [name, *(known for known, held in scope.items() if held == kind)]
    if random.random() < 0.5:
        call = Statement(
            name, "add", (Variable(name), Variable(random.choice(fitting)))
        )
        program = with_statements(program, [*program.statements, call])
    if random.random() < 0.5:
        return _with_state(program, random, name, kind, random.choice(fitting))
    program = _with_state(program, random, name, kind, name)
    other = unused(program)
    program = _with_state(program, random, other, kind, name)
    outputs = list(program.outputs)
    outputs[1 + program.states.index(name)] = other
    return program._replace(outputs=tuple(outputs))


def _with_state(
    program: Program, random: Random, name: str, kind: Type, output: str
) -> Program:
    """One more state at a random place of the header."""
    place = random.randrange(len(program.states) + 1)
    states, outputs = list(program.states), list(program.outputs)
    kinds = list(state_types(program))
    states.insert(place, name)
    outputs.insert(place + 1, output)
    kinds.insert(place, kind)
    return program._replace(
        states=tuple(states), outputs=tuple(outputs), shapes=shapes_of(kinds)
    )


def _with_unused_step(program: Program, random: Random) -> Program:
    """A header that names the step count, which nothing reads."""
    known = program.step or "step" in all_names(program)
    return program if known else program._replace(step="step")


def _with_swapped_arguments(program: Program, random: Random) -> Program:
    """The first two arguments of some commutative functions change places."""
    return with_statements(
        program,
        [
            swapped(each)
            if FUNCTIONS[each.function].commutative and random.random() < 0.5
            else each
            for each in program.statements
        ],
    )


def _reordered(program: Program, random: Random) -> Program:
    """Neighbours that do not touch each other's variables change places."""
    statements = list(program.statements)
    for _ in range(2 * len(statements)):
        place = random.randrange(len(statements))
        pair = statements[place : place + 2]
        if len(pair) == 2 and independent(*pair):
            statements[place : place + 2] = pair[::-1]
    return with_statements(program, statements)


REWORDINGS = (
    _renamed,
    _with_dead_statement,
    _with_dead_state,
    _with_unused_step,
    _with_swapped_arguments,
    _reordered,
)
