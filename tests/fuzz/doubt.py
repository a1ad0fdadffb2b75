"""Where a program gives a number by luck, so that two evaluations may differ in kind.

A sum that overflows in float32 alone, or a difference of which no digit is left, can
become NaN in one correct evaluation and a number in the next. Such values are doubtful,
and so is all that is computed from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from dsl import FUNCTIONS
from dsl.check import infer_types
from dsl.interpret import uses_matrices, zero_states
from dsl.program import Argument, Program, Statement, Variable, shapes_of, state_types
from dsl.rows import Function
from dsl.types import Type
from tests.noise import Inputs, evaluations
from tests.stepping import reading, with_statements

LEAST_DIGITS = 0.1
"""A value that differs more between evaluations, relative to it, is doubtful."""

Doubts = list[np.ndarray]
"""For each weight array a mask that broadcasts to it: a single one with matrices,
whose functions bring each of their numbers into many."""


def certain(program: Program, inputs: Inputs, runs: int) -> np.ndarray:
    """Which numbers of the outputs are no luck, all in one row."""
    single = _single_assignment(program)
    with_matrices = uses_matrices(program)
    exact, others = _values(single, inputs, runs, with_matrices)
    weights, _, *states = inputs[0]
    leaves = len(weights)
    none = [np.zeros((), bool)] * leaves
    doubts: dict[str, Doubts] = {}
    types = infer_types(single)
    for index, (statement, kind) in enumerate(
        zip(single.statements, types, strict=True)
    ):
        own = _own(exact[index], [run[index] for run in others], kind, leaves)
        if with_matrices:
            own = [mask.any() for mask in own]
        read = [
            doubts.get(a.name, none)
            for a in statement.arguments
            if isinstance(a, Variable)
        ]
        doubts[statement.target] = _joined(FUNCTIONS[statement.function], own, read)
    masks = [doubts.get(name, none) for name in single.outputs]
    flat = [
        np.broadcast_to(mask, np.shape(leaf)).ravel()
        for tree, like in zip_longest(masks, (weights, *states), fillvalue=weights)
        for mask, leaf in zip(tree, like, strict=True)
    ]
    return ~np.concatenate(flat)


def _values(
    single: Program, inputs: Inputs, runs: int, with_matrices: bool
) -> tuple[list[Any], list[list[Any]]]:
    """What every statement gives, in float64 and in the runs in float32."""
    targets = tuple(statement.target for statement in single.statements)
    if not with_matrices:
        every = with_statements(single, single.statements, targets or single.outputs)
        return evaluations(every, inputs, runs)
    # An output has its state's shape, so that each value becomes one more state's.
    kinds = infer_types(single)
    zeros, count = "state zeros", len(single.outputs)
    values, statements = [], list(single.statements)
    for target, kind in zip(targets, kinds, strict=True):
        values.append(f"{target}, for each array" if kind is Type.SCALAR else target)
        if kind is Type.SCALAR:
            spread = (Variable(target), Variable(zeros))
            statements.append(Statement(values[-1], "add", spread))
    shapes = [max(kind, Type.LEAFWISE) for kind in (*kinds, Type.LEAFWISE)]
    every = single._replace(
        states=(*single.states, *(f"state {name}" for name in targets), zeros),
        statements=tuple(statements),
        outputs=(*single.outputs, *values, zeros),
        shapes=shapes_of((*state_types(single), *shapes)),
    )
    trees, rate, step = inputs
    new = zero_states(every, np, trees[0])[len(single.states) :]
    exact, others = evaluations(every, ([*trees, *new], rate, step), runs)
    last = count + len(targets)
    return exact[count:last], [run[count:last] for run in others]


def _own(exact: Any, others: Sequence[Any], kind: Type, leaves: int) -> Doubts:
    """Where evaluations of one value differ in kind or in the first digit."""
    return [
        _differs(
            _leaf(exact, kind, leaf),
            np.stack([_leaf(other, kind, leaf) for other in others]),
        )
        for leaf in range(leaves)
    ]


def _leaf(value: Any, kind: Type, leaf: int) -> np.ndarray:
    return np.asarray(value if kind is Type.SCALAR else value[leaf], np.float64)


def _differs(value: np.ndarray, others: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        in_float32 = value.astype(np.float32).astype(np.float64)
        far = np.abs(others - in_float32) > LEAST_DIGITS * np.abs(in_float32)
    alike = (others == in_float32) | (np.isnan(others) & np.isnan(in_float32))
    finite = np.isfinite(others) & np.isfinite(in_float32)
    return np.any(np.where(finite, far, ~alike), axis=0)


def _joined(row: Function, own: Doubts, read: Sequence[Doubts]) -> Doubts:
    """A value is doubtful where it is so by itself or something it is made of is."""
    if row.reduces:
        any_leaf = np.asarray(any(mask.any() for doubts in read for mask in doubts))
        return [mask | any_leaf for mask in own]
    joined = list(own)
    for doubts in read:
        joined = [mask | more for mask, more in zip(joined, doubts, strict=True)]
    return joined


def _single_assignment(program: Program) -> Program:
    """The program in which every statement stores into a variable of its own."""
    values: dict[str, Argument] = {}
    names: dict[str, str] = {}
    statements = []
    for index, statement in enumerate(program.statements):
        made = reading(statement, values, f"value {index}")
        statements.append(made)
        names[statement.target] = made.target
        values[statement.target] = Variable(made.target)
    outputs = tuple(names.get(name, name) for name in program.outputs)
    return with_statements(program, statements, outputs)
