"""A program that differs in little, drawn from a seed: most often it behaves otherwise.

What a digest could wrongly leave out: a constant, the order of arguments, which state
is which, the rate for the step count, a shape.
"""

from __future__ import annotations

from random import Random

from dsl import Program, live
from dsl.check import find_fault
from dsl.float32 import is_finite_float32, nearest_float32
from dsl.interpret import uses_matrices
from dsl.program import (
    Constant,
    Variable,
    header,
    shapes_of,
    state_types,
)
from dsl.types import SHAPED
from evosearch.mutate import Odds, mutate
from tests.equivalences import swapped
from tests.fuzz.generation import draw_constant
from tests.fuzz.rewording import rows_of
from tests.stepping import reading, rename, with_argument, with_statements


def change(program: Program, random: Random) -> Program:
    """A valid program that differs in little: most often it behaves otherwise."""
    return random.choice(CHANGES)(program, random)


def _with_another_constant(program: Program, random: Random) -> Program:
    """A live constant changed, or one mutation where there is none."""
    spots = [
        (index, place)
        for index, alive in enumerate(live(program).statements)
        for place, argument in enumerate(program.statements[index].arguments)
        if alive and isinstance(argument, Constant)
    ]
    if not spots:
        return _mutated(program, random)
    index, place = random.choice(spots)
    old = program.statements[index].arguments[place]
    assert isinstance(old, Constant)
    changed = Constant(_another(old.value, random))
    return with_argument(program, index, place, changed)


def _another(value: float, random: Random) -> float:
    """Another constant, near or far."""
    near = [nearest_float32(value * factor) for factor in (1.000001, 2.0)]
    choices = [draw_constant(random), -value, *filter(is_finite_float32, near)]
    return random.choice(choices)


def _mutated(program: Program, random: Random) -> Program:
    """One mutation, as the search makes it."""
    names = tuple(row.name for row in rows_of(program))
    return mutate(program, random, Odds(), len(program.statements) + 1, names).program


def _with_reversed_arguments(program: Program, random: Random) -> Program:
    """The first two arguments of a call changed places, commutative or not."""
    places = [
        index
        for index, each in enumerate(program.statements)
        if len(each.arguments) > 1
    ]
    if not places:
        return _mutated(program, random)
    place = random.choice(places)
    statements = list(program.statements)
    statements[place] = swapped(statements[place])
    return _if_valid(with_statements(program, statements), program, random)


def _with_exchanged_outputs(program: Program, random: Random) -> Program:
    """Two states that each take the other's new value."""
    if len(program.states) < 2:
        return _mutated(program, random)
    outputs = list(program.outputs)
    one, other = random.sample(range(1, len(outputs)), 2)
    outputs[one], outputs[other] = outputs[other], outputs[one]
    return _if_valid(program._replace(outputs=tuple(outputs)), program, random)


def _with_another_input(program: Program, random: Random) -> Program:
    """Two parameters that each mean the other one: `lr` and `step`, two states."""
    names = header(program)
    one, other = random.sample(names, 2)
    if "step" in (one, other):
        exchanged = {one: Variable(other), other: Variable(one)}
        statements = [reading(each, exchanged) for each in program.statements]
        return _if_valid(with_statements(program, statements), program, random)
    changed = rename(program, {one: other, other: one})
    header_as_before = changed._replace(
        weights=program.weights,
        gradient=program.gradient,
        states=program.states,
        learning_rate=program.learning_rate,
    )
    return _if_valid(header_as_before, program, random)


def _with_another_shape(program: Program, random: Random) -> Program:
    """A state of another shape."""
    if not program.states or not uses_matrices(program):
        return _mutated(program, random)
    kinds = list(state_types(program))
    kinds[random.randrange(len(kinds))] = random.choice(SHAPED)
    return _if_valid(program._replace(shapes=shapes_of(kinds)), program, random)


def _if_valid(changed: Program, program: Program, random: Random) -> Program:
    return changed if find_fault(changed) is None else _mutated(program, random)


CHANGES = (
    _with_another_constant,
    _with_another_constant,
    _mutated,
    _with_reversed_arguments,
    _with_exchanged_outputs,
    _with_another_input,
    _with_another_shape,
)
