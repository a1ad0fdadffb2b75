"""Every function on values of any shapes of the set `matrix`, against float64."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsl import Program
from dsl.program import Statement, Variable, shapes_of
from dsl.rows import Function, result_type, result_types
from dsl.types import Type
from tests.fuzz.forms import FORMS, LAYOUTS, state_layouts, step_problem
from tests.fuzz.numbers import draw_numbers, odd_tree
from tests.fuzz.problem import Problem

SHAPES_A_ROUND = 3
"""Choices of shapes for a function in one round."""


def calls_on_shapes(row: Function, random: np.random.Generator) -> Problem | None:
    """A step that calls it on values of any shapes agrees with float64.

    Each round draws some of the many choices of shapes.
    """
    choices = [
        kinds
        for kinds in result_types(row)
        if any(kind > Type.TREE for kind in kinds) or row.matrices
    ]
    layout = LAYOUTS[int(random.integers(len(LAYOUTS)))]
    (whole, *_) = FORMS
    for place in random.permutation(len(choices))[:SHAPES_A_ROUND]:
        kinds = choices[place]
        program = _call_on_shapes(row, kinds)
        shapes = (layout, layout, *state_layouts(program, layout))
        rate, step = map(float, draw_numbers(random, 2))
        inputs = ([odd_tree(each, random) for each in shapes], rate, step)
        found = step_problem(program, inputs, layout, (whole,))
        if found is not None:
            types = ", ".join(map(str, kinds))
            return Problem(found.law, f"({types}): {found.detail}")
    return None


def _call_on_shapes(row: Function, kinds: Sequence[Type]) -> Program:
    """The program whose last state is the value of one call on states."""
    result = result_type(row, kinds)
    assert result is not None
    scalars = iter(("lr", "step", "lr"))
    names = [
        next(scalars) if kind is Type.SCALAR else f"x{place}"
        for place, kind in enumerate(kinds)
    ]
    states = {name: kind for name, kind in zip(names, kinds, strict=True) if kind}
    value = Statement("value", row.name, tuple(map(Variable, names)))
    outputs = ("g", *states, "value")
    states["before"] = result
    shapes = shapes_of(tuple(states.values()))
    return Program("w", "g", tuple(states), "lr", "step", (value,), outputs, shapes)
