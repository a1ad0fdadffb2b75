"""A plan's random draws: no two of them share a key."""

import math
from typing import Any

import jax

from evosearch.fitness import TEST_SEEDS_FROM, VALIDATION_SEEDS_FROM
from evosearch.plan import make_plan

STEPS, CHUNKS = 12, 3


class Keys:
    """Weights, batches and host data are the keys that they would be made with."""

    steps, floor = STEPS, -math.inf

    def init(self, key: Any) -> Any:
        return jax.random.key_data(key)

    batch = init

    def batches(self, key: Any, start: int, steps: int) -> Any:
        return jax.random.key_data(key)

    def loss(self, params: Any, batch: Any) -> Any:
        raise NotImplementedError

    def evaluate(self, params: Any) -> Any:
        raise NotImplementedError


def test_no_two_draws_share_a_key() -> None:
    plan = make_plan(
        Keys(), schedule="constant", warmup=0.0, chunks=CHUNKS, weight_bound=1000.0
    )
    seeds = (0, 1, 2, STEPS, VALIDATION_SEEDS_FROM, TEST_SEEDS_FROM)
    keys = []
    for seed in seeds:
        chunks = [plan.chunk(seed, number) for number in range(CHUNKS)]
        assert len({tuple(chunk.data.tolist()) for chunk in chunks}) == 1
        keys += [plan.init(seed), chunks[0].data]
        keys += [plan.batch(seed, step, None) for step in range(STEPS)]
    assert len({tuple(key.tolist()) for key in keys}) == len(seeds) * (2 + STEPS)
