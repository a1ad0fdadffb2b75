"""The paper's three mutations: insert, delete or modify one statement (section 2.2).

A proposal is pure: the parent is never touched and the random state is an argument. An
invalid child is thrown away, counted by reason, and the parent mutated again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, filterfalse
from random import Random
from typing import NamedTuple

from dsl.check import find_fault_from, result_of, types_in_scope
from dsl.faults import Reason
from dsl.functions import SETS
from dsl.program import (
    Argument,
    Constant,
    Program,
    Statement,
    header,
)
from evosearch.draws import below, draw_arguments, multiple, new_constant, variable
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

_numbered = lru_cache(maxsize=4096)("v{}".format)
"""Kept, because a search makes the same few names over and over."""

_Made = tuple[Program, int]
"""A valid child and the place of the mutation."""


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
        program, place = made
        return Child(program, kind, place, tuple(rejected))
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

    Function and place are uniform; arguments are as of `draw_arguments`.
    """
    statements = parent.statements
    if len(statements) >= most_statements:
        return TOO_LONG
    place = below(len(statements) + 1, random)
    function = functions[below(len(functions), random)]
    scope = types_in_scope(parent, place)
    arguments = draw_arguments(function, scope, random)
    if arguments is None:
        return NOTHING_FITS
    pick = below(2 * len(scope), random)
    target = [*scope][pick] if pick < len(scope) else _new_name(parent, scope)
    made = Statement(target, function, arguments)
    child = _with(parent, (*statements[:place], made, *statements[place:]))
    return _if_valid(child, place, scope, scope.get(target))


def _delete(parent: Program, random: Random) -> _Made | str:
    """Take a random statement away."""
    statements = parent.statements
    if not statements:
        return NOTHING_TO_CHANGE
    place = below(len(statements), random)
    gone = statements[place]
    is_read = _is_read(parent, gone.target, place + 1)
    if is_read and not _is_bound(parent, gone.target, place):
        return Reason.UNBOUND.value
    child = _with(parent, (*statements[:place], *statements[place + 1 :]))
    if not is_read:
        return child, place
    scope = types_in_scope(parent, place)
    if scope[gone.target] == result_of(gone, scope):
        return child, place
    return _recheck(child, place, scope)


def _modify(parent: Program, random: Random) -> _Made | str:
    """Change one argument of a random statement.

    Equal odds for another variable in scope, a new constant from N(0, 1) and, if it is
    a constant, its value times 2^a with a from N(0, 1).
    """
    statements = parent.statements
    if not statements:
        return NOTHING_TO_CHANGE
    place = below(len(statements), random)
    statement = statements[place]
    old = statement.arguments
    if not old:
        return NOTHING_TO_CHANGE
    which = below(len(old), random)
    scope = types_in_scope(parent, place)
    changed = _change(old[which], list(scope), random)
    arguments = (*old[:which], changed, *old[which + 1 :])
    made = Statement(statement.target, statement.function, arguments)
    child = _with(parent, (*statements[:place], made, *statements[place + 1 :]))
    return _if_valid(child, place, scope, result_of(statement, scope))


def _if_valid(
    child: Program, place: int, scope: dict[str, int], old: int | None
) -> _Made | str:
    """The child whose statement `place` is new, or the reason why it is not valid.

    It is as valid as its parent up to there, where the types are `scope`. So it is
    after it if the new call is right and stores a value that nothing reads, as in a new
    variable, or one of the type that the variable would hold without it: `old`.
    """
    made = child.statements[place]
    new = result_of(made, scope)
    is_told = old not in (None, new) and _is_read(child, made.target, place + 1)
    if new is None or is_told:
        return _recheck(child, place, scope)
    return child, place


def _recheck(child: Program, place: int, scope: dict[str, int]) -> _Made | str:
    """The child, or its first fault, which stands at `place` or after it."""
    fault = find_fault_from(child, place, scope)
    return (child, place) if fault is None else fault.reason.value


def _is_bound(program: Program, name: str, place: int) -> bool:
    """Whether `name` is in scope of a statement put at `place`."""
    targets = [statement.target for statement in program.statements[:place]]
    return name in targets or name in header(program)


def _is_read(program: Program, name: str, place: int) -> bool:
    """Whether the statements from `place` on, or the return, read what `name` holds."""
    for statement in program.statements[place:]:
        if name in statement.reads:
            return True
        if statement.target == name:
            return False
    return name in program.outputs


def _change(argument: Argument, names: list[str], random: Random) -> Argument:
    """Another argument, of a statement with these variables in scope."""
    is_constant = isinstance(argument, Constant)
    pick = below(2 + is_constant, random)
    if pick == 1:
        return new_constant(random)
    if pick == 2 and isinstance(argument, Constant):
        return multiple(argument, random)
    if not is_constant:
        names.remove(argument.name)
    return variable(names[below(len(names), random)])


def _new_name(program: Program, scope: Iterable[str]) -> str:
    """The first of v1, v2, ... that the program does not use."""
    taken = {*scope, *[statement.target for statement in program.statements]}
    return next(filterfalse(taken.__contains__, map(_numbered, count(1))))


def _with(program: Program, statements: tuple[Statement, ...]) -> Program:
    weights, gradient, states, rate, step, _, outputs, shapes = program
    return Program(weights, gradient, states, rate, step, statements, outputs, shapes)
