"""Between what a value lies, as far as its function and its arguments' ranges tell.

Every range holds for float32 too, and leaves NaN out. A lower end of 0 (and no end
below it) says more: the value's sign bit is clear, so that it is never -0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Range(NamedTuple):
    """From `low` to `high`, both included."""

    low: float
    high: float


ANYTHING = Range(-math.inf, math.inf)

_LEAST = 5e-324
"""Stands for what is larger than 0, by however little."""

_LARGEST = 3.4e38
"""Beyond it a float32 is infinite."""

_SLACK = 1e-6
"""Of an end that was computed, relative: float32 may round beyond it."""


def range_of_constant(value: float) -> Range:
    """The range of one number; -0 is below 0."""
    if value == 0.0 and math.copysign(1.0, value) < 0.0:
        return Range(-_LEAST, 0.0)
    return Range(value, value)


def widened(old: Range, new: Range) -> Range:
    """A range that has both: an end that `new` exceeds is given up."""
    return Range(
        old.low if new.low >= old.low else -math.inf,
        old.high if new.high <= old.high else math.inf,
    )


def range_of(function: str, arguments: Sequence[Range]) -> Range:
    """The range of a call's value."""
    rule = _RULES.get(function)
    if rule is not None:
        return _outward(rule(*arguments))
    return _WITHIN.get(function, ANYTHING)


def _outward(found: Range) -> Range:
    low, high = found
    low, high = low - _SLACK * abs(low), high + _SLACK * abs(high)
    if math.isnan(low) or math.isnan(high):
        return ANYTHING
    # What is negative may round to -0, and -0 is below 0.
    if low == 0.0 and math.copysign(1.0, low) < 0.0:
        low = -_LEAST
    return Range(
        min(low, _LARGEST) if low > -_LARGEST else -math.inf,
        max(high, -_LARGEST) if high < _LARGEST else math.inf,
    )


def _product(x: float, y: float) -> float:
    return 0.0 if x == 0.0 or y == 0.0 else x * y


def _multiply(x: Range, y: Range) -> Range:
    ends = [_product(a, b) for a in x for b in y]
    low = min(ends)
    # 0 times a negative number is -0.
    signed = low == 0.0 and min(x.low, y.low) < 0.0
    return Range(-_LEAST if signed else low, max(ends))


def _negative(x: Range) -> Range:
    return Range(-x.high if x.high else -_LEAST, -x.low)


def _add(x: Range, y: Range) -> Range:
    return Range(x.low + y.low, x.high + y.high)


def _divide(x: Range, y: Range) -> Range:
    """Known where nothing is negative; the guard keeps the denominator above 0."""
    if x.low < 0.0 or y.low < 0.0:
        return ANYTHING
    return Range(x.low / (y.high + 1e-8), x.high / (y.low + 1e-8))


def _interpolate(x: Range, y: Range, a: Range) -> Range:
    if a.low < 0.0 or a.high > 1.0:
        return ANYTHING
    return Range(min(x.low, y.low), max(x.high, y.high))


def _power(x: Range, y: Range) -> Range:
    return Range(0.0, math.inf) if x.low >= 0.0 else ANYTHING


def _clip(x: Range, limit: Range) -> Range:
    if limit.low < 0.0:
        return ANYTHING
    return Range(min(x.low, 0.0), max(x.high, 0.0))


def _increasing(
    formula: Callable[[float], float], within: Range = ANYTHING
) -> Callable[[Range], Range]:
    """The rule of an increasing function whose value at 0 is 0, or of one above 0."""

    def at(end: float) -> float:
        try:
            return formula(end)
        except OverflowError:
            return math.copysign(math.inf, end)

    def rule(x: Range) -> Range:
        return Range(max(within.low, at(x.low)), min(within.high, at(x.high)))

    return rule


def _of_size(formula: Callable[[float], float]) -> Callable[[Range], Range]:
    """The rule of a function of |x| that increases with it from 0."""
    increasing = _increasing(formula)

    def rule(x: Range) -> Range:
        least = 0.0 if x.low <= 0.0 <= x.high else min(map(abs, x))
        return increasing(Range(least, max(map(abs, x))))

    return rule


_POSITIVE = Range(_LEAST, math.inf)
_RULES: dict[str, Callable[..., Range]] = {
    "add": _add,
    "subtract": lambda x, y: Range(x.low - y.high, x.high - y.low),
    "multiply": _multiply,
    "divide": _divide,
    "reciprocal": lambda x: _divide(Range(1.0, 1.0), x),
    "negative": _negative,
    "maximum": lambda x, y: Range(max(x.low, y.low), max(x.high, y.high)),
    "minimum": lambda x, y: Range(min(x.low, y.low), min(x.high, y.high)),
    "interpolate": _interpolate,
    "power": _power,
    "clip_by_global_norm": _clip,
    "abs": _of_size(abs),
    "square": _of_size(lambda x: x * x),
    "sqrt": _of_size(math.sqrt),
    "cube": _increasing(lambda x: x * x * x),
    "cbrt": _increasing(math.cbrt),
    "arctan": _increasing(math.atan),
    "arcsinh": _increasing(math.asinh),
    "sinh": _increasing(math.sinh),
    "expm1": _increasing(math.expm1),
    "exp": _increasing(math.exp, _POSITIVE),
    "exp2": _increasing(lambda x: math.pow(2.0, x), _POSITIVE),
    "exp10": _increasing(lambda x: math.pow(10.0, x), _POSITIVE),
}

_WITHIN = {
    "sign": Range(-1.0, 1.0),
    "tanh": Range(-1.0, 1.0),
    "sin": Range(-1.0, 1.0),
    "cos": Range(-1.0, 1.0),
    "arcsin": Range(-1.6, 1.6),
    "arccos": Range(0.0, 3.2),
    "cosh": Range(1.0, math.inf),
    "arccosh": Range(0.0, math.inf),
    "norm": Range(0.0, math.inf),
    "global_norm": Range(0.0, math.inf),
}
"""Ranges that do not follow from those of arguments."""
