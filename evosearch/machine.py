"""The virtual machine: trains any program of a task with two XLA compilations at most.

A program is data (`dsl.bytecode`), read by a loop of `lax.switch` inside the training
step. What made it fast on a CPU: the register file stays in the scan's carry, branches
read it and return one row, which is written outside (a branch that updates the file
copies all of it); the weights that a gradient is taken at are carried beside the file
(a row that is read there lets XLA copy all of it, twice a step); gradients are written
leaf by leaf; batches and Scalars that read no row are made once for all steps of a
chunk. Scalars that read rows are computed between them.
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
    TARGET,
    WEIGHTS_ROW,
    bytecode,
    operations,
)
from dsl.functions import FUNCTIONS
from dsl.program import Program
from dsl.rows import Function
from dsl.types import Type
from evosearch.padded import Code, pad, rows_of
from evosearch.plan import Chunk, Layout, Plan
from evosearch.scalars import scalars_of_steps


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
        self._start = jax.jit(self._initial_slot, static_argnums=2)
        self._advance = jax.jit(self._measured_chunk, donate_argnums=(1, 2))
        self._tree = jax.jit(plan.layout.tree)
        self._steps: dict[int, tuple[Any, Any]] = {}

    def start(self, program: Program, seed: int) -> Slot:
        """Assemble a program and give it a fresh register file, states zero.

        Raises:
            RuntimeError: the table of functions has changed, and opcodes with it.
        """
        if tuple(FUNCTIONS.values()) != self._table:
            raise RuntimeError("functions were added or removed: make another Machine")
        assembled = bytecode(program)
        rows = rows_of(assembled)
        return Slot(*self._start(pad(assembled), np.uint32(seed), rows))

    def advance(self, slot: Slot, chunk: Chunk) -> tuple[Slot, Any, Any]:
        """Take a chunk's steps; the slot that went in is used up."""
        weights, rows, measured = self._advance(*slot, self._on_device(chunk))
        # One array, because to wait for a second costs as much as some steps.
        loss, peak = np.asarray(measured)
        return Slot(slot.code, weights, rows), loss, peak

    def _on_device(self, chunk: Chunk) -> Chunk:
        """The chunk with its steps and rates on the device, put there once a plan."""
        first = int(chunk.steps[0])
        if first not in self._steps:
            self._steps[first] = (jnp.asarray(chunk.steps), jnp.asarray(chunk.rates))
        steps, rates = self._steps[first]
        return Chunk(chunk.seed, steps, rates, chunk.data)

    def weights(self, slot: Slot) -> Any:
        """The pytree of a slot's weights."""
        return self._tree(slot.weights)

    def _initial_slot(self, code: Code, seed: Any, rows: int) -> tuple[Code, Any, Any]:
        """The code goes through, so that it is on the device before the first chunk."""
        layout = self.plan.layout
        weights = layout.vector(self.plan.init(seed))
        file = jnp.zeros((rows, layout.size), jnp.float32)
        return code, weights, file.at[WEIGHTS_ROW].set(weights)

    def _measured_chunk(
        self, code: Code, weights: Any, rows: Any, chunk: Chunk
    ) -> tuple[Any, Any, Any]:
        weights, rows, loss, peak = self._take_chunk(code, weights, rows, chunk)
        return weights, rows, jnp.stack([loss, peak])

    def _take_chunk(
        self, code: Code, weights: Any, rows: Any, chunk: Chunk
    ) -> tuple[Any, Any, Any, Any]:
        layout = self.plan.layout
        gradient = jax.value_and_grad(self.plan.task.loss)
        run = tree_interpreter(layout)
        made = self.plan.made_at_once(chunk)

        def step(carry: tuple[Any, Any], inputs: Any) -> tuple[tuple[Any, Any], Any]:
            weights, rows = carry
            number, values, data = inputs
            batch = data if made else self.plan.batch(chunk.seed, number, data)
            loss, grad = gradient(layout.tree(weights), batch)
            rows = layout.put(rows, GRADIENT_ROW, grad)
            rows = run(code, rows, values)
            return (rows[WEIGHTS_ROW], rows), loss

        counts = (chunk.steps + 1).astype(jnp.float32)
        values = scalars_of_steps(code, chunk.rates, counts)
        data = self.plan.batches(chunk) if made else chunk.data
        inputs = (chunk.steps, values, data)
        (weights, rows), losses = lax.scan(step, (weights, rows), inputs)
        return weights, rows, jnp.mean(losses), jnp.max(jnp.abs(weights))


def interpreter(layout: Layout) -> Callable[[Code, Any, Any, Any], Any]:
    """One optimizer step on a register file whose gradient row is filled in.

    `run(code, rows, rate, count)` gives the file with new weights and states;
    `rate` is the schedule's value, `count` the step count from 1.
    """
    run = tree_interpreter(layout)

    def step(code: Code, rows: Any, rate: Any, count: Any) -> Any:
        values = scalars_of_steps(code, jnp.stack([rate]), jnp.stack([count]))
        return run(code, rows, values[0])

    return step


def tree_interpreter(layout: Layout) -> Callable[[Code, Any, Any], Any]:
    """As `interpreter`, after the Scalars that `scalars_of_steps` computes."""
    space = Flat(layout)
    known = operations()
    tree_branches = [tree_branch(name, space) for name in known.trees]
    scalar_branches = [scalar_branch(name, space) for name in known.scalars]

    def run(code: Code, rows: Any, values: Any) -> Any:
        def scalar(index: Any, values: Any, rows: Any) -> Any:
            word = code.scalars[index]
            value = lax.switch(word[0], scalar_branches, rows, values, word)
            return lax.dynamic_update_index_in_dim(values, value, word[TARGET], 0)

        def tree(index: Any, rows: Any, values: Any) -> Any:
            word = code.trees[index]
            row = lax.switch(word[0], tree_branches, rows, values, word)
            return lax.dynamic_update_index_in_dim(rows, row, word[TARGET], 0)

        def both(index: Any, carry: tuple[Any, Any]) -> tuple[Any, Any]:
            rows, values = carry
            first = jnp.where(index > 0, code.until[jnp.maximum(index - 1, 0)], 0)
            values = lax.fori_loop(
                first, code.until[index], lambda i, v: scalar(i, v, rows), values
            )
            return tree(index, rows, values), values

        if jnp.ndim(code.until) == 0:
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
