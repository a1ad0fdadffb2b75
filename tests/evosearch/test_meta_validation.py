"""Who leads is tried on held-out tasks, and the search knows nothing of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

import pytest

from dsl import parse
from dsl.library import read_program
from evosearch.config import Config
from evosearch.errors import InputError
from evosearch.evaluate import Job, task_version
from evosearch.fitness import META_SEEDS_FROM, relative_difference
from evosearch.ledger import Ledger
from evosearch.limits import Limits
from evosearch.meta_validation import Look, MetaResult, MetaValidation, incumbent
from evosearch.rows import LookRow
from evosearch.train import Outcome, Training
from tests.searching import (
    REFERENCE,
    STEPS,
    TASK,
    Oracle,
    Run,
    Shuffling,
    Start,
    config,
    final_counts,
    invented,
    timeless,
)

EVERY, SEEDS = 10, 3
HELD_OUT = [
    {"task": f"{TASK}:factory", "arguments": {"noise": noise}} for noise in (7.0, 8.0)
]
PLACES = range(META_SEEDS_FROM, META_SEEDS_FROM + SEEDS)


def settings(
    every: int | None = EVERY, programs: int = 150, **sections: dict
) -> Config:
    meta = {"every": every, "tasks": HELD_OUT, "seeds": SEEDS}
    return config(programs, meta_validation=meta, **sections)


@dataclass
class Watched:
    """A search that is watched, as a run does it."""

    run: Run
    ledger: Ledger
    meta: MetaValidation

    def go(self, children: int = 10**6) -> Watched:
        """Go on for so many children; waits for what is under way at the end."""
        rows, search = self.run.rows, self.run.search
        if not rows:
            self.meta.look(0, search.members, search.counts.steps)
        for _ in range(children):
            before = len(rows)
            if len(self.run.go(1).rows) == before:
                self.meta.finish(lambda *_: None, lambda: False)
                break
            self.meta.look(rows[-1].number, search.members, search.counts.steps)
        return self

    @property
    def looks(self) -> tuple[Look, ...]:
        return self.meta.result.looks


def watched(start: Start, asked: Config, executor: Oracle, name: str = "") -> Watched:
    run = start(asked, executor, name=name)
    tasks = asked.meta_validation.used
    ledger = run.ledger.beside([task_version(t, asked.training) for t in tasks])
    reference = parse(read_program("adamw"))
    meta = MetaValidation(asked, reference, ledger, run.search.twins)
    return Watched(run, ledger, meta)


def whole_run(start: Start, asked: Config, executor: Oracle | None = None) -> Watched:
    return watched(start, asked, executor or Oracle()).go()


@pytest.fixture(scope="module")
def whole(start_once: Start) -> Watched:
    """A run that nothing disturbed."""
    return whole_run(start_once, settings())


CONTESTS = {"fitness": {"seeds": 1, "more_seeds": 2}, "search": {"rates": [1, 3]}}


@pytest.mark.parametrize("sections", [{}, CONTESTS, {"hurdles": {"quantile": 0.5}}])
def test_the_search_is_the_same_without(start: Start, sections: dict) -> None:
    on, off = (
        whole_run(start, settings(every, 100, **sections)) for every in (7, None)
    )
    assert len(on.looks) > 1
    assert off.meta.result == MetaResult()
    assert on.run.trajectory == off.run.trajectory
    assert list(map(timeless, on.run.rows)) == list(map(timeless, off.run.rows))
    assert final_counts(on.run.counts) == final_counts(off.run.counts)


def test_results_on_held_out_tasks_do_not_lead_the_search(
    start: Start, whole: Watched
) -> None:
    def other(job: Job) -> Training:
        done = invented(job)
        if job.seed not in PLACES or job.digest == REFERENCE:
            return done
        return Training(Outcome.DIVERGED, math.nan, (0.5,), 1, 0.0)

    failing = whole_run(start, settings(), Oracle(other))
    assert failing.run.trajectory == whole.run.trajectory
    assert [look.child for look in failing.looks] == [
        each.child for each in whole.looks
    ]
    assert all(math.isinf(look.fitness[0]) for look in failing.looks[1:])
    alarm = failing.meta.result.alarm
    assert alarm is not None
    assert (alarm.child, alarm.difference) == (0, math.inf)


def test_it_is_looked_now_and_then_and_only_at_others(whole: Watched) -> None:
    looks = whole.looks
    assert looks[0].child == 0
    assert looks[0].digest == REFERENCE
    assert set(looks[0].differences) == {0.0}
    assert all(look.child % EVERY == 0 for look in looks)
    assert all(a.digest != b.digest for a, b in pairwise(looks))
    assert len(looks) < 150 // EVERY + 1
    steps = {0: 0}
    for row in whole.run.rows:
        steps[row.number] = steps[row.number - 1] + row.steps
    assert [look.steps for look in looks] == [steps[look.child] for look in looks]


def test_fitness_is_the_mean_relative_difference(whole: Watched) -> None:
    look = whole.looks[-1]
    ours, theirs = (
        {
            (job.task, job.seed): invented(job).loss
            for job in whole.run.executor.seen
            if job.seed in PLACES and job.digest == digest
        }
        for digest in (look.digest, REFERENCE)
    )
    assert set(ours) == {(task, seed) for task in (1, 2) for seed in PLACES}
    values = [relative_difference(loss, theirs[at]) for at, loss in ours.items()]
    assert look.fitness[0] == pytest.approx(math.fsum(values) / len(values))
    assert look.differences[0] == pytest.approx((values[0] + values[SEEDS]) / 2)


def test_each_is_trained_once_and_its_steps_are_counted_apart(whole: Watched) -> None:
    jobs = [job for job in whole.run.executor.seen if job.seed in PLACES]
    assert {job.task for job in jobs} == {1, 2}
    assert all(job.split == "validation" for job in jobs)
    assert not any(job.hurdles for job in jobs)
    assert {job.digest for job in jobs} == {look.digest for look in whole.looks}
    assert whole.meta.result.steps == sum(invented(job).steps for job in jobs)


def test_the_store_has_the_looks(whole: Watched) -> None:
    stored = list(whole.run.store.looks())
    assert stored == [
        LookRow(look.child, look.digest, look.search_fitness) for look in whole.looks
    ]
    for look in whole.looks:
        trained = whole.ledger.trainings(look.digest)
        assert {seed for _, seed in trained if seed >= META_SEEDS_FROM} == set(PLACES)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_results_does_not_matter(
    start: Start, whole: Watched, seed: int
) -> None:
    other = whole_run(start, settings(), Shuffling(seed))
    assert other.run.trajectory == whole.run.trajectory
    assert other.meta.result == whole.meta.result


@pytest.mark.parametrize("stop", [0, 1, 9, 10, 11, 60, 149])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    start: Start, whole: Watched, stop: int
) -> None:
    """Looks that were under way when it stopped are done when it is taken up."""
    first = watched(start, settings(), Shuffling(0), name="run").go(stop)
    first.run.stop()
    second = watched(start, settings(), Shuffling(1), name="run").go()
    assert second.run.trajectory == whole.run.trajectory
    assert second.meta.result == whole.meta.result
    assert list(second.run.store.looks()) == list(whole.run.store.looks())
    trained = [
        job for each in (first, second) for job in each.run.executor.seen
        if job.seed in PLACES
    ]  # fmt: skip
    assert {job.digest for job in trained} == {look.digest for look in whole.looks}


def test_a_search_does_not_wait_for_it(start: Start, whole: Watched) -> None:
    class Busy(Oracle):
        """Does the trainings of the search first, whoever asked first."""

        def _take(self, jobs: list[Job]) -> list[Job]:
            first = min(jobs, key=lambda job: job.seed in PLACES)
            jobs.remove(first)
            return [first]

    slow = watched(start, settings(), Busy()).go(150)
    assert slow.meta.result == MetaResult()
    slow.meta.finish(lambda *_: None, lambda: False)
    assert slow.meta.result == whole.meta.result


def test_waiting_at_the_end_can_be_stopped(start: Start) -> None:
    stopped = watched(start, settings(), Oracle())
    search = stopped.run.search
    stopped.meta.look(0, search.members, 0)
    told: list[tuple[str, int, int]] = []
    tell = lambda *what: told.append(what)  # noqa: E731
    assert not stopped.meta.finish(tell, lambda: True)
    assert told == [("meta-validation", 0, 1)]
    assert stopped.meta.result == MetaResult()
    assert stopped.meta.finish(tell, lambda: False)
    assert len(stopped.looks) == 1


def test_a_reference_that_fails_there_is_told(start: Start) -> None:
    def bad(job: Job) -> Training:
        if job.seed in PLACES:
            return Training(Outcome.DIVERGED, math.nan, (0.5,), 1, 0.0)
        return invented(job)

    with pytest.raises(InputError, match=r"the reference program .* diverged"):
        whole_run(start, settings(), Oracle(bad))


def overfitting(job: Job) -> Training:
    """What is better in the search is as much worse elsewhere."""
    gain = 0.5 * int(job.digest[:6], 16) / 16**6 * (job.digest != REFERENCE)
    luck = Random(f"{job.digest} {job.task} {job.seed}").gauss(0.0, 0.001)
    loss = 1.0 + (gain if job.seed in PLACES else -gain) + luck
    return Training(Outcome.OK, loss, (loss, loss), STEPS, 0.0)


def test_overfitting_is_told(start: Start) -> None:
    found = whole_run(start, settings(), Oracle(overfitting))
    search = [look.search_fitness for look in found.looks]
    held_out = [look.fitness[0] for look in found.looks]
    assert search[-1] < search[0]
    assert held_out[-1] > held_out[0]
    alarm = found.meta.result.alarm
    assert alarm is not None
    assert alarm.child == 0
    assert alarm.difference == pytest.approx(held_out[-1])


def test_the_fittest_that_keeps_to_the_limits_leads(whole: Watched) -> None:
    first = whole.run.search.members[0]
    states = len(first.genome.pruned.states)
    fit, fitter, fittest = (
        replace(first, number=n, fitness=-0.1 * n) for n in (1, 2, 3)
    )
    fitter = replace(fitter, proven=True)
    members = (fit, fitter, fittest)
    none = Limits()
    assert incumbent(members, none, proven=False) is fittest
    assert incumbent(members, none, proven=True) is fitter
    assert incumbent((fit, fittest), none, proven=True) is fittest
    other = next(
        member
        for member in whole.run.search.members
        if len(member.genome.pruned.states) != states
    )
    few, many = sorted((first, other), key=lambda m: len(m.genome.pruned.states))
    few, many = replace(few, fitness=0.5), replace(many, fitness=-0.5, proven=True)
    limit = Limits(max_states=len(few.genome.pruned.states))
    assert incumbent((many, few), limit, proven=True) is few
    assert incumbent((few, many), none, proven=False) is many
