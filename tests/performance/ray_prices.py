"""What Ray's calls take the process that makes them: its CPU seconds, medians."""

from __future__ import annotations

import logging
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from evosearch.evaluate import Job
from tests.performance.simulated_ray import RayPrices

REPEATS = 100


def ray_prices(flights: int) -> RayPrices:
    """Measure Ray's calls on this machine, with so many calls under way."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    ray.init(
        num_cpus=2,
        include_dashboard=False,
        logging_level=logging.ERROR,
        log_to_driver=False,
    )
    try:
        return _measure(ray, flights)
    finally:
        ray.shutdown()


def _measure(ray: Any, flights: int) -> RayPrices:
    # The many calls under way stand for those at as many workers.
    actor = ray.remote(_Idle).options(num_cpus=0, max_concurrency=flights + 1).remote()
    job = Job("d" * 32, "x" * 400, 0, 1, "validation")
    ray.get(actor.evaluate.remote([job], 0.0))
    done: list[Any] = []
    call = _median(lambda: done.append(actor.evaluate.remote([job], 0.0)))
    ray.wait(done, num_returns=len(done))
    one = done[0]
    get = _median(lambda: ray.get(done.pop()))
    forever = [actor.evaluate.remote([job], 1e6) for _ in range(flights)]
    few = _median(lambda: ray.wait([one], num_returns=1, timeout=0))
    many = _median(lambda: ray.wait(forever, num_returns=flights, timeout=0))
    return RayPrices(call, few, (many - few) / flights, get)


class _Idle:
    def evaluate(self, jobs: list[Job], seconds: float) -> list[float]:
        time.sleep(seconds)
        return [0.0 for _ in jobs]


def _median(action: Callable[[], Any]) -> float:
    times = []
    for _ in range(REPEATS):
        began = time.thread_time()
        action()
        times.append(time.thread_time() - began)
    return statistics.median(times)
