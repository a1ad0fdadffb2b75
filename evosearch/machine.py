"""The virtual machine: trains any program of a task with two XLA compilations at most.

A program is data (`dsl.bytecode`), read by a loop of `lax.switch` inside the training
step. What made it fast on a CPU: the register file stays in the scan's carry, branches
read it and return one row, which is written outside (a branch that updates the file
copies all of it); the weights that a gradient is taken at are carried beside the file
(a row that is read there lets XLA copy all of it, twice a step); Scalar instructions
run in a loop of their own before the rows, or between them if they read any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from dsl.bytecode import (
    COPY,
    GRADIENT_ROW,
    LEARNING_RATE_SLOT,
    STEP_SLOT,
    TARGET,
    WEIGHTS_ROW,
    Bytecode,
    bytecode,
    operations,
)
from dsl.functions import FUNCTIONS
from dsl.program import Program
from dsl.rows import Function
from dsl.types import Type
from evosearch.plan import Chunk, Layout, Plan

_ROWS, _INSTRUCTIONS, _VALUES = 16, 64, 128
"""Capacities of the common case; a program that needs more doubles them."""


class Code(NamedTuple):
    """A `Bytecode` padded to a capacity, so that its shapes say nothing of it.

    Attributes:
        trees: Tree instructions, int32 `[capacity, WIDTH]`.
        scalars: Scalar instructions, int32 `[capacity, WIDTH]`.
        until: Scalar instructions that run before each Tree instruction, int32
            `[capacity]`; or how many there are, if all run before the first one.
        values: the Scalar bank at the start of a step, float32 `[slots]`.
        length: Tree instructions that count.
        update: the row that holds the update at the end.
    """

    trees: Any
    scalars: Any
    until: Any
    values: Any
    length: Any
    update: Any


class Slot(NamedTuple):
    """The state of one candidate.

    Attributes:
        code: its program.
        weights: float32 `[weights]`.
        rows: its register file `[rows, weights]`, the first row the weights again.
    """

    code: Code
    weights: Any
    rows: Any


class Machine:
    """Trains programs of one plan, compiled once for each capacity.

    And once more for programs in which a Scalar is computed from rows. It has
    the functions that were in the table when it was made.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._table = tuple(FUNCTIONS.values())
        self._start = jax.jit(self._initial_rows, static_argnums=1)
        self._advance = jax.jit(self._take_chunk, donate_argnums=(1, 2))

    def start(self, program: Program, seed: int) -> Slot:
        """Assemble a program and give it a fresh register file, states zero.

        Raises:
            RuntimeError: the table of functions has changed, and opcodes with it.
        """
        if tuple(FUNCTIONS.values()) != self._table:
            raise RuntimeError("functions were added or removed: make another Machine")
        assembled = bytecode(program)
        capacity = _capacity(assembled.rows, _ROWS)
        weights, rows = self._start(np.uint32(seed), capacity)
        return Slot(pad(assembled), weights, rows)

    def advance(self, slot: Slot, chunk: Chunk) -> tuple[Slot, Any, Any]:
        """Take a chunk's steps; the slot that went in is used up."""
        weights, rows, loss, peak = self._advance(*slot, chunk)
        return Slot(slot.code, weights, rows), loss, peak

    def weights(self, slot: Slot) -> Any:
        """The pytree of a slot's weights."""
        return self.plan.layout.tree(slot.weights)

    def _initial_rows(self, seed: Any, rows: int) -> tuple[Any, Any]:
        layout = self.plan.layout
        weights = layout.vector(self.plan.init(seed))
        file = jnp.zeros((rows, layout.size), jnp.float32)
        return weights, file.at[WEIGHTS_ROW].set(weights)

    def _take_chunk(
        self, code: Code, weights: Any, rows: Any, chunk: Chunk
    ) -> tuple[Any, Any, Any, Any]:
        layout = self.plan.layout
        gradient = jax.value_and_grad(self.plan.task.loss)
        run = interpreter(layout)

        def step(carry: tuple[Any, Any], inputs: Any) -> tuple[tuple[Any, Any], Any]:
            weights, rows = carry
            number, rate, data = inputs
            batch = self.plan.batch(chunk.seed, number, data)
            loss, grad = gradient(layout.tree(weights), batch)
            rows = rows.at[GRADIENT_ROW].set(layout.vector(grad))
            rows = run(code, rows, rate, (number + 1).astype(jnp.float32))
            return (rows[WEIGHTS_ROW], rows), loss

        inputs = (chunk.steps, chunk.rates, chunk.data)
        (weights, rows), losses = lax.scan(step, (weights, rows), inputs)
        return weights, rows, jnp.mean(losses), jnp.max(jnp.abs(weights))


def pad(assembled: Bytecode) -> Code:
    """Fill up to the next capacity."""
    trees, scalars = len(assembled.trees), len(assembled.scalars)
    width = _capacity(max(trees, scalars) + 1, _INSTRUCTIONS)
    until: Any = np.int32(scalars)
    if reads_rows(assembled):
        until = np.pad(assembled.until, (0, width - trees - 1))
    slots = _capacity(len(assembled.values), _VALUES)
    return Code(
        np.pad(assembled.trees, ((0, width - trees), (0, 0))),
        np.pad(assembled.scalars, ((0, width - scalars), (0, 0))),
        until,
        np.pad(assembled.values, (0, slots - len(assembled.values))),
        np.int32(trees),
        np.int32(assembled.update),
    )


def reads_rows(assembled: Bytecode) -> bool:
    """Whether a Scalar instruction reduces a row, so that it must wait for it."""
    names = operations().scalars
    return any(FUNCTIONS[names[code]].reduces for code in assembled.scalars[:, 0])


def interpreter(layout: Layout) -> Callable[[Code, Any, Any, Any], Any]:
    """One optimizer step on a register file whose gradient row is filled in.

    `run(code, rows, rate, count)` gives the file with new weights and states;
    `rate` is the schedule's value, `count` the step count from 1.
    """
    space = Flat(layout)
    known = operations()
    tree_branches = [tree_branch(name, space) for name in known.trees]
    scalar_branches = [scalar_branch(name, space) for name in known.scalars]

    def run(code: Code, rows: Any, rate: Any, count: Any) -> Any:
        values = code.values.at[LEARNING_RATE_SLOT].set(rate).at[STEP_SLOT].set(count)

        def scalar(index: Any, values: Any, rows: Any) -> Any:
            word = code.scalars[index]
            value = lax.switch(word[0], scalar_branches, rows, values, word)
            return lax.dynamic_update_index_in_dim(values, value, word[TARGET], 0)

        def scalars(first: Any, last: Any, values: Any, rows: Any) -> Any:
            return lax.fori_loop(first, last, lambda i, v: scalar(i, v, rows), values)

        def tree(index: Any, rows: Any, values: Any) -> Any:
            word = code.trees[index]
            row = lax.switch(word[0], tree_branches, rows, values, word)
            return lax.dynamic_update_index_in_dim(rows, row, word[TARGET], 0)

        def both(index: Any, carry: tuple[Any, Any]) -> tuple[Any, Any]:
            rows, values = carry
            first = jnp.where(index > 0, code.until[jnp.maximum(index - 1, 0)], 0)
            values = scalars(first, code.until[index], values, rows)
            return tree(index, rows, values), values

        if jnp.ndim(code.until) == 0:
            values = scalars(0, code.until, values, rows)
            rows = lax.fori_loop(0, code.length, lambda i, r: tree(i, r, values), rows)
        else:
            rows, _ = lax.fori_loop(0, code.length, both, (rows, values))
        return rows.at[WEIGHTS_ROW].add(-pick(rows, code.update))

    return run


@dataclass(frozen=True, slots=True)
class Flat:
    """The `Space` of trees kept as one vector."""

    layout: Layout

    def inner(self, x: Any, y: Any) -> Any:
        return jnp.stack([jnp.sum(leaf) for leaf in self.layout.leaves(x * y)])

    def scale(self, x: Any, factor: Any) -> Any:
        return x * factor

    def spread(self, leafwise: Any) -> Any:
        """One number for each leaf, repeated over the leaf."""
        bounds = zip(self.layout.offsets[:-1], self.layout.offsets[1:], strict=True)
        return jnp.concatenate(
            [
                jnp.broadcast_to(leafwise[leaf], (last - first,))
                for leaf, (first, last) in enumerate(bounds)
            ]
        )


def tree_branch(name: str, space: Flat) -> Callable[..., Any]:
    """The branch of a Tree instruction: operands are fetched inside it."""
    if name == COPY:
        return lambda rows, values, word: pick(rows, word[1])
    row = FUNCTIONS[name]

    def branch(rows: Any, values: Any, word: Any) -> Any:
        operands = [
            _operand(row, place, rows, values, word)
            for place in range(len(row.parameters))
        ]
        return on_vectors(row, space, operands)

    return branch


def on_vectors(row: Function, space: Flat, operands: Sequence[Any]) -> Any:
    """A function's value on trees kept as vectors: a vector too, or one number."""
    if not row.reduces:
        return row.formula(jnp, *operands)
    result = row.formula(jnp, space, *operands)
    return space.spread(result) if row.result is Type.LEAFWISE else result


def _operand(row: Function, place: int, rows: Any, values: Any, word: Any) -> Any:
    """An operand of a Tree instruction: a row if r >= 0, else Scalar -(r + 1)."""
    reference = word[1 + place]
    accepts = row.parameters[place].accepts
    if accepts == (Type.SCALAR,):
        return pick(values, -reference - 1)
    if Type.SCALAR not in accepts or len(row.parameters) == 1:
        return pick(rows, reference)
    value = pick(values, jnp.maximum(-reference - 1, 0))
    return jnp.where(reference >= 0, pick(rows, jnp.maximum(reference, 0)), value)


def scalar_branch(name: str, space: Flat) -> Callable[..., Any]:
    """The branch of a Scalar instruction: from the Scalar bank, or from rows."""
    row = FUNCTIONS[name]

    def branch(rows: Any, values: Any, word: Any) -> Any:
        bank = rows if row.reduces else values
        operands = [pick(bank, word[1 + k]) for k in range(len(row.parameters))]
        return on_vectors(row, space, operands)

    return branch


def pick(bank: Any, index: Any) -> Any:
    return lax.dynamic_index_in_dim(bank, index, 0, keepdims=False)


def _capacity(needed: int, smallest: int) -> int:
    """The smallest doubling of `smallest` that holds what is needed."""
    while smallest < needed:
        smallest *= 2
    return smallest
