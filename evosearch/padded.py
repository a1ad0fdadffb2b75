"""A program's bytecode padded to a capacity, so that its shapes say nothing of it.

Programs of one capacity share a compilation of the machine.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dsl.bytecode import Bytecode, operations
from dsl.functions import FUNCTIONS

_ROWS, _INSTRUCTIONS, _VALUES = 16, 64, 128
"""Capacities of the common case; a program that needs more doubles them."""


class Code(NamedTuple):
    """A `Bytecode` padded to a capacity, so that its shapes say nothing of it.

    Attributes:
        trees: Tree instructions, int32 `[capacity, WIDTH]`.
        scalars: Scalar instructions, int32 `[capacity, WIDTH]`.
        until: Scalar instructions that run before each Tree instruction, int32
            `[capacity]`; or how many there are, if all run before the first one.
        values: the Scalar bank at the start of a step, float32 `[slots]`.
        length: Tree instructions that count.
        update: the row that holds the update at the end.
    """

    trees: Any
    scalars: Any
    until: Any
    values: Any
    length: Any
    update: Any


def pad(assembled: Bytecode) -> Code:
    """Fill up to the next capacity."""
    trees, scalars = len(assembled.trees), len(assembled.scalars)
    width = capacity(max(trees, scalars) + 1, _INSTRUCTIONS)
    until: Any = np.int32(scalars)
    if reads_rows(assembled):
        until = np.pad(assembled.until, (0, width - trees - 1))
    slots = capacity(len(assembled.values), _VALUES)
    return Code(
        np.pad(assembled.trees, ((0, width - trees), (0, 0))),
        np.pad(assembled.scalars, ((0, width - scalars), (0, 0))),
        until,
        np.pad(assembled.values, (0, slots - len(assembled.values))),
        np.int32(trees),
        np.int32(assembled.update),
    )


def rows_of(assembled: Bytecode) -> int:
    """Rows of the register file that a program gets."""
    return capacity(assembled.rows, _ROWS)


def reads_rows(assembled: Bytecode) -> bool:
    """Whether a Scalar instruction reduces a row, so that it must wait for it."""
    names = operations().scalars
    return any(FUNCTIONS[names[code]].reduces for code in assembled.scalars[:, 0])


def capacity(needed: float, smallest: int) -> int:
    """The smallest doubling of `smallest` that holds what is needed."""
    while smallest < needed:
        smallest *= 2
    return smallest
