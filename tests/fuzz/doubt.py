"""Where a program gives a number by luck, so that two evaluations may differ in kind.

A sum that overflows in float32 alone, or a difference of which no digit is left, can
become NaN in one correct evaluation and a number in the next. Such values are doubtful,
and so is all that is computed from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dsl import FUNCTIONS, Program
from dsl.check import infer_types
from dsl.program import Statement, Variable
from dsl.rows import Function
from dsl.types import Type
from tests.agreement import Inputs, evaluations
from tests.stepping import with_statements

LEAST_DIGITS = 0.1
"""A value that differs more between evaluations, relative to it, is doubtful."""

Doubts = list[np.ndarray]
"""For each weight array a mask that broadcasts to it."""


def certain(program: Program, inputs: Inputs, runs: int) -> np.ndarray:
    """Which numbers of the outputs are no luck, all in one row."""
    single = _single_assignment(program)
    targets = tuple(statement.target for statement in single.statements)
    every = with_statements(single, single.statements, targets or single.outputs)
    exact, others = evaluations(every, inputs, runs)
    leaves = inputs[0][0]
    none = [np.zeros(np.shape(leaf), bool) for leaf in leaves]
    doubts: dict[str, Doubts] = {}
    types = infer_types(single)
    for index, (statement, kind) in enumerate(
        zip(single.statements, types, strict=True)
    ):
        own = _own(exact[index], [run[index] for run in others], kind, len(leaves))
        read = [
            doubts.get(a.name, none)
            for a in statement.arguments
            if isinstance(a, Variable)
        ]
        doubts[statement.target] = _joined(FUNCTIONS[statement.function], own, read)
    masks = [doubts.get(name, none) for name in single.outputs]
    flat = [
        np.broadcast_to(mask, leaf.shape).ravel()
        for tree in masks
        for mask, leaf in zip(tree, leaves, strict=True)
    ]
    return ~np.concatenate(flat)


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
    names: dict[str, str] = {}
    statements = []
    for index, statement in enumerate(program.statements):
        arguments = tuple(
            Variable(names.get(each.name, each.name))
            if isinstance(each, Variable)
            else each
            for each in statement.arguments
        )
        names[statement.target] = f"value {index}"
        statements.append(Statement(f"value {index}", statement.function, arguments))
    outputs = tuple(names.get(name, name) for name in program.outputs)
    return with_statements(program, statements, outputs)
