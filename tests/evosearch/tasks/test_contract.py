"""Laws that every task keeps, the built-in ones and the example of a user's."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from evosearch.tasks import TASKS, load_task

pytestmark = pytest.mark.slow

# Task, classes: the first loss is about that of guessing blindly. A task that comes
# with evosearch and is not here fails at the look-up.
CLASSES = {"charlm": 64, "digits": 10, "tests/tasks/mlp.py:factory": 10}
NAMES = sorted(CLASSES.keys() | TASKS.keys())


class Compiled:
    """A task with its methods compiled once for all tests."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.task = load_task(name, {})
        for method in ("init", "batch", "loss", "evaluate", "test"):
            setattr(self, method, jax.jit(getattr(self.task, method)))
        self.weights = self.init(jax.random.key(0))


@pytest.fixture(scope="module", params=NAMES)
def task(request) -> Compiled:
    return Compiled(request.param)


def equal(first, second) -> bool:
    return jax.tree.all(jax.tree.map(lambda x, y: bool((x == y).all()), first, second))


def test_weights_are_float32(task) -> None:
    leaves = jax.tree.leaves(task.weights)
    assert {leaf.dtype for leaf in leaves} == {jnp.dtype("float32")}


@pytest.mark.parametrize("method", ["init", "batch"])
def test_a_key_decides_everything(task, method: str) -> None:
    draw, again = getattr(task, method), getattr(load_task(task.name, {}), method)
    assert equal(draw(jax.random.key(3)), jax.jit(again)(jax.random.key(3)))
    assert not equal(draw(jax.random.key(3)), draw(jax.random.key(4)))


def test_evaluation_is_pure_and_its_parts_differ(task) -> None:
    first, second = task.evaluate(task.weights), task.evaluate(task.weights)
    assert float(first) == float(second)
    assert float(first) != float(task.test(task.weights))


def test_training_starts_from_blind_guessing(task) -> None:
    blind = math.log(CLASSES[task.name])
    assert float(task.evaluate(task.weights)) == pytest.approx(blind, rel=0.05)


def test_gradient_descent_lowers_the_held_out_loss(task) -> None:
    def step(weights, key):
        gradient = jax.grad(task.task.loss)(weights, task.task.batch(key))
        return jax.tree.map(lambda w, g: w - 0.3 * g, weights, gradient), None

    keys = jax.random.split(jax.random.key(1), 200)
    trained, _ = jax.jit(lambda start: jax.lax.scan(step, start, keys))(task.weights)
    for measure in (task.evaluate, task.test):
        before, after = float(measure(task.weights)), float(measure(trained))
        assert task.task.floor < after < 0.8 * before


def test_many_weights_at_once_give_the_same_losses(task) -> None:
    keys = jax.random.split(jax.random.key(0), 3)
    batch = task.batch(jax.random.key(1))
    many = jax.jit(jax.vmap(lambda weights: task.task.loss(weights, batch)))
    models = [task.init(key) for key in keys]
    alone = [float(task.loss(weights, batch)) for weights in models]
    together = many(jax.tree.map(lambda *leaves: jnp.stack(leaves), *models))
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_huge_equal_weights_do_not_reach_the_floor(task) -> None:
    """The exploit that the first searches found: logits of 1e11 and a loss of 0."""
    huge = jax.tree.map(lambda leaf: jnp.full_like(leaf, 1e5), task.weights)
    assert not float(task.evaluate(huge)) < task.task.floor
