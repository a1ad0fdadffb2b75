"""The constants of a program, rounded to the digits that matter."""

from __future__ import annotations

import math
from dataclasses import replace

from dsl.float32 import nearest_float32
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
        lacks = _to_digits(1.0 - value, digits)
        return round(1.0 - lacks, max(0, -_exponent(lacks) + digits - 1))
    return _to_digits(value, digits)


def _to_digits(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")


def _exponent(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0


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
