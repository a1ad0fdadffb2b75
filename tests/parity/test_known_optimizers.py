"""The library's programs are what their names say, for 100 steps on every rank.

A program is compared both lowered and on the search's machine (one of matrices, which
the machine cannot run, in NumPy) with Optax, or with the paper's formulas in NumPy;
deviations are said in the program's text.
"""

import dataclasses
from functools import cache

import numpy as np
import pytest

from dsl import Program, parse
from dsl.interpret import uses_matrices
from dsl.library import program_names, read_program
from dsl.program import Constant
from tests.parity.references import CASES
from tests.parity.training import Arrays, by_interpreter, by_lowering, by_machine

pytestmark = pytest.mark.slow


@cache
def expected(name: str) -> Arrays:
    return CASES[name].weights()


def uncompiled(program: Program) -> Arrays:
    """Without a compilation for each program."""
    return (by_interpreter if uses_matrices(program) else by_machine)(program)


def furthest(ours: Arrays, theirs: Arrays) -> float:
    """The largest difference of a weight, relative to its array's largest weight."""
    return max(
        float(np.max(np.abs(ours[name] - array)) / np.max(np.abs(array)))
        for name, array in theirs.items()
    )


def test_every_program_of_the_library_has_a_reference() -> None:
    known = {name for name in program_names() if not name.startswith("paper/")}
    assert known == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_programs_of_the_library_are_what_their_names_say(name: str) -> None:
    program = parse(read_program(name))
    for found in (by_lowering(program), uncompiled(program)):
        assert furthest(found, expected(name)) < CASES[name].tolerance


def with_constants_off(name: str) -> dict[str, Program]:
    """For each constant of the text, the program where that one is 1 % smaller."""
    program, found = parse(read_program(name)), {}
    skipped = {0.0, *map(float, np.float32(CASES[name].unseen))}
    for line, statement in enumerate(program.statements):
        for place, argument in enumerate(statement.arguments):
            if not isinstance(argument, Constant) or argument.value in skipped:
                continue
            near = Constant(float(np.float32(0.99 * argument.value)))
            arguments = list(statement.arguments)
            arguments[place] = near
            statements = list(program.statements)
            statements[line] = dataclasses.replace(
                statement, arguments=tuple(arguments)
            )
            label = f"{argument.value:.7g} in {statement.function}, statement {line}"
            found[label] = program._replace(statements=tuple(statements))
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_constant_that_is_one_percent_off_is_noticed(name: str) -> None:
    others = with_constants_off(name)
    assert others
    unnoticed = [
        label
        for label, other in others.items()
        if furthest(uncompiled(other), expected(name)) <= 2.0 * CASES[name].tolerance
    ]
    assert not unnoticed
