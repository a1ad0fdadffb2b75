"""Records the gradients and weights of two short trainings, a small part of each.

What it writes, `evosearch/identify/recorded.npz`, are the recorded streams that
programs are compared on (`evosearch/identify/streams.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dsl.library import read_program
from dsl.lower import initial_states, lower
from dsl.parse import parse
from dsl.program import Program
from evosearch.plan import Plan, make_plan
from evosearch.schedules import schedule_values
from evosearch.tasks import TASKS

STEPS, ROWS, COLUMNS, ENTRIES = 48, 4, 6, 5
TARGET = Path(__file__).parents[2] / "evosearch" / "identify" / "recorded.npz"


def main() -> None:
    """Train both tasks for `STEPS` steps and write what is kept of them."""
    kept: dict[str, np.ndarray] = {}
    for name, seed in (("digits", 11), ("charlm", 12)):
        for part, values in recorded(name, seed).items():
            kept[f"{name}_{part}"] = values
    np.savez_compressed(TARGET, **kept)  # type: ignore[arg-type]
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


def recorded(name: str, seed: int) -> dict[str, np.ndarray]:
    """A part of the gradients and weights of a training with AdamW, and its rates."""
    task = TASKS[name](scale=0.1)
    rates = schedule_values("cosine", 0.1, STEPS)
    plan = make_plan(
        task, schedule="cosine", warmup=0.1, chunks=1, weight_bound=float("inf")
    )
    text = read_program("adamw").replace("lr * 0.001", "lr * 0.005")
    steps = training(plan, parse(text), rates, seed)
    found: dict[str, list[np.ndarray]] = {}
    for weights, gradient in steps:
        for what, tree in (("weights", weights), ("gradients", gradient)):
            matrix, vector = part_of(tree)
            found.setdefault(f"{what}_matrix", []).append(matrix)
            found.setdefault(f"{what}_vector", []).append(vector)
    stacked = {key: np.stack(values) for key, values in found.items()}
    return {**stacked, "rates": rates}


def training(plan: Plan, program: Program, rates: np.ndarray, seed: int) -> Any:
    """Weights and gradient of each step."""
    update = jax.jit(lower(program))
    gradient = jax.jit(jax.grad(plan.task.loss))
    weights = plan.init(np.uint32(seed))
    states = initial_states(program, weights)
    for number, rate in enumerate(rates):
        slope = gradient(weights, plan.batch(np.uint32(seed), number, None))
        yield weights, slope
        change, states = update(
            weights, slope, states, jnp.float32(rate), jnp.float32(number + 1)
        )
        weights = jax.tree.map(jnp.subtract, weights, change)


def part_of(tree: Any) -> tuple[np.ndarray, np.ndarray]:
    """A few rows and columns of the last matrix, and a few entries of the first."""
    leaves = [np.asarray(leaf, np.float32) for leaf in jax.tree.leaves(tree)]
    first, *_, last = [leaf for leaf in leaves if min(leaf.shape, default=0) > 7]
    rows, columns = (
        np.linspace(0, n - 1, k).astype(int)
        for n, k in zip(last.shape, (ROWS, COLUMNS), strict=True)
    )
    entries = np.linspace(0, first.size - 1, ENTRIES).astype(int)
    return last[np.ix_(rows, columns)], first.ravel()[entries]


if __name__ == "__main__":
    main()
