"""A plan's random draws: no two of them share a key."""

import math
from typing import Any

import jax
import numpy as np
from jax.experimental import io_callback

from evosearch.fitness import TEST_SEEDS_FROM, VALIDATION_SEEDS_FROM
from evosearch.plan import Layout, Plan, make_plan

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
    plan = plan_of(Keys())
    seeds = (0, 1, 2, STEPS, VALIDATION_SEEDS_FROM, TEST_SEEDS_FROM)
    keys = []
    for seed in seeds:
        chunks = [plan.chunk(seed, number) for number in range(CHUNKS)]
        assert len({tuple(chunk.data.tolist()) for chunk in chunks}) == 1
        keys += [plan.init(seed), chunks[0].data]
        keys += [plan.batch(seed, step, None) for step in range(STEPS)]
    assert len({tuple(key.tolist()) for key in keys}) == len(seeds) * (2 + STEPS)


class Draws(Keys):
    """Batches of 32 images and labels, both random."""

    side = 8

    def batch(self, key: Any) -> Any:
        images = jax.random.normal(key, (32, self.side, self.side))
        return images, jax.random.randint(key, (32,), 0, 10)

    batches = None


def plan_of(task: Any) -> Plan:
    return make_plan(
        task, schedule="constant", warmup=0.0, chunks=CHUNKS, weight_bound=1000.0
    )


def test_batches_of_a_chunk_are_those_of_its_steps() -> None:
    plan = plan_of(Draws())
    chunk = plan.chunk(3, 1)
    assert plan.made_at_once(chunk)
    found = jax.jit(plan.made_batches)(chunk)
    one = jax.jit(lambda step: plan.batch(chunk.seed, step, None))
    for place, step in enumerate(chunk.steps):
        for many, single in zip(found, one(step), strict=True):
            assert np.array_equal(many[place], single)


def test_batches_of_a_callback_are_made_one_by_one() -> None:
    class Calls(Draws):
        def batch(self, key: Any) -> Any:
            shape = jax.ShapeDtypeStruct((), np.float32)
            data = jax.random.key_data(key)
            return jax.pure_callback(lambda _: np.float32(1.0), shape, data)

    class CallsInOrder(Draws):
        def batch(self, key: Any) -> Any:
            shape = jax.ShapeDtypeStruct((), np.float32)
            data = jax.random.key_data(key)
            return io_callback(lambda _: np.float32(1.0), shape, data, ordered=True)

    for task in (Calls(), CallsInOrder()):
        plan = plan_of(task)
        assert not plan.made_at_once(plan.chunk(0, 0))


def test_large_batches_and_host_data_are_not_made_at_once() -> None:
    task = Draws()
    task.side = 46  # 32 * 46 * 46 * 4 bytes in each of four steps are over 2 ** 20
    plan = plan_of(task)
    assert not plan.made_at_once(plan.chunk(0, 0))
    plan = plan_of(Keys())
    assert not plan.made_at_once(plan.chunk(0, 0))


def test_a_row_is_put_as_a_vector() -> None:
    tree = {"a": np.ones((2, 3), np.float32), "b": np.full((), 2.0, np.float32)}
    layout = Layout.of(tree)
    rows = layout.put(np.zeros((3, layout.size), np.float32), 1, tree)
    assert np.array_equal(rows[1], layout.vector(tree))
    assert not np.any(rows[::2])
