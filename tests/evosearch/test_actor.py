"""A worker brings home as many jobs as it is asked for, and each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from evosearch import actor
from evosearch.actor import Worker
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.errors import InputError
from evosearch.evaluate import Done, Job
from evosearch.train import Outcome, Training

TRAINING = Training(Outcome.OK, 0.0, (0.0,), 1, 0.0)


class OneAtATime:
    """Stands for an evaluator: gives the youngest job first, and says so."""

    def __init__(self, tasks: Any, training: Any, say: Callable[[str], None]) -> None:
        self.waiting: list[Job] = []
        self._say = say

    def submit(self, jobs: Sequence[Job]) -> None:
        self.waiting += jobs

    def collect(self) -> list[Done]:
        if not self.waiting:
            return []
        job = self.waiting.pop()
        self._say(job.digest)
        return [(job, TRAINING)]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setattr(actor, "Evaluator", OneAtATime)
    monkeypatch.setattr(actor, "keep_compilations", lambda: "")
    return Worker((TaskConfig(task="digits"),), TrainingConfig(), None, None)


def jobs(*names: str) -> list[Job]:
    return [Job(name, "", 0, 0, "validation") for name in names]


def names(done: Sequence[Done]) -> list[str]:
    return [job.digest for job, _ in done]


def test_as_many_come_home_as_are_asked_for(worker: Worker) -> None:
    first = worker.exchange(jobs("a", "b", "c"), 2)
    assert names(first.done) == ["c", "b"]
    second = worker.exchange(jobs("d"), 1)
    assert names(second.done) == ["d"]
    assert names(worker.exchange([], 5).done) == ["a"]
    assert worker.exchange([], 1).done == []


def test_what_was_said_is_told_once(worker: Worker) -> None:
    assert worker.exchange(jobs("a", "b"), 1).said == ["b"]
    assert worker.exchange([], 1).said == ["a"]
    assert worker.exchange([], 1).said == []


def test_a_life_is_one_workers(worker: Worker) -> None:
    other = Worker((TaskConfig(task="digits"),), TrainingConfig(), None, None)
    lives = [each.exchange([], 0).life for each in (worker, worker, other)]
    assert lives[0] == lives[1] != lives[2]


def test_functions_that_are_missing_are_told_with_the_first_jobs(
    worker: Worker,
) -> None:
    lost = Worker((TaskConfig(task="digits"),), TrainingConfig(), "/no/where.py", None)
    told = r"^in a worker: functions /no/where\.py: cannot be read \(No such file"
    with pytest.raises(InputError, match=told):
        lost.exchange(jobs("a"), 1)
