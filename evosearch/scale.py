"""The scale of a program: its rate, or its decay, multiplied with a number.

Pure. A rate is what the whole update is multiplied with; the decay is a constant that
scales what the weights are multiplied with and nothing else of the update.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import compress

from dsl.float32 import nearest_float32
from dsl.numbered import Call, Numbered, Value, named, number
from dsl.program import Constant, Program
from dsl.prune import prune_with_flags
from evosearch.explain.terms import Factor, Rates, rates_of


def with_rate(program: Program, factor: float) -> Program:
    """A program whose update is multiplied with a number, in a constant if possible.

    That is one that scales the whole update and nothing else; where there is none, or
    float32 does not hold it then, a last statement multiplies the update. Dead
    statements stay.
    """
    if factor == 1.0:
        return program
    numbered, rates = number(program), rates_of(program)
    expected = Rates(_doubled(rates.steps), _doubled(rates.decays))
    found = _constant_for(expected, numbered) if rates.steps else None
    if found is not None and _is_held(numbered, *found, factor):
        return named(_scaled(numbered, *found, factor))
    by = Constant(nearest_float32(factor))
    call = Call("multiply", (numbered.outputs[0], by), "update")
    value = numbered.inputs + len(numbered.calls)
    outputs = (value, *numbered.outputs[1:])
    return named(Numbered(program, (*numbered.calls, call), outputs))


def with_decay(program: Program, factor: float) -> Program | None:
    """A program whose decay is multiplied with a number.

    None if there is none, or float32 does not hold it then.
    """
    numbered, rates = number(program), rates_of(program)
    expected = Rates(rates.steps, _doubled(rates.decays))
    found = _constant_for(expected, numbered) if rates.decays else None
    if found is None or not _is_held(numbered, *found, factor):
        return None
    return program if factor == 1.0 else named(_scaled(numbered, *found, factor))


def _doubled(factors: tuple[Factor, ...]) -> tuple[Factor, ...]:
    return tuple(each._replace(number=2.0 * each.number) for each in factors)


def _constant_for(expected: Rates, numbered: Numbered) -> tuple[int, int] | None:
    """The call and the argument of the last constant that, doubled, has this effect."""
    alive = prune_with_flags(numbered.origin)[1]
    kept = _behind_states(numbered)
    for place, call in compress(reversed([*enumerate(numbered.calls)]), alive[::-1]):
        if place in kept:
            continue
        for which, argument in enumerate(call.arguments):
            if isinstance(argument, Constant) and argument.value != 0.0:
                if not _is_held(numbered, place, which, 2.0):
                    continue
                doubled = named(_scaled(numbered, place, which, 2.0))
                if _same(rates_of(doubled), expected):
                    return place, which
    return None


def _behind_states(numbered: Numbered) -> set[int]:
    """Calls that a new state is made of: another constant there makes another state."""
    found: set[int] = set()
    values: list[Value] = list(numbered.outputs[1:])
    while values:
        value = values.pop()
        if isinstance(value, int) and value >= numbered.inputs:
            place = value - numbered.inputs
            if place not in found:
                found.add(place)
                values.extend(numbered.calls[place].arguments)
    return found


def _same(one: Rates, other: Rates) -> bool:
    return _alike(one.steps, other.steps) and _alike(one.decays, other.decays)


def _alike(one: tuple[Factor, ...], other: tuple[Factor, ...]) -> bool:
    return len(one) == len(other) and all(
        a.power == b.power and math.isclose(a.number, b.number, rel_tol=1e-5)
        for a, b in zip(one, other, strict=True)
    )


def _is_held(numbered: Numbered, place: int, which: int, factor: float) -> bool:
    """Whether float32 holds a constant times a number: not as infinite or as 0."""
    constant = numbered.calls[place].arguments[which]
    assert isinstance(constant, Constant)
    scaled = nearest_float32(constant.value * factor)
    return scaled != 0.0 and math.isfinite(scaled)


def _scaled(numbered: Numbered, place: int, which: int, factor: float) -> Numbered:
    calls = list(numbered.calls)
    arguments = list(calls[place].arguments)
    constant = arguments[which]
    assert isinstance(constant, Constant)
    arguments[which] = Constant(nearest_float32(constant.value * factor))
    calls[place] = replace(calls[place], arguments=tuple(arguments))
    return Numbered(numbered.origin, tuple(calls), numbered.outputs)
