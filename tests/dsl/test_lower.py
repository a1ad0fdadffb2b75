"""The lowered function: NumPy float64 in float32, compiled once, dtypes kept."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import Program, lower, parse
from dsl.library import program_names, read_program
from tests.agreement import assert_agrees, random_inputs
from tests.stepping import SHAPES
from tests.strategies import programs


def lowered_step(program: Program, seed: int) -> None:
    trees, rate, step = random_inputs(program, seed)
    weights, gradient, *states = [
        [jnp.asarray(leaf, jnp.float32) for leaf in tree] for tree in trees
    ]
    with jax.disable_jit():
        update, after = lower(program)(
            weights, gradient, tuple(states), jnp.float32(rate), jnp.float32(step)
        )
    assert_agrees([update, *after], program, (trees, rate, step))


@settings(max_examples=25)
@given(programs(), st.integers(0, 3))
def test_one_step_is_that_of_float64(program: Program, seed: int) -> None:
    lowered_step(program, seed)


@pytest.mark.parametrize("name", program_names())
def test_programs_of_the_library_step_as_in_float64(name: str) -> None:
    for seed in range(3):
        lowered_step(parse(read_program(name)), seed)


def test_a_wrong_step_is_noticed() -> None:
    """The tolerance is not so wide that anything passes."""
    program = parse(read_program("adamw"))
    inputs = random_inputs(program, 0)
    right = parse(read_program("adamw").replace("0.999", "0.9989"))
    trees, rate, step = inputs
    weights, gradient, *states = [
        [jnp.asarray(leaf, jnp.float32) for leaf in tree] for tree in trees
    ]
    update, after = lower(right)(weights, gradient, tuple(states), rate, step)
    with pytest.raises(AssertionError):
        assert_agrees([update, *after], program, inputs)


def tree(kind: type = jnp.float32) -> dict[str, jax.Array]:
    """A pytree that is no list, with a leaf of every rank."""
    leaves = [jnp.ones(shape, kind) for shape in SHAPES]
    return dict(zip("dbca", leaves, strict=True))


def test_pytrees_keep_their_structure_and_their_order() -> None:
    program = parse(
        "def train(w, g, m, lr):\n  m = m + g\n  u = w * lr\n  return u, m\n"
    )
    weights = {"b": {"x": jnp.zeros(2)}, "a": (jnp.ones(3), jnp.full((2, 2), 2.0))}
    gradient = jax.tree.map(lambda leaf: leaf + 5.0, weights)
    state = jax.tree.map(jnp.zeros_like, weights)
    update, (after,) = lower(program)(weights, gradient, (state,), 0.5, 1.0)
    expected = jax.tree.map(lambda leaf: 0.5 * leaf, weights)
    for ours, theirs in ((update, expected), (after, gradient)):
        assert jax.tree.structure(ours) == jax.tree.structure(theirs)
        jax.tree.map(np.testing.assert_array_equal, ours, theirs)


def test_a_second_call_compiles_nothing() -> None:
    program = parse(read_program("adamw"))
    traced = []

    @jax.jit
    def step(*inputs):
        traced.append(program)
        return lower(program)(*inputs)

    for number in (1.0, 2.0, 3.0):
        rate, count = jnp.float32(0.5 / number), jnp.float32(number)
        step(tree(), tree(), (tree(), tree()), rate, count)
    assert len(traced) == 1


EVERYTHING = """
def train(w, g, m, v, lr, step):
    size = norm(g)
    a = g / size
    m = interp(a, m, 0.9)
    c = clip(m, 1.5)
    d = dot(c, w)
    d = d * lr
    e = get_eps()
    d = d + e
    v = v + d
    u = maximum(c, 0.25)
    u = exp10(u)
    u = u * step
    return u, m, v
"""


@pytest.mark.parametrize("kind", [jnp.float32, jnp.bfloat16, jnp.float16])
@pytest.mark.parametrize(
    "text", [read_program("lion"), EVERYTHING], ids=["lion", "all"]
)
def test_arrays_keep_their_dtype(kind: type, text: str) -> None:
    program = parse(text)
    states = (tree(kind),) * len(program.states)
    rate, step = jnp.asarray(0.5, kind), jnp.asarray(1.0, kind)
    update, after = jax.jit(lower(program))(tree(kind), tree(kind), states, rate, step)
    kinds = {leaf.dtype for leaf in jax.tree.leaves((update, after))}
    assert kinds == {jnp.dtype(kind)}
    jax.tree.map(lambda u, w: np.testing.assert_equal(u.shape, w.shape), update, tree())


def test_overwritten_inputs_change_nothing_outside() -> None:
    text = """
def train(w, g, m, lr):
    w = g * 3.0
    g = w + 1.0
    lr = 7.0 * lr
    m = g * lr
    return w, m
"""
    weights, gradient = tree(), tree()
    update, (after,) = lower(parse(text))(weights, gradient, (tree(),), 0.5, 1.0)
    for name in weights:
        np.testing.assert_array_equal(weights[name], 1.0)
        np.testing.assert_array_equal(gradient[name], 1.0)
        np.testing.assert_array_equal(update[name], 3.0)
        np.testing.assert_array_equal(after[name], 14.0)


def test_it_is_pure_and_differentiable() -> None:
    program = parse("def train(w, g, lr):\n  u = square(w)\n  u = u * lr\n  return u\n")

    def total(weights):
        update, _ = lower(program)(weights, weights, (), 0.5, 1.0)
        return sum(jnp.sum(leaf) for leaf in update)

    (gradient,) = jax.grad(total)([jnp.array([1.0, -3.0])])
    np.testing.assert_allclose(gradient, [1.0, -3.0])
