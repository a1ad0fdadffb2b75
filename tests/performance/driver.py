"""How busy one searching process keeps a cluster, and where its own time goes.

`python -m tests.performance.driver`: whole runs, their store, log and display included,
on workers that exist in name only (`simulated_ray.py`); losses are made up.
"""

from __future__ import annotations

import argparse
import io
import json
import math
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

import evosearch.breed
import evosearch.run
import evosearch.search
import evosearch.twins
from dsl.library import read_program
from dsl.parse import parse
from evosearch.config import Config
from evosearch.display import Display
from evosearch.evaluate import Job
from evosearch.folder import RunFolder
from evosearch.search import Problem
from evosearch.store import Store
from evosearch.workers import RayPool
from tests.performance.ray_prices import ray_prices
from tests.performance.simulated_ray import RayPrices, SimulatedRay, VirtualClock
from tests.performance.stopwatch import Stopwatch
from tests.searching import invented

PARTS: dict[str, list[tuple[Any, str]]] = {
    "proposing": [(evosearch.breed, "choose_parent"), (evosearch.breed, "mutate")],
    "pruning and digest": [(evosearch.breed, "inherit")],
    "fingerprint": [(evosearch.twins, "fingerprint")],
    "text of programs": [(evosearch.search, "unparse"), (evosearch.twins, "unparse")],
    "store": [
        (Store, name)
        for name in (
            "add_programs", "add_trainings", "commit", "first", "training",
            "trainings_of",
        )
    ],
    "executor": [(RayPool, "submit"), (RayPool, "collect")],
    "display": [(Display, "search")],
}  # fmt: skip


WORKERS, BUSY_TARGET = 256, 0.95
DURATIONS = {"1 s": (1.0, 1.0), "0.5 to 1.5 s": (0.5, 1.5)}
"""Names of what trainings take: uniform between two numbers of seconds."""


def main() -> None:
    """Print both tables; a target that is missed shows in them, and fails nothing."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--windows", type=int, nargs="+", default=[512, 1024, 1536])
    options.add_argument("--seconds", type=float, default=16.0)
    options.add_argument("--programs", type=int, default=4000)
    options.add_argument("--json", action="store_true", dest="as_json")
    chosen = options.parse_args()
    prices = ray_prices(2 * WORKERS)
    instant = measure(
        window=2 * WORKERS,
        durations=(0.0, 0.0),
        programs=chosen.programs,
        prices=prices,
        timed=True,
    )
    busy = [
        {
            "window": window,
            "trainings": name,
            **asdict(
                measure(
                    window=window,
                    durations=durations,
                    seconds=chosen.seconds,
                    prices=prices,
                )
            ),
        }
        for window in chosen.windows
        for name, durations in DURATIONS.items()
    ]
    if chosen.as_json:
        found = {"prices": asdict(prices), "instant": asdict(instant), "busy": busy}
        print(json.dumps(found))
    else:
        print_parts(instant)
        print_busy(busy)


def spread(job: Job, low: float, high: float) -> float:
    """Seconds that a job takes, uniform between two numbers, the same every time."""
    key = f"{job.digest} {job.task} {job.seed} {job.split}".encode()
    share = int.from_bytes(sha256(key).digest()[:4], "big") / 2**32
    return low + (high - low) * share


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run showed.

    Attributes:
        busy: share of their time that the workers trained.
        trained: programs that were trained.
        made: children, duplicates too.
        driver: seconds of the driver's work.
        parts: the same by part.
    """

    busy: float
    trained: int
    made: int
    driver: float
    parts: dict[str, float]


def measure(
    *,
    window: int,
    durations: tuple[float, float],
    workers: int = WORKERS,
    seconds: float = math.inf,
    programs: int | None = None,
    prices: RayPrices | None = None,
    timed: bool = False,
) -> Figures:
    """Run a search on simulated workers until a moment of the clock, or a budget.

    Args:
        window: of the search.
        durations: seconds that trainings take, uniform between them.
        workers: of the cluster.
        seconds: when to stop; how busy the workers are is seen in the second half.
        programs: budget; None is none.
        prices: what Ray's calls take the driver.
        timed: whether to time the parts, which takes some time itself.
    """
    clock = VirtualClock()
    ray = SimulatedRay(
        workers, invented, lambda job: spread(job, *durations), clock, prices
    )
    config = Config.model_validate({
        "name": "driver",
        "tasks": [{"task": "digits"}],
        "search": {"population": 300, "tournament": 4, "window": window},
        "budget": {"programs": programs or 10**9},
        "final": {"candidates": 1, "validation_seeds": 1, "test_seeds": 2},
    })  # fmt: skip
    seed = parse(read_program("adamw"))
    pool = RayPool(config.tasks, config.training, print, workers, None, ray)
    watch = Stopwatch()
    told = SimpleNamespace(monotonic=clock.now)
    display = Display(config.budget, Console(file=io.StringIO(), force_terminal=True))
    with (
        TemporaryDirectory() as place,
        patch.object(evosearch.run, "make_executor", lambda *_: pool),
        patch.object(evosearch.run, "time", told),
        patch.object(evosearch.search, "time", told),
        watch.over(PARTS if timed else {}),
        display,
    ):
        folder = RunFolder.create(config, Path(place) / "run", "a benchmark")
        summary = evosearch.run.run(
            Problem(config, seed, seed), folder, display, lambda: clock.now() > seconds
        )
        folder.close()
    driver = clock.now() - clock.waited
    watch.seconds["executor"] += ray.paid
    parts = dict(watch.seconds.most_common())
    parts["the rest"] = driver - watch.seconds.total()
    busy = 0.0 if math.isinf(seconds) else ray.busy(0.5 * seconds, seconds)
    return Figures(busy, summary["evaluated"], summary["made"], driver, parts)


def print_parts(figures: Figures) -> None:
    """Print what the driver can do, and what it does in that time."""
    rate = figures.trained / figures.driver
    table = Table(
        "part", "ms a child", "share", title=f"{rate:.0f} completions a second"
    )
    for part, seconds in figures.parts.items():
        share = f"{seconds / figures.driver:.0%}"
        table.add_row(part, f"{1e3 * seconds / figures.made:.3f}", share)
    table.add_row("all", f"{1e3 * figures.driver / figures.made:.3f}", "")
    Console(width=100).print(table)


def print_busy(rows: list[dict[str, Any]]) -> None:
    """Print how busy the workers are, by window and durations."""
    table = Table(
        "window", "a training", "workers busy", "target", "children trained", "driver",
        title=f"{WORKERS} workers",
    )  # fmt: skip
    for row in rows:
        met = "met" if row["busy"] >= BUSY_TARGET else f"below {BUSY_TARGET:.0%}"
        trained = f"{row['trained'] / row['made']:.0%}"
        driver = f"{1e3 * row['driver'] / row['trained']:.2f} ms a training"
        busy = f"{row['busy']:.1%}"
        table.add_row(str(row["window"]), row["trainings"], busy, met, trained, driver)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
