"""A search keeps its population and its window; what it has seen is in the store."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import pytest

from evosearch.evaluate import Job
from tests.searching import Oracle, Start, config

pytestmark = pytest.mark.slow


class Forgetful(Oracle):
    """An oracle that does not remember the jobs it has seen."""

    def submit(self, jobs: Sequence[Job]) -> None:
        self._jobs.extend(jobs)


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


def test_what_is_kept_does_not_grow_with_what_was_seen(start: Start) -> None:
    search = {"population": 20, "max_statements": 20, "fingerprint": False}
    # Most children bring new data seeds, the other thing there is ever more of.
    run = start(config(None, search=search, fitness={"rotate": 3, "seeds": 1}, budget={
        "programs": 10**9}), Forgetful())  # fmt: skip
    children = run.search.children()
    for _ in range(1000):
        next(children)
    before, trained = objects(), run.counts.evaluated
    for _ in range(3000):
        next(children)
    assert run.counts.evaluated > trained + 1000
    assert objects() - before < 300, "a tenth of an object for each child"
