"""One step of a program as computers may take it: in float64, and badly in float32.

In float32 with noise of a few roundings on the inputs and, as statements
`t = t * noise`, on every value; with the smallest numbers flushed to 0 in every
operation, as XLA does; and with those near a whole number taken for it.
"""

from collections.abc import Callable
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
from tests.stepping import with_statements

NOISE = 1e-6
"""Relative; a rounding of float32 is 6e-8, and XLA's functions err by several."""

SUBNORMAL = 1.1754943508222875e-38
"""Below it (the smallest normal float32) XLA may take a number for 0."""

FLOAT32 = SimpleNamespace(**{**vars(np), "asarray": np.float32})
"""NumPy in which constants are float32."""

Inputs = tuple[list[Leaves], float, float]
"""Weights, gradient and states; the rate; the step count."""


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
        others.append(_whole_run(program, inputs))
    return exact, others


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

    def flushed(array: np.ndarray) -> np.ndarray:
        zeros = np.copysign(np.float32(0.0), array)
        return np.where(np.abs(array) < least, zeros, array)

    return _run_through(flushed, program, inputs)


def _whole_run(program: Program, inputs: Inputs) -> list[Leaves]:
    """A run in float32 in which what is nearly a whole number is one.

    A negative number has a power of it, and of none beside it.
    """

    def whole(array: np.ndarray) -> np.ndarray:
        nearest = np.round(array)
        near = np.abs(array - nearest) <= 10 * NOISE * np.abs(nearest)
        return np.where(near, nearest, array)

    return _run_through(whole, program, inputs)


def _run_through(
    change: Callable[[np.ndarray], np.ndarray], program: Program, inputs: Inputs
) -> list[Leaves]:
    """A run in float32, `change` made to all that operations take or give."""

    class Changed(np.ndarray):
        def __array_ufunc__(
            self, ufunc: Any, method: str, *values: Any, **options: Any
        ) -> Any:
            plain = [np.asarray(each) for each in values]
            options.pop("out", None)  # of `mean`, which takes what is returned
            return changed(getattr(ufunc, method)(*plain, **options))

    def changed(values: Any) -> Any:
        array = np.asarray(values)
        if array.dtype == bool:
            return array
        with np.errstate(all="ignore"):
            return np.asarray(change(array.astype(np.float32))).view(Changed)

    def changing(function: Any) -> Any:
        return lambda *values, **options: changed(function(*values, **options))

    tools = vars(FLOAT32) | {
        "asarray": changed,
        "where": changing(np.where),
        "stack": changing(np.stack),
    }
    return _run(program, SimpleNamespace(**tools), inputs, changed)
