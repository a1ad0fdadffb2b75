"""A program as integer arrays for the virtual machine, its registers allocated.

Registers come in two banks. The Tree bank has rows of the model's size: row 0 the
weights, row 1 the gradient, row 2 + i the home of state i, the rest temporaries; a
Leafwise value takes a row too, spread over its leaves. The Scalar bank has single
numbers: 0 the learning rate, 1 the step count, then constants and results. Every Tree
instruction carries the Scalar instructions that must run before it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dsl.check import infer_types
from dsl.functions import FUNCTIONS
from dsl.program import Constant, Program, Variable
from dsl.prune import prune
from dsl.rows import MOST_PARAMETERS, Function, formula_over
from dsl.types import Type

COPY = "copy"
"""The one Tree instruction that is no function: moves a row when outputs demand it."""


class Operations(NamedTuple):
    """Names of the functions that the machine has, in the order of their opcodes.

    Attributes:
        trees: of instructions whose result is a row.
        scalars: of instructions whose result is one number.
    """

    trees: tuple[str, ...]
    scalars: tuple[str, ...]


def operations() -> Operations:
    """The opcodes, which grow with the table of functions."""
    return _operations(tuple(FUNCTIONS.values()))


@lru_cache(maxsize=1)
def _operations(table: tuple[Function, ...]) -> Operations:
    rows = [row for row in table if row.parameters and not row.matrices]
    trees = [row.name for row in rows if row.result is not Type.SCALAR]
    to_row = {row.name for row in rows if row.reduces and row.result is not Type.SCALAR}
    scalars = [row.name for row in rows if row.name not in to_row]
    return Operations((COPY, *trees), tuple(scalars))


@lru_cache(maxsize=1)
def _codes(known: Operations) -> tuple[dict[str, int], dict[str, int]]:
    """Opcodes of Tree and of Scalar instructions."""
    trees, scalars = map(enumerate, known)
    return {name: n for n, name in trees}, {name: n for n, name in scalars}


WEIGHTS_ROW, GRADIENT_ROW, FIRST_STATE_ROW = 0, 1, 2
LEARNING_RATE_SLOT, STEP_SLOT = 0, 1
TARGET = 1 + MOST_PARAMETERS
WIDTH = TARGET + 1
"""Integers of an instruction: opcode, operands, target."""


@dataclass(frozen=True, slots=True)
class Bytecode:
    """A pruned program for the machine.

    Operands: of a Tree instruction, a row r >= 0, or -(k + 1) for Scalar k; of a
    Scalar instruction, a Scalar, or a row for the functions that reduce.

    Attributes:
        trees: Tree instructions, int32 `[trees, 5]`.
        scalars: Scalar instructions, int32 `[scalars, 5]`.
        until: int32 `[trees + 1]`: Scalar instructions up to `until[t]` run before Tree
            instruction t.
        values: float32 `[slots]`: the Scalar bank at the start of a step.
        update: the row that holds the update at the end.
        rows: rows of the Tree bank.
    """

    trees: np.ndarray
    scalars: np.ndarray
    until: np.ndarray
    values: np.ndarray
    update: int
    rows: int


@dataclass(slots=True)
class _Value:
    """A value in the order of its making: where it is kept, when it is last read."""

    type: Type
    place: int = -1
    last_read: int = -1


Operand = _Value | Constant


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A program without names: each read and each output is the value it means."""

    states: tuple[_Value, ...]
    reads: tuple[tuple[Operand, ...], ...]
    results: tuple[_Value, ...]
    outputs: tuple[_Value, ...]


@dataclass(slots=True)
class _Assembly:
    """What has been emitted and which rows are taken; local to one `bytecode` call."""

    rows: int
    codes: tuple[dict[str, int], dict[str, int]]
    free: list[int] = field(default_factory=list)
    trees: list[list[int]] = field(default_factory=list)
    scalars: list[list[int]] = field(default_factory=list)
    until: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=lambda: [0.0, 0.0])
    constants: dict[bytes, int] = field(default_factory=dict)

    def row(self) -> int:
        if self.free:
            return self.free.pop()
        self.rows += 1
        return self.rows - 1

    def constant(self, value: float) -> int:
        bits = struct.pack("<f", value)
        if bits not in self.constants:
            self.constants[bits] = len(self.values)
            self.values.append(value)
        return self.constants[bits]

    def operand(self, operand: Operand) -> tuple[bool, int]:
        """Whether it is a row, and the row or slot."""
        if isinstance(operand, Constant):
            return False, self.constant(operand.value)
        return operand.type is not Type.SCALAR, operand.place

    def tree(self, operation: str, operands: list[tuple[bool, int]], to: int) -> None:
        places = [place if is_row else -place - 1 for is_row, place in operands]
        self.until.append(len(self.scalars))
        self.trees.append(_instruction(self.codes[0][operation], places, to))

    def scalar(self, operation: str, operands: list[tuple[bool, int]]) -> int:
        places = [place for _, place in operands]
        target = len(self.values)
        self.values.append(0.0)
        self.scalars.append(_instruction(self.codes[1][operation], places, target))
        return target


def bytecode(program: Program) -> Bytecode:
    """Assemble the live part of a valid program.

    One that `uses_matrices` has no bytecode. A state's new value is computed straight
    into its home where the old value is not read any more; only what is left is moved
    at the end.
    """
    program = prune(program)
    numbered = _number(program)
    rows = FIRST_STATE_ROW + len(program.states)
    assembly = _Assembly(rows, _codes(operations()))
    for index, statement in enumerate(program.statements):
        _assemble(assembly, numbered, index, statement.function)
    update = _move_outputs(assembly, numbered)
    assembly.until.append(len(assembly.scalars))
    return Bytecode(
        np.array(assembly.trees, np.int32).reshape(-1, WIDTH),
        np.array(assembly.scalars, np.int32).reshape(-1, WIDTH),
        np.array(assembly.until, np.int32),
        np.array(assembly.values, np.float32),
        update,
        assembly.rows,
    )


def _number(program: Program) -> _Numbered:
    """Replace names by values and find where each value is last read."""
    end = len(program.statements)
    weights = _Value(Type.TREE, WEIGHTS_ROW, last_read=end)
    gradient = _Value(Type.TREE, GRADIENT_ROW)
    states = tuple(
        _Value(Type.TREE, FIRST_STATE_ROW + k) for k in range(len(program.states))
    )
    named = {
        program.weights: weights,
        program.gradient: gradient,
        program.learning_rate: _Value(Type.SCALAR, LEARNING_RATE_SLOT),
        **dict(zip(program.states, states, strict=True)),
    }
    if program.step is not None:
        named[program.step] = _Value(Type.SCALAR, STEP_SLOT)
    types = infer_types(program)
    reads, results = [], []
    for index, statement in enumerate(program.statements):
        operands = tuple(
            named[a.name] if isinstance(a, Variable) else a for a in statement.arguments
        )
        for operand in operands:
            if isinstance(operand, _Value):
                operand.last_read = max(operand.last_read, index)
        reads.append(operands)
        results.append(_Value(types[index]))
        named[statement.target] = results[-1]
    outputs = tuple(named[name] for name in program.outputs)
    for output in outputs:
        output.last_read = end
    return _Numbered(states, tuple(reads), tuple(results), outputs)


def _assemble(
    assembly: _Assembly, numbered: _Numbered, index: int, function: str
) -> None:
    """Emit one statement and give its result a place."""
    result = numbered.results[index]
    reads = numbered.reads[index]
    if not FUNCTIONS[function].parameters:
        named = float(np.float32(formula_over(FUNCTIONS[function], np)(np)))
        result.place = assembly.constant(named)
        return
    operands = [assembly.operand(operand) for operand in reads]
    _release(assembly, numbered, index)
    if result.type is Type.SCALAR:
        result.place = assembly.scalar(function, operands)
        return
    result.place = _home(numbered, result, index)
    if result.place < 0:
        result.place = assembly.row()
    assembly.tree(function, operands, result.place)


def _release(assembly: _Assembly, numbered: _Numbered, index: int) -> None:
    """Free the rows that statement `index` is the last to read, but for the homes."""
    first = FIRST_STATE_ROW
    homes = range(first, first + len(numbered.states))
    rows = {
        operand.place
        for operand in numbered.reads[index]
        if isinstance(operand, _Value)
        and operand.type is not Type.SCALAR
        and operand.last_read == index
    }
    assembly.free.extend(sorted(rows.difference(homes), reverse=True))


def _home(numbered: _Numbered, result: _Value, index: int) -> int:
    """The home that `result` may be computed into, or -1."""
    for state, output in zip(numbered.states, numbered.outputs[1:], strict=True):
        if output is result and state.last_read <= index:
            return state.place
    return -1


def _move_outputs(assembly: _Assembly, numbered: _Numbered) -> int:
    """Bring new states home; returns the update's row.

    A row that is still to be read and is about to be overwritten is moved away first,
    so that two states can be swapped.
    """
    update, *states = [output.place for output in numbered.outputs]
    homes = [state.place for state in numbered.states]
    moves = {
        home: source
        for home, source in zip(homes, states, strict=True)
        if home != source
    }
    for source in sorted({update, *moves.values()} & set(moves)):
        safe = assembly.row()
        assembly.tree(COPY, [(True, source)], safe)
        update = safe if update == source else update
        moves = {h: safe if s == source else s for h, s in moves.items()}
    for home, source in moves.items():
        assembly.tree(COPY, [(True, source)], home)
    return update


def _instruction(code: int, places: list[int], target: int) -> list[int]:
    padding = [0] * (MOST_PARAMETERS - len(places))
    return [code, *places, *padding, target]
