"""An export held against its program: 50 steps in float64, one number after the other.

The reference is the language's own meaning, in NumPy. Both begin every step with the
reference's weights and states, so that a step cannot hide what an earlier one did
wrong. How far they may lie apart follows the program: it is run with noise too, and
where these runs differ in kind (finite, infinite, NaN) nothing is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dsl.interpret import Leaves, interpret, zero_states
from dsl.program import Program
from evosearch.errors import InputError

STEPS = 50
SHAPES = ((3, 2), (4,), (2, 1, 2, 2), ())
"""Of the weight arrays: a matrix, a vector, a kernel and a number."""

_NOISE, _RUNS, _SAFETY = 1e-12, 3, 30.0
_LEAST = 1e-10
"""Relative: a difference that never counts, as far as the weights are large."""
_LARGEST = 1e6
"""A training beyond it begins again, so that the steps after it show something."""

Stepper = Callable[["Inputs"], list[Leaves]]
"""One step of an export: the update and the new states."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a step begins with; `rate` is the schedule's value, `index` from 0."""

    weights: Leaves
    gradient: Leaves
    states: list[Leaves]
    rate: float
    index: int


def verify(program: Program, stepper: Stepper, what: str) -> None:
    """Compare an export's steps with the program's.

    Args:
        program: pruned, as the export is made of it.
        stepper: runs one step of the export, in float64.
        what: names the export in the error.

    Raises:
        InputError: a number lies further apart than rounding explains.
    """
    for inputs in _steps(program):
        expected = _run(program, inputs)
        noisy = [_noisy(program, inputs, number) for number in range(_RUNS)]
        actual = stepper(inputs)
        wrong = _difference(actual, expected, noisy, inputs)
        if wrong:
            raise InputError(
                f"{what} is not written: in step {inputs.index + 1} it differs from "
                f"the program, {wrong}; this is a fault of evosearch: report it with "
                "the program"
            )


def _steps(program: Program) -> Iterator[Inputs]:
    """What each step begins with, the weights following the program's updates."""
    random = np.random.default_rng(0)

    def normal(leaf: Any) -> Any:
        return np.asarray(random.standard_normal(np.shape(leaf)))

    weights = [normal(np.empty(shape)) for shape in SHAPES]
    states = zero_states(program, np, weights)
    for index in range(STEPS):
        scale = 10.0 ** -(index % 3)
        gradient = [scale * normal(leaf) for leaf in weights]
        rate = 1.0 - index / (2 * STEPS)
        yield Inputs(weights, gradient, states, rate, index)
        update, *states = _run(program, Inputs(weights, gradient, states, rate, index))
        with np.errstate(all="ignore"):
            weights = [w - u for w, u in zip(weights, update, strict=True)]
            flat = _flat([weights, *states])
            usable = bool(np.all(np.abs(flat) < _LARGEST))
        if not usable:
            weights = [normal(leaf) for leaf in weights]
            states = [[normal(leaf) for leaf in state] for state in states]


def _run(program: Program, inputs: Inputs) -> list[Leaves]:
    trees = [inputs.weights, inputs.gradient, *inputs.states]
    with np.errstate(all="ignore"):
        rate, count = np.asarray(inputs.rate), np.asarray(inputs.index + 1.0)
        return interpret(program, np, trees, rate, count)


class _Noisy(np.ndarray):
    """An array that every operation makes a relative error in."""

    random = np.random.default_rng(0)

    def __array_ufunc__(
        self, ufunc: Any, method: str, *values: Any, **options: Any
    ) -> Any:
        options.pop("out", None)  # of `mean`, which takes what is returned
        plain = [np.asarray(each) for each in values]
        found = np.asarray(getattr(ufunc, method)(*plain, **options))
        return found if found.dtype == bool else _with_noise(found)


def _with_noise(values: Any) -> Any:
    array = np.asarray(values, np.float64)
    noise = _NOISE * _Noisy.random.standard_normal(array.shape)
    return np.asarray(array * (1.0 + noise)).view(_Noisy)


def _noisy(program: Program, inputs: Inputs, number: int) -> list[Leaves]:
    """A step with a relative error in every input and every operation."""
    _Noisy.random = np.random.default_rng(number)
    trees = [
        [_with_noise(leaf) for leaf in tree]
        for tree in (inputs.weights, inputs.gradient, *inputs.states)
    ]
    # Numbers of the whole model too: what is computed of them alone has errors.
    rate, count = _with_noise(inputs.rate), _with_noise(inputs.index + 1.0)
    with np.errstate(all="ignore"):
        return interpret(program, np, trees, rate, count)


def _difference(
    actual: Sequence[Leaves],
    expected: Sequence[Leaves],
    noisy: Sequence[Sequence[Leaves]],
    inputs: Inputs,
) -> str:
    """The first number that is not as expected, in words; empty if there is none."""
    shapes = [[np.shape(leaf) for leaf in tree] for tree in expected]
    if [[np.shape(leaf) for leaf in tree] for tree in actual] != shapes:
        return "an array has another shape"
    found, exact = _flat(actual), _flat(expected)
    others = np.stack([_flat(each) for each in noisy])
    with np.errstate(all="ignore"):
        sure = np.all(_kind(others) == _kind(exact), axis=0)
        spread = np.max(np.abs(others - exact), axis=0)
        # An update may be told from weights before and after, which are rounded.
        largest = max(1.0, float(np.max(np.abs(_flat([inputs.weights])))))
        least = _LEAST * np.abs(exact) + 1e-14 * largest
        near = np.abs(found - exact) <= _SAFETY * spread + least
    near |= ~np.isfinite(exact)
    wrong = sure & ~(near & (_kind(found) == _kind(exact)))
    if not wrong.any():
        return ""
    place = int(np.argmax(wrong))
    return f"{found[place]:.9g} in the place of {exact[place]:.9g}"


def _flat(trees: Sequence[Leaves]) -> Any:
    arrays = [np.asarray(leaf, np.float64).ravel() for tree in trees for leaf in tree]
    return np.concatenate(arrays)


def _kind(values: Any) -> Any:
    """0 for finite numbers, 1 and -1 for the infinities, 2 for NaN."""
    infinite = np.where(np.isinf(values), np.sign(values), 0.0)
    return np.where(np.isnan(values), 2.0, infinite)
