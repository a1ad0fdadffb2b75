"""The mutation of mode `constants`: one constant changes, the structure never does.

The paper's "hyperparameter tuning" (section 2.2) is evolution from AdamW that changes
constants alone. Only those of live statements are drawn: what is dead in the seed
program stays dead, so its constants can never matter, and a child that differs in one
of them would be its parent again.
"""

from __future__ import annotations

from random import Random

from dsl.faults import Reason
from dsl.float32 import is_finite_float32
from dsl.program import Constant, Program, Statement
from evosearch.draws import below, multiple, new_constant
from evosearch.errors import InputError
from evosearch.genome import Genome
from evosearch.mutate import MODIFY, Child


def require_constants(seed: Genome) -> None:
    """There has to be a constant to change.

    Raises:
        InputError: no live statement has one.
    """
    if not _constants(seed):
        raise InputError(
            "search.mode: constants, but the program that the search starts from has "
            "no constant that its update depends on: start from another one, or set "
            "mode to evolve"
        )


def change_constant(parent: Genome, random: Random) -> Child:
    """Make a child that differs in one constant; there has to be one.

    Equal odds for a new one from N(0, 1) and the old one times 2^a with a from N(0, 1):
    what a modification makes of a constant, less the variable. One that float32 cannot
    hold is thrown away.
    """
    places = _constants(parent)
    rejected: list[str] = []
    while True:
        place, which = places[below(len(places), random)]
        old = parent.program.statements[place].arguments[which]
        assert isinstance(old, Constant), "as it was found"
        is_new = below(2, random) == 0
        constant = new_constant(random) if is_new else multiple(old, random)
        if is_finite_float32(constant.value):
            child = _with_constant(parent.program, place, which, constant)
            return Child(child, MODIFY, place, tuple(rejected))
        rejected.append(Reason.CONSTANT.value)


def _constants(genome: Genome) -> list[tuple[int, int]]:
    """Where constants of live statements are: statement and argument."""
    return [
        (place, which)
        for place, statement in enumerate(genome.program.statements)
        if genome.alive[place]
        for which, argument in enumerate(statement.arguments)
        if isinstance(argument, Constant)
    ]


def _with_constant(
    program: Program, place: int, which: int, constant: Constant
) -> Program:
    statements = program.statements
    old = statements[place]
    arguments = (*old.arguments[:which], constant, *old.arguments[which + 1 :])
    made = Statement(old.target, old.function, arguments)
    return program._replace(
        statements=(*statements[:place], made, *statements[place + 1 :])
    )
