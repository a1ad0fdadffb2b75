"""The constants of a program, rounded to the digits that matter."""

from __future__ import annotations

from dataclasses import replace

from dsl.float32 import nearest_float32, share_to_digits, to_digits
from dsl.numbered import Numbered, Value, named, number
from dsl.program import Constant, Program
from dsl.prune import prune

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
    return prune(named(Numbered(program, calls, numbered.outputs)))


def _rounded(value: Value, digits: int) -> Value:
    if not isinstance(value, Constant):
        return value
    return Constant(nearest_float32(rounded(value.value, digits)))
