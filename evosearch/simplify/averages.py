"""What the values of a program are on average: the constants to put in their place."""

from __future__ import annotations

import math

import jax
import numpy as np

from dsl.check import infer_types
from dsl.float32 import nearest_float32, to_digits
from dsl.lower import initial_states
from dsl.numbered import number
from dsl.program import (
    Argument,
    Constant,
    Program,
    Statement,
    Variable,
    header,
    shapes_of,
    state_types,
)
from dsl.types import Type
from evosearch.compile_cache import not_kept
from evosearch.compiled import compile_chunk
from evosearch.plan import Plan

_DIGITS = 3
"""Of a constant that is fitted: more would be noise, and tell programs apart."""

_SMALL = 0.1
"""A mean that is smaller than this share of the root mean square counts as 0."""


def averages(program: Program, plan: Plan, seed: int) -> dict[int, float]:
    """The mean of each call's value over all weights, at the ends of chunks.

    Of all constants it is the nearest in mean square; 0 is taken for a mean that is
    small beside the values. Calls whose mean is not finite have none.

    Args:
        program: a pruned one.
        plan: of the task that it is trained on.
        seed: the data seed.

    Returns:
        Means to three digits, by the place of the call.
    """
    shown = with_values_as_states(program)
    own = len(program.states)
    weights = jax.jit(plan.init)(np.uint32(seed))
    states = initial_states(shown, weights)
    seen = []
    with not_kept():
        advance = compile_chunk(plan, shown)
        for chunk in range(plan.chunks):
            given = weights, states, plan.chunk(seed, chunk)
            weights, states, _, _ = advance(*given)
            seen.append([_moments(values) for values in states[own:]])
    found = {}
    for place, (mean, square) in enumerate(np.mean(seen, axis=0).tolist()):
        if math.isfinite(nearest_float32(mean)) and math.isfinite(square):
            small = abs(mean) < _SMALL * math.sqrt(square)
            found[place] = nearest_float32(0.0 if small else to_digits(mean, _DIGITS))
    return found


def _moments(values: object) -> tuple[float, float]:
    """Mean and mean square of all numbers of a pytree."""
    leaves = [np.asarray(leaf, np.float64).ravel() for leaf in jax.tree.leaves(values)]
    numbers = np.concatenate(leaves)
    with np.errstate(all="ignore"):
        return float(np.mean(numbers)), float(np.mean(numbers**2))


def with_values_as_states(program: Program) -> Program:
    """A valid program that keeps the value of each call in a state more.

    The states come after its own, in the order of the calls. Scalars are spread over
    the shape of the weights.
    """
    numbered, kinds = number(program), infer_types(program)
    names = [*header(program), *(f"value_{n}" for n in range(len(numbered.calls)))]
    taken = set(header(program))
    while taken & set(names[numbered.inputs :]):
        names[numbered.inputs :] = [f"{n}_" for n in names[numbered.inputs :]]
    statements = []
    for place, call in enumerate(numbered.calls):
        arguments: tuple[Argument, ...] = tuple(
            value if isinstance(value, Constant) else Variable(names[value])
            for value in call.arguments
        )
        target = names[numbered.inputs + place]
        statements.append(Statement(target, call.function, arguments))
    states, outputs = [], []
    for place, kind in enumerate(kinds):
        target = names[numbered.inputs + place]
        states.append(f"{target}_kept")
        outputs.append(target if kind is not Type.SCALAR else f"{target}_spread")
        if kind is Type.SCALAR:
            statements += _spread(target, program.weights)
    shown = [kind if kind is not Type.SCALAR else Type.TREE for kind in kinds]
    return program._replace(
        states=(*program.states, *states),
        statements=tuple(statements),
        outputs=(*(names[output] for output in numbered.outputs), *outputs),
        shapes=shapes_of([*state_types(program), *shown]),
    )


def _spread(scalar: str, weights: str) -> list[Statement]:
    spread = f"{scalar}_spread"
    zero = Statement(spread, "multiply", (Variable(weights), Constant(0.0)))
    added = (Variable(spread), Variable(scalar))
    return [zero, Statement(spread, "add", added)]
