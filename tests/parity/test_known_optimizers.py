"""The library's programs against Optax, for 100 steps on arrays of every rank.

AdamW is without bias correction, and its epsilon is that of `/`: the update is
`m / (sqrt(v) + 1e-8)`. Tolerance: 1e-5 relative to the largest weight, some hundred
roundings of float32 for a hundred steps. Weights and rates are a hundred times those of
a training, so that weight decay moves the weights far beyond it.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from dsl import Program, lower, parse, unparse
from dsl.bytecode import FIRST_STATE_ROW, GRADIENT_ROW, WEIGHTS_ROW, bytecode
from dsl.library import read_program
from evosearch.machine import interpreter, pad
from evosearch.plan import Layout
from evosearch.schedules import schedule_values

STEPS = 100
TOLERANCE = 1e-5
SHAPES = {"matrix": (5, 3), "vector": (7,), "kernel": (2, 3, 1, 2), "number": ()}
RATES = 100.0 * schedule_values("cosine", 0.1, STEPS)
Tree = dict[str, jax.Array]
Step = Callable[[Any, Tree, Tree, Any, Any], tuple[Any, Tree]]
"""State, weights, gradient, rate and step count in; state and weights out."""


def random_tree(seed: int) -> Tree:
    random = np.random.default_rng(seed)
    return {
        name: jnp.asarray(random.standard_normal(shape), jnp.float32)
        for name, shape in SHAPES.items()
    }


@cache
def gradient(step: int) -> Tree:
    """Of a size that changes over the steps and from array to array."""
    sizes = np.float32([1.0, 0.01, 10.0, 1e-4]) / (1 + step % 7)
    tree = random_tree(1000 + step)
    scaled = zip(tree.items(), sizes, strict=True)
    return {name: leaf * size for (name, leaf), size in scaled}


def first_weights() -> Tree:
    return {name: 100.0 * leaf for name, leaf in random_tree(0).items()}


def train(step: Step, state: Any) -> list[Tree]:
    """The weights after every step."""
    weights, found = first_weights(), []
    for number in range(STEPS):
        rate, count = jnp.float32(RATES[number]), jnp.float32(number + 1)
        state, weights = step(state, weights, gradient(number), rate, count)
        found.append(weights)
    return found


def by_optax(optimizer: optax.GradientTransformation) -> list[Tree]:
    @jax.jit
    def step(state, weights, grad, rate, count):
        updates, state = optimizer.update(grad, state, weights)
        return state, optax.apply_updates(weights, updates)

    return train(step, optimizer.init(random_tree(0)))


def by_lowering(program: Program) -> list[Tree]:
    update = lower(program)

    @jax.jit
    def step(states, weights, grad, rate, count):
        change, states = update(weights, grad, states, rate, count)
        return states, jax.tree.map(jnp.subtract, weights, change)

    zeros = jax.tree.map(jnp.zeros_like, random_tree(0))
    return train(step, (zeros,) * len(program.states))


@pytest.fixture(scope="module")
def run() -> Callable[..., Any]:
    return jax.jit(interpreter(Layout.of(random_tree(0))))


def by_machine(program: Program, run: Callable[..., Any]) -> list[Tree]:
    layout = Layout.of(random_tree(0))
    assembled = bytecode(program)
    code = pad(assembled)

    @jax.jit
    def fill(rows, weights, grad):
        rows = rows.at[WEIGHTS_ROW].set(layout.vector(weights))
        return rows.at[GRADIENT_ROW].set(layout.vector(grad))

    @jax.jit
    def read(rows):
        return layout.tree(rows[WEIGHTS_ROW])

    def step(rows, weights, grad, rate, count):
        rows = run(code, fill(rows, weights, grad), rate, count)
        return rows, read(rows)

    assert assembled.rows <= 16
    states = FIRST_STATE_ROW + len(program.states)
    rows = jnp.full((16, layout.size), jnp.nan).at[:states].set(0.0)
    return train(step, rows)


def rate_of(peak: float) -> optax.Schedule:
    """The same rates, times a peak."""
    return lambda count: peak * jnp.asarray(RATES)[count]


def mean_over_root(beta1: float, beta2: float) -> optax.GradientTransformation:
    """m / (sqrt(v) + 1e-8): Adam without bias correction, from Optax's averages."""
    mean, square = optax.ema(beta1, debias=False), optax.ema(beta2, debias=False)

    def init(params):
        return mean.init(params), square.init(params)

    def update(grads, state, params=None):
        means, first = mean.update(grads, state[0])
        squares, second = square.update(jax.tree.map(jnp.square, grads), state[1])
        ratio = jax.tree.map(lambda m, v: m / (jnp.sqrt(v) + 1e-8), means, squares)
        return ratio, (first, second)

    return optax.GradientTransformation(init, update)


OPTAX = {
    "adamw": optax.chain(
        mean_over_root(0.9, 0.999),
        optax.add_decayed_weights(0.01),
        optax.scale_by_learning_rate(rate_of(0.001)),
    ),
    "lion": optax.lion(rate_of(0.0001), b1=0.9, b2=0.99, weight_decay=1.0),
}


@pytest.mark.parametrize("name", OPTAX)
def test_programs_of_the_library_are_what_their_names_say(
    name: str, run: Callable[..., Any]
) -> None:
    program = parse(read_program(name))
    expected = by_optax(OPTAX[name])
    for found in (by_lowering(program), by_machine(program, run)):
        assert furthest(found, expected) < TOLERANCE


def text_of(name: str) -> str:
    """Without comments."""
    return unparse(parse(read_program(name)))


@pytest.mark.parametrize(
    ("name", "constant"),
    [
        (name, constant)
        for name in OPTAX
        for constant in sorted(set(re.findall(r"\d+\.\d+", text_of(name))))
    ],
)
def test_a_constant_that_is_one_percent_off_is_noticed(
    name: str, constant: str
) -> None:
    near = f"{0.99 * float(constant):.6f}"
    other = re.sub(rf"{re.escape(constant)}\b", near, text_of(name))
    expected = by_optax(OPTAX[name])
    assert furthest(by_lowering(parse(other)), expected) > 3.0 * TOLERANCE


def furthest(ours: list[Tree], theirs: list[Tree]) -> float:
    """The largest difference of a weight, relative to its array's largest weight."""
    return max(
        float(jnp.max(jnp.abs(one[name] - other[name])) / jnp.max(jnp.abs(other[name])))
        for one, other in zip(ours, theirs, strict=True)
        for name in SHAPES
    )
