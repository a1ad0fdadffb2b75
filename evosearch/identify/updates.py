"""Updates of programs on streams; of a known one for many values of its constants.

Where no matrices are used, all values and all streams run side by side in NumPy: a
Tree's array is `[row, number]`, a Scalar `[row, 1]`, a Leafwise value `[leaf, row, 1]`,
a row for each pair of values and stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dsl.check import infer_types
from dsl.functions import FUNCTIONS
from dsl.interpret import call, interpret, zero_states
from dsl.program import Constant, Program, Variable, state_types
from dsl.rows import Function
from dsl.types import DIMENSIONS, Type, matrix_shape, shape_of
from evosearch.identify.known import RATE, Known
from evosearch.identify.streams import Array, Stream


def updates_of(program: Program, stream: Stream) -> Array:
    """The updates of a program on a stream, in float64: `[steps, weights]`."""
    first = [array[0] for array in stream.weights]
    states = zero_states(program, np, first)
    found = []
    with np.errstate(all="ignore"):
        for step, rate in enumerate(stream.rates):
            weights = [array[step] for array in stream.weights]
            gradient = [array[step] for array in stream.gradients]
            count = np.float64(step + 1)
            trees = [weights, gradient, *states]
            update, *states = interpret(program, np, trees, np.float64(rate), count)
            found.append(np.concatenate([np.ravel(leaf) for leaf in update]))
    return np.stack(found)


def updates_of_known(
    known: Known, values: Mapping[str, Array], streams: Sequence[Stream]
) -> Array:
    """The updates of a known optimizer: `[value, stream, steps, weights]`.

    Args:
        known: the optimizer.
        values: of each of its free constants, `[value]`; a rate that its program does
            not have multiplies the updates.
        streams: of equal length.
    """
    count = len(values[RATE])
    constants = known.constants(values)
    with np.errstate(all="ignore"):
        if known.has_matrices:
            found = np.stack([
                [
                    _one_by_one(known, [_entry(c, k) for c in constants], stream)
                    for stream in streams
                ]
                for k in range(count)
            ])  # fmt: skip
        else:
            rows = [_spread(c, len(streams)) for c in constants]
            found = _side_by_side(known, rows, streams, count)
            found = found.reshape(len(found), count, len(streams), -1)
            found = found.transpose(1, 2, 0, 3)
        if known.has_rate:
            return found
        return np.asarray(values[RATE][:, None, None, None] * found)


def _entry(constant: Any, place: int) -> Any:
    return None if constant is None else constant[place]


def _spread(constant: Any, streams: int) -> Any:
    """A constant's values as a Scalar `[value * stream, 1]`."""
    return None if constant is None else np.repeat(constant, streams)[:, None]


class _Call(NamedTuple):
    """A statement, ready to run: arguments are names, or constants as arrays."""

    target: str
    row: Function
    arguments: tuple[Any, ...]
    kinds: list[Type]


def _calls(program: Program, constants: Sequence[Any]) -> list[_Call]:
    """The statements of a program with other constants, None where they stay."""
    replaced = iter(constants)
    types = dict(zip(program.states, state_types(program), strict=True))
    types |= {program.weights: Type.TREE, program.gradient: Type.TREE}
    found = []
    for statement, result in zip(program.statements, infer_types(program), strict=True):
        arguments: list[Any] = []
        kinds = []
        for argument in statement.arguments:
            if isinstance(argument, Variable):
                arguments.append(argument.name)
                kinds.append(types.get(argument.name, Type.SCALAR))
            else:
                other = next(replaced)
                arguments.append(_constant(argument) if other is None else other)
                kinds.append(Type.SCALAR)
        row = FUNCTIONS[statement.function]
        found.append(_Call(statement.target, row, tuple(arguments), kinds))
        types[statement.target] = result
    return found


def _constant(constant: Constant) -> Any:
    return np.asarray(constant.value)


def _follow(
    program: Program,
    calls: Sequence[_Call],
    xp: Any,
    states: Sequence[Any],
    inputs: Sequence[Mapping[str, Any]],
    leaves: int,
) -> list[Any]:
    """The updates, step after step, each a list of the weight arrays' ones."""
    found = []
    for step in inputs:
        values = {**step, **dict(zip(program.states, states, strict=True))}
        for each in calls:
            arguments = [values[a] if isinstance(a, str) else a for a in each.arguments]
            values[each.target] = call(each.row, xp, arguments, each.kinds, leaves)
        update, *states = (values[name] for name in program.outputs)
        found.append(update)
    return found


def _side_by_side(
    known: Known, constants: Sequence[Any], streams: Sequence[Stream], count: int
) -> Array:
    """All rows at once: `[steps, row, weights]`."""
    program = known.program
    leaves = len(streams[0].weights)

    def stacked(arrays: Sequence[Array]) -> Array:
        """One weight array's numbers in all rows: `[steps, row, number]`."""
        flat = np.stack([array.reshape(len(array), -1) for array in arrays], axis=1)
        return np.tile(flat, (1, count, 1))

    weights, gradients = (
        [stacked([part[leaf] for part in parts]) for leaf in range(leaves)]
        for parts in ([s.weights for s in streams], [s.gradients for s in streams])
    )
    rates = np.tile(np.stack([s.rates for s in streams], axis=1), (1, count))
    inputs = []
    for step in range(len(rates)):
        inputs.append(
            {
                program.weights: [array[step] for array in weights],
                program.gradient: [array[step] for array in gradients],
                program.learning_rate: rates[step][:, None],
            }
        )
        if program.step is not None:
            inputs[-1][program.step] = np.float64(step + 1)
    states = [[np.zeros_like(array[0]) for array in weights] for _ in program.states]
    calls = _calls(program, constants)
    found = _follow(program, calls, _Rows(), states, inputs, leaves)
    return np.stack([np.concatenate(update, axis=1) for update in found])


class _Rows:
    """NumPy whose sums are over a row's numbers, or of a Leafwise value its leaves."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def sum(self, x: Any) -> Any:
        """As the language sums: `x` is `[row, number]` or `[leaf, row, 1]`."""
        return np.sum(x, axis=0) if x.ndim == 3 else np.sum(x, axis=1, keepdims=True)


def _one_by_one(known: Known, constants: Sequence[Any], stream: Stream) -> Array:
    """One value on one stream, on the matrix views: `[steps, weights]`."""
    program = known.program
    shapes = [matrix_shape(array.shape[1:]) for array in stream.weights]
    inputs = []
    for step, rate in enumerate(stream.rates):
        weights, gradient = (
            [
                array[step].reshape(shape)
                for array, shape in zip(part, shapes, strict=True)
            ]
            for part in (stream.weights, stream.gradients)
        )
        inputs.append(
            {
                program.weights: weights,
                program.gradient: gradient,
                program.learning_rate: np.asarray(rate),
            }
        )
        if program.step is not None:
            inputs[-1][program.step] = np.asarray(step + 1.0)
    states: list[Any] = [
        np.zeros(len(shapes))
        if kind is Type.LEAFWISE
        else [np.zeros(shape_of(kind, *shape)) for shape in shapes]
        for kind in state_types(program)
    ]
    assert set(state_types(program)) <= set(DIMENSIONS)
    constants = [None if c is None else np.asarray(c) for c in constants]
    calls = _calls(program, constants)
    found = _follow(program, calls, np, states, inputs, len(shapes))
    return np.stack([np.concatenate([np.ravel(x) for x in each]) for each in found])
