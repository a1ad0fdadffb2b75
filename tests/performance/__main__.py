"""`make bench`: how fast the search's parts are, as ratios of times taken in one run.

Both sides of a ratio are timed in turn, over and over, and the medians are compared, so
that a noisy machine disturbs both alike. What is compared does the same work: the same
task, data seed, batches, number of steps and initial weights, on one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import jax
import jax.numpy as jnp
import optax

from dsl.library import read_program
from dsl.parse import parse
from dsl.program import Program
from evosearch.compiled import Compiled
from evosearch.genome import genome_of, inherit
from evosearch.machine import Machine
from evosearch.mutate import Odds, mutate
from evosearch.plan import Plan, make_plan
from evosearch.tasks import load_task
from evosearch.threads import use_one_thread
from evosearch.train import Engine, Outcome, Trainer
from tests.performance.rows import print_table, save

MLP = f"{Path(__file__).parents[1] / 'tasks' / 'mlp.py'}:factory"
TASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "charlm scale 1": ("charlm", {}),
    "digits scale 1": ("digits", {}),
    "MLP": (MLP, {}),
    "charlm scale 10": ("charlm", {"scale": 10}),
}
MACHINE_TARGETS = {
    "charlm scale 1": 1.1,
    "digits scale 1": 1.4,
    "MLP": 1.4,
    "charlm scale 10": 1.1,
}
JIT_TARGETS = {"charlm scale 1": 10.0, "MLP": 30.0}
CANDIDATES_TARGET = 40_000
LEARNING_RATE, WEIGHT_DECAY = 0.001, 0.01


def main() -> None:
    """Print the table; a target that is missed shows in it, and fails nothing."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=7, choices=range(5, 100))
    options.add_argument("--json", action="store_true", dest="as_json")
    options.add_argument(
        "--save", type=Path, metavar="FOLDER", help="write the rows there as well"
    )
    chosen = options.parse_args()
    use_one_thread()
    if hasattr(os, "sched_setaffinity"):  # one core for both sides, whatever XLA does
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rows: list[dict[str, Any]] = []

    def keep(row: dict[str, Any]) -> None:
        rows.append(row)
        say = f"{row['what']}: {row['value']:.4g} (target {row['target']})"
        print(say, file=sys.stderr, flush=True)

    keep(candidates_a_second(chosen.repeats))
    for name, (reference, arguments) in TASKS.items():
        plan = make_plan(
            load_task(reference, arguments),
            schedule="cosine",
            warmup=0.05,
            chunks=10,
            weight_bound=1000.0,
        )
        keep(machine_against_optax(name, plan, chosen.repeats))
        if name in JIT_TARGETS:
            keep(jit_against_machine(name, plan, chosen.repeats))
    if chosen.save is not None:
        save(rows, chosen.repeats, chosen.save)
    if chosen.as_json:
        print(json.dumps(rows))
    else:
        print_table(rows, chosen.repeats)


def machine_against_optax(name: str, plan: Plan, repeats: int) -> dict[str, Any]:
    """The seed program on the machine against compiled Optax AdamW.

    Optax corrects the bias of its averages, which costs it two divisions more a weight.
    """
    machine, program = Machine(plan), parse(read_program("adamw"))
    compiled = optax_training(plan)

    def with_optax() -> None:
        jax.block_until_ready(compiled(jnp.uint32(0)))

    ours, limit = medians([partial(train, machine, program), with_optax], repeats)
    target = MACHINE_TARGETS[name]
    return {
        "what": f"machine / compiled Optax AdamW, {name}",
        "value": ours / limit,
        "target": f"<= {target}",
        "met": ours / limit <= target,
        "detail": f"{1e3 * ours:.1f} ms / {1e3 * limit:.1f} ms",
    }


def jit_against_machine(name: str, plan: Plan, repeats: int) -> dict[str, Any]:
    """Compile and train a new program, against training it on the machine."""
    machine, compiled = Machine(plan), Compiled(plan)
    train(machine, parse(read_program("adamw")))
    slow, fast = [], []
    for program in mutants(plan, machine, repeats):
        slow.append(
            seconds(lambda p=program: jax.block_until_ready(train(compiled, p)))
        )
        fast.append(seconds(lambda p=program: jax.block_until_ready(train(machine, p))))
    ratio = statistics.median(slow) / statistics.median(fast)
    target = JIT_TARGETS[name]
    return {
        "what": f"jit per candidate / machine, {name}",
        "value": ratio,
        "target": f">= {target:g}",
        "met": ratio >= target,
        "detail": f"{1e3 * statistics.median(slow):.0f} ms / "
        f"{1e3 * statistics.median(fast):.1f} ms, compilation included",
    }


def candidates_a_second(repeats: int) -> dict[str, Any]:
    """Children mutated, checked, pruned and digested a second, on one core.

    The programs drift neutrally from the seed program, dead code and all, as those of a
    search do: a member of 300, drawn at random, breeds a child that replaces another.
    """
    seed = parse(read_program("adamw"))
    children, odds = 5_000, Odds()

    def breed() -> float:
        population, lengths, random = [genome_of(seed)] * 300, 0, Random(0)
        for number in range(children):
            parent = population[int(random.random() * len(population))]
            child = mutate(parent.program, random, odds, 100)
            population[number % len(population)] = inherit(parent, child)
            lengths += len(child.program.statements)
        return lengths / children

    taken, loops, length = [], [], 0.0
    for _ in range(repeats):
        began = time.process_time()
        length = breed()
        bred = time.process_time()
        add_up(1_000_000)
        loops.append(time.process_time() - bred)
        taken.append(bred - began)
    rate = children / statistics.median(taken)
    relative = rate * statistics.median(loops)
    return {
        "what": "candidates a second, one core",
        "value": rate,
        "target": f">= {CANDIDATES_TARGET}",
        "met": rate >= CANDIDATES_TARGET,
        "detail": f"{length:.1f} statements each; {relative:,.0f} in the time of a "
        "Python loop of 1,000,000 additions",
    }


def add_up(numbers: int) -> int:
    """A plain loop, to tell a slow program from a slow machine."""
    total = 0
    for number in range(numbers):
        total += number
    return total


def optax_training(plan: Plan) -> Callable[[Any], Any]:
    """All steps of a training with Optax AdamW in one compiled function.

    The batches of a chunk are made at once, as the machine has them: both do the same.
    """
    rates = jnp.asarray(plan.rates)
    optimizer = optax.adamw(
        lambda count: LEARNING_RATE * rates[count], weight_decay=WEIGHT_DECAY
    )
    gradient = jax.value_and_grad(plan.task.loss)

    @jax.jit
    def training(seed: Any) -> Any:
        weights = plan.init(seed)

        def step(carry: Any, inputs: Any) -> tuple[Any, Any]:
            weights, state = carry
            number, data = inputs
            loss, grad = gradient(weights, plan.batch(seed, number, data))
            updates, state = optimizer.update(grad, state, weights)
            return (optax.apply_updates(weights, updates), state), loss

        def steps(carry: Any, number: Any) -> tuple[Any, Any]:
            chunk = plan.chunk_of(seed, number)
            made = plan.made_batches(chunk) if plan.made_at_once(chunk) else None
            return jax.lax.scan(step, carry, (chunk.steps, made))

        carry = (weights, optimizer.init(weights))
        return jax.lax.scan(steps, carry, jnp.arange(plan.chunks))

    return training


def train(engine: Engine, program: Program) -> Any:
    """All chunks of data seed 0, without the evaluation that follows."""
    slot = engine.start(program, 0)
    slot, _, _ = engine.finish(slot, 0, ())
    return jax.block_until_ready(engine.weights(slot))


def mutants(plan: Plan, machine: Machine, count: int) -> list[Program]:
    """Programs some mutations away from the seed that train to the end."""
    trainer, found, number = Trainer(machine), [], 0
    while len(found) < count:
        random = Random(number)
        program = parse(read_program("adamw"))
        for _ in range(8):
            program = mutate(program, random, Odds(), 100).program
        if trainer.train(program, 0).outcome is Outcome.OK:
            found.append(program)
        number += 1
    return found


def medians(actions: list[Callable[[], Any]], repeats: int) -> list[float]:
    """Median seconds of each action, the actions taken in turn after one warm-up."""
    for action in actions:
        action()
    times = [[seconds(action) for action in actions] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def seconds(action: Callable[[], Any]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
