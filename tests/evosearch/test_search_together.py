"""What a search can do besides breeding, all of it at once, in each mode."""

from __future__ import annotations

from random import Random

import pytest

from evosearch.config import Config
from evosearch.evaluate import Job
from evosearch.fitness import MORE_SEEDS_FROM
from tests.searching import (
    REFERENCE,
    Run,
    Shuffling,
    Start,
    came_of,
    config,
    invented,
)

PROGRAMS, ISLANDS, RESTART, MIGRATE = 60, 4, 25, 10


def settings(mode: str) -> Config:
    search = {
        "mode": mode, "population": 16, "islands": ISLANDS, "migrate": MIGRATE,
        "copies": 2, "restart": RESTART, "restart_after_stall": 12,
        "rates": [0.3, 1, 3], "max_states": 1 if mode == "evolve" else 2,
    }  # fmt: skip
    fitness = {"seeds": 1, "rotate": 15, "more_seeds": 2}
    hurdles = {"quantile": 0.6, "history": 10}
    return config(PROGRAMS, search=search, fitness=fitness, hurdles=hurdles)


def steps_of(job: Job) -> int:
    """The reference's trainings on the search's own data seeds are not counted."""
    counts = job.digest != REFERENCE or job.seed >= MORE_SEEDS_FROM
    return invented(job).steps * counts


@pytest.mark.parametrize("mode", ["evolve", "constants", "random"])
def test_a_stopped_run_of_all_goes_on_as_if_it_had_not_been(
    start: Start, mode: str
) -> None:
    """Stopped three times: amid contests, restarts, migrations and rotations."""
    whole = start(settings(mode), Shuffling(7)).go()
    assert len(whole.rows) == PROGRAMS
    assert sum(bool(row.contest) for row in whole.rows) > 1
    assert whole.counts.restarts >= PROGRAMS // RESTART
    jobs = whole.executor.seen
    assert whole.counts.steps == sum(map(steps_of, jobs))
    stops = sorted(Random(mode).sample(range(1, PROGRAMS), 3))
    for number, stop in enumerate(stops):
        part = start(settings(mode), Shuffling(number), name="run").go(stop)
        part.stop()
    last: Run = start(settings(mode), Shuffling(9), name="run").go()
    assert came_of(last) == came_of(whole)
    islands = [member.island for member in last.search.members]
    assert [islands.count(each) for each in range(ISLANDS)] == [4] * ISLANDS
    assert last.search.members == whole.search.members
