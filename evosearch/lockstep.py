"""A program's instructions in pairs, so that different programs can run side by side.

At each place one Scalar instruction and then one Tree instruction is taken; where there
is nothing to be done stands one without effect. All programs of one size then take the
same number of places, whatever they do: nothing has to be asked while they run.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dsl.bytecode import COPY, TARGET, WIDTH, Bytecode, bytecode, operations
from dsl.functions import FUNCTIONS
from dsl.program import Program
from evosearch.padded import capacity

SMALLEST = 16
"""Places, and rows, of the smallest size; the next ones are doublings of it."""

_SLOTS_A_PLACE = 4
"""Numbers of the Scalar bank for each place: results, constants, and one to spare."""


class Pairs(NamedTuple):
    """A program of a given size.

    Attributes:
        scalars: Scalar instructions, int32 `[size, WIDTH]`.
        trees: Tree instructions, int32 `[size, WIDTH]`, each after its Scalar one.
        values: the Scalar bank at the start of a step, float32 `[4 * size]`; the last
            one is written by Scalar instructions without effect.
        update: the row that holds the update at the end, int32.
    """

    scalars: np.ndarray
    trees: np.ndarray
    values: np.ndarray
    update: np.ndarray


def laid_out(program: Program) -> Pairs:
    """A valid program, for the machine, of its own size."""
    assembled = bytecode(program)
    return pairs(assembled, size_of(assembled))


def size_of(assembled: Bytecode) -> int:
    """The smallest size that a program has places, rows and numbers for."""
    places, _ = _places(assembled)
    needed = max(places, assembled.rows, len(assembled.values) / _SLOTS_A_PLACE + 1)
    return capacity(needed, SMALLEST)


def pairs(assembled: Bytecode, size: int) -> Pairs:
    """Lay a program out for a size, which is `size_of` it at least."""
    count, places = _places(assembled)
    assert count <= size
    values = np.zeros(_SLOTS_A_PLACE * size, np.float32)
    values[: len(assembled.values)] = assembled.values
    scalars = np.zeros((size, WIDTH), np.int32)
    scalars[:, TARGET] = len(values) - 1
    scalars[places.scalars] = assembled.scalars
    # Row 0 is copied onto itself: the weights stay what they are.
    trees = np.zeros((size, WIDTH), np.int32)
    trees[:, 0] = operations().trees.index(COPY)
    trees[places.trees] = assembled.trees
    return Pairs(scalars, trees, values, np.array(assembled.update, np.int32))


def resting(size: int) -> Pairs:
    """What a slot without a program runs: its update is a row of zeros."""
    nothing = np.zeros((0, WIDTH), np.int32)
    two = np.zeros(2, np.float32)
    last = size - 1
    return pairs(Bytecode(nothing, nothing, np.zeros(1, np.int32), two, last, 0), size)


class _Places(NamedTuple):
    """Where each instruction stands."""

    scalars: list[int]
    trees: list[int]


def _places(assembled: Bytecode) -> tuple[int, _Places]:
    """How many places a program takes, and the first that each instruction can have.

    Both kinds keep their order. A Tree instruction stands where the last Scalar one
    that it waits for stands, or later; a Scalar instruction that reads rows stands
    after the Tree instructions before it.
    """
    names = operations().scalars
    scalars, trees = [-1], [-1]
    for tree, until in enumerate(assembled.until):
        for code in assembled.scalars[len(scalars) - 1 : until, 0]:
            waits_for = trees[-1] if FUNCTIONS[names[code]].reduces else -1
            scalars.append(1 + max(scalars[-1], waits_for))
        if tree < len(assembled.trees):
            trees.append(max(1 + trees[-1], scalars[-1]))
    count = 1 + max(scalars[-1], trees[-1])
    return count, _Places(scalars[1:], trees[1:])
