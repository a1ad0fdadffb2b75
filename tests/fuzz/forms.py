"""One step of a program in all its forms, each against NumPy float64.

Lowered JAX runs operation by operation, whose compilations many programs share; the
machine is compiled once for each layout of weights, and has no functions of matrices.
Both are given the program and its pruned form in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dsl import Program, live, lower, prune
from dsl.bytecode import FIRST_STATE_ROW, WEIGHTS_ROW, bytecode
from dsl.interpret import Leaves, uses_matrices, zero_states
from dsl.program import Constant, Statement, Variable
from evosearch.machine import interpreter
from evosearch.padded import pad
from evosearch.plan import Layout
from tests.agreement import RUNS, Expectation, disagreement, expect
from tests.fuzz.doubt import certain
from tests.fuzz.problem import Problem
from tests.noise import Inputs
from tests.stepping import with_statements

Shapes = tuple[tuple[int, ...], ...]

LAYOUTS: tuple[Shapes, ...] = (((3, 2), (4,), ()), ((3, 2, 3, 4),), ((), (3,)))
"""Several weight arrays, a single one of rank 4, a number beside a vector."""

QUICK_RUNS, THOROUGH_RUNS = 2, 16 * RUNS
"""Noisy runs at first, and before a difference is believed."""

_SMALLEST_FILE = 16
"""Rows of the machine in the common case."""

Outputs = list[Leaves | None]
"""The update, the new states, the new weights; None where a form does not give it."""


def state_layouts(program: Program, layout: Shapes) -> list[Shapes]:
    """The shapes of each state beside weights of a layout."""
    zeros = zero_states(program, np, [np.zeros(shape) for shape in layout])
    return [tuple(leaf.shape for leaf in state) for state in zeros]


def step_problem(
    program: Program, inputs: Inputs, layout: Shapes, forms: Iterable[str]
) -> Problem | None:
    """Compare one step of some of `FORMS` with float64."""
    with_matrices = uses_matrices(program)
    # The new weights, which the machine alone gives, are compared on it alone.
    reference = program if with_matrices else _with_new_weights(program)
    quick = expect(reference, inputs, QUICK_RUNS, flush=False)
    thorough: Expectation | None = None
    for form in forms:
        actual = FORMS[form](program, inputs, layout)
        actual = actual[:-1] if with_matrices else actual
        if disagreement(actual, quick) is None:
            continue
        if thorough is None:
            thorough = _thorough(reference, inputs)
        found = disagreement(actual, thorough)
        if found is not None:
            return Problem(f"{form} disagrees with float64", found)
    return None


def _thorough(program: Program, inputs: Inputs) -> Expectation:
    """What is still expected when many runs are looked at, value by value."""
    expected = expect(program, inputs, THOROUGH_RUNS)
    sure = expected.sure & certain(program, inputs, RUNS)
    return replace(expected, sure=sure)


def lowered(program: Program, inputs: Inputs, layout: Shapes) -> Outputs:
    """One step of the program under JAX, operation by operation."""
    trees, rate, step = inputs
    single = [[np.asarray(leaf, np.float32) for leaf in tree] for tree in trees]
    weights, gradient, *states = jax.device_put(single)
    update, after = lower(program)(
        weights, gradient, tuple(states), jnp.float32(rate), jnp.float32(step)
    )
    return [update, *after, None]


def lowered_pruned(program: Program, inputs: Inputs, layout: Shapes) -> Outputs:
    """The same without what is dead."""
    trees, rate, step = inputs
    alive = live(program).states
    kept = [tree for tree, flag in zip(trees[2:], alive, strict=True) if flag]
    update, *after, _ = lowered(
        prune(program), ([*trees[:2], *kept], rate, step), layout
    )
    return [update, *_spread(after, alive), None]


def on_machine(program: Program, inputs: Inputs, layout: Shapes) -> Outputs:
    """One step of the machine, which prunes; rows that nothing is put in are NaN."""
    trees, rate, step = inputs
    alive = live(program).states
    kept = [tree for tree, flag in zip(trees[2:], alive, strict=True) if flag]
    assembled = bytecode(program)
    rows = _SMALLEST_FILE
    while rows < assembled.rows:
        rows *= 2
    laid, run = _machine(layout)
    file = np.full((rows, laid.size), np.nan, np.float32)
    for row, tree in enumerate([*trees[:2], *kept]):
        file[row] = np.concatenate([np.ravel(leaf) for leaf in tree])
    found = run(pad(assembled), file, np.float32(rate), np.float32(step))
    after = np.asarray(found)
    homes = range(FIRST_STATE_ROW, FIRST_STATE_ROW + len(kept))
    states = [laid.tree(after[row]) for row in homes]
    return [None, *_spread(states, alive), laid.tree(after[WEIGHTS_ROW])]


FORMS: dict[str, Callable[[Program, Inputs, Shapes], Outputs]] = {
    "the lowered program": lowered,
    "the lowered pruned program": lowered_pruned,
    "the machine": on_machine,
}


@lru_cache(maxsize=8)
def _machine(layout: Shapes) -> tuple[Layout, Callable[..., Any]]:
    """The machine of a layout, compiled at its first step."""
    laid = Layout.of([np.zeros(shape, np.float32) for shape in layout])
    return laid, jax.jit(interpreter(laid))


def _spread(found: Sequence[Leaves], alive: Sequence[bool]) -> Outputs:
    """The live states in their places, None for the dead ones."""
    values = iter(found)
    return [next(values) if flag else None for flag in alive]


def _with_new_weights(program: Program) -> Program:
    """The program that returns the new weights too; a name with a blank is free."""
    kept, moved = "first weights", "new weights"
    keep = Statement(kept, "add", (Variable(program.weights), Constant(0.0)))
    subtract = Statement(
        moved, "subtract", (Variable(kept), Variable(program.outputs[0]))
    )
    body = [keep, *program.statements, subtract]
    return with_statements(program, body, (*program.outputs, moved))
