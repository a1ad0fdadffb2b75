"""The Optax export is a transformation as any other of Optax."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.evosearch.export.exported import module_of

WEIGHTS = {"a": jnp.ones((3, 2)), "b": jnp.full((4,), 2.0)}
GRADIENT = {"a": jnp.full((3, 2), 0.5), "b": jnp.asarray([1.0, -1.0, 0.0, 2.0])}


def stepped(optimizer: optax.GradientTransformation, steps: int = 3) -> Any:
    weights, state = WEIGHTS, optimizer.init(WEIGHTS)
    with jax.numpy_dtype_promotion("standard"):
        for _ in range(steps):
            updates, state = optimizer.update(GRADIENT, state, weights)
            weights = optax.apply_updates(weights, updates)
    return weights


def assert_same(ours: Any, theirs: Any) -> None:
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=2e-6), ours, theirs)


def test_constants_are_those_of_optax() -> None:
    lion = module_of("lion", "optax").lion
    for options in ({}, {"b1": 0.5}, {"b2": 0.8}, {"weight_decay": 0.1}):
        theirs = {"b1": 0.9, "b2": 0.99, "weight_decay": 1.0, **options}
        assert_same(stepped(lion(0.01, **options)), stepped(optax.lion(0.01, **theirs)))


def test_a_schedule_is_the_whole_rate() -> None:
    schedule = optax.linear_schedule(0.1, 0.0, 3)
    lion = module_of("lion", "optax").lion
    theirs = optax.lion(schedule, b1=0.9, b2=0.99, weight_decay=1.0)
    assert_same(stepped(lion(schedule)), stepped(theirs))


def test_it_needs_the_weights() -> None:
    optimizer = module_of("lion", "optax").lion()
    with pytest.raises(ValueError, match="the weights are needed"):
        optimizer.update(GRADIENT, optimizer.init(WEIGHTS))


def test_dtypes_stay_and_chains_work() -> None:
    lion = module_of("lion", "optax").lion()
    half = jax.tree.map(lambda x: x.astype(jnp.bfloat16), WEIGHTS)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), lion)
    state = optimizer.init(half)
    with jax.numpy_dtype_promotion("standard"):
        updates, after = jax.jit(optimizer.update)(half, state, half)
    kinds = [leaf.dtype for leaf in jax.tree.leaves((updates, after))]
    assert kinds == [leaf.dtype for leaf in jax.tree.leaves((half, state))]
