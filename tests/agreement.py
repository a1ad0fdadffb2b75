"""How far two correct evaluations of a program in float32 may lie apart.

A generated program can turn a rounding error into anything: `sign(a - b)`,
`1000 * (x - y)`, `exp(exp(x))`. So the tolerance follows the program, which is run
with noise (`tests/noise.py`). Where these runs differ in kind (finite, infinite, NaN)
nothing can be expected; elsewhere an evaluation may be as far from float64 as the runs
are, times `SAFETY`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsl import Program
from dsl.interpret import Leaves
from tests.noise import Inputs, evaluations
from tests.stepping import random_states, random_tree

RUNS, SAFETY = 4, 30.0


def random_inputs(program: Program, seed: int) -> Inputs:
    """States are random too, so that one step shows what many would."""
    trees = [random_tree(10 * seed), random_tree(10 * seed + 1)]
    trees += random_states(program, 10 * seed + 2)
    return trees, float(np.float32(0.75)), float(1 + seed)


def assert_agrees(actual: Sequence[Leaves], program: Program, inputs: Inputs) -> None:
    """Compare the update and new states of one step with float64."""
    found = disagreement(actual, expect(program, inputs))
    assert found is None, found


@dataclass(frozen=True, slots=True)
class Expectation:
    """One step of a program, all numbers of all outputs in one row.

    Attributes:
        shapes: of the arrays of each output.
        values: in float64, rounded to float32.
        sure: where all runs give the same kind of number.
        tolerance: how far from a finite value is near enough.
    """

    shapes: list[list[tuple[int, ...]]]
    values: np.ndarray
    sure: np.ndarray
    tolerance: np.ndarray


def expect(
    program: Program, inputs: Inputs, runs: int = RUNS, flush: bool = True
) -> Expectation:
    """Run a step with and without noise; fewer runs expect more."""
    exact, noisy = evaluations(program, inputs, runs, flush)
    with np.errstate(all="ignore"):
        values = _flat(exact).astype(np.float32).astype(np.float64)
        others = np.stack([_flat(run) for run in noisy])
        sure = (_kind(others) == _kind(values)).all(axis=0)
        spread = np.abs(others - values).max(axis=0)
        tolerance = SAFETY * spread + 1e-6 * np.abs(values) + 1e-30
        # A number near the largest one may overflow in one evaluation only.
        sure &= ~(np.isfinite(values) & (np.abs(values) + tolerance > 3e38))
    shapes = [[np.shape(leaf) for leaf in tree] for tree in exact]
    return Expectation(shapes, values, sure, tolerance)


def disagreement(actual: Sequence[Leaves | None], expected: Expectation) -> str | None:
    """The first number that is not as expected, in words; None is not looked at."""
    parts, output, first = [], [], 0
    for place, (tree, shapes) in enumerate(zip(actual, expected.shapes, strict=True)):
        size = sum(map(math.prod, shapes))
        if tree is None:
            parts.append(expected.values[first : first + size])
        elif (found := [np.shape(leaf) for leaf in tree]) != shapes:
            return f"output {place} has the shapes {found} instead of {shapes}"
        else:
            parts.append(_flat([tree]))
        output += [place] * size
        first += size
    values = np.concatenate(parts)
    with np.errstate(all="ignore"):
        near = np.abs(values - expected.values) <= expected.tolerance
        near |= ~np.isfinite(expected.values)
        wrong = expected.sure & ~(near & (_kind(values) == _kind(expected.values)))
    if not wrong.any():
        return None
    at = int(np.argmax(wrong))
    return (
        f"output {output[at]} has {values[at]:.9g} where float64 gives "
        f"{expected.values[at]:.9g}, give or take {expected.tolerance[at]:.1e}"
    )


def _flat(trees: Sequence[Leaves]) -> np.ndarray:
    arrays = [np.asarray(leaf, np.float64).ravel() for tree in trees for leaf in tree]
    return np.concatenate(arrays)


def _kind(values: np.ndarray) -> np.ndarray:
    """0 for finite numbers, 1 and -1 for the infinities, 2 for NaN."""
    infinite = np.where(np.isinf(values), np.sign(values), 0.0)
    return np.where(np.isnan(values), 2.0, infinite)
