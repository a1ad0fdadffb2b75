"""What one step of a program costs against one of AdamW: both timed by turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dsl.library import read_program
from dsl.lower import initial_states, lower
from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune

SIDE = 512
"""Rows and columns of the one weight array."""

TURNS = 31


class StepCost(NamedTuple):
    """Median seconds of a compiled step on `SIDE` by `SIDE` weights in float32."""

    program: float
    adamw: float

    @property
    def ratio(self) -> float:
        """Of the medians."""
        return self.program / self.adamw


def step_cost(
    program: Program,
    turns: int = TURNS,
    now: Callable[[], float] = time.perf_counter,
) -> StepCost:
    """Time compiled steps of a program and of AdamW, one after the other."""
    steps = [_step(prune(program)), _step(parse(read_program("adamw")))]
    times: list[list[float]] = [[], []]
    for _ in range(turns):
        for step, found in zip(steps, times, strict=True):
            start = now()
            step()
            found.append(now() - start)
    return StepCost(median(times[0]), median(times[1]))


def _step(program: Program) -> Callable[[], Any]:
    """A compiled step that has run once, from states that are not zero."""
    weights, gradient = jax.random.normal(jax.random.key(0), (2, SIDE, SIDE))
    step = jax.jit(lower(program))
    rate, count = jnp.float32(0.5), jnp.float32(2.0)
    states = initial_states(program, weights)
    _, states = step(weights, gradient, states, rate, count)

    def run() -> Any:
        done = step(weights, gradient, states, rate, count)
        # JAX leaves this function without types.
        return jax.block_until_ready(done)  # type: ignore[no-untyped-call]

    run()
    return run
