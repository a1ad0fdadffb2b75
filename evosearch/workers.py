"""Executors: where jobs are trained. What a run finds does not depend on the choice."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from evosearch.actor import Returned, Worker
from evosearch.compile_cache import keep_compilations
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.errors import InputError
from evosearch.evaluate import Done, Evaluator, Job


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
    """Trains in this process, when asked for results.

    Args:
        tasks, training, say: as of an `Evaluator`.
    """

    workers = 1

    def __init__(
        self,
        tasks: tuple[TaskConfig, ...],
        training: TrainingConfig,
        say: Callable[[str], None],
    ) -> None:
        keep_compilations()
        self._evaluator = Evaluator(tasks, training, say)

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs on; returns at once."""
        self._evaluator.submit(jobs)

    def collect(self) -> list[Done]:
        """Train the job that has waited longest, or all slots until one is free."""
        return self._evaluator.collect()

    def close(self) -> None:
        """Forget the jobs that wait."""
        self._evaluator.clear()


class RayPool:
    """Ray actors, one for each core or GPU; each has two calls in flight.

    The second one waits at the actor while it does the first, so that the round trip
    (about 1 ms) does not show. Without slots a call brings a batch of jobs and takes
    its results home. With slots it brings what there is room for, and takes home what
    is done after a chunk; jobs that a restarted actor has lost are trained again.

    Args:
        tasks, training, say: as of an `Evaluator`.
        count: workers; 0 is one for each core or GPU of the cluster. More workers than
            GPUs share them, and their memory.
        functions: the file of the user's own functions.
        ray: the module, joined to a cluster.
    """

    def __init__(
        self,
        tasks: tuple[TaskConfig, ...],
        training: TrainingConfig,
        say: Callable[[str], None],
        count: int,
        functions: str | None,
        ray: Any,
    ) -> None:
        self._ray = ray
        self._say = say
        self._slots = max(1, *(task.slots for task in tasks))
        resources = self._ray.cluster_resources()
        gpus = int(resources.get("GPU", 0))
        self.workers = count or gpus or int(resources["CPU"])
        # Ray gives a part of one GPU, never parts of two.
        share = 1.0 / max(1, -(-self.workers // gpus)) if gpus else 0.0
        actor = self._ray.remote(Worker).options(
            num_cpus=0 if gpus else 1,
            num_gpus=share,
            max_restarts=3,
            max_task_retries=3,
        )
        memory = _GPU_MEMORY * share if gpus else None
        self._actors = {
            number: actor.remote(tasks, training, functions, memory)
            for number in range(self.workers)
        }
        self._lives: dict[int, str] = {}
        self._held: dict[int, set[Job]] = {number: set() for number in self._actors}
        self._load = dict.fromkeys(self._actors, 0)
        self._jobs: deque[Job] = deque()
        self._flights: dict[Any, tuple[int, list[Job]]] = {}

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs on; returns at once."""
        self._jobs.extend(jobs)
        if self._slots == 1:
            self._dispatch()

    def collect(self) -> list[Done]:
        """Wait for a call that brings results; those of others that are done, too."""
        done: list[Done] = []
        while not done:
            self._dispatch()
            flights = list(self._flights)
            ready, _ = self._ray.wait(flights, num_returns=len(flights), timeout=0)
            if not ready:
                ready, _ = self._ray.wait(flights, num_returns=1, timeout=None)
            for flight in ready:
                done += self._land(flight)
        self._dispatch()
        return done

    def close(self) -> None:
        """End the actors and the Ray processes that this pool started."""
        for actor in self._actors.values():
            self._ray.kill(actor)
        self._ray.shutdown()

    def _land(self, flight: Any) -> list[Done]:
        """Take a call's results, and take back what its actor lost before it."""
        actor, jobs = self._flights.pop(flight)
        returned = self._get(flight)
        self._load[actor] -= 1
        held = self._held[actor]
        if self._lives.setdefault(actor, returned.life) != returned.life:
            self._lives[actor] = returned.life
            self._jobs.extendleft(held)
            held.clear()
        for line in returned.said:
            self._say(line)
        held.update(jobs)
        # What was trained twice, by an actor lost on its way home, counts once.
        done = [each for each in returned.done if each[0] in held]
        held.difference_update(job for job, _ in done)
        return done

    def _get(self, flight: Any) -> Returned:
        try:
            returned: Returned = self._ray.get(flight)
        except self._ray.exceptions.RayTaskError as error:
            # A task's fault is told as it is; of ours, Ray's traceback tells more.
            if isinstance(error.cause, InputError):
                raise error.cause from None
            raise
        except self._ray.exceptions.RayActorError:
            raise InputError(
                "workers: a worker's process ended again and again, perhaps out of "
                "memory: go on with fewer of them (--workers) or with a smaller task; "
                "nothing that was found is lost"
            ) from None
        return returned

    def _dispatch(self) -> None:
        """Hand waiting jobs to the actors with the least to do."""
        while self._jobs:
            actor = min(self._load, key=self._load.__getitem__)
            if self._load[actor] >= _CALLS_IN_FLIGHT:
                return
            self._call(actor, self._share(actor))
        if self._slots > 1:
            for actor, held in self._held.items():
                while held and self._load[actor] < _CALLS_IN_FLIGHT:
                    self._call(actor, [])

    def _share(self, actor: int) -> list[Job]:
        """The waiting jobs that an actor gets with its next call."""
        if self._slots == 1:
            even = len(self._jobs) // (_CALLS_IN_FLIGHT * self.workers)
            size = min(max(1, even), _LARGEST_BATCH)
        else:  # as many again wait there as are trained
            even = -(-len(self._jobs) // self.workers)
            size = min(even, max(0, 2 * self._slots - self._under_way(actor)))
        return [self._jobs.popleft() for _ in range(min(size, len(self._jobs)))]

    def _under_way(self, actor: int) -> int:
        calls = (jobs for other, jobs in self._flights.values() if other == actor)
        return len(self._held[actor]) + sum(map(len, calls))

    def _call(self, actor: int, jobs: list[Job]) -> None:
        least = 1 if self._slots > 1 else len(jobs)
        flight = self._actors[actor].exchange.remote(jobs, least)
        self._flights[flight] = (actor, jobs)
        self._load[actor] += 1


_CALLS_IN_FLIGHT, _LARGEST_BATCH = 2, 16
_CONNECTION_SECONDS = 10.0
_GPU_MEMORY = 0.9
"""Of a GPU's memory, what its workers take together."""


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


def require_cluster() -> None:
    """Ask whether somebody listens at RAY_ADDRESS: Ray itself would wait for minutes.

    Raises:
        InputError: nobody does.
    """
    address = os.environ.get("RAY_ADDRESS")
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), _CONNECTION_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"RAY_ADDRESS: nobody answers at {address} ({error}): start Ray there, or "
            "unset RAY_ADDRESS to use this machine alone"
        ) from None


def make_executor(
    kind: str,
    count: int,
    tasks: tuple[TaskConfig, ...],
    training: TrainingConfig,
    functions: str | None = None,
    say: Callable[[str], None] = print,
) -> Executor:
    """The executor that a config names: `inline`, or `ray` with `count` workers.

    `functions` is the file of the user's own functions, loaded in this process already.
    """
    if kind == "inline":
        return Inline(tasks, training, say)
    return RayPool(tasks, training, say, count, functions, _start_ray(count))
