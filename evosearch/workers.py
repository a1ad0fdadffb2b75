"""Executors: where jobs are trained. What a run finds does not depend on the choice."""

from __future__ import annotations

import logging
import os
import signal
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from evosearch.compile_cache import keep_compilations
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.errors import InputError
from evosearch.evaluate import Evaluator, Job
from evosearch.own_functions import load_functions
from evosearch.threads import use_one_thread
from evosearch.train import Training

Done = tuple[Job, Training]


class Executor(Protocol):
    """Trains jobs, in any order and place."""

    workers: int

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs on; returns at once."""

    def collect(self) -> list[Done]:
        """Wait for at least one job that was taken on, and return what is done."""

    def close(self) -> None:
        """Let go of processes; jobs that are under way are lost."""


class Inline:
    """Trains in this process, one job at each `collect`."""

    workers = 1

    def __init__(self, tasks: tuple[TaskConfig, ...], training: TrainingConfig) -> None:
        keep_compilations()
        self._evaluator = Evaluator(tasks, training)
        self._jobs: deque[Job] = deque()

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs on; returns at once."""
        self._jobs.extend(jobs)

    def collect(self) -> list[Done]:
        """Train the job that has waited longest."""
        job = self._jobs.popleft()
        return [(job, self._evaluator.evaluate(job))]

    def close(self) -> None:
        """Forget the jobs that wait."""
        self._jobs.clear()


class RayPool:
    """Ray actors, one for each core or GPU; each keeps two batches of jobs in flight.

    A second batch waits at the actor while it trains the first, so that the round trip
    (about 1 ms) does not show.

    Args:
        tasks, training: as of an `Evaluator`.
        count: workers; 0 is one for each core or GPU of the cluster.
        functions: the file of the user's own functions.
        ray: the module, joined to a cluster.
    """

    def __init__(
        self,
        tasks: tuple[TaskConfig, ...],
        training: TrainingConfig,
        count: int,
        functions: str | None,
        ray: Any,
    ) -> None:
        self._ray = ray
        resources = self._ray.cluster_resources()
        on_gpu = resources.get("GPU", 0) >= 1
        found = int(resources["GPU" if on_gpu else "CPU"])
        self.workers = count or found
        actor = self._ray.remote(_Worker).options(
            num_cpus=0 if on_gpu else 1,
            num_gpus=1 if on_gpu else 0,
            max_restarts=3,
            max_task_retries=3,
        )
        self._load = {
            actor.remote(tasks, training, functions): 0 for _ in range(self.workers)
        }
        self._jobs: deque[Job] = deque()
        self._flights: dict[Any, tuple[Any, list[Job]]] = {}

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs on; returns at once."""
        self._jobs.extend(jobs)
        self._dispatch()

    def collect(self) -> list[Done]:
        """Wait for a batch; return it and any others that are done."""
        flights = list(self._flights)
        ready, _ = self._ray.wait(flights, num_returns=len(flights), timeout=0)
        if not ready:
            ready, _ = self._ray.wait(flights, num_returns=1, timeout=None)
        done: list[Done] = []
        for flight in ready:
            actor, jobs = self._flights.pop(flight)
            self._load[actor] -= 1
            done += zip(jobs, self._get(flight), strict=True)
        self._dispatch()
        return done

    def close(self) -> None:
        """End the actors and the Ray processes that this pool started."""
        for actor in self._load:
            self._ray.kill(actor)
        self._ray.shutdown()

    def _get(self, flight: Any) -> list[Training]:
        try:
            trainings: list[Training] = self._ray.get(flight)
        except self._ray.exceptions.RayTaskError as error:
            # A task's fault is told as it is; of ours, Ray's traceback tells more.
            if isinstance(error.cause, InputError):
                raise error.cause from None
            raise
        return trainings

    def _dispatch(self) -> None:
        """Hand waiting jobs to the actors with the least to do, evenly cut."""
        while self._jobs:
            actor = min(self._load, key=self._load.__getitem__)
            if self._load[actor] >= _BATCHES_IN_FLIGHT:
                return
            even = len(self._jobs) // (_BATCHES_IN_FLIGHT * self.workers)
            size = min(max(1, even), _LARGEST_BATCH)
            batch = [self._jobs.popleft() for _ in range(size)]
            self._flights[actor.evaluate.remote(batch)] = (actor, batch)
            self._load[actor] += 1


_BATCHES_IN_FLIGHT, _LARGEST_BATCH = 2, 16


class _Worker:
    """The actor: one evaluator in a process of its own.

    Functions that cannot be loaded there are told by `evaluate`: what a constructor
    raises reaches the driver as an actor's death alone.
    """

    def __init__(
        self,
        tasks: tuple[TaskConfig, ...],
        training: TrainingConfig,
        functions: str | None,
    ) -> None:
        use_one_thread()
        keep_compilations()
        self._evaluator = Evaluator(tasks, training)
        self._problem: InputError | None = None
        try:
            if functions is not None:
                load_functions(functions)
        except InputError as error:
            self._problem = InputError(f"in a worker: {error}")

    def evaluate(self, jobs: list[Job]) -> list[Training]:
        if self._problem is not None:
            raise self._problem
        return [self._evaluator.evaluate(job) for job in jobs]


def _start_ray(count: int) -> Any:
    """Join the cluster that RAY_ADDRESS names, or start Ray on this machine."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    address = os.environ.get("RAY_ADDRESS")
    local: dict[str, Any] = (
        {} if address else {"num_cpus": count or None, "include_dashboard": False}
    )
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=address, logging_level=logging.ERROR, log_to_driver=False, **local
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        if address is None:
            raise  # nothing the user named is at fault
        raise InputError(
            f"RAY_ADDRESS: no Ray cluster answers at {address} ({error}): start one "
            "there, or unset RAY_ADDRESS to use this machine alone"
        ) from None
    # Ray takes SIGTERM for itself, and a run that is told to end would write nothing.
    signal.signal(signal.SIGTERM, before)
    return ray


def make_executor(
    kind: str,
    count: int,
    tasks: tuple[TaskConfig, ...],
    training: TrainingConfig,
    functions: str | None = None,
) -> Executor:
    """The executor that a config names: `inline`, or `ray` with `count` workers.

    `functions` is the file of the user's own functions, loaded in this process already.
    """
    if kind == "inline":
        return Inline(tasks, training)
    return RayPool(tasks, training, count, functions, _start_ray(count))
