"""A program in other words, and one that differs in little: both drawn from a seed.

The cheap twins of the strategies in `tests/equivalences.py`.
"""

from __future__ import annotations

from random import Random

from dsl import FUNCTIONS, Program, live
from dsl.check import types_in_scope
from dsl.float32 import is_finite_float32, nearest_float32
from dsl.interpret import uses_matrices
from dsl.program import (
    Argument,
    Constant,
    Statement,
    Variable,
    shapes_of,
    state_types,
)
from dsl.types import Type
from evosearch.mutate import Odds, mutate
from tests.equivalences import independent, swapped, unused
from tests.fuzz.generation import MATRIX_ROWS, ROWS, Rows, draw_call, draw_constant
from tests.stepping import all_names, rename, with_statements


def reword(program: Program, random: Random) -> Program:
    """A program of the same digest: one to four rewordings, one after the other."""
    for _ in range(random.randrange(1, 5)):
        program = random.choice(REWORDINGS)(program, random)
    return program


def change(program: Program, random: Random) -> Program:
    """A valid program that differs in a live constant, or by one mutation."""
    spots = [
        (index, place)
        for index, alive in enumerate(live(program).statements)
        for place, argument in enumerate(program.statements[index].arguments)
        if alive and isinstance(argument, Constant)
    ]
    if not spots or random.random() < 0.3:
        longest = len(program.statements) + 1
        names = tuple(row.name for row in _rows(program))
        return mutate(program, random, Odds(), longest, names).program
    index, place = random.choice(spots)
    statements = list(program.statements)
    changed = statements[index]
    arguments = list(changed.arguments)
    old = arguments[place]
    assert isinstance(old, Constant)
    arguments[place] = Constant(_another(old.value, random))
    statements[index] = Statement(changed.target, changed.function, tuple(arguments))
    return with_statements(program, statements)


def _rows(program: Program) -> Rows:
    """Functions for what is added to a program: on the machine it stays there."""
    return MATRIX_ROWS if uses_matrices(program) else ROWS


def _another(value: float, random: Random) -> float:
    """Another constant, near or far."""
    near = [nearest_float32(value * factor) for factor in (1.000001, 2.0)]
    choices = [draw_constant(random), -value, *filter(is_finite_float32, near)]
    return random.choice(choices)


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
    row, arguments, _ = draw_call(random, scope, _rows(program))
    targets = [unused(program)]
    if (
        place < len(statements)
        and statements[place].target not in statements[place].reads
    ):
        targets.append(statements[place].target)
    statements.insert(place, Statement(random.choice(targets), row.name, arguments))
    return with_statements(program, statements)


def _with_dead_state(program: Program, random: Random) -> Program:
    """One more state that feeds itself, or takes any Tree, and is never used."""
    name = unused(program)
    scope = types_in_scope(program, len(program.statements))
    trees = [*(known for known, kind in scope.items() if kind == Type.TREE), name]
    statements = list(program.statements)
    if random.random() < 0.5:
        arguments: tuple[Argument, ...] = (
            Variable(name),
            Variable(random.choice(trees)),
        )
        statements.append(Statement(name, "add", arguments))
    place = random.randrange(len(program.states) + 1)
    states, outputs = list(program.states), list(program.outputs)
    states.insert(place, name)
    outputs.insert(place + 1, random.choice(trees))
    kinds = list(state_types(program))
    kinds.insert(place, Type.TREE)
    made = with_statements(program, statements, outputs)
    return made._replace(states=tuple(states), shapes=shapes_of(kinds))


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
    _with_swapped_arguments,
    _reordered,
)
