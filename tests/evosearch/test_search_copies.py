"""A structure fills no more of the population than `search.copies` lets it."""

from __future__ import annotations

from collections import Counter

import pytest

from dsl import parse
from dsl.structure import structure
from evosearch.config import Config
from tests.searching import (
    Run,
    Shuffling,
    Start,
    came_of,
    config,
    stopped_and_taken_up,
)

POPULATION = 20
COPIES = 3


def settings(copies: int | None = COPIES) -> Config:
    keys = {"population": POPULATION, "tournament": 3, "window": 8, "copies": copies}
    return config(200, search=keys)


def structures(run: Run) -> Counter[str]:
    """How many members have each structure, by the texts that the store has."""
    texts = {row.number: row.text for row in run.store.programs()}
    return Counter(structure(parse(texts[m.number])) for m in run.search.members)


def test_a_structure_has_so_many_members_at_most(start: Start) -> None:
    run = start(settings())
    before = structures(run)
    assert before.most_common(1)[0][1] == POPULATION
    for _ in range(10):
        after = structures(run.go(20))
        assert after.total() == POPULATION
        assert all(after[each] <= max(COPIES, before[each]) for each in after)
        before = after
    assert before.most_common(1)[0][1] == COPIES
    without = start(settings(copies=None)).go()
    assert structures(without).most_common(1)[0][1] > COPIES
    assert without.trajectory != run.trajectory


def test_a_limit_that_cannot_be_reached_changes_nothing(start: Start) -> None:
    whole, without = start(settings(POPULATION)).go(), start(settings(None)).go()
    assert whole.trajectory == without.trajectory


@pytest.mark.parametrize("stop", [0, 30, 100])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(start: Start, stop: int) -> None:
    whole = start(settings(), Shuffling(2)).go()
    second = stopped_and_taken_up(start, settings(), stop)
    assert came_of(second) == came_of(whole)
