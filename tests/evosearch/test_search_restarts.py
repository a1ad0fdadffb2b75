"""A restart fills the population with the best program so far, when it is due."""

from __future__ import annotations

import pytest

from evosearch.config import Config
from evosearch.rows import ProgramRow
from tests.searching import (
    Run,
    Shuffling,
    Start,
    came_of,
    config,
    stopped_and_taken_up,
)

WINDOW = 8
EVERY = 40


def settings(programs: int = 150, more: int = 0, **search: object) -> Config:
    keys = {"population": 20, "tournament": 3, "window": WINDOW, **search}
    fitness = {"seeds": 1, "rotate": 40, "more_seeds": more}
    return config(programs, search=keys, fitness=fitness)


def best_until(run: Run, number: int) -> ProgramRow:
    rows = [run.search.seed_row, *run.rows[:number]]
    return min((r for r in rows if r.fitness is not None), key=lambda r: r.fitness)


def test_children_after_a_restart_descend_from_the_best(start: Start) -> None:
    run = start(settings(restart=EVERY)).go()
    assert run.counts.restarts == 150 // EVERY
    for restart in range(EVERY, 150, EVERY):
        best = best_until(run, restart).number
        # What is in the window was made before; what leaves it enters as ever.
        for row in run.rows[restart + WINDOW - 1 : restart + WINDOW + 5]:
            assert row.parent == best or row.parent > restart
    assert run.rows[EVERY + WINDOW - 1].parent == best_until(run, EVERY).number


def test_until_the_first_restart_nothing_changes(start: Start) -> None:
    run, without = start(settings(restart=EVERY)).go(), start(settings()).go()
    texts = [[row.text for row in each.rows] for each in (run, without)]
    assert texts[0][: EVERY + WINDOW - 1] == texts[1][: EVERY + WINDOW - 1]
    assert texts[0] != texts[1]
    assert without.counts.restarts == 0


def test_a_stall_is_counted_from_the_last_better_program(start: Start) -> None:
    run = start(settings(restart_after_stall=15)).go()
    expected, since, best = 0, 0, run.search.seed_fitness
    for row in run.rows:
        if row.fitness is not None and row.fitness < best:
            best, since = row.fitness, row.number
        if row.number - since >= 15:
            expected, since = expected + 1, row.number
    assert run.counts.restarts == expected > 2


@pytest.mark.parametrize("more", [0, 3])
@pytest.mark.parametrize("stop", [0, 39, 40, 100])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    start: Start, stop: int, more: int
) -> None:
    asked = settings(restart=EVERY, restart_after_stall=25, more=more)
    whole = start(asked, Shuffling(2)).go()
    second = stopped_and_taken_up(start, asked, stop)
    assert came_of(second) == came_of(whole)
    assert second.counts.restarts == whole.counts.restarts > 2
