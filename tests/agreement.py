"""How far two correct evaluations of a program in float32 may lie apart.

A generated program can turn a rounding error into anything: `sign(a - b)`,
`1000 * (x - y)`, `exp(exp(x))`. So the tolerance follows the program. It is run in
float64 without noise, and several times in float32 with noise of a few roundings on
the inputs and, as statements `t = t * (1 + noise)`, on every value; once more with
subnormal numbers flushed to 0, as XLA does. Where these runs differ in kind (finite,
infinite, NaN) nothing can be expected; elsewhere an evaluation may be as far from
float64 as the runs are, times `SAFETY`.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from dsl import Program
from dsl.interpret import Leaves, interpret
from dsl.program import Constant, Statement, Variable
from tests.stepping import random_states, random_tree, with_statements

NOISE = 1e-6
"""Relative; a rounding of float32 is 6e-8, and XLA's functions err by several."""

RUNS, SAFETY = 4, 30.0

FLOAT32 = SimpleNamespace(**{**vars(np), "asarray": np.float32})
"""NumPy in which constants are float32."""

Inputs = tuple[list[Leaves], float, float]
"""Weights, gradient and states; the rate; the step count."""


def random_inputs(program: Program, seed: int) -> Inputs:
    """States are random too, so that one step shows what many would."""
    trees = [random_tree(10 * seed), random_tree(10 * seed + 1)]
    trees += random_states(program, 10 * seed + 2)
    return trees, float(np.float32(0.75)), float(1 + seed)


def assert_agrees(actual: Sequence[Leaves], program: Program, inputs: Inputs) -> None:
    """Compare the update and new states of one step with float64."""
    exact = _run(program, np, inputs, np.float64)
    noisy = [_noisy_run(program, inputs, seed) for seed in range(RUNS)]
    noisy.append(_run(_flushing(program), FLOAT32, inputs, np.float32))
    for tree, (ours, reference) in enumerate(zip(actual, exact, strict=True)):
        for leaf, (value, expected) in enumerate(zip(ours, reference, strict=True)):
            others = [np.asarray(run[tree][leaf], np.float64) for run in noisy]
            _assert_leaf(np.asarray(value, np.float64), np.asarray(expected), others)


def _assert_leaf(
    value: np.ndarray, expected: np.ndarray, others: list[np.ndarray]
) -> None:
    with np.errstate(all="ignore"):
        in_float32 = expected.astype(np.float32).astype(np.float64)
        sure = np.all([_kind(other) == _kind(in_float32) for other in others], axis=0)
        spread = np.max([np.abs(other - in_float32) for other in others], axis=0)
        tolerance = SAFETY * spread + 1e-6 * np.abs(in_float32) + 1e-30
        near = np.abs(value - in_float32) <= tolerance
    assert value.shape == expected.shape
    same_kind = _kind(value) == _kind(in_float32)
    finite = np.isfinite(in_float32)
    wrong = sure & ~(same_kind & (near | ~finite))
    # A number near the largest one may overflow in one evaluation only.
    wrong &= ~(finite & (np.abs(in_float32) + tolerance > 3e38))
    assert not wrong.any(), (value[wrong], expected[wrong], spread[wrong])


def _kind(values: np.ndarray) -> np.ndarray:
    """0 for finite numbers, 1 and -1 for the infinities, 2 for NaN."""
    infinite = np.where(np.isinf(values), np.sign(values), 0.0)
    return np.where(np.isnan(values), 2.0, infinite)


def _run(program: Program, xp: Any, inputs: Inputs, kind: Any) -> list[Leaves]:
    trees, rate, step = inputs
    typed = [[np.asarray(leaf, kind) for leaf in tree] for tree in trees]
    with np.errstate(all="ignore"):
        return interpret(program, xp, typed, kind(rate), kind(step))


def _noisy_run(program: Program, inputs: Inputs, seed: int) -> list[Leaves]:
    random = np.random.default_rng(seed)
    trees, rate, step = inputs
    moved = [
        [leaf * (1.0 + NOISE * random.standard_normal(leaf.shape)) for leaf in tree]
        for tree in trees
    ]
    statements = []
    for statement in program.statements:
        factor = float(np.float32(1.0 + NOISE * random.standard_normal()))
        statements += [statement, _scaled(statement.target, factor)]
    noisy = with_statements(program, statements)
    return _run(noisy, FLOAT32, (moved, rate, step), np.float32)


def _flushing(program: Program) -> Program:
    """Scale each value down until subnormal numbers are gone, and up again."""
    statements = []
    for statement in program.statements:
        down, up = (_scaled(statement.target, 2.0**power) for power in (-24, 24))
        statements += [statement, down, up]
    return with_statements(program, statements)


def _scaled(name: str, factor: float) -> Statement:
    return Statement(name, "multiply", (Variable(name), Constant(factor)))
