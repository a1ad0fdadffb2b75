"""The virtual machine for an accelerator: many different programs in one launch.

A slot is one candidate's weights, register file and program. All slots take a chunk's
steps side by side (`vmap`), their instructions in pairs (`evosearch/lockstep.py`): a
loop whose length is known when it is compiled, and a choice between functions that
computes them all and keeps one. On a CPU that is slower than one slot after the other;
an accelerator waits at every question that is asked on the way.
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
    LEARNING_RATE_SLOT,
    STEP_SLOT,
    TARGET,
    WEIGHTS_ROW,
    operations,
)
from evosearch.instructions import Flat, pick, scalar_branch, tree_branch
from evosearch.lockstep import Pairs
from evosearch.plan import Chunk, Layout, Plan
from evosearch.rows import Split
from evosearch.steps import counts_of, take_steps
from evosearch.train import held_out


class Bank(NamedTuple):
    """The states of all slots.

    Attributes:
        weights: float32 `[slots, weights]`.
        rows: register files, float32 `[slots, size, weights]`.
    """

    weights: Any
    rows: Any


class Slots:
    """Trains `count` programs of one plan at once, compiled once for each size.

    What does not fit the device's memory raises a `jax.errors.JaxRuntimeError`
    (`is_out_of_memory`), and the bank that was given is lost.
    """

    def __init__(self, plan: Plan, count: int) -> None:
        self.plan = plan
        self.count = count
        self._admit = jax.jit(self._admitted, donate_argnums=0)
        self._advance: Any = jax.jit(self._advanced, donate_argnums=1)
        self._measures = {
            split: jax.jit(partial(self._measured, measure))
            for split, measure in held_out(plan.task).items()
        }

    def empty(self, size: int) -> Bank:
        """Slots that nothing is in."""
        shape = (self.count, self.plan.layout.size)
        return Bank(
            jnp.zeros(shape, jnp.float32),
            jnp.zeros((shape[0], size, shape[1]), jnp.float32),
        )

    def admit(self, bank: Bank, seeds: np.ndarray, fresh: np.ndarray) -> Bank:
        """Give some slots the initial weights of their data seeds, and states of zero.

        Args:
            bank: is used up.
            seeds: uint32 `[slots]`.
            fresh: bool `[slots]`: those that are begun anew.
        """
        admitted: Bank = self._admit(bank, seeds, fresh)
        return admitted

    def advance(
        self, bank: Bank, programs: Pairs, chunks: Chunk
    ) -> tuple[Bank, np.ndarray, np.ndarray]:
        """Take one chunk's steps in every slot.

        Args:
            bank: is used up.
            programs: of each slot, stacked.
            chunks: of each slot, stacked.

        Returns:
            The bank, and for each slot its mean training loss and largest |weight|.
        """
        bank, losses, peaks = self._advance(programs, bank, chunks)
        return bank, np.asarray(losses), np.asarray(peaks)

    def evaluate(self, bank: Bank, chosen: Sequence[int], split: Split) -> list[float]:
        """Held-out losses of some slots' weights, a few slots at a time.

        About as many trainings end at a border as there are slots for each chunk.
        """
        most = max(1, self.count // self.plan.chunks)
        losses: list[float] = []
        for first in range(0, len(chosen), most):
            few = list(chosen[first : first + most])
            filled = np.array(few + few[:1] * (most - len(few)), np.int32)
            found = self._measures[split](bank.weights, filled)
            losses += np.asarray(found)[: len(few)].tolist()
        return losses

    def _measured(self, measure: Callable[[Any], Any], weights: Any, few: Any) -> Any:
        return jax.vmap(lambda each: measure(self.plan.layout.tree(each)))(weights[few])

    def bytes_needed(self, program: Pairs, chunk: Chunk) -> int:
        """Memory of one chunk's steps with this program in every slot, as XLA says."""
        bank = jax.eval_shape(lambda: self.empty(len(program.trees)))
        inputs = stack([program] * self.count), bank, stack([chunk] * self.count)
        found = self._advance.lower(*inputs).compile().memory_analysis()
        return int(found.argument_size_in_bytes + found.temp_size_in_bytes)

    def _admitted(self, bank: Bank, seeds: Any, fresh: Any) -> Bank:
        layout = self.plan.layout
        first = jax.vmap(lambda seed: layout.vector(self.plan.init(seed)))(seeds)
        weights = jnp.where(fresh[:, None], first, bank.weights)
        rows = jnp.where(fresh[:, None, None], 0.0, bank.rows)
        return Bank(weights, rows.at[:, WEIGHTS_ROW].set(weights))

    def _advanced(
        self, programs: Pairs, bank: Bank, chunks: Chunk
    ) -> tuple[Bank, Any, Any]:
        return jax.vmap(self._one)(programs, bank, chunks)

    def _one(self, program: Pairs, slot: Bank, chunk: Chunk) -> tuple[Bank, Any, Any]:
        run = in_pairs(self.plan.layout)
        each = (chunk.rates, counts_of(chunk))
        weights, rows, loss, peak = take_steps(
            self.plan, *slot, chunk, each, lambda rows, told: run(program, rows, *told)
        )
        return Bank(weights, rows), loss, peak


def is_out_of_memory(error: jax.errors.JaxRuntimeError) -> bool:
    """Whether the device had no room for what was asked of it."""
    return "RESOURCE_EXHAUSTED" in str(error)


def stack(slots: Sequence[Any]) -> Any:
    """One pytree of the slots' pytrees, each array with an axis more, the first."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *slots)


def in_pairs(layout: Layout) -> Callable[[Pairs, Any, Any, Any], Any]:
    """One optimizer step of one slot, as of `machine.interpreter`."""
    space = Flat(layout)
    known = operations()
    trees = [tree_branch(name, space) for name in known.trees]
    scalars = [scalar_branch(name, space) for name in known.scalars]

    def run(program: Pairs, rows: Any, rate: Any, count: Any) -> Any:
        def place(index: Any, carry: tuple[Any, Any]) -> tuple[Any, Any]:
            rows, values = carry
            word = program.scalars[index]
            value = lax.switch(word[0], scalars, rows, values, word)
            values = lax.dynamic_update_index_in_dim(values, value, word[TARGET], 0)
            word = program.trees[index]
            row = lax.switch(word[0], trees, rows, values, word)
            return lax.dynamic_update_index_in_dim(rows, row, word[TARGET], 0), values

        values = jnp.asarray(program.values).at[LEARNING_RATE_SLOT].set(rate)
        values = values.at[STEP_SLOT].set(count)
        size = program.trees.shape[0]
        rows, _ = lax.fori_loop(0, size, place, (rows, values))
        return rows.at[WEIGHTS_ROW].add(-pick(rows, program.update))

    return run
