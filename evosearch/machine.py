"""The virtual machine: trains any program of a task, compiled for none of them.

A program is data (`dsl.bytecode`), read by a loop of `lax.switch` inside the training
step. What made it fast on a CPU: the register file stays in the scan's carry, branches
read it and return one row, which is written outside (a branch that updates the file
copies all of it); the weights that a gradient is taken at are carried beside the file
(`evosearch/steps.py`); gradients are written leaf by leaf; batches and Scalars that
read no row are made once for all steps of a chunk. Scalars that read rows are computed
between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from dsl.bytecode import (
    TARGET,
    WEIGHTS_ROW,
    bytecode,
    operations,
)
from dsl.functions import FUNCTIONS
from dsl.program import Program
from evosearch.instructions import Flat, pick, scalar_branch, tree_branch
from evosearch.padded import Code, pad, rows_of
from evosearch.plan import Chunk, Layout, Plan
from evosearch.scalars import scalars_of_steps
from evosearch.steps import counts_of, take_steps
from evosearch.train import chunk_by_chunk


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
        self._finish = jax.jit(self._take_chunks, donate_argnums=(1, 2))
        self._tree = jax.jit(plan.layout.tree)

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
        weights, rows, measured = self._advance(*slot, chunk)
        # One array, because to wait for a second costs as much as some steps.
        loss, peak = np.asarray(measured)
        return Slot(slot.code, weights, rows), loss, peak

    def finish(
        self, slot: Slot, seed: int, hurdles: Sequence[float]
    ) -> tuple[Slot, list[float], float]:
        """Take chunks until one ends the training; the slot that went in is used up.

        In one launch, where no data come from the host: to go on with a chunk costs a
        small model as much as several steps.
        """
        if not self.plan.makes_batches:
            return chunk_by_chunk(self, slot, seed, hurdles)
        limits = np.full(self.plan.chunks, np.inf, np.float32)
        limits[: len(hurdles)] = _rounded_down(hurdles)
        weights, rows, measured = self._finish(*slot, np.uint32(seed), limits)
        *losses, peak, taken = np.asarray(measured).tolist()
        return Slot(slot.code, weights, rows), losses[: int(taken)], peak

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

    def _take_chunks(
        self, code: Code, weights: Any, rows: Any, seed: Any, limits: Any
    ) -> tuple[Any, Any, Any]:
        """Losses of all chunks, the largest |weight| and the chunks taken in one row.

        It stops where `after_chunk` would end the training.
        """
        plan = self.plan
        (bound,) = _rounded_down([plan.weight_bound])

        def goes_on(carry: tuple[Any, ...]) -> Any:
            taken, _, _, losses, peak = carry
            last = losses[taken - 1]
            ended = ~(jnp.isfinite(last) & (peak <= bound))
            ended |= last > limits[taken - 1]
            return (taken == 0) | ((taken < plan.chunks) & ~ended)

        def take(carry: tuple[Any, ...]) -> tuple[Any, ...]:
            taken, weights, rows, losses, _ = carry
            chunk = plan.chunk_of(seed, taken)
            weights, rows, loss, peak = self._take_chunk(code, weights, rows, chunk)
            return taken + 1, weights, rows, losses.at[taken].set(loss), peak

        losses = jnp.zeros(plan.chunks, jnp.float32)
        carry = (jnp.int32(0), weights, rows, losses, jnp.float32(0.0))
        taken, weights, rows, losses, peak = lax.while_loop(goes_on, take, carry)
        measured = jnp.stack([peak, taken.astype(jnp.float32)])
        return weights, rows, jnp.concatenate([losses, measured])

    def _take_chunk(
        self, code: Code, weights: Any, rows: Any, chunk: Chunk
    ) -> tuple[Any, Any, Any, Any]:
        run = tree_interpreter(self.plan.layout)
        if self.plan.made_at_once(chunk):
            chunk = chunk._replace(data=self.plan.made_batches(chunk))
        values = scalars_of_steps(code, chunk.rates, counts_of(chunk))
        return take_steps(self.plan, weights, rows, chunk, values, partial(run, code))


def _rounded_down(limits: Sequence[float]) -> np.ndarray:
    """The largest float32 numbers not above these: a float32 number passes the same."""
    rounded = np.asarray(limits, np.float32)
    below = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded > np.asarray(limits), below, rounded)


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
