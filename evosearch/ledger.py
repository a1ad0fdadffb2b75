"""What is known of each program's trainings: those in the store, and those under way.

Results reach the store only when the child that asked for them is settled, in order; so
what the store holds depends on the children before, never on which worker was faster.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from types import MappingProxyType

from evosearch.evaluate import Job
from evosearch.fitness import Place
from evosearch.rows import ProgramRow, Split, TrainingRow
from evosearch.store import Store
from evosearch.train import VALIDATION, Outcome, Training
from evosearch.workers import Executor

_NONE: Mapping[Place, tuple[float, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Subject:
    """A program: its digest and, where it is to be trained, its pruned text."""

    digest: str
    text: str = ""


class Ledger:
    """Orders trainings from an executor and remembers them in a store.

    Args:
        store: where settled trainings are kept.
        executor: trains what is not known.
        tasks: version of each of the config's tasks, in order; they are the first of
            the executor's.
    """

    def __init__(self, store: Store, executor: Executor, tasks: Sequence[str]) -> None:
        self.store = store
        self.tasks = tuple(tasks)
        self._orders = _Orders(executor)
        self._first = 0

    def beside(self, tasks: Sequence[str]) -> Ledger:
        """A ledger of the executor's next tasks, with the same executor and store."""
        other = copy(self)
        other.tasks = tuple(tasks)
        other._first = self._first + len(self.tasks)
        return other

    def known(self, digest: str, seeds: range) -> bool:
        """Whether all these trainings of a program are stored or under way."""
        return all(map(self._known, self._jobs(Subject(digest), seeds, VALIDATION)))

    def order(
        self,
        subject: Subject,
        seeds: range,
        split: Split = VALIDATION,
        hurdles: Mapping[Place, tuple[float, ...]] = _NONE,
    ) -> None:
        """Have a program trained on every task and these data seeds, where unknown.

        Args:
            subject: the program.
            seeds: data seeds.
            split: which held-out data measure the results.
            hurdles: thresholds that each training meets, as of `Trainer.train`.
        """
        jobs = [
            replace(job, hurdles=hurdles.get((self._version(job), job.seed), ()))
            for job in self._jobs(subject, seeds, split)
            if not self._known(job)
        ]
        self._orders.submit(jobs)

    def settle(
        self, digest: str, seeds: range, split: Split = VALIDATION
    ) -> dict[Place, TrainingRow]:
        """Wait for trainings that were ordered and move them to the store."""
        rows: dict[Place, TrainingRow] = {}
        new = []
        for job in self._jobs(Subject(digest), seeds, split):
            row = None if job in self._orders else self._stored(job)
            if row is None:
                row = self._row(job, self._orders.take(job))
                new.append(row)
            rows[row.task, row.seed] = row
        self.store.add_trainings(new)
        return rows

    def peek(self, digest: str, seeds: range) -> dict[Place, TrainingRow]:
        """Wait for trainings that were ordered and leave the store as it is."""
        rows: dict[Place, TrainingRow] = {}
        for job in self._jobs(Subject(digest), seeds, VALIDATION):
            row = None if job in self._orders else self._stored(job)
            row = row or self._row(job, self._orders.wait(job))
            rows[row.task, row.seed] = row
        return rows

    def settled_at_once(self, digest: str, seeds: range) -> bool:
        """Whether `settle` would not have to wait."""
        jobs = self._jobs(Subject(digest), seeds, VALIDATION)
        return all(map(self._orders.has_arrived, jobs))

    def trainings(self, digest: str) -> dict[Place, TrainingRow]:
        """The stored validation trainings of a program, by task and data seed."""
        rows = self.store.trainings_of(digest, VALIDATION)
        return {(row.task, row.seed): row for row in rows if row.task in self.tasks}

    def record(self, row: ProgramRow) -> None:
        """Store one child."""
        self.store.add_programs([row])

    def _known(self, job: Job) -> bool:
        return job in self._orders or self._stored(job) is not None

    def _stored(self, job: Job) -> TrainingRow | None:
        task = self._version(job)
        return self.store.training(job.digest, task, job.seed, job.split)

    def _jobs(self, subject: Subject, seeds: range, split: Split) -> list[Job]:
        return [
            Job(subject.digest, subject.text, task, seed, split)
            for task in range(self._first, self._first + len(self.tasks))
            for seed in seeds
        ]

    def _version(self, job: Job) -> str:
        return self.tasks[job.task - self._first]

    def _row(self, job: Job, training: Training) -> TrainingRow:
        return TrainingRow(
            digest=job.digest,
            task=self._version(job),
            seed=job.seed,
            split=job.split,
            outcome=training.outcome.value,
            loss=training.loss,
            chunk_losses=training.chunk_losses,
            steps=training.steps,
            seconds=training.seconds,
        )


class _Orders:
    """Jobs that an executor was asked for and that no ledger has settled yet."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._under_way: set[Job] = set()
        self._arrived: dict[Job, Training] = {}

    def __contains__(self, job: Job) -> bool:
        return job in self._under_way or job in self._arrived

    def submit(self, jobs: Sequence[Job]) -> None:
        self._under_way.update(jobs)
        self._executor.submit(jobs)

    def has_arrived(self, job: Job) -> bool:
        """Whether it is done; one that is settled or was never asked for is, too."""
        return job not in self._under_way

    def wait(self, job: Job) -> Training:
        """The result, which stays here."""
        while job not in self._arrived:
            for done, training in self._executor.collect():
                self._under_way.discard(done)
                self._arrived[done] = training
        return self._arrived[job]

    def take(self, job: Job) -> Training:
        """The result, which does not."""
        self.wait(job)
        return self._arrived.pop(job)


def losses(rows: Mapping[Place, TrainingRow]) -> dict[Place, float]:
    """The loss at each place."""
    return {place: row.loss for place, row in rows.items()}


def mean_loss(rows: Iterable[TrainingRow], seed: int) -> float:
    """Mean loss over the tasks on a data seed; NaN if a training failed there."""
    here = [row for row in rows if row.seed == seed]
    if any(row.outcome != Outcome.OK for row in here):
        return math.nan
    return math.fsum(row.loss for row in here) / len(here)
