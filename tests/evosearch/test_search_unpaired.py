"""Without pairing the luck of a data seed stays in fitness, and in nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evosearch.config import Config
from evosearch.evaluate import Job
from evosearch.fitness import MORE_SEEDS_FROM
from evosearch.train import VALIDATION, Outcome, Training
from tests.searching import (
    REFERENCE,
    Oracle,
    Run,
    Shuffling,
    Start,
    came_of,
    config,
    invented,
    stopped_and_taken_up,
)

SEEDS, ROTATE = 2, 40


def lucky(job: Job) -> Training:
    """Every data seed adds the same to all losses, the reference's too."""
    training = invented(job)
    if training.outcome is not Outcome.OK:
        return training
    return replace(training, loss=training.loss + float(job.seed % 7) + job.task)


def settings(paired: bool, tasks: int = 1, **sections: dict) -> Config:
    fitness = {"seeds": SEEDS, "rotate": ROTATE, "paired": paired}
    parts = {"fitness": {**fitness, **sections.pop("fitness", {})}, **sections}
    return config(150, tasks=tasks, **parts)


def expected(run: Run, digest: str, tasks: int, until: int, paired: bool) -> float:
    """Fitness by another road: from the losses on the data seeds before `until`."""
    versions = {version: task for task, version in enumerate(run.ledger.tasks)}

    def loss(program: str, task: int, seed: int) -> float:
        return lucky(Job(program, "", task, seed, VALIDATION)).loss

    ratios = []
    for version, seed in run.ledger.trainings(digest):
        if seed >= until:
            continue
        task = versions[version]
        beside = [seed] if paired else range(SEEDS)
        base = [loss(REFERENCE, task, each) for each in beside]
        mean = sum(base) / len(base)
        ratios.append((loss(digest, task, seed) - mean) / mean)
    assert len(ratios) % tasks == 0
    return sum(ratios) / len(ratios)


@pytest.mark.parametrize("tasks", [1, 2])
@pytest.mark.parametrize("paired", [True, False])
def test_what_a_loss_is_compared_with(start: Start, tasks: int, paired: bool) -> None:
    run = start(settings(paired, tasks), Oracle(lucky)).go()
    assert run.search.seed_fitness == pytest.approx(0.0, abs=1e-12)
    checked = 0
    for row in run.rows:
        if row.fitness is None or row.twin is not None:
            continue
        until = (row.number - 1) // ROTATE * SEEDS + SEEDS
        assert row.fitness == pytest.approx(
            expected(run, row.digest, tasks, until, paired)
        )
        checked += until > SEEDS
    assert checked > 20, "of those on later data seeds"


def test_hurdles_are_paired_as_ever(start: Start) -> None:
    """Losses of chunks are luck alone: a hurdle that knew no pairing would end some."""

    def chunks(job: Job) -> Training:
        luck = float(job.seed % 7)
        return replace(lucky(job), chunk_losses=(luck, luck))

    runs = [
        start(settings(paired, hurdles={"quantile": 0.5}), Oracle(chunks)).go(100)
        for paired in (True, False)
    ]
    for run in runs:
        met = {
            hurdle - float(job.seed % 7)
            for job in run.executor.seen
            for hurdle in job.hurdles
            if hurdle < float("inf")
        }
        assert met == {0.0}


def test_contests_are_judged_by_the_same_number(start: Start) -> None:
    run = start(settings(False, fitness={"more_seeds": 3}), Oracle(lucky)).go()
    proven = [member for member in run.search.members if member.proven]
    assert proven
    base = (
        sum(
            lucky(Job(REFERENCE, "", 0, seed, VALIDATION)).loss for seed in range(SEEDS)
        )
        / SEEDS
    )
    for member in proven:
        losses = [
            row.loss
            for (_, seed), row in run.ledger.trainings(member.trained).items()
            if seed >= MORE_SEEDS_FROM
        ]
        mean = sum(losses) / len(losses)
        assert member.fitness == pytest.approx((mean - base) / base)


@pytest.mark.parametrize("stop", [0, 41, 100])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(start: Start, stop: int) -> None:
    asked = settings(False)
    whole = start(asked, Shuffling(2, lucky)).go()
    second = stopped_and_taken_up(start, asked, stop, lucky)
    assert came_of(second) == came_of(whole)
    assert start(settings(True), Oracle(lucky)).go().trajectory != whole.trajectory
