"""The engine that compiles each program: what the machine has to agree with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dsl.lower import initial_states, lower
from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from dsl.unparse import unparse
from evosearch.compile_cache import not_kept
from evosearch.plan import Chunk, Plan
from evosearch.train import chunk_by_chunk

_MOST_KEPT = 16
"""Compiled programs that are kept."""


class _Slot(NamedTuple):
    weights: Any
    states: Any
    advance: Any


class Compiled:
    """Trains programs through `dsl.lower`, one XLA compilation for each.

    It can run every program.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._init = jax.jit(plan.init)
        # By text, which tells -0.0 from 0.0; more data seeds follow soon.
        self._compiled = lru_cache(maxsize=_MOST_KEPT)(
            lambda text: compile_chunk(plan, parse(text))
        )

    def start(self, program: Program, seed: int) -> _Slot:
        """Lower a program and make the initial weights; states are zero."""
        program = prune(program)
        weights = self._init(np.uint32(seed))
        states = initial_states(program, weights)
        return _Slot(weights, states, self._compiled(unparse(program)))

    def advance(self, slot: _Slot, chunk: Chunk) -> tuple[_Slot, Any, Any]:
        """Take a chunk's steps; compiles at the first call of a slot."""
        with not_kept():
            weights, states, loss, peak = slot.advance(slot.weights, slot.states, chunk)
        return _Slot(weights, states, slot.advance), loss, peak

    def finish(
        self, slot: _Slot, seed: int, hurdles: Sequence[float]
    ) -> tuple[_Slot, list[float], float]:
        """Take all chunks, or those up to its end, as `chunk_by_chunk` does."""
        return chunk_by_chunk(self, slot, seed, hurdles)

    def weights(self, slot: _Slot) -> Any:
        """The pytree of a slot's weights."""
        return slot.weights


def compile_chunk(plan: Plan, program: Program) -> Any:
    """The compiled function of a chunk: weights and states in, and out again.

    With them come the mean training loss and the largest |weight|.
    """
    update = lower(program)
    gradient = jax.value_and_grad(plan.task.loss)

    def step(carry: Any, inputs: Any) -> tuple[Any, Any]:
        weights, states, seed = carry
        number, rate, data = inputs
        loss, grad = gradient(weights, plan.batch(seed, number, data))
        count = (number + 1).astype(jnp.float32)
        change, states = update(weights, grad, states, rate, count)
        weights = jax.tree.map(jnp.subtract, weights, change)
        return (weights, states, seed), loss

    @jax.jit
    def advance(weights: Any, states: Any, chunk: Chunk) -> Any:
        inputs = (chunk.steps, chunk.rates, chunk.data)
        carry, losses = jax.lax.scan(step, (weights, states, chunk.seed), inputs)
        leaves = jax.tree.leaves(carry[0])
        peak = jnp.max(jnp.stack([jnp.max(jnp.abs(leaf)) for leaf in leaves]))
        return carry[0], carry[1], jnp.mean(losses), peak

    return advance
