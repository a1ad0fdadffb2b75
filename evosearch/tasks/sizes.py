"""How large a built-in task is: one scale grows every dimension together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict, cast

from evosearch.errors import InputError

SMALLEST, LARGEST = 0.1, 1000.0
"""Limits of `scale`: one head of four numbers, and about five million weights."""

MOST = 10_000_000
"""Limit of every dimension: a slip of the keyboard, not a task, is larger."""


class Dimensions(TypedDict, total=False):
    """Dimensions that a user may fix, whatever the scale."""

    width: int
    depth: int
    heads: int
    batch: int
    steps: int


@dataclass(frozen=True, slots=True)
class Size:
    """The dimensions of a task.

    Attributes:
        width: numbers in the vector of a token; a multiple of `heads`.
        depth: transformer blocks.
        heads: attention heads in a block.
        batch: sequences or images in a training batch.
        steps: training steps.
    """

    width: int
    depth: int
    heads: int
    batch: int
    steps: int


def size_at(scale: float, batch: int, dimensions: Dimensions) -> Size:
    """Give the size at a scale, with `batch` sequences in a batch at scale 1.

    heads = 3 s^0.2, size of a head = 4 (2 s^0.2), width = heads * size of a head,
    depth = s^0.2, batch ~ s^0.2, steps = 10 (20 s^0.3); each factor is rounded to the
    nearest whole number, at least 1. Weights grow about as the scale and training
    compute about as its power 1.5 (digits) or 1.7 (charlm, whose context grows too):

        scale   width  depth  heads  batch x16  steps
          0.1       8      1      2         10    100
            1      24      1      3         16    200
           10      60      2      5         25    400
          100     160      3      8         40    800
         1000     384      4     12         64   1590

    Args:
        scale: from 0.1 to 1000.
        batch: sequences or images in a batch at scale 1.
        dimensions: dimensions fixed by the user, over what the scale gives. If only
            one of width and heads is given, the other is fitted to it.

    Raises:
        InputError: a number is out of its range, or heads do not divide width.
    """
    if not SMALLEST <= scale <= LARGEST:
        raise InputError(
            f"scale: {scale} is out of range: give {SMALLEST} to {LARGEST:g}"
        )
    given = cast(Mapping[str, int], dimensions)
    for name, value in given.items():
        at_least(name, value, 1)
        if value > MOST:
            raise InputError(f"{name}: {value} is too large: give {MOST:,} or less")
    width, heads = _width_and_heads(scale, given)
    grown = {
        "depth": grow(1, scale, 0.2),
        "batch": grow(batch, scale, 0.2),
        "steps": 10 * grow(20, scale, 0.3),
    }
    return Size(**{**grown, **given, "width": width, "heads": heads})


def _width_and_heads(scale: float, given: Mapping[str, int]) -> tuple[int, int]:
    heads = given.get("heads", grow(3, scale, 0.2))
    width = given.get("width", heads * 4 * grow(2, scale, 0.2))
    if "heads" not in given:
        heads = max(n for n in range(1, heads + 1) if width % n == 0)
    if width % heads:
        raise InputError(
            f"heads: {heads} heads do not divide width {width}: make width a multiple"
        )
    return width, heads


def grow(base: float, scale: float, power: float) -> int:
    """`base * scale^power`, rounded half up, at least 1."""
    return max(1, math.floor(base * math.pow(scale, power) + 0.5))


def at_least(name: str, value: float, least: float) -> None:
    """Refuse an argument that is too small.

    Raises:
        InputError: it is.
    """
    if value < least:
        raise InputError(f"{name}: {value} is too small: give {least} or more")
