"""The paper's three mutations: insert, delete or modify one statement (section 2.2).

A proposal is pure: the parent is never touched and the random state is an argument. An
invalid child is thrown away, counted by reason, and the parent mutated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import NamedTuple

from dsl.check import find_fault, fits, types_in_scope
from dsl.float32 import nearest_float32
from dsl.functions import SETS, ByName
from dsl.program import (
    Argument,
    Constant,
    Program,
    Statement,
    Variable,
    header,
)
from dsl.types import Type
from evosearch.errors import InputError

INSERT, DELETE, MODIFY = "insert", "delete", "modify"
TOO_LONG, NOTHING_TO_CHANGE, NOTHING_FITS = (
    "too_long",
    "nothing_to_change",
    "nothing_fits",
)
"""Reasons for throwing a child away that are not faults of a program."""

MOST_ATTEMPTS = 10_000
"""Attempts at one child before the search gives up: no luck is that bad."""

_SCALAR = int(Type.SCALAR)
_accepted = ByName(
    lambda row: tuple(frozenset(map(int, p.accepts)) for p in row.parameters)
)
"""Types that each parameter accepts, as plain numbers: comparing enums is slow."""

_Made = tuple[Program, int, bool]
"""What an attempt made, the place of the mutation, and whether it is surely valid."""


@dataclass(frozen=True, slots=True)
class Odds:
    """Relative odds of the three mutations; equal in the paper."""

    insert: float = 1.0
    delete: float = 1.0
    modify: float = 1.0


class Child(NamedTuple):
    """A valid program made from a parent.

    Attributes:
        program: what was made; differs from the parent in one statement.
        mutation: `insert`, `delete` or `modify`.
        place: index of that statement, in the parent if it was deleted.
        rejected: reason of each invalid attempt before it.
    """

    program: Program
    mutation: str
    place: int
    rejected: tuple[str, ...]


def mutate(
    parent: Program,
    random: Random,
    odds: Odds,
    most_statements: int,
    functions: Sequence[str] = SETS["lion"],
) -> Child:
    """Make one valid child.

    Args:
        parent: a valid program.
        random: the random state; it advances.
        odds: of the three mutations.
        most_statements: an insertion beyond this length is invalid.
        functions: those that an insertion draws from.

    Raises:
        InputError: the odds leave no valid child.
    """
    rejected: list[str] = []
    while len(rejected) < MOST_ATTEMPTS:
        kind = _draw_kind(odds, random)
        if kind == INSERT:
            made = _insert(parent, random, most_statements, functions)
        elif kind == DELETE:
            made = _delete(parent, random)
        else:
            made = _modify(parent, random)
        if isinstance(made, str):
            rejected.append(made)
            continue
        program, place, is_sound = made
        fault = None if is_sound else find_fault(program)
        if fault is None:
            return Child(program, kind, place, tuple(rejected))
        rejected.append(fault.reason.value)
    raise InputError(
        f"search: no valid child in {MOST_ATTEMPTS:,} attempts at a program of "
        f"{len(parent.statements)} statements: raise max_statements, give the other "
        "mutations odds, or name more of functions"
    )


def _draw_kind(odds: Odds, random: Random) -> str:
    point = random.random() * (odds.insert + odds.delete + odds.modify)
    if point < odds.insert:
        return INSERT
    return DELETE if point < odds.insert + odds.delete else MODIFY


def _insert(
    parent: Program, random: Random, most_statements: int, functions: Sequence[str]
) -> _Made | str:
    """Put a random call at a random place, into a new or an existing variable.

    Function and place are uniform, and so is each argument among the variables in
    scope that fit, with one more chance for a new constant where a Scalar fits.
    """
    statements = parent.statements
    if len(statements) >= most_statements:
        return TOO_LONG
    place = _below(len(statements) + 1, random)
    function = functions[_below(len(functions), random)]
    scope = types_in_scope(parent, place)
    arguments: list[Argument] = []
    names = list(scope)
    for accepts in _accepted[function]:
        fitting = names
        if len(accepts) < len(Type):
            fitting = [name for name in names if scope[name] in accepts]
        if not fitting and _SCALAR not in accepts:
            return NOTHING_FITS
        pick = _below(len(fitting) + (_SCALAR in accepts), random)
        if pick < len(fitting):
            arguments.append(Variable(fitting[pick]))
        else:
            arguments.append(_new_constant(random))
    pick = _below(2 * len(names), random)
    is_new = pick >= len(names)
    target = _new_name(parent) if is_new else names[pick]
    made = Statement(target, function, tuple(arguments))
    # Nothing reads a new variable, so the call alone can be wrong.
    is_sound = is_new and fits(made, scope)
    child = _with(parent, (*statements[:place], made, *statements[place:]))
    return child, place, is_sound


def _delete(parent: Program, random: Random) -> _Made | str:
    """Take a random statement away."""
    statements = parent.statements
    if not statements:
        return NOTHING_TO_CHANGE
    place = _below(len(statements), random)
    return _with(parent, (*statements[:place], *statements[place + 1 :])), place, False


def _modify(parent: Program, random: Random) -> _Made | str:
    """Change one argument of a random statement.

    Equal odds for another variable in scope, a new constant from N(0, 1) and, if it is
    a constant, its value times 2^a with a from N(0, 1).
    """
    statements = parent.statements
    if not statements:
        return NOTHING_TO_CHANGE
    place = _below(len(statements), random)
    statement = statements[place]
    old = statement.arguments
    if not old:
        return NOTHING_TO_CHANGE
    which = _below(len(old), random)
    changed = _change(old[which], parent, place, random)
    arguments = (*old[:which], changed, *old[which + 1 :])
    made = Statement(statement.target, statement.function, arguments)
    changed_statements = (*statements[:place], made, *statements[place + 1 :])
    return _with(parent, changed_statements), place, False


def _change(
    argument: Argument, parent: Program, place: int, random: Random
) -> Argument:
    """Another argument for statement `place`."""
    is_constant = isinstance(argument, Constant)
    pick = _below(2 + is_constant, random)
    if pick == 1:
        return _new_constant(random)
    if pick == 2 and isinstance(argument, Constant):
        return Constant(nearest_float32(argument.value * 2.0 ** random.gauss(0.0, 1.0)))
    names = dict.fromkeys(header(parent))
    names.update((s.target, None) for s in parent.statements[:place])
    if isinstance(argument, Variable):
        names.pop(argument.name, None)
    return Variable(list(names)[_below(len(names), random)])


def _new_constant(random: Random) -> Constant:
    """From N(0, 1), the paper's distribution."""
    return Constant(nearest_float32(random.gauss(0.0, 1.0)))


def _new_name(program: Program) -> str:
    """The first of v1, v2, ... that the program does not use."""
    taken = {statement.target for statement in program.statements}
    taken.update(header(program))
    return next(name for name in map("v{}".format, count(1)) if name not in taken)


def _with(program: Program, statements: tuple[Statement, ...]) -> Program:
    return Program(
        program.weights,
        program.gradient,
        program.states,
        program.learning_rate,
        program.step,
        statements,
        program.outputs,
        program.shapes,
    )


def _below(bound: int, random: Random) -> int:
    """Uniform in 0 .. bound - 1, at half the price of `randrange`."""
    return int(random.random() * bound)
