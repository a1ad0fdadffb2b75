"""Random search: programs that are drawn, each for itself, and not evolved.

The paper shows how sparse its space is by random programs, of which the best of two
millions is far behind AdamW (section 2.1); neither it nor AutoML-Zero's random search
fixes how long they are. Here header and names of the returned values are those of the
seed program, and the rest is what insertions draw, so that a random program can be
whatever evolution can come to.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from dsl.check import find_fault, result_of, types_in_scope
from dsl.program import Program, Statement, Variable, state_types
from dsl.types import Type
from evosearch.draws import below, draw_arguments
from evosearch.errors import InputError
from evosearch.mutate import MOST_ATTEMPTS, Odds, mutate

_INSERTIONS = Odds(insert=1.0, delete=0.0, modify=0.0)


def random_program(
    like: Program,
    random: Random,
    most_statements: int,
    functions: Sequence[str],
    *,
    rate_is_last: bool = False,
) -> Program:
    """Draw a valid program.

    First come calls that store what is returned and is not in the header, such as
    `update`. Around them goes one random statement after the other, as insertions are
    drawn, until there are as many as was drawn first: uniform up to the longest.

    Args:
        like: has the header and the names that are returned.
        random: the random state; it advances.
        most_statements: of the longest program, unless what is returned takes more.
        functions: those that calls are drawn from.
        rate_is_last: end with `update = update * lr`: by luck alone hardly any would.

    Raises:
        InputError: no call of these functions has the type of an output.
    """
    while True:
        program = _returning(like, random, functions)
        least = len(program.statements) + rate_is_last
        length = max(0, most_statements - least) + 1
        length = len(program.statements) + below(length, random)
        while len(program.statements) < length:
            program = mutate(program, random, _INSERTIONS, length, functions).program
        if rate_is_last:
            program = _scaled(program)
        # What is called `lr` at the end may be a matrix.
        if find_fault(program) is None:
            return program


def _scaled(program: Program) -> Program:
    update = program.outputs[0]
    factors = (Variable(update), Variable(program.learning_rate))
    last = Statement(update, "multiply", factors)
    return program._replace(statements=(*program.statements, last))


def _returning(like: Program, random: Random, functions: Sequence[str]) -> Program:
    """The shortest: a call for each output that the header does not bind."""
    scope = types_in_scope(like, 0)
    statements = []
    wanted = (Type.TREE, *state_types(like))
    for name, kind in zip(like.outputs, wanted, strict=True):
        if name not in scope:
            statements.append(_call(name, int(kind), scope, random, functions))
            scope[name] = int(kind)
    return like._replace(statements=tuple(statements))


def _call(
    target: str,
    kind: int,
    scope: dict[str, int],
    random: Random,
    functions: Sequence[str],
) -> Statement:
    """A random call whose value has this type."""
    for _ in range(MOST_ATTEMPTS):
        function = functions[below(len(functions), random)]
        arguments = draw_arguments(function, scope, random)
        if arguments is not None:
            made = Statement(target, function, arguments)
            if result_of(made, scope) == kind:
                return made
    raise InputError(
        f"search.functions: no call of them made a value for {target} in "
        f"{MOST_ATTEMPTS:,} attempts: name more functions"
    )
