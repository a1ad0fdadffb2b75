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
from evosearch.rows import ProgramRow
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
OF_A_CONTEST = NOISE / MORE**0.5


def noise(job: Job) -> Training:
    """Programs that are all alike: the loss is luck, but for the reference's, 1."""
    luck = Random(f"{job.digest} {job.seed}").gauss(0.0, NOISE)
    loss = 1.0 if job.digest == REFERENCE else 1.0 + luck
    return Training(Outcome.OK, loss, (loss, loss), STEPS, 0.0)


def settings(
    programs: int = 150, more: int = MORE, shared: int = 1, **sections: dict
) -> Config:
    fitness = {"seeds": 1, "rotate": 40, "more_seeds": more, "more_rotate": shared}
    return config(programs, fitness=fitness, **sections)


@pytest.fixture(scope="module", params=[1, 30])
def asked(request: pytest.FixtureRequest) -> Config:
    """A config whose contests have data seeds of their own, or share them."""
    return settings(shared=request.param, search={"rates": [1, 3]})


@pytest.fixture(scope="module")
def whole(start_once: Start, asked: Config) -> Run:
    """A run that nothing disturbed."""
    return start_once(asked).go()


def leader(run: Run) -> tuple[float, float]:
    """What the fittest member's fitness is said to be, and its standard error."""
    best = min(run.search.members, key=lambda member: member.fitness)
    trainings = run.search.contests.trainings
    ours, theirs = losses(trainings(best.trained)), losses(trainings(REFERENCE))
    mean, error = mean_and_error(seed_differences(ours, theirs))
    assert best.proven
    assert best.fitness == pytest.approx(mean)
    return best.fitness, error


@pytest.mark.parametrize(("shared", "luck"), [(1, 1.0), (20, 1.6)])
def test_luck_does_not_lead(start: Start, shared: int, luck: float) -> None:
    """The true fitness of all is 0; what leads is not said to be much better.

    A leader that meets new data seeds with each that would replace it less than others.
    """
    claims, errors = [], []
    for seed in range(6):
        found = start(settings(300, shared=shared, seed=seed), Oracle(noise)).go()
        claim, error = leader(found)
        claims.append(claim)
        errors.append(error)
    assert 0.0 < mean_and_error(errors)[0] < 1.5 * OF_A_CONTEST
    assert mean_and_error(claims)[0] > -luck * OF_A_CONTEST
    assert min(claims) > -3.0 * OF_A_CONTEST
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


@pytest.mark.parametrize("shared", [1, 10])
def test_contests_share_data_seeds_for_so_many_children(shared: int) -> None:
    seeds = Counter(
        seed for number in range(50) for seed in more_seeds(number, MORE, shared)
    )
    assert set(seeds.values()) == {shared}
    assert min(seeds) == MORE_SEEDS_FROM


def seeds_of(row: ProgramRow, asked: Config) -> range:
    return more_seeds(row.number, MORE, asked.fitness.more_rotate)


def test_all_in_a_contest_meet_the_same_data_seeds(whole: Run, asked: Config) -> None:
    held = [row for row in whole.rows if row.contest]
    assert 10 < len(held) < len(whole.rows)
    assert any(len(row.contest.split()) > 1 for row in held)
    for row in held:
        for digest in {*row.contest.split(), REFERENCE}:
            trained = {place[1] for place in whole.ledger.trainings(digest)}
            assert trained.issuperset(seeds_of(row, asked))


def test_nobody_is_asked_twice_to_meet_the_same_data_seeds(
    whole: Run, asked: Config
) -> None:
    met = [
        (digest, seeds_of(row, asked))
        for row in whole.rows
        for digest in row.contest.split()
    ]
    assert len(met) == len(set(met))


def test_sharing_saves_trainings(start: Start) -> None:
    """A contest on shared data seeds costs the child's trainings, and no others."""

    def a_contest(shared: int) -> float:
        run = start(settings(400, shared=shared), Oracle(noise)).go()
        held = sum(bool(row.contest) for row in run.rows)
        more = [job for job in run.executor.seen if job.seed >= MORE_SEEDS_FROM]
        return len(more) / MORE / held

    assert 2.0 < a_contest(1) <= 3.0
    assert 1.0 <= a_contest(400) < 1.2


def test_the_steps_of_contests_count(whole: Run) -> None:
    jobs = whole.executor.seen
    first = [
        job for job in jobs if job.digest != REFERENCE or job.seed >= MORE_SEEDS_FROM
    ]
    assert whole.counts.steps == sum(invented(job).steps for job in first)
    programs = {job.digest for job in jobs if job.seed < MORE_SEEDS_FROM}
    assert whole.counts.evaluated >= len(programs - {REFERENCE})


def test_the_order_of_results_does_not_matter(
    start: Start, whole: Run, asked: Config
) -> None:
    for seed in range(2):
        assert came_of(start(asked, Shuffling(seed)).go()) == came_of(whole)


@pytest.mark.parametrize("stop", [0, 1, 3, 20, 39, 75, 110, 149])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    start: Start, whole: Run, asked: Config, stop: int
) -> None:
    assert came_of(stopped_and_taken_up(start, asked, stop)) == came_of(whole)


def test_a_larger_budget_goes_on_where_a_smaller_ended(
    start: Start, whole: Run, asked: Config
) -> None:
    smaller = asked.model_copy(update={"budget": settings(60).budget})
    first = start(smaller, name="run").go()
    first.stop()
    second = start(asked, name="run").go()
    assert second.trajectory == whole.trajectory


@pytest.mark.parametrize("window", [1, 2, 3])
def test_small_windows_hold_contests_too(start: Start, window: int) -> None:
    run = start(settings(60, search={"window": window})).go()
    assert any(row.contest for row in run.rows)
