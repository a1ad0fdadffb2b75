"""The training steps of a chunk, on a register file: one loop for machine and slots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from dsl.bytecode import GRADIENT_ROW, WEIGHTS_ROW
from evosearch.plan import Chunk, Plan


def take_steps(
    plan: Plan,
    weights: Any,
    rows: Any,
    chunk: Chunk,
    each: Any,
    run: Callable[[Any, Any], Any],
) -> tuple[Any, Any, Any, Any]:
    """Take the steps of a chunk.

    The weights that a gradient is taken at are carried beside the file: a row that is
    read there lets XLA copy all of it, twice a step.

    Args:
        plan: of the task.
        weights: float32 `[weights]`.
        rows: the register file `[rows, weights]`.
        chunk: its steps, and its batches where they are made already.
        each: what `run` is told at each step, with an axis more, the steps.
        run: `run(rows, told)` is the optimizer's step on a file whose gradient row is
            filled in; it gives the file with new weights and states.

    Returns:
        Weights, register file, mean training loss, largest |weight|.
    """
    layout = plan.layout
    gradient = jax.value_and_grad(plan.task.loss)

    def step(carry: tuple[Any, Any], inputs: Any) -> tuple[tuple[Any, Any], Any]:
        weights, rows = carry
        number, told, data = inputs
        batch = plan.batch(chunk.seed, number, data)
        loss, grad = gradient(layout.tree(weights), batch)
        rows = run(layout.put(rows, GRADIENT_ROW, grad), told)
        return (rows[WEIGHTS_ROW], rows), loss

    inputs = (chunk.steps, each, chunk.data)
    (weights, rows), losses = lax.scan(step, (weights, rows), inputs)
    return weights, rows, jnp.mean(losses), jnp.max(jnp.abs(weights))


def counts_of(chunk: Chunk) -> Any:
    """The step counts of a chunk's steps, from 1, as a program reads them: float32."""
    return (chunk.steps + 1).astype(jnp.float32)
