"""One step of a program, statement by statement, over NumPy or JAX arrays.

This is the language's meaning: `lower` runs it under JAX, the tests run it in NumPy
float64, and the search's machine has to agree with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dsl.check import infer_types
from dsl.functions import FUNCTIONS, Function, Type
from dsl.program import Argument, Program, Variable

Leaves = Sequence[Any]
"""A Tree: one array for each weight array; Leafwise is one array `[leaves]`."""


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
        trees: the weights, the gradient, then each state; each a list of arrays.
        learning_rate: the schedule's value, its peak 1.
        step: the step count, 1 at the first step.

    Returns:
        The update, then each state's new value.
    """
    values: dict[str, Any] = {program.learning_rate: learning_rate}
    types: dict[str, Type] = {program.learning_rate: Type.SCALAR}
    if program.step is not None:
        values[program.step], types[program.step] = step, Type.SCALAR
    names = (program.weights, program.gradient, *program.states)
    for name, tree in zip(names, trees, strict=True):
        values[name], types[name] = tree, Type.TREE
    results = infer_types(program)
    for statement, result in zip(program.statements, results, strict=True):
        row = FUNCTIONS[statement.function]
        arguments = [_read(values, a, xp) for a in statement.arguments]
        kinds = [
            types[a.name] if isinstance(a, Variable) else Type.SCALAR
            for a in statement.arguments
        ]
        values[statement.target] = _apply(row, xp, arguments, kinds)
        types[statement.target] = result
    return [values[name] for name in program.outputs]


def _read(values: dict[str, Any], argument: Argument, xp: Any) -> Any:
    if isinstance(argument, Variable):
        return values[argument.name]
    return xp.asarray(argument.value)


def _apply(row: Function, xp: Any, arguments: list[Any], kinds: list[Type]) -> Any:
    """One call; elementwise functions broadcast Scalar -> Leafwise -> Tree."""
    if row.reduces:
        return row.formula(xp, _Leaves(xp), *arguments)
    if Type.TREE not in kinds:
        return row.formula(xp, *arguments)
    leaves = len(arguments[kinds.index(Type.TREE)])
    return [
        row.formula(
            xp,
            *(
                argument if kind is Type.SCALAR else argument[leaf]
                for argument, kind in zip(arguments, kinds, strict=True)
            ),
        )
        for leaf in range(leaves)
    ]
