"""A child that does what an earlier one did takes its trainings, and says whose."""

from __future__ import annotations

import pytest

from dsl import digest, fingerprint, parse
from evosearch.rows import ProgramRow
from tests.searching import (
    Oracle,
    Run,
    Shuffling,
    Start,
    came_of,
    config,
)

WINDOW = 30


@pytest.fixture(scope="module")
def run(start_once: Start) -> Run:
    """A search with some twins, of programs settled and of programs in the window."""
    run = start_once(config(400, search={"window": WINDOW})).go()
    assert len({row.digest for row in run.rows if row.twin}) >= 5
    return run


def every(run: Run) -> list[ProgramRow]:
    return [run.search.seed_row, *run.rows]


def test_a_twin_takes_the_trainings_of_the_first_with_its_fingerprint(run: Run) -> None:
    first: dict[str, str] = {}
    for row in every(run):
        program = parse(row.text)
        assert row.fingerprint == fingerprint(program)
        original = first.setdefault(row.fingerprint, digest(program))
        assert row.twin == (None if original == row.digest else original)


def test_a_twin_is_not_trained(run: Run) -> None:
    twins = {row.digest for row in run.rows if row.twin}
    jobs = run.executor.seen
    assert not twins & {job.digest for job in jobs}
    assert all(digest(parse(job.text)) == job.digest for job in jobs)


def test_a_twin_comes_while_the_other_is_in_the_window_or_settled(run: Run) -> None:
    first = {row.digest: row.number for row in reversed(every(run))}
    ages = [row.number - first[row.twin] for row in run.rows if row.twin]
    assert min(ages) < WINDOW < max(ages)


def test_a_twin_is_as_fit_as_the_other(run: Run) -> None:
    """But for a price, where size has one; later trainings change both."""
    last: dict[str, ProgramRow] = {}
    compared = 0
    for row in every(run):
        trained = row.twin or row.digest
        before = last.get(trained)
        if before is not None and row.duplicate:
            assert (row.fitness, row.outcome) == (before.fitness, before.outcome)
            compared += row.digest != before.digest
        last[trained] = row
    assert compared > 3


def test_twins_are_counted_where_they_saved_a_training(run: Run) -> None:
    twins = [row for row in run.rows if row.twin]
    assert run.counts.twins == sum(row.duplicate for row in twins) > 3
    # New data seeds: the other program is trained on them, in the twin's place.
    assert any(not row.duplicate for row in twins)
    assert run.counts.duplicates + run.counts.evaluated == run.counts.made


def test_without_fingerprints_every_digest_is_its_own(start: Start) -> None:
    oracle = Oracle()
    run = start(config(400, search={"fingerprint": False}), oracle).go()
    assert all(row.fingerprint is row.twin is None for row in every(run))
    assert {row.digest for row in run.rows} <= {job.digest for job in oracle.seen}
    assert run.counts.twins == 0


def test_until_the_first_twin_both_searches_are_the_same(start: Start) -> None:
    with_twins, without = (
        start(config(400, search={"fingerprint": on})).go().rows for on in (True, False)
    )
    first = next(row.number for row in with_twins if row.twin)
    # A twin has another fitness, which children meet when it has left the window.
    same = range(first - 1)
    assert all(with_twins[i].fitness == without[i].fitness for i in same)
    assert [row.text for row in with_twins[: first + 7]] == [
        row.text for row in without[: first + 7]
    ]
    assert with_twins[-1].text != without[-1].text


def test_a_run_stopped_at_a_twin_goes_on_as_if_it_had_not_been(
    start: Start, run: Run
) -> None:
    """Before it is made, while it or the other is in the window, and when it is new."""
    twin = next(row for row in run.rows if row.twin)
    other = next(row for row in every(run) if row.digest == twin.twin)
    stops = {other.number - 1, other.number, twin.number - 1, twin.number}
    stops |= {stop - WINDOW for stop in stops}
    again = next(row for row in run.rows if row.twin and not row.duplicate)
    stops |= {again.number - 1, again.number - WINDOW, again.number}
    settings = config(400, search={"window": WINDOW})
    for stop in sorted(stop for stop in stops if stop >= 0):
        name = f"stopped at {stop}"
        begun = start(settings, Shuffling(0), name=name).go(stop)
        begun.stop()
        gone_on = start(settings, Shuffling(1), name=name).go()
        assert came_of(gone_on) == came_of(run)
        jobs = gone_on.executor.seen
        assert all(digest(parse(job.text)) == job.digest for job in jobs)
