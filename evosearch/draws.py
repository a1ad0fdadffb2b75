"""What new statements are drawn from: numbers, constants, and arguments that fit.

The random state is an argument and advances; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from random import Random

from dsl.float32 import nearest_float32
from dsl.functions import ByName
from dsl.program import Argument, Constant, Variable
from dsl.types import ANY, Type

_SCALAR = int(Type.SCALAR)
variable = lru_cache(maxsize=4096)(Variable)
"""Kept, because a search reads the same few names over and over."""

_accepted = ByName(
    lambda row: tuple(
        (None if set(p.accepts) == set(ANY) else frozenset(map(int, p.accepts)))
        for p in row.parameters
    )
)
"""Types that each parameter accepts, as plain numbers, which compare faster than
enums; None if it is all of them."""


def draw_arguments(
    function: str, scope: Mapping[str, int], random: Random
) -> tuple[Argument, ...] | None:
    """Arguments for a call where the variables of `scope` can be read.

    Each is uniform among the variables that fit, with one more chance for a new
    constant where a Scalar fits; None if nothing fits a parameter.
    """
    arguments: list[Argument] = []
    names = list(scope)
    for accepts in _accepted[function]:
        fitting, choices = names, len(names) + 1
        if accepts is not None:
            fitting = [name for name in names if scope[name] in accepts]
            choices = len(fitting) + (_SCALAR in accepts)
            if not choices:
                return None
        pick = below(choices, random)
        if pick < len(fitting):
            arguments.append(variable(fitting[pick]))
        else:
            arguments.append(new_constant(random))
    return tuple(arguments)


def new_constant(random: Random) -> Constant:
    """From N(0, 1), the paper's distribution."""
    return Constant(nearest_float32(random.gauss(0.0, 1.0)))


def multiple(constant: Constant, random: Random) -> Constant:
    """A constant times 2^a with a from N(0, 1); infinite beyond float32's range."""
    return Constant(nearest_float32(constant.value * 2.0 ** random.gauss(0.0, 1.0)))


def below(bound: int, random: Random) -> int:
    """Uniform in 0 .. bound - 1, at half the price of `randrange`."""
    return int(random.random() * bound)
