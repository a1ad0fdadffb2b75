"""Laws that every task keeps, the built-in ones and the example of a user's."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from evosearch.tasks import load_task

# Task, classes: the first loss is about that of guessing blindly.
TASKS = {"charlm": 64, "digits": 10, "tests/tasks/mlp.py:factory": 10}


@pytest.fixture(scope="module", params=list(TASKS))
def named_task(request):
    return request.param, load_task(request.param, {})


@pytest.fixture(scope="module")
def task(named_task):
    return named_task[1]


def equal(first, second) -> bool:
    return jax.tree.all(jax.tree.map(lambda x, y: bool((x == y).all()), first, second))


def test_weights_are_float32(task) -> None:
    leaves = jax.tree.leaves(task.init(jax.random.key(0)))
    assert {leaf.dtype for leaf in leaves} == {jnp.dtype("float32")}


@pytest.mark.parametrize("method", ["init", "batch"])
def test_a_key_decides_everything(task, method: str) -> None:
    draw = getattr(task, method)
    assert equal(draw(jax.random.key(3)), jax.jit(draw)(jax.random.key(3)))
    assert not equal(draw(jax.random.key(3)), draw(jax.random.key(4)))


def test_evaluation_is_pure_and_its_parts_differ(task) -> None:
    weights = task.init(jax.random.key(0))
    evaluate, test = jax.jit(task.evaluate), jax.jit(task.test)
    assert float(evaluate(weights)) == float(evaluate(weights))
    assert float(evaluate(weights)) != float(test(weights))


def test_training_starts_from_blind_guessing(named_task) -> None:
    name, task = named_task
    weights = task.init(jax.random.key(0))
    assert float(task.evaluate(weights)) == pytest.approx(
        math.log(TASKS[name]), rel=0.05
    )


def test_gradient_descent_lowers_the_held_out_loss(task) -> None:
    @jax.jit
    def step(weights, key):
        gradient = jax.grad(task.loss)(weights, task.batch(key))
        return jax.tree.map(lambda w, g: w - 0.1 * g, weights, gradient)

    weights = task.init(jax.random.key(0))
    before = float(task.evaluate(weights))
    for key in jax.random.split(jax.random.key(1), 50):
        weights = step(weights, key)
    for measure in (task.evaluate, task.test):
        assert task.floor < float(measure(weights)) < 0.95 * before


def test_many_weights_at_once_give_the_same_losses(task) -> None:
    keys = jax.random.split(jax.random.key(0), 3)
    batch = task.batch(jax.random.key(1))
    together = jax.jit(jax.vmap(lambda w: task.loss(w, batch)))(
        jax.vmap(task.init)(keys)
    )
    alone = [float(task.loss(task.init(key), batch)) for key in keys]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_huge_equal_weights_do_not_reach_the_floor(task) -> None:
    """The exploit that the first searches found: logits of 1e11 and a loss of 0."""
    weights = jax.tree.map(
        lambda leaf: jnp.full_like(leaf, 1e5), task.init(jax.random.key(0))
    )
    assert not float(task.evaluate(weights)) < task.floor
