"""A Ray cluster that exists in name only: workers of known duration on a virtual clock.

`RayPool` talks to it as it talks to Ray. The driver's own time is real: the clock goes
on while the driver works, and jumps to the next result when it waits for one. What the
simulation itself takes is left out, and what Ray's calls take can be put in its place.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from evosearch.actor import Returned
from evosearch.evaluate import Job
from evosearch.train import Training


class VirtualClock:
    """Seconds of the driver's work and of its waiting, without those of waiting.

    Args:
        time: tells the driver's real seconds: `time.thread_time` (the default) leaves
            out what other processes take of a shared machine.
    """

    def __init__(self, time: Callable[[], float] = time.thread_time) -> None:
        self._time = time
        self._began = time()
        self._added = 0.0
        self.waited = 0.0

    def now(self) -> float:
        """Seconds since the clock was made."""
        return self._time() - self._began + self._added

    def wait_until(self, moment: float) -> None:
        """Jump ahead, if it lies ahead."""
        ahead = max(0.0, moment - self.now())
        self._added += ahead
        self.waited += ahead

    def add(self, seconds: float) -> None:
        """Let the driver have worked longer (or less long) than it has."""
        self._added += seconds

    def leave_out(self, began: float) -> None:
        """Set the clock back to `began`, a moment that `now` gave."""
        self._added -= self.now() - began


@dataclass(frozen=True, slots=True)
class RayPrices:
    """Seconds of the driver's time that Ray's calls take.

    Attributes:
        call: a call of an actor.
        wait: a `wait`, whatever it waits for.
        wait_each: a `wait`, for each flight that it is given.
        get: a `get`.
    """

    call: float = 0.0
    wait: float = 0.0
    wait_each: float = 0.0
    get: float = 0.0


@dataclass(slots=True, eq=False)
class _Flight:
    """A batch at an actor: when it is done, in seconds of the clock, and what it is."""

    end: float
    returned: Returned

    def __lt__(self, other: _Flight) -> bool:
        return self.end < other.end


@dataclass(slots=True, eq=False)
class _Actor:
    """A worker that does one batch after another."""

    cluster: SimulatedRay
    free: float = 0.0
    busy: list[tuple[float, float]] = field(default_factory=list)

    @property
    def exchange(self) -> _Actor:
        return self

    def remote(self, jobs: list[Job], _: int) -> _Flight:
        return self.cluster.begin(self, jobs)


class SimulatedRay:
    """Stands for the module `ray` in a `RayPool`.

    Args:
        workers: that the cluster has.
        evaluate: result of a job, known without training.
        duration: seconds that a job takes its worker.
        clock: the driver's.
        prices: of Ray's calls, added to the driver's time; `paid` is their sum.
    """

    def __init__(
        self,
        workers: int,
        evaluate: Callable[[Job], Training],
        duration: Callable[[Job], float],
        clock: VirtualClock,
        prices: RayPrices | None = None,
    ) -> None:
        self.clock = clock
        self.actors: list[_Actor] = []
        self.paid = 0.0
        self._workers = workers
        self._evaluate = evaluate
        self._duration = duration
        self._prices = prices or RayPrices()
        self._done: set[_Flight] = set()
        self._ahead: list[_Flight] = []

    def begin(self, actor: _Actor, jobs: list[Job]) -> _Flight:
        """Give a batch to an actor, behind those that it has."""
        now = self.clock.now()
        start = max(now, actor.free)
        actor.free = start + sum(map(self._duration, jobs))
        actor.busy.append((start, actor.free))
        done = [(job, self._evaluate(job)) for job in jobs]
        flight = _Flight(actor.free, Returned("the only one", done, []))
        heapq.heappush(self._ahead, flight)
        self.clock.leave_out(now)
        self._pay(self._prices.call)
        return flight

    def wait(
        self, flights: Sequence[_Flight], num_returns: int, timeout: float | None
    ) -> tuple[list[_Flight], list[_Flight]]:
        """As `ray.wait`: the flights that are done, up to so many, and the others."""
        now = self.clock.now()
        if timeout is None and not self._done:
            self.clock.wait_until(self._ahead[0].end)
            now = self.clock.now()
        while self._ahead and self._ahead[0].end <= now:
            self._done.add(heapq.heappop(self._ahead))
        ready = [flight for flight in flights if flight in self._done][:num_returns]
        chosen = set(ready)
        others = [flight for flight in flights if flight not in chosen]
        self.clock.leave_out(now)
        self._pay(self._prices.wait + self._prices.wait_each * len(flights))
        return ready, others

    def get(self, flight: _Flight) -> Returned:
        """The results of a flight that is done."""
        self._done.discard(flight)
        self._pay(self._prices.get)
        return flight.returned

    def _pay(self, seconds: float) -> None:
        self.paid += seconds
        self.clock.add(seconds)

    def busy(self, first: float, last: float) -> float:
        """Share of its time that a worker trained, from one moment to another."""
        trained = sum(
            max(0.0, min(end, last) - max(start, first))
            for actor in self.actors
            for start, end in actor.busy
        )
        return trained / ((last - first) * len(self.actors))

    # What else a pool asks of Ray: one class of actors, resources, and to be closed.

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": float(self._workers)}

    def remote(self, *_: Any) -> SimulatedRay | _Actor:
        """The class of actors, then (called with the arguments of one) an actor."""
        if len(_) == 1:
            return self
        self.actors.append(_Actor(self))
        return self.actors[-1]

    def options(self, **_: Any) -> SimulatedRay:
        return self

    def kill(self, actor: _Actor) -> None:
        pass

    def shutdown(self) -> None:
        pass
