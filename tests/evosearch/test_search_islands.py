"""Islands breed apart but for migrants; one island is a population as ever."""

from __future__ import annotations

import pytest

from dsl import parse
from evosearch.config import Config, SearchConfig
from evosearch.genome import genome_of
from evosearch.islands import Islands
from evosearch.population import Member, Population
from evosearch.rows import ProgramRow
from tests.searching import (
    Run,
    Shuffling,
    Start,
    came_of,
    config,
    stopped_and_taken_up,
)

WINDOW, ISLANDS, EVERY = 8, 4, 50
GENOME = genome_of(parse("def train(w, g, lr):\n  return g\n"))


def settings(programs: int = 200, **search: object) -> Config:
    keys = {"population": 20, "tournament": 3, "window": WINDOW, **search}
    return config(programs, search=keys)


def members(*fitness: float) -> Population:
    return tuple(
        Member(n, GENOME, each, island=n % ISLANDS) for n, each in enumerate(fitness)
    )


def islands(migrate: int = EVERY) -> Islands:
    return Islands(SearchConfig(population=8, islands=ISLANDS, migrate=migrate))


def test_a_child_meets_its_island_alone() -> None:
    population = members(*range(8))
    for child in range(8, 16):
        here = islands().parents(population, child)
        assert [each.number for each in here] == [child % 4, child % 4 + 4]
        after = islands().add(population, Member(child, GENOME, 0.0))
        assert {each.number for each in population} - {m.number for m in after} == {
            child % 4
        }
        numbers = [each.number for each in islands().parents(after, child)]
        assert numbers == [child % 4 + 4, child]


def test_the_fittest_of_each_goes_on_to_the_next() -> None:
    population = members(3.0, 1.0, 5.0, 7.0, 2.0, 4.0, 0.0, 9.0)
    after = islands().migrate(population, EVERY)
    found = {
        island: [each.number for each in islands().parents(after, island)]
        for island in range(ISLANDS)
    }
    # The oldest of each leaves, and the migrants are those of before anyone moved.
    assert found == {0: [4, 3], 1: [5, 4], 2: [6, 1], 3: [7, 6]}
    assert islands().migrate(population, EVERY + 1) is population


def ancestors(run: Run, row: ProgramRow) -> set[int]:
    """Islands of the children that a row descends from, itself among them."""
    found = set()
    while row.number:
        found.add(row.number % ISLANDS)
        assert row.parent is not None
        row = run.rows[row.parent - 1] if row.parent else run.search.seed_row
    return found


def test_lines_of_descent_stay_on_an_island_without_migrants(start: Start) -> None:
    run = start(settings(islands=ISLANDS, migrate=10_000)).go()
    assert all(len(ancestors(run, row)) == 1 for row in run.rows)
    assert len({row.parent for row in run.rows}) > 20
    mixed = start(settings(islands=ISLANDS, migrate=EVERY)).go()
    numbers = [r.number for r in mixed.rows if len(ancestors(mixed, r)) > 1]
    assert EVERY < min(numbers) < 2 * EVERY


def test_an_island_keeps_its_size(start: Start) -> None:
    run = start(settings(islands=ISLANDS, migrate=7, restart=60, copies=2))
    for _ in range(200):
        run.go(1)
        found = [member.island for member in run.search.members]
        assert [found.count(each) for each in range(ISLANDS)] == [5] * ISLANDS


def test_one_island_is_a_population_as_ever(start: Start) -> None:
    whole = start(settings()).go()
    other = start(settings(islands=1, migrate=1)).go()
    assert other.trajectory == whole.trajectory
    assert start(settings(islands=2)).go().trajectory != whole.trajectory


@pytest.mark.parametrize("stop", [0, 49, 100])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(start: Start, stop: int) -> None:
    asked = settings(islands=ISLANDS, migrate=EVERY)
    whole = start(asked, Shuffling(2)).go()
    second = stopped_and_taken_up(start, asked, stop)
    assert came_of(second) == came_of(whole)
