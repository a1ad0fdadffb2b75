"""Who would lead is trained on more data seeds: luck does not lead a search."""

from __future__ import annotations

import math
from collections import Counter
from random import Random

import pytest

from evosearch.config import Config
from evosearch.evaluate import Job
from evosearch.fitness import (
    MORE_SEEDS_FROM,
    mean_and_error,
    more_seeds,
    seed_differences,
)
from evosearch.ledger import losses
from evosearch.train import Outcome, Training
from tests.searching import (
    REFERENCE,
    STEPS,
    Oracle,
    Run,
    Shuffling,
    Start,
    came_of,
    config,
    invented,
    stopped_and_taken_up,
)

MORE = 4
NOISE = 0.1


def noise(job: Job) -> Training:
    """Programs that are all alike: the loss is luck, but for the reference's, 1."""
    luck = Random(f"{job.digest} {job.seed}").gauss(0.0, NOISE)
    loss = 1.0 if job.digest == REFERENCE else 1.0 + luck
    return Training(Outcome.OK, loss, (loss, loss), STEPS, 0.0)


def settings(programs: int = 150, more: int = MORE, **sections: dict) -> Config:
    fitness = {"seeds": 1, "rotate": 40, "more_seeds": more}
    return config(programs, fitness=fitness, **sections)


@pytest.fixture(scope="module")
def whole(start_once: Start) -> Run:
    """A run that nothing disturbed."""
    return start_once(settings(search={"rates": [1, 3]})).go()


def leader(run: Run) -> tuple[float, float]:
    """What the fittest member's fitness is said to be, and its standard error."""
    best = min(run.search.members, key=lambda member: member.fitness)
    trainings = run.search.contests.trainings
    ours, theirs = losses(trainings(best.trained)), losses(trainings(REFERENCE))
    mean, error = mean_and_error(seed_differences(ours, theirs))
    assert best.proven
    assert best.fitness == pytest.approx(mean)
    return best.fitness, error


def test_luck_does_not_lead(start: Start) -> None:
    """The true fitness of all is 0; what leads is not said to be much better."""
    claims, errors = [], []
    for seed in range(6):
        found = start(settings(300, seed=seed), Oracle(noise)).go()
        claim, error = leader(found)
        claims.append(claim)
        errors.append(error)
    stated = mean_and_error(errors)[0]
    assert stated == pytest.approx(NOISE / MORE**0.5, rel=0.5)
    assert mean_and_error(claims)[0] > -stated
    assert min(claims) > -3.0 * stated
    without = [
        min(
            member.fitness
            for member in start(settings(300, more=0, seed=seed), Oracle(noise))
            .go()
            .search.members
        )
        for seed in range(3)
    ]
    assert mean_and_error(without)[0] < -1.5 * NOISE, "where one seed decides"


def test_a_better_program_leads_through_the_noise(start: Start) -> None:
    def better(job: Job) -> Training:
        done = noise(job)
        gain = 0.5 * (job.digest[0] == "0" and job.digest != REFERENCE)
        return Training(done.outcome, done.loss - gain, done.chunk_losses, STEPS, 0.0)

    run = start(settings(300), Oracle(better)).go()
    assert leader(run)[0] == pytest.approx(-0.5, abs=0.1)


def test_a_leader_that_is_known_well_is_trained_no_more(start: Start) -> None:
    """All are lucky on their first data seed, and worse than the seed on the others."""

    def lucky(job: Job) -> Training:
        gain = -0.5 if job.seed >= MORE_SEEDS_FROM else 0.5
        loss = 1.0 - gain * (job.digest != REFERENCE)
        return Training(Outcome.OK, loss, (loss, loss), STEPS, 0.0)

    asked = settings(80, search={"population": 200, "restart_after_stall": 60})
    run = start(asked, Oracle(lucky)).go()
    times = Counter(digest for row in run.rows for digest in row.contest.split())
    # As the reference it is trained in contests of others too, which counts.
    assert 10 < times.pop(REFERENCE) <= 16
    assert len(times) > 20
    assert set(times.values()) == {1}
    # Its own luck makes no child the best, so that the seed is begun with again.
    assert run.counts.restarts == 1
    assert {member.number for member in run.search.members[:100]} == {0}


def test_who_fails_on_a_further_data_seed_leads_no_more(start: Start) -> None:
    def fragile(job: Job) -> Training:
        random = Random(f"{job.digest} {job.seed}")
        if job.digest != REFERENCE and random.random() < 0.05:
            return Training(Outcome.DIVERGED, math.nan, (0.5,), 1, 0.0)
        return noise(job)

    run, failed = start(settings(400), Oracle(fragile)), 0
    while len(run.go(20).rows) < 400:
        for member in run.search.members:
            rows = run.search.contests.trainings(member.trained).values()
            if any(row.outcome != "ok" for row in rows):
                assert member.fitness == math.inf
                failed += 1
    assert failed > 0


def test_no_two_contests_share_a_data_seed() -> None:
    seeds = [seed for number in range(50) for seed in more_seeds(number, MORE)]
    assert len(set(seeds)) == len(seeds)
    assert min(seeds) == MORE_SEEDS_FROM


def test_all_in_a_contest_meet_the_same_data_seeds(whole: Run) -> None:
    held = [row for row in whole.rows if row.contest]
    assert 10 < len(held) < len(whole.rows)
    assert any(len(row.contest.split()) > 1 for row in held)
    for row in held:
        seeds = set(more_seeds(row.number, MORE))
        for digest in {*row.contest.split(), REFERENCE}:
            trained = {place[1] for place in whole.ledger.trainings(digest)}
            assert seeds <= trained


def test_the_steps_of_contests_count(whole: Run) -> None:
    jobs = whole.executor.seen
    first = [
        job for job in jobs if job.digest != REFERENCE or job.seed >= MORE_SEEDS_FROM
    ]
    assert whole.counts.steps == sum(invented(job).steps for job in first)
    programs = {job.digest for job in jobs if job.seed < MORE_SEEDS_FROM}
    assert whole.counts.evaluated >= len(programs - {REFERENCE})


def test_the_order_of_results_does_not_matter(start: Start, whole: Run) -> None:
    for seed in range(2):
        other = start(settings(search={"rates": [1, 3]}), Shuffling(seed)).go()
        assert came_of(other) == came_of(whole)


@pytest.mark.parametrize("stop", [0, 1, 3, 20, 39, 75, 110, 149])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    start: Start, whole: Run, stop: int
) -> None:
    asked = settings(search={"rates": [1, 3]})
    second = stopped_and_taken_up(start, asked, stop)
    assert came_of(second) == came_of(whole)


def test_a_larger_budget_goes_on_where_a_smaller_ended(
    start: Start, whole: Run
) -> None:
    search = {"rates": [1, 3]}
    first = start(settings(60, search=search), name="run").go()
    first.store.commit()
    first.store.close()
    second = start(settings(search=search), name="run").go()
    assert second.trajectory == whole.trajectory


@pytest.mark.parametrize("window", [1, 2, 3])
def test_small_windows_hold_contests_too(start: Start, window: int) -> None:
    run = start(settings(60, search={"window": window})).go()
    assert any(row.contest for row in run.rows)
