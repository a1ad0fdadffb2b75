"""The constants of a program: rounded, and rate and decay scaled.

Pure. A rate is what the whole update is multiplied with; the decay is a constant that
scales what the weights are multiplied with and nothing else of the update.
"""

from __future__ import annotations

import math
from dataclasses import replace

from dsl.float32 import nearest_float32, share_to_digits, to_digits
from dsl.numbered import Call, Numbered, Value, named, number
from dsl.program import Constant, Program
from dsl.prune import prune
from evosearch.explain.terms import Factor, Rates, rates_of

_NEAR_ONE = 0.5
"""From here to 1 a constant is a share like 0.999, known by what it lacks of 1."""


def rounded(value: float, digits: int = 2) -> float:
    """A constant to so many digits; of a share near 1, of what it lacks of 1.

    >>> rounded(0.4601978), rounded(0.99821967), rounded(1.1091), rounded(0.0)
    (0.46, 0.9982, 1.1, 0.0)
    """
    if _NEAR_ONE < value < 1.0:
        return share_to_digits(value, digits)
    return to_digits(value, digits)


def with_rounded(program: Program, digits: int = 2) -> Program:
    """A program whose constants are all rounded."""
    numbered = number(program)
    calls = tuple(
        replace(call, arguments=tuple(_rounded(a, digits) for a in call.arguments))
        for call in numbered.calls
    )
    return _again(Numbered(program, calls, numbered.outputs))


def _rounded(value: Value, digits: int) -> Value:
    if not isinstance(value, Constant):
        return value
    return Constant(nearest_float32(rounded(value.value, digits)))


def with_rate(program: Program, factor: float) -> Program:
    """A program whose update is multiplied with a number, in a constant if possible."""
    if factor == 1.0:
        return program
    numbered, rates = number(program), rates_of(program)
    expected = Rates(_doubled(rates.steps), _doubled(rates.decays))
    found = _constant_for(expected, numbered) if rates.steps else None
    if found is not None:
        return _again(_scaled(numbered, *found, factor))
    by = Constant(nearest_float32(factor))
    call = Call("multiply", (numbered.outputs[0], by), "update")
    value = numbered.inputs + len(numbered.calls)
    outputs = (value, *numbered.outputs[1:])
    return _again(Numbered(program, (*numbered.calls, call), outputs))


def with_decay(program: Program, factor: float) -> Program | None:
    """A program whose decay is multiplied with a number; None if none is found."""
    numbered, rates = number(program), rates_of(program)
    expected = Rates(rates.steps, _doubled(rates.decays))
    found = _constant_for(expected, numbered) if rates.decays else None
    if found is None:
        return None
    return program if factor == 1.0 else _again(_scaled(numbered, *found, factor))


def _doubled(factors: tuple[Factor, ...]) -> tuple[Factor, ...]:
    return tuple(each._replace(number=2.0 * each.number) for each in factors)


def _constant_for(expected: Rates, numbered: Numbered) -> tuple[int, int] | None:
    """The call and the argument of the last constant that, doubled, has this effect."""
    for place, call in reversed([*enumerate(numbered.calls)]):
        for which, argument in enumerate(call.arguments):
            if isinstance(argument, Constant) and argument.value != 0.0:
                doubled = named(_scaled(numbered, place, which, 2.0))
                if _same(rates_of(doubled), expected):
                    return place, which
    return None


def _same(one: Rates, other: Rates) -> bool:
    return _alike(one.steps, other.steps) and _alike(one.decays, other.decays)


def _alike(one: tuple[Factor, ...], other: tuple[Factor, ...]) -> bool:
    return len(one) == len(other) and all(
        a.power == b.power and math.isclose(a.number, b.number, rel_tol=1e-5)
        for a, b in zip(one, other, strict=True)
    )


def _scaled(numbered: Numbered, place: int, which: int, factor: float) -> Numbered:
    calls = list(numbered.calls)
    arguments = list(calls[place].arguments)
    constant = arguments[which]
    assert isinstance(constant, Constant)
    arguments[which] = Constant(nearest_float32(constant.value * factor))
    calls[place] = replace(calls[place], arguments=tuple(arguments))
    return Numbered(numbered.origin, tuple(calls), numbered.outputs)


def _again(numbered: Numbered) -> Program:
    return prune(named(numbered))
