"""How far two correct evaluations of a program in float32 may lie apart.

A generated program can turn a rounding error into anything: `sign(a - b)`,
`1000 * (x - y)`, `exp(exp(x))`. So the tolerance follows the program. It is run in
float64 without noise, and several times in float32 with noise of a few roundings on
the inputs and, as statements `t = t * noise`, on every value; and with the smallest
numbers flushed to 0 in every operation, as XLA does. Where these runs differ in kind
(finite, infinite, NaN) nothing can be expected; elsewhere an evaluation may be as far
from float64 as the runs are, times `SAFETY`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from dsl import Program
from dsl.check import infer_types
from dsl.interpret import Leaves, interpret
from dsl.program import (
    Argument,
    Constant,
    Statement,
    Variable,
    shapes_of,
    state_types,
)
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


def evaluations(
    program: Program, inputs: Inputs, runs: int, flush: bool = True
) -> tuple[list[Leaves], list[list[Leaves]]]:
    """One step in float64, and those in float32."""
    exact = _run(program, np, inputs, _float64)
    others = [_noisy_run(program, inputs, number) for number in range(runs)]
    if flush:
        # XLA's functions have few digits left above the smallest numbers too.
        for least in (SUBNORMAL, SUBNORMAL * 2.0**24):
            others.append(_flushing_run(program, inputs, least))
    return exact, others


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


def _run(program: Program, xp: Any, inputs: Inputs, typed: Any) -> list[Leaves]:
    trees, rate, step = inputs
    with np.errstate(all="ignore"):
        arrays = [[typed(leaf) for leaf in tree] for tree in trees]
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
        statements += [*_apart(statement, number), _times(statement.target, factor)]
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
    tools = SimpleNamespace(**vars(FLOAT32) | {"linalg": _decompositions(number)})
    found = _run(noisy, tools, (moved, rate, step), _float32)
    return found[: len(program.outputs)]


def _decompositions(number: int) -> SimpleNamespace:
    """An eigendecomposition that errs as any in float32 may.

    Relative to the largest number, so that noise on each number is not enough.
    """

    def eigh(x: np.ndarray) -> Any:
        noise = np.random.default_rng(number).standard_normal(x.shape)
        size = NOISE / 4 * np.abs(x).max(initial=0.0)
        return np.linalg.eigh(_float32(x + size * (noise + noise.T)))

    return SimpleNamespace(eigh=eigh)


def _apart(statement: Statement, number: int) -> list[Statement]:
    """`f(x, x, a)` as f of two values near x.

    The terms of a formula of three arguments are rounded apart, and may cancel.
    """
    first, *rest = statement.arguments or (None,)
    if len(rest) < 2 or not isinstance(first, Variable) or first not in rest:
        return [statement]
    random = np.random.default_rng(number)
    factor = Constant(float(np.float32(1.0 + NOISE * random.standard_normal())))
    # No name of the language has a blank, so none is overwritten.
    copy = Statement("a copy", "multiply", (first, factor))
    arguments = (Variable(copy.target), *rest)
    return [copy, Statement(statement.target, statement.function, arguments)]


def _times(name: str, factor: Argument) -> Statement:
    return Statement(name, "multiply", (Variable(name), factor))


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


def _flushing_run(program: Program, inputs: Inputs, least: float) -> list[Leaves]:
    """A run in float32 in which every operation takes and gives 0 for tiny numbers."""

    class Flushed(np.ndarray):
        def __array_ufunc__(
            self, ufunc: Any, method: str, *values: Any, **options: Any
        ) -> Any:
            plain = [np.asarray(each) for each in values]
            options.pop("out", None)  # of `mean`, which takes what is returned
            return flushed(getattr(ufunc, method)(*plain, **options))

    def flushed(values: Any) -> Any:
        array = np.asarray(values)
        if array.dtype == bool:
            return array
        array = array.astype(np.float32)
        zeros = np.copysign(np.float32(0.0), array)
        return np.where(np.abs(array) < least, zeros, array).view(Flushed)

    def flushing(function: Any) -> Any:
        return lambda *values, **options: flushed(function(*values, **options))

    tools = vars(FLOAT32) | {
        "asarray": flushed,
        "where": flushing(np.where),
        "stack": flushing(np.stack),
    }
    return _run(program, SimpleNamespace(**tools), inputs, flushed)
