"""One step of a program, statement by statement, over NumPy or JAX arrays.

This is the language's meaning: `lower` runs it under JAX, the tests run it in NumPy
float64, and the search's machine has to agree with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dsl.check import infer_types
from dsl.functions import FUNCTIONS
from dsl.program import Argument, Program, Variable, state_types
from dsl.rows import Function, formula_over, result_type
from dsl.types import Type, matrix_shape, shape_of

Leaves = Sequence[Any]
"""One array for each weight array: its shape for a Tree, a number for Leafwise."""


@dataclass(frozen=True, slots=True)
class _Leaves:
    """The `Space` of trees kept as a list of arrays."""

    xp: Any

    def inner(self, x: Leaves, y: Leaves) -> Any:
        return self.xp.stack([self.xp.sum(a * b) for a, b in zip(x, y, strict=True)])

    def scale(self, x: Leaves, factor: Any) -> Leaves:
        return [leaf * factor for leaf in x]


def interpret(
    program: Program, xp: Any, trees: Sequence[Leaves], learning_rate: Any, step: Any
) -> list[Leaves]:
    """Run one step of a valid program.

    Args:
        program: what to run.
        xp: `numpy` or `jax.numpy`.
        trees: the weights, the gradient, then each state (`zero_states` before the
            first step); each a list with an array for each weight array.
        learning_rate: the schedule's value, its peak 1.
        step: the step count, 1 at the first step.

    Returns:
        The update, then each state's new value, of the shapes that came in.
    """
    if uses_matrices(program):
        return _on_matrices(program, xp, trees, learning_rate, step)
    return _run(program, xp, trees, learning_rate, step)


def uses_matrices(program: Program) -> bool:
    """Whether a program needs the extension set `matrix`: its shapes or functions."""
    return bool(program.shapes) or any(
        FUNCTIONS[statement.function].matrices for statement in program.statements
    )


def zero_states(program: Program, xp: Any, weights: Leaves) -> list[Leaves]:
    """Each state before the first step: zeros beside these weight arrays."""
    found: list[Leaves] = []
    for kind in state_types(program):
        if kind is Type.TREE:
            found.append([xp.zeros_like(leaf) for leaf in weights])
        else:
            found.append([_zeros(kind, xp, leaf) for leaf in weights])
    return found


def _zeros(kind: Type, xp: Any, weights: Any) -> Any:
    """A Leafwise state is a number for each weight array, other shapes are matrices."""
    shape = shape_of(kind, *matrix_shape(weights.shape))
    return xp.zeros(() if kind is Type.LEAFWISE else shape, weights.dtype)


def _on_matrices(
    program: Program, xp: Any, trees: Sequence[Leaves], learning_rate: Any, step: Any
) -> list[Leaves]:
    """Run a program on the matrix view of each weight array."""
    shapes = [leaf.shape for leaf in trees[0]]
    kinds = (Type.TREE, Type.TREE, *state_types(program))
    views = [_view(tree, kind, xp) for tree, kind in zip(trees, kinds, strict=True)]
    found = _run(program, xp, views, learning_rate, step)
    kinds = (Type.TREE, *state_types(program))
    return [_arrays(v, kind, shapes) for v, kind in zip(found, kinds, strict=True)]


def _view(tree: Leaves, kind: Type, xp: Any) -> Any:
    if kind is Type.LEAFWISE:
        return xp.stack([leaf.reshape(()) for leaf in tree])
    if kind is Type.TREE:
        return [leaf.reshape(matrix_shape(leaf.shape)) for leaf in tree]
    return tree


def _arrays(value: Any, kind: Type, shapes: Sequence[tuple[int, ...]]) -> Leaves:
    if kind is Type.TREE:
        return [leaf.reshape(s) for leaf, s in zip(value, shapes, strict=True)]
    return [value[leaf] for leaf in range(len(shapes))]


def _run(
    program: Program, xp: Any, trees: Sequence[Any], learning_rate: Any, step: Any
) -> list[Any]:
    """Run a program on lists of arrays; a Leafwise value is one array `[leaves]`."""
    values: dict[str, Any] = {program.learning_rate: learning_rate}
    types: dict[str, Type] = {program.learning_rate: Type.SCALAR}
    if program.step is not None:
        values[program.step], types[program.step] = step, Type.SCALAR
    names = (program.weights, program.gradient, *program.states)
    kinds = (Type.TREE, Type.TREE, *state_types(program))
    for name, tree, kind in zip(names, trees, kinds, strict=True):
        values[name], types[name] = tree, kind
    results = infer_types(program)
    for statement, result in zip(program.statements, results, strict=True):
        row = FUNCTIONS[statement.function]
        arguments = [_read(values, a, xp) for a in statement.arguments]
        read = [
            types[a.name] if isinstance(a, Variable) else Type.SCALAR
            for a in statement.arguments
        ]
        values[statement.target] = call(row, xp, arguments, read, len(trees[0]))
        types[statement.target] = result
    return [values[name] for name in program.outputs]


def _read(values: dict[str, Any], argument: Argument, xp: Any) -> Any:
    if isinstance(argument, Variable):
        return values[argument.name]
    return xp.asarray(argument.value)


def call(
    row: Function, xp: Any, arguments: list[Any], kinds: list[Type], leaves: int
) -> Any:
    """One call on `leaves` weight arrays; elementwise functions broadcast.

    A Scalar is a number, a Leafwise value an array `[leaves]`, others lists of arrays.
    """
    formula = formula_over(row, xp)
    if row.reduces:
        return formula(xp, _Leaves(xp), *arguments)
    if row.matrices:
        return _call_on_matrices(row, xp, arguments, kinds, leaves)
    if set(kinds) <= {Type.SCALAR, Type.LEAFWISE}:
        return formula(xp, *arguments)
    return [
        formula(
            xp,
            *(
                argument if kind is Type.SCALAR else argument[leaf]
                for argument, kind in zip(arguments, kinds, strict=True)
            ),
        )
        for leaf in range(leaves)
    ]


def _call_on_matrices(
    row: Function, xp: Any, arguments: list[Any], kinds: list[Type], leaves: int
) -> Any:
    """One call of a function of matrices, on one weight array after the other."""
    found = []
    for leaf in range(leaves):
        operands = []
        for argument, kind in zip(arguments, kinds, strict=True):
            value = argument if kind is Type.SCALAR else argument[leaf]
            is_number = kind is Type.LEAFWISE
            operands.append(value.reshape(1, 1) if is_number else value)
        found.append(formula_over(row, xp)(xp, *operands))
    if result_type(row, kinds) is Type.LEAFWISE:
        return xp.stack([value.reshape(()) for value in found])
    return found
