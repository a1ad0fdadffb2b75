"""How busy one searching process keeps a cluster, and where its own time goes.

`python -m tests.performance.driver`: whole runs, their store, log and display included,
on workers that exist in name only (`simulated_ray.py`). Losses are made up from digests.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

import evosearch.ledger
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
from tests.performance.simulated_ray import RayPrices, SimulatedRay, VirtualClock
from tests.performance.stopwatch import Stopwatch
from tests.searching import invented

PARTS: dict[str, list[tuple[Any, str]]] = {
    "proposing": [(evosearch.search, "choose_parent"), (evosearch.search, "mutate")],
    "pruning and digest": [(evosearch.search, "inherit")],
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
    workers: int,
    window: int,
    low: float,
    high: float,
    seconds: float,
    programs: int = 10**9,
    prices: RayPrices | None = None,
    timed: bool = True,
) -> Figures:
    """Run a search on simulated workers until a moment of the clock, or a budget.

    Args:
        workers: of the cluster.
        window: of the search.
        low, high: seconds that trainings take, uniform between them.
        seconds: when to stop; the first quarter is not looked at.
        programs: budget.
        prices: what Ray's calls take the driver.
        timed: whether to time the parts, which takes some time itself.
    """
    clock = VirtualClock()
    ray = SimulatedRay(
        workers, invented, lambda job: spread(job, low, high), clock, prices
    )
    config = Config.model_validate({
        "name": "driver",
        "tasks": [{"task": "digits"}],
        "search": {"population": 300, "tournament": 4, "window": window},
        "budget": {"programs": programs},
        "final": {"candidates": 1, "validation_seeds": 1, "test_seeds": 2},
    })  # fmt: skip
    seed = parse(read_program("adamw"))
    pool = RayPool(config.tasks, config.training, workers, None, ray)
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
    ...
    driver = clock.now() - clock.waited
    parts = {**watch.seconds, "the rest": driver - watch.seconds.total()}
    return Figures(
        ray.busy(0.25 * seconds, seconds),
        summary["evaluated"],
        summary["made"],
        driver,
        parts,
    )
