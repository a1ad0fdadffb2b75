"""What one instruction of the machine takes, by the number of weights: two minutes.

    python experiments/machine-speed/instructions.py

Programs that call a function 4 and 36 times are trained by turns on a task without
arithmetic of its own; a 32nd of the difference is one instruction, dispatch and all.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import Any

import jax
import jax.numpy as jnp
from rich.console import Console
from rich.table import Table

from dsl.parse import parse
from dsl.program import Program
from evosearch.machine import Machine
from evosearch.plan import make_plan
from evosearch.threads import use_one_thread

CALLS = (
    "u * w",
    "u * 0.5",
    "interp(u, w, 0.9)",
    "square(u)",
    "sqrt(u)",
    "u / w",
    "sign(u)",
    "exp(u)",
    "clip_by_global_norm(u, 1.0)",
)
FEW, MANY = 4, 36
WEIGHT_STEPS = 10_000_000
"""Weights times steps of a training: so that all take about as long."""


class Nothing:
    """A task whose loss and gradient are next to no work: weights in four arrays."""

    floor = -jnp.inf

    def __init__(self, weights: int) -> None:
        self.size = weights // 4
        self.steps = max(20, WEIGHT_STEPS // weights)

    def init(self, key: Any) -> Any:
        return [
            jax.random.normal(each, (self.size,)) for each in jax.random.split(key, 4)
        ]

    def batch(self, key: Any) -> Any:
        return jnp.float32(0.0)

    def loss(self, params: Any, batch: Any) -> Any:
        return sum(jnp.sum(each) for each in params) + batch

    def evaluate(self, params: Any) -> Any:
        return self.loss(params, 0.0)


def main() -> None:
    """Print microseconds for each call and number of weights."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--weights", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000]
    )
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--json", action="store_true", dest="as_json")
    chosen = options.parse_args()
    use_one_thread()
    found = {}
    for weights in chosen.weights:
        print(f"{weights:,} weights", file=sys.stderr, flush=True)
        found[weights] = measure(weights, chosen.repeats)
    if chosen.as_json:
        print(json.dumps(found))
        return
    table = Table("call", *(f"{n:,}" for n in found), title="us an instruction")
    for call in CALLS:
        table.add_row(call, *(f"{row[call]:.2f}" for row in found.values()))
    Console(width=100).print(table)


def measure(weights: int, repeats: int) -> dict[str, float]:
    """Microseconds of each call."""
    task = Nothing(weights)
    plan = make_plan(task, schedule="constant", warmup=0.0, chunks=1, weight_bound=1e30)
    machine = Machine(plan)
    found = {}
    for call in CALLS:
        pair = [program(call, FEW), program(call, MANY)]
        seconds(machine, pair[0])
        times = [[seconds(machine, each) for each in pair] for _ in range(repeats)]
        few, many = (statistics.median(column) for column in zip(*times, strict=True))
        found[call] = 1e6 * (many - few) / (MANY - FEW) / task.steps
    return found


def program(call: str, times: int) -> Program:
    """One that makes a call some times, and moves the weights by nothing."""
    calls = "".join(f"  u = {call}\n" for _ in range(times))
    return parse(
        f"def train(w, g, lr):\n  u = w * 0.5\n{calls}  u = u * 0.0\n  return u\n"
    )


def seconds(machine: Machine, trained: Program) -> float:
    """Processor time of one training."""
    slot, chunk = machine.start(trained, 0), machine.plan.chunk(0, 0)
    # JAX leaves this function without types.
    jax.block_until_ready(slot.rows)  # type: ignore[no-untyped-call]
    began = time.process_time()
    slot, loss, _ = machine.advance(slot, chunk)
    float(loss)
    return time.process_time() - began


if __name__ == "__main__":
    main()
