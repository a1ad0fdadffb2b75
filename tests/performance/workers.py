"""What two Ray workers make of two cores: evaluations a second against one process.

`python -m tests.performance.workers`: searches with their store, by turns inline and
with two workers, from the moment on that everything is compiled. The searching process
needs some of the two cores too, so twice the rate of one process is the bound.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dsl.library import read_program
from dsl.parse import parse
from evosearch.apart import call_apart
from evosearch.config import load_config
from evosearch.evaluate import task_version
from evosearch.ledger import Ledger
from evosearch.search import Problem, Search
from evosearch.store import Store
from evosearch.threads import use_one_thread
from evosearch.workers import make_executor
from tests.performance.rows import print_table

CONFIGS = Path(__file__).parents[2] / "configs"
TARGET, WORKERS = 0.9, 2
EVALUATIONS = {"smoke": 250, "lion": 60}
"""Programs whose training is timed, inline; with two workers twice as many."""


def main() -> None:
    """Print the ratio of each config; a missed target shows, and fails nothing."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--json", action="store_true", dest="as_json")
    chosen = options.parse_args()
    rows = [measure(name, chosen.repeats) for name in EVALUATIONS]
    if chosen.as_json:
        print(json.dumps(rows))
        return
    print_table(rows, chosen.repeats)


def measure(name: str, repeats: int) -> dict[str, Any]:
    """The medians of both rates of one config, taken by turns."""
    inline, ray = [], []
    for _ in range(repeats):
        # Each in a process of its own: Ray forks the one that it is started from.
        for rates, kind, workers in ((inline, "inline", 1), (ray, "ray", WORKERS)):
            count = workers * EVALUATIONS[name]
            rates.append(call_apart("a search", rate, name, kind, count))
        print(f"{name}: {inline[-1]:.2f} {ray[-1]:.2f}", file=sys.stderr, flush=True)
    one, two = statistics.median(inline), statistics.median(ray)
    ratio = two / (WORKERS * one)
    return {
        "what": f"{WORKERS} Ray workers / ({WORKERS} x inline), {name}",
        "value": ratio,
        "target": f">= {TARGET}",
        "met": ratio >= TARGET,
        "detail": f"{two:.1f} / ({WORKERS} x {one:.1f}) evaluations a second",
        "rates": {"inline": inline, "ray": ray},
    }


def rate(name: str, kind: str, evaluations: int) -> float:
    """Programs trained a second by a config's search, its first windows left out."""
    use_one_thread()
    unbounded = ("budget.evaluations=1000000", "budget.minutes=null")
    config = load_config(CONFIGS / f"{name}.yaml", unbounded)
    program = parse(read_program("adamw"))
    versions = [task_version(task, config.training) for task in config.tasks]
    executor = make_executor(kind, WORKERS, config.tasks, config.training)
    with TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "run.sqlite")
        search = Search(
            Problem(config, program, program), Ledger(store, executor, versions)
        )
        first, began, committed = 2 * config.search.window, 0.0, 0.0
        for _ in search.children():
            now, trained = time.perf_counter(), search.counts.evaluated
            if now - committed > 1.0:
                store.commit()
                committed = now
            if not began and trained >= first:
                began, first = now, trained
            if began and trained >= first + evaluations:
                break
        executor.close()
        store.close()
    return (trained - first) / (now - began)


if __name__ == "__main__":
    main()
