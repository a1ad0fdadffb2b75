"""Numbers that functions are tried on: special ones, any bits, and everyday ones."""

from __future__ import annotations

import math

import numpy as np

from dsl.interpret import Leaves
from tests.fuzz.forms import Shapes

_SIZES = (
    *(0.0, 1.0, 0.5, 2.0, math.inf, 1e-45, 1e-40, 1.1754944e-38, 3.4028235e38),
    *(1e-8, 3e-8, 1e10, 1e20, 1e-20, 88.72284, 103.9, math.pi, 16777217.0),
)
SPECIAL = (*_SIZES, *(-size for size in _SIZES), math.nan)


def draw_numbers(random: np.random.Generator, count: int) -> np.ndarray:
    """Float32 numbers: special ones, any bits, and everyday ones of many sizes."""
    special = random.choice(SPECIAL, count)
    any_bits = random.integers(0, 2**32, count, dtype=np.uint32).view(np.float32)
    everyday = random.standard_normal(count) * 10.0 ** random.uniform(-3, 1.5, count)
    kind = random.integers(0, 3, count)
    with np.errstate(all="ignore"):
        return np.float32(
            np.select([kind == 0, kind == 1], [special, any_bits], everyday)
        )


def odd_tree(layout: Shapes, random: np.random.Generator) -> Leaves:
    """A tree of odd numbers, or of ordinary ones with about one that is odd."""
    sizes = [math.prod(shape) for shape in layout]
    tree = ordinary_tree(layout, random)
    odd = draw_numbers(random, sum(sizes))
    kept = random.random(sum(sizes)) < random.choice((0.0, 1.0 - 1.0 / sum(sizes)))
    flat = np.where(kept, np.concatenate([np.ravel(leaf) for leaf in tree]), odd)
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return [p.reshape(s) for p, s in zip(parts, layout, strict=True)]


def ordinary_tree(layout: Shapes, random: np.random.Generator) -> Leaves:
    """Normal numbers of one scale from 1e-4 to 1e3, each a float32."""
    scale = 10.0 ** random.integers(-4, 4)
    drawn = [scale * random.standard_normal(shape) for shape in layout]
    return [np.asarray(np.float32(leaf), np.float64) for leaf in drawn]
