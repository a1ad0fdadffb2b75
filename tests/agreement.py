"""How far two correct evaluations of a program in float32 may lie apart.

A generated program can turn a rounding error into anything: `sign(a - b)`,
`1000 * (x - y)`, `exp(exp(x))`. So the tolerance follows the program. It is run in
float64 without noise, and several times in float32 with noise of a few roundings on
the inputs and, as statements `t = t * noise`, on every value; once more with subnormal
numbers flushed to 0 in every operation, as XLA does. Where these runs differ in kind
(finite, infinite, NaN) nothing can be expected; elsewhere an evaluation may be as far
from float64 as the runs are, times `SAFETY`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from dsl import Program
from dsl.check import infer_types
from dsl.interpret import Leaves, interpret
from dsl.program import Constant, Statement, Variable, shapes_of, state_types
from dsl.types import Type
from tests.stepping import random_states, random_tree, with_statements

NOISE = 1e-6
"""Relative; a rounding of float32 is 6e-8, and XLA's functions err by several."""

RUNS, SAFETY = 4, 30.0

SUBNORMAL = 1.1754943508222875e-38
"""Below it (the smallest normal float32) XLA may take a number for 0."""

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
    with np.errstate(all="ignore"):
        exact = _run(program, np, inputs, _float64)
        values = _flat(exact).astype(np.float32).astype(np.float64)
        others = [_flat(_noisy_run(program, inputs, number)) for number in range(runs)]
        if flush:
            others.append(_flat(_run(program, _FLUSHING, inputs, _flushed)))
        sure = (_kind(np.stack(others)) == _kind(values)).all(axis=0)
        spread = np.abs(np.stack(others) - values).max(axis=0)
        tolerance = SAFETY * spread + 1e-6 * np.abs(values) + 1e-30
        # A number near the largest one may overflow in one evaluation only.
        sure &= ~(np.isfinite(values) & (np.abs(values) + tolerance > 3e38))
    shapes = [[np.shape(leaf) for leaf in tree] for tree in exact]
    return Expectation(shapes, values, sure, tolerance)


def disagreement(actual: Sequence[Leaves], expected: Expectation) -> str | None:
    """The first number of an evaluation that is not as expected, in words."""
    shapes = [[np.shape(leaf) for leaf in tree] for tree in actual]
    if shapes != expected.shapes:
        return f"the outputs have the shapes {shapes} instead of {expected.shapes}"
    found = _flat(actual)
    with np.errstate(all="ignore"):
        near = np.abs(found - expected.values) <= expected.tolerance
        near |= ~np.isfinite(expected.values)
        wrong = expected.sure & ~(near & (_kind(found) == _kind(expected.values)))
    if not wrong.any():
        return None
    first = int(np.argmax(wrong))
    sizes = [sum(np.size(leaf) for leaf in tree) for tree in actual]
    output = int(np.searchsorted(np.cumsum(sizes), first, side="right"))
    return (
        f"output {output} has {found[first]!r} where float64 gives "
        f"{expected.values[first]!r} (tolerance {expected.tolerance[first]:.1e})"
    )


def _flat(trees: Sequence[Leaves]) -> np.ndarray:
    arrays = [np.asarray(leaf, np.float64).ravel() for tree in trees for leaf in tree]
    return np.concatenate(arrays)


def _kind(values: np.ndarray) -> np.ndarray:
    """0 for finite numbers, 1 and -1 for the infinities, 2 for NaN."""
    infinite = np.where(np.isinf(values), np.sign(values), 0.0)
    return np.where(np.isnan(values), 2.0, infinite)


def _run(program: Program, xp: Any, inputs: Inputs, typed: Any) -> list[Leaves]:
    trees, rate, step = inputs
    arrays = [[typed(leaf) for leaf in tree] for tree in trees]
    with np.errstate(all="ignore"):
        return interpret(program, xp, arrays, typed(rate), typed(step))


def _float64(values: Any) -> np.ndarray:
    return np.asarray(values, np.float64)


def _float32(values: Any) -> np.ndarray:
    return np.asarray(values, np.float32)


def _noisy_run(program: Program, inputs: Inputs, number: int) -> list[Leaves]:
    """A run in float32; the numbers of a Tree have a noise each, others share one.

    The noise of a Tree is one more input, which no name of the language can mean.
    """
    trees, rate, step = inputs
    shapes = tuple(np.shape(leaf) for leaf in trees[0])
    statements, noises = [], []
    types = infer_types(program)
    for index, each in enumerate(zip(program.statements, types, strict=True)):
        statement, kind = each
        noise = _noise(shapes, _DIFFERENT * number + index)
        factor: Any = Constant(float(noise[0].flat[0]))
        if kind is Type.TREE:
            factor = Variable(f"noise {index}")
            noises.append((factor.name, noise))
        made = Statement(
            statement.target, "multiply", (Variable(statement.target), factor)
        )
        statements += [statement, made]
    names = tuple(name for name, _ in noises)
    noisy = with_statements(program, statements)._replace(
        states=(*program.states, *names),
        outputs=(*program.outputs, *names),
        shapes=shapes_of((*state_types(program), *(Type.TREE for _ in names))),
    )
    moved = [
        _moved(tree, -1 - place - _DIFFERENT * number)
        for place, tree in enumerate(trees)
    ]
    moved += [noise for _, noise in noises]
    found = _run(noisy, FLOAT32, (moved, rate, step), _float32)
    return found[: len(program.outputs)]


def _moved(tree: Leaves, number: int) -> Leaves:
    noise = _noise(tuple(np.shape(leaf) for leaf in tree), number)
    return [leaf * factor for leaf, factor in zip(tree, noise, strict=True)]


_DIFFERENT = 61
"""Statements whose noise is told apart, in a run."""


@lru_cache(maxsize=8192)
def _noise(shapes: tuple[tuple[int, ...], ...], number: int) -> Leaves:
    """Numbers near 1; kept, because drawing them costs more than a run."""
    random = np.random.default_rng(number % 2**32)
    return [_float32(1.0 + NOISE * random.standard_normal(shape)) for shape in shapes]


class _Flushed(np.ndarray):
    """An array whose every operation takes and gives 0 for subnormal numbers."""

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, **options: Any
    ) -> Any:
        plain = [np.asarray(each) for each in inputs]
        options.pop("out", None)  # of `mean`, which takes what is returned
        return _flushed(getattr(ufunc, method)(*plain, **options))


def _flushed(values: Any) -> Any:
    array = np.asarray(values)
    if array.dtype == bool:
        return array
    array = array.astype(np.float32)
    small = np.abs(array) < SUBNORMAL
    return np.where(small, np.copysign(np.float32(0.0), array), array).view(_Flushed)


def _flushing(function: Any) -> Any:
    return lambda *values, **options: _flushed(function(*values, **options))


_FLUSHING = SimpleNamespace(
    **{
        **vars(FLOAT32),
        "asarray": _flushed,
        "where": _flushing(np.where),
        "stack": _flushing(np.stack),
    }
)
