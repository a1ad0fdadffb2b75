"""A search with hurdles: one trajectory, early ends that last, and what they cost."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from evosearch.config import Config
from evosearch.evaluate import Job
from evosearch.rows import ProgramRow
from evosearch.train import Outcome, Training
from tests.searching import (
    REFERENCE,
    STEPS,
    Oracle,
    Run,
    Shuffling,
    Start,
    config,
    final_counts,
    invented,
    timeless,
)

WINDOW, HISTORY, QUANTILE = 8, 20, 0.6


def curved(job: Job) -> Training:
    """The invented result with a curve of `STEPS` chunks, ended at a hurdle."""
    training = invented(job)
    if training.outcome is Outcome.DIVERGED:
        return training
    losses = []
    for chunk in range(STEPS):
        losses.append(training.loss + 0.1 * (job.seed + STEPS - chunk))
        if chunk < len(job.hurdles) and losses[-1] > job.hurdles[chunk]:
            return Training(Outcome.HOPELESS, math.nan, tuple(losses), len(losses), 0.0)
    return replace(training, chunk_losses=tuple(losses))


def hurdled(programs: int = 150, **keys: Any) -> Config:
    hurdles = {"quantile": QUANTILE, "history": HISTORY, **keys}
    return config(programs, hurdles=hurdles, training={"chunks": STEPS})


@pytest.fixture
def whole(start: Start) -> Run:
    return start(hurdled(), Oracle(curved)).go()


def same(one: Run, other: Run) -> bool:
    return (
        list(map(timeless, one.rows)) == list(map(timeless, other.rows))
        and one.trajectory == other.trajectory
        and final_counts(one.counts) == final_counts(other.counts)
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_results_does_not_matter(
    start: Start, whole: Run, seed: int
) -> None:
    assert whole.counts.outcomes["hopeless"] > 10
    assert same(start(hurdled(), Shuffling(seed, curved)).go(), whole)


@pytest.mark.parametrize("stop", [1, 30, 39, 41, 75, 149])
def test_a_stopped_run_meets_the_same_hurdles(
    start: Start, whole: Run, stop: int
) -> None:
    first = start(hurdled(), Shuffling(0, curved), name="run").go(stop)
    first.stop()
    second = start(hurdled(), Shuffling(1, curved), name="run").go()
    assert same(second, whole)


def test_a_killed_run_meets_the_same_hurdles(start: Start, whole: Run) -> None:
    first = start(hurdled(), Oracle(curved), name="run").go(60)
    first.store.commit()
    first.go(15)
    first.store.close()
    assert same(start(hurdled(), Oracle(curved), name="run").go(), whole)


def test_hurdles_are_made_of_the_results_before_the_window(
    start: Start, whole: Run
) -> None:
    """By another road: from the stored rows and the numbers of the children."""
    met = {(job.digest, job.seed): job.hurdles for job in whole.executor.seen}
    task = whole.ledger.tasks[0]

    def losses(digest: str, seed: int) -> tuple[float, ...]:
        row = whole.store.training(digest, task, seed, "validation")
        assert row is not None
        return () if row.outcome == "implausible" else row.chunk_losses

    def seeds(row: ProgramRow) -> range:
        first = (row.number - 1) // 40 * 2
        return range(first, first + 2)

    paid = [row for row in whole.rows if not row.duplicate]
    hurdles = 0
    for row in paid:
        before = [each for each in paid if each.number <= row.number - WINDOW]
        lags = []
        for each in before:
            for seed in seeds(each):
                own = losses(each.twin or each.digest, seed)
                own += (math.inf,) * (STEPS - len(own))
                pairs = zip(own, losses(REFERENCE, seed), strict=True)
                lags.append([a - b for a, b in pairs])
        for seed in seeds(row):
            found = met[row.twin or row.digest, seed]
            if len(lags) < HISTORY:
                assert found == ()
                continue
            hurdles += 1
            for chunk, threshold in enumerate(found):
                last = sorted(lag[chunk] for lag in lags[-HISTORY:])
                expected = losses(REFERENCE, seed)[chunk] + last[11]
                assert threshold == expected
            assert len(found) == STEPS - 1
    assert hurdles > 50


def test_the_reference_meets_none(whole: Run) -> None:
    jobs = [job for job in whole.executor.seen if job.digest == REFERENCE]
    assert len(jobs) >= 6
    assert not any(job.hurdles for job in jobs)


def test_a_hopeless_child_stays_so_and_never_breeds(whole: Run) -> None:
    hopeless = [row for row in whole.rows if row.outcome == "hopeless"]
    numbers = {row.number for row in hopeless}
    assert not [row for row in whole.rows if row.parent in numbers]
    for row in hopeless:
        assert row.fitness is None
        assert row.reason.startswith("was worse than 60% of the last 20 at step ")
        later = [
            each
            for each in whole.rows[row.number :]
            if (each.twin or each.digest) == (row.twin or row.digest)
        ]
        assert {each.outcome for each in later} <= {"hopeless"}
    assert all(row.outcome == "ok" for row in whole.store.best(10))


def test_the_steps_that_count_are_those_that_were_taken(whole: Run) -> None:
    jobs = [job for job in whole.executor.seen if job.digest != REFERENCE]
    assert whole.counts.steps == sum(curved(job).steps for job in jobs)
    assert whole.counts.steps < sum(invented(job).steps for job in jobs)


def test_turned_off_they_are_as_if_they_were_not_there(start: Start) -> None:
    plain = start(config(training={"chunks": STEPS}), Oracle(curved)).go()
    off = start(hurdled(quantile=None, first_chunk=2), Oracle(curved)).go()
    assert same(off, plain)
    assert not any(job.hurdles for job in off.executor.seen)


def test_a_first_chunk_lets_all_reach_it(start: Start) -> None:
    run = start(hurdled(first_chunk=3), Oracle(curved)).go()
    assert run.counts.outcomes["hopeless"] > 10
    steps = {curved(job).steps for job in run.executor.seen if job.hurdles}
    assert not steps & {2}
    assert 3 in steps
