"""Programs that a study compares with, measured as the results of its runs are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from dsl.program import Program
from dsl.prune import prune
from evosearch.bench import Kept, bench
from evosearch.config import Config
from evosearch.fitness import TEST_SEEDS_FROM
from evosearch.losses import Losses, Trials
from evosearch.opening import load_named
from evosearch.train import TEST
from evosearch.watch import Watch

STORE = "references.sqlite"


def read_references(names: Mapping[str, str]) -> dict[str, Program]:
    """The programs by label.

    Raises:
        InputError: one is not there, or is no program.
    """
    return {
        label: prune(load_named(f"references.{label}", name))
        for label, name in names.items()
    }


def measure_references(
    programs: Mapping[str, Program],
    config: Config,
    folder: Path,
    say: Callable[[str], None],
    watch: Watch,
    stopped: Callable[[], bool],
) -> dict[str, Losses]:
    """Losses of programs on the test seeds that runs report on; NaN where one failed.

    Args:
        programs: by label.
        config: of the runs: its tasks, and how many test seeds.
        folder: where trainings are kept.
        say: is told what the user should know of this machine.
        watch: is told of progress.
        stopped: asked between programs.

    Raises:
        StoppedError: the user asked to stop.
    """
    seeds = range(TEST_SEEDS_FROM, TEST_SEEDS_FROM + config.final.test_seeds)
    workers = 1 if config.workers.executor == "inline" else config.workers.count
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[Losses]] = {label: [] for label in programs}
    for task in config.tasks if programs else ():
        first = next(iter(programs.values()))
        kept = Kept.in_folder(folder / STORE)
        given = task, config.functions, first, kept, say, workers
        with bench(*given) as (ledger, _):
            trials = Trials(ledger, seeds, None, watch, stopped)
            losses = trials.losses(
                "comparing with references", list(programs.values()), split=TEST
            )
        for label, each in zip(programs, losses, strict=True):
            found[label].append(each)
    return {
        label: tuple(math.fsum(here) / len(here) for here in zip(*losses, strict=True))
        for label, losses in found.items()
    }
