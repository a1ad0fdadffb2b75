"""What a GPU makes of the machine's slots: one table, in a few minutes.

On one task it takes, in turn: candidates a second on one core, one after the other;
for each number of slots, candidates a second on the device, the seconds of a
compilation and the share of a step that goes into the update; then the largest
difference between losses on the device and on the core. What there is no time left for
is left out, and told. Without a GPU the device is the CPU: to see that it works.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import cycle, islice
from typing import Any

import jax
import numpy as np
from rich.console import Console
from rich.table import Table

from dsl.bytecode import bytecode
from dsl.interpret import uses_matrices
from dsl.library import program_names, read_program
from dsl.parse import parse
from dsl.program import Program
from evosearch.batching import Batching
from evosearch.choice import IDLE, free_memory
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.evaluate import load_plan
from evosearch.lockstep import pairs, size_of
from evosearch.machine import Machine
from evosearch.plan import Plan
from evosearch.slots import Slots, is_out_of_memory, stack
from evosearch.threads import use_one_thread
from evosearch.train import Trainer

SIZE = 16
"""Of the programs that are timed (`evosearch/lockstep.py`), as of most in a search."""
ONE_INSTRUCTION = 2
"""The smallest size that a program fits, to time a step without its update."""
REPEATS, FILLINGS = 3, 2
TARGET = 100.0
"""Candidates a second on the device over those on one core."""
TOLERANCE = 0.02
"""Of losses, relative: the same training, rounded otherwise at every step."""

Figures = dict[str, Any]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--task", default="charlm", help="as in a config")
    options.add_argument("--scale", type=float, default=1.0, help="of charlm")
    options.add_argument(
        "--slots",
        type=int,
        nargs="+",
        default=[256, 64, 1024, 512, 8],
        help="in this order, as far as time allows",
    )
    options.add_argument("--minutes", type=float, default=7.5, help="in all, about")
    options.add_argument("--json", action="store_true", dest="as_json")
    chosen = options.parse_args()
    use_one_thread()
    deadline = time.monotonic() + 60.0 * chosen.minutes
    arguments = {"scale": chosen.scale} if chosen.task == "charlm" else {}
    task = TaskConfig(task=chosen.task, arguments=arguments)
    figures = measure(load_plan(task, TrainingConfig()), chosen.slots, deadline)
    figures["task"] = f"{chosen.task} {arguments or ''}".strip()
    if chosen.as_json:
        print(json.dumps(figures))
    else:
        show(figures)


def measure(plan: Plan, counts: list[int], deadline: float) -> Figures:
    """All figures of one plan; numbers of slots in the order they are named."""
    device = jax.devices()[0]
    say("one core, one after the other")
    core = on_one_core(plan)
    say(f"one core: {core:.3g} candidates a second")
    figures: Figures = {
        "device": device.device_kind,
        "free bytes": free_memory(0),
        "core": core,
        "rows": [],
        "left out": [],
    }
    longest = 0.0
    for count in counts:
        began = time.monotonic()
        if began + longest > deadline:
            figures["left out"].append(count)
            continue
        say(f"{count} slots")
        try:
            row = with_slots(plan, count)
        except jax.errors.JaxRuntimeError as error:
            if not is_out_of_memory(error):
                raise
            row = {"slots": count, "out of memory": True}
        row["over one core"] = row.get("candidates a second", 0.0) / core
        figures["rows"].append(row)
        longest = max(longest, time.monotonic() - began)
        say(json.dumps(row))
    if time.monotonic() + longest < deadline:
        figures["largest difference"] = difference(plan, min(counts))
    return figures


def on_one_core(plan: Plan) -> float:
    """Candidates a second on the CPU, one after the other."""
    programs = timed_programs(8)
    with jax.default_device(jax.devices("cpu")[0]):
        trainer = Trainer(Machine(plan))
        trainer.train(programs[0], 0)
        began = time.perf_counter()
        for seed, program in enumerate(programs):
            trainer.train(program, seed)
        return len(programs) / (time.perf_counter() - began)


def with_slots(plan: Plan, count: int) -> Figures:
    """Candidates a second in so many slots, and what of a step is the update."""
    slots = Slots(plan, count)
    compilation, chunk = seconds(slots, SIZE)
    _, bare = seconds(slots, ONE_INSTRUCTION)
    return {
        "slots": count,
        "candidates a second": whole_trainings(plan, count),
        "compilation, s": compilation,
        "step, ms": 1e3 * chunk / plan.chunk_steps,
        "share of the update": 1.0 - bare / chunk,
    }


def whole_trainings(plan: Plan, count: int) -> float:
    """Candidates a second, with all that a search pays: host, evaluation, admission."""
    batching = Batching[int](plan, count, say)
    for fillings in (1, FILLINGS):
        programs = timed_programs(fillings * count)
        began = time.perf_counter()
        for number, program in enumerate(programs):
            batching.submit(number, program, number, "validation")
        while batching.busy:
            batching.collect()
    return len(programs) / (time.perf_counter() - began)


def seconds(slots: Slots, size: int) -> tuple[float, float]:
    """Seconds of the first chunk at a size, compilation included, and of later ones."""
    count, plan = slots.count, slots.plan
    programs = timed_programs(count)
    if size < SIZE:
        programs = [IDLE] * count
    laid_out = stack([pairs(bytecode(program), size) for program in programs])
    bank = slots.empty(size)
    bank = slots.admit(bank, np.arange(count, dtype=np.uint32), np.ones(count, bool))
    taken = []
    for number in range(min(plan.chunks, 1 + REPEATS)):
        chunks = stack([plan.chunk(seed, number) for seed in range(count)])
        began = time.perf_counter()
        bank, _, _ = slots.advance(bank, laid_out, chunks)
        taken.append(time.perf_counter() - began)
    return taken[0], min(taken[1:] or taken)


def timed_programs(count: int) -> list[Program]:
    """Known optimizers of the size that is timed, one after the other."""
    known = [parse(read_program(name)) for name in program_names()]
    plain = [program for program in known if not uses_matrices(program)]
    small = [program for program in plain if size_of(bytecode(program)) == SIZE]
    return list(islice(cycle(small), count))


def difference(plan: Plan, count: int) -> float:
    """The largest relative difference of final losses, device against core."""
    names = ("adamw", "lion", "momentum", "paper/program8")
    programs = [parse(read_program(name)) for name in names]
    batching = Batching[int](plan, count, say)
    for place, program in enumerate(programs):
        batching.submit(place, program, place, "validation")
    found: dict[int, float] = {}
    while batching.busy:
        found |= {place: training.loss for place, training in batching.collect()}
    with jax.default_device(jax.devices("cpu")[0]):
        trainer = Trainer(Machine(plan))
        expected = [trainer.train(each, n).loss for n, each in enumerate(programs)]
    return max(abs(found[n] / loss - 1.0) for n, loss in enumerate(expected))


def show(figures: Figures) -> None:
    """Print the figures for a person."""
    title = f"{figures['task']} on {figures['device']}"
    columns = ["slots", "candidates a second", "over one core", "step, ms"]
    columns += ["share of the update", "compilation, s"]
    table = Table(*columns, title=title)
    for row in figures["rows"]:
        cells = [f"{row[name]:.3g}" if name in row else "-" for name in columns[1:]]
        note = " (out of memory)" if "out of memory" in row else ""
        table.add_row(f"{row['slots']}{note}", *cells)
    console = Console(width=110)
    console.print(table)
    best = max((row["over one core"] for row in figures["rows"]), default=0.0)
    lines = [
        f"one core: {figures['core']:.3g} candidates a second",
        f"free memory: {figures['free bytes'] / 2**30:.1f} GiB",
        f"best over one core: {best:.3g}, target {TARGET:g}: {verdict(best >= TARGET)}",
    ]
    found = figures.get("largest difference")
    if found is not None:
        met = verdict(found <= TOLERANCE)
        lines.append(f"losses, device against core: {found:.2g}, {TOLERANCE:g}: {met}")
    if figures["left out"]:
        lines.append(f"no time for slots: {figures['left out']}")
    console.print("\n".join(lines))


def verdict(met: bool) -> str:
    """Whether a target is met, in words."""
    return "met" if met else "NOT met"


def say(line: str) -> None:
    """Progress."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
