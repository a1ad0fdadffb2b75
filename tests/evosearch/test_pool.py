"""A pool of workers, with slots or without, loses no job and gives none back twice."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from evosearch.actor import Returned
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.errors import InputError
from evosearch.evaluate import Job
from evosearch.train import Outcome, Training
from evosearch.workers import RayPool, require_cluster

SLOTS = 3


class Actor:
    """A worker with slots, whose process ends now and then and is started again.

    A call that was under way is made again, as Ray does it; what earlier calls brought
    is lost.
    """

    def __init__(self, random: Random, deaths: float) -> None:
        self._random, self._deaths, self._life = random, deaths, 0
        self.held: deque[Job] = deque()
        self.most = 0
        self.given = 0
        self._done: list[Job] = []
        self.calls: deque[tuple[list[Job], int]] = deque()

    @property
    def exchange(self) -> Actor:
        return self

    def remote(self, jobs: list[Job], least: int) -> tuple[Actor, int]:
        self.calls.append((jobs, least))
        self.given += len(jobs)
        return self, id(jobs)

    def answer(self) -> Returned:
        """The oldest call's answer: some of those in slots, in any order."""
        jobs, least = self.calls.popleft()
        if self._random.random() < self._deaths:
            self._life += 1
            self.held.clear()
        self.held.extend(jobs)
        self.most = max(self.most, len(self.held))
        inside = list(self.held)[:SLOTS]
        done = self._random.sample(inside, min(len(inside), max(1, least)))
        for job in done:
            self.held.remove(job)
        if self._done and self._deaths:  # on its way home when it was lost
            done.append(self._random.choice(self._done))
        self._done += done
        return Returned(
            str(self._life), [(job, trained(job)) for job in done], ["said"]
        )


class Ray:
    """Stands for the module `ray`; a call is answered when its result is asked for."""

    def __init__(self, random: Random, deaths: float, gpus: int) -> None:
        self._random, self._deaths, self._gpus = random, deaths, gpus
        self.actors: list[Actor] = []
        self.asked: dict[str, Any] = {}
        self.given: tuple[Any, ...] = ()

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0, "GPU": float(self._gpus)}

    def remote(self, *given: Any) -> Any:
        if len(given) == 1:
            return self
        self.given = given
        self.actors.append(Actor(self._random, self._deaths))
        return self.actors[-1]

    def options(self, **asked: Any) -> Ray:
        self.asked = asked
        return self

    def wait(
        self, flights: Sequence[Any], num_returns: int, timeout: float | None
    ) -> tuple[list[Any], list[Any]]:
        assert flights, "nothing is under way that could be waited for"
        oldest = {actor: (actor, call) for actor, call in reversed(flights)}
        ready = [] if timeout is not None else list(oldest.values())[:num_returns]
        return ready, [flight for flight in flights if flight not in ready]

    def get(self, flight: Any) -> Returned:
        return flight[0].answer()

    def kill(self, actor: Actor) -> None:
        assert not actor.held

    def shutdown(self) -> None:
        pass


def trained(job: Job) -> Training:
    return Training(Outcome.OK, float(job.seed), (0.0,), 1, 0.0)


def pool_of(ray: Ray, count: int, said: list[str], slots: int = SLOTS) -> RayPool:
    task = TaskConfig(task="digits", engine="machine", slots=slots)
    return RayPool((task,), TrainingConfig(), said.append, count, None, ray)


@pytest.mark.parametrize("deaths", [0.0, 0.2])
@pytest.mark.parametrize("seed", range(5))
def test_every_job_is_done_once(seed: int, deaths: float) -> None:
    random = Random(seed)
    ray, said = Ray(random, deaths, gpus=0), list[str]()
    pool = pool_of(ray, 2, said)
    waiting = [Job(str(n), "", 0, n, "validation") for n in range(60)]
    expected, done = set(waiting), list[Job]()
    while len(done) < len(expected):
        for _ in range(random.randrange(4)):
            pool.submit([waiting.pop()] if waiting else [])
        if len(expected) - len(waiting) > len(done):
            for job, training in pool.collect():
                assert training.loss == job.seed
                done.append(job)
    assert sorted(job.seed for job in done) == sorted(job.seed for job in expected)
    assert set(said) == {"said"}
    assert max(actor.most for actor in ray.actors) <= 2 * SLOTS
    pool.close()


def test_jobs_are_spread_over_the_workers() -> None:
    ray = Ray(Random(0), 0.0, gpus=0)
    pool = pool_of(ray, 3, [])
    pool.submit([Job(str(n), "", 0, n, "validation") for n in range(12)])
    pool.collect()
    given = [actor.given for actor in ray.actors]
    assert sum(given) == 12
    assert max(given) - min(given) <= 2


@pytest.mark.parametrize(
    ("gpus", "count", "workers", "share", "memory"),
    [
        (0, 0, 2, 0.0, None),
        (2, 0, 2, 1.0, 0.9),
        (1, 2, 2, 0.5, 0.45),
        (4, 1, 1, 1.0, 0.9),
        (2, 3, 3, 0.5, 0.45),
    ],
)
def test_workers_share_gpus_and_their_memory(
    gpus: int, count: int, workers: int, share: float, memory: float | None
) -> None:
    ray = Ray(Random(0), 0.0, gpus)
    pool = pool_of(ray, count, [])
    assert (pool.workers, len(ray.actors)) == (workers, workers)
    assert ray.asked["num_gpus"] == share
    assert ray.asked["num_cpus"] == (0 if gpus else 1)
    assert ray.given[-1] == memory


def test_the_task_with_most_slots_counts() -> None:
    ray = Ray(Random(0), 0.0, gpus=0)
    tasks = [TaskConfig(task="digits", slots=slots) for slots in (1, 2, 5)]
    pool = RayPool(tuple(tasks), TrainingConfig(), print, 1, None, ray)
    pool.submit([Job(str(n), "", n % 3, n, "validation") for n in range(30)])
    # With slots nothing goes out before the search waits, and calls come home early.
    assert ray.actors[0].given == 0
    pool.collect()
    assert ray.actors[0].given >= 10
    assert {least for _, least in ray.actors[0].calls} == {1}


def test_workers_keep_a_second_call_while_they_hold_jobs() -> None:
    ray = Ray(Random(0), 0.0, gpus=0)
    pool = pool_of(ray, 1, [])
    pool.submit([Job(str(n), "", 0, n, "validation") for n in range(3)])
    pool.collect()
    assert len(ray.actors[0].calls) == 2


class ActorGone(Exception):
    """What Ray raises for a worker that was restarted too often."""


def test_a_worker_that_dies_again_and_again_is_told() -> None:
    class Dead(Ray):
        exceptions = SimpleNamespace(RayTaskError=KeyError, RayActorError=ActorGone)

        def get(self, flight: Any) -> Returned:
            raise ActorGone("the actor died unexpectedly")

    pool = pool_of(Dead(Random(0), 0.0, gpus=0), 1, [])
    pool.submit([Job("0", "", 0, 0, "validation")])
    with pytest.raises(InputError, match="process ended again and again"):
        pool.collect()


def test_an_address_where_nobody_listens_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(InputError, match=f"RAY_ADDRESS: nobody answers at {address}"):
        require_cluster()
