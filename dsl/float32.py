"""Constants are float32: rounding to it, and the fewest digits that read back."""

from __future__ import annotations

import math
import struct
from functools import lru_cache

_FLOAT32 = struct.Struct("f")


def nearest_float32(value: float) -> float:
    """The float32 nearest to a value, as a float; infinite beyond the largest one."""
    try:
        rounded: float = _FLOAT32.unpack(_FLOAT32.pack(value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded


def is_finite_float32(value: float) -> bool:
    """Whether a value may be a constant of a program."""
    return value - value == 0.0 and nearest_float32(value) == value


def constant_text(value: float) -> str:
    """The shortest decimal that `parse` reads back as the same float32.

    >>> constant_text(0.8999999761581421)
    '0.9'
    """
    # 0.0 == -0.0, so the cache would answer one of them with the other's sign.
    return repr(value) if value == 0.0 else _shortest(value)


def to_digits(value: float, digits: int) -> float:
    """A number to so many decimal digits that count.

    >>> to_digits(0.4601978, 2)
    0.46
    """
    return float(f"{value:.{digits - 1}e}")


def share_to_digits(share: float, digits: int) -> float:
    """The same of a share of 1 like 0.999, of which what it lacks counts.

    >>> share_to_digits(0.99821967, 2)
    0.9982
    """
    lacks = to_digits(1.0 - share, digits)
    exponent = math.floor(math.log10(abs(lacks))) if lacks else 0
    return round(1.0 - lacks, max(0, digits - 1 - exponent))


@lru_cache(maxsize=65536)
def _shortest(value: float) -> str:
    if not is_finite_float32(value):
        return repr(value)
    # Loaded at the first constant that is printed, so that `import dsl` stays fast.
    from numpy import float32, format_float_scientific

    return repr(float(format_float_scientific(float32(value), unique=True)))
