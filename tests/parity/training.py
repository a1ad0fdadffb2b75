"""A training of 100 steps on given gradients, by each of those that have to agree."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dsl import Program
from dsl.bytecode import FIRST_STATE_ROW, GRADIENT_ROW, WEIGHTS_ROW, bytecode
from dsl.interpret import interpret, zero_states
from dsl.lower import initial_states, lower
from evosearch.machine import interpreter
from evosearch.padded import Code, pad
from evosearch.plan import Layout
from evosearch.schedules import schedule_values

STEPS = 100
ROWS = 16
"""Of the machine's file: its first capacity."""

RATES = np.float32(100.0 * schedule_values("cosine", 0.1, STEPS))
"""A hundred times those of a training, so that the weights move far."""

SHAPES = {
    "matrix": (5, 3),
    "vector": (7,),
    "kernel": (2, 3, 1, 2),
    "number": (),
    "zeros": (3,),
}
WEIGHT_SIZES = dict(zip(SHAPES, (10.0, 10.0, 10.0, 10.0, 0.0), strict=True))
"""One array starts at zero, as biases do."""

GRADIENT_SIZES = dict(zip(SHAPES, (1.0, 1e-4, 10.0, 0.01, 1.0), strict=True))
"""One is so small that an epsilon of 1e-8 beside its square shows."""

Arrays = dict[str, np.ndarray]
Reference = Callable[[np.ndarray, np.ndarray, np.ndarray], Iterator[np.ndarray]]
"""One array's first weights, its gradients and the rates of all steps, in float64, to
its weights after each step."""


def _random_arrays(seed: int, sizes: dict[str, float]) -> Arrays:
    random = np.random.default_rng(seed)
    return {
        name: np.float32(size * random.standard_normal(SHAPES[name]))
        for name, size in sizes.items()
    }


def _gradients() -> Arrays:
    """Of all steps: of a size that changes over them and from array to array."""
    steps = [_random_arrays(3000 + step, GRADIENT_SIZES) for step in range(STEPS)]
    return {
        name: np.stack(
            [array[name] / np.float32(1 + n % 7) for n, array in enumerate(steps)]
        )
        for name in SHAPES
    }


FIRST_WEIGHTS, GRADIENTS = _random_arrays(0, WEIGHT_SIZES), _gradients()


def by_optax(optimizer: optax.GradientTransformation) -> Arrays:
    def step(state, weights, gradient, rate, count):
        updates, state = optimizer.update(gradient, state, weights)
        return state, optax.apply_updates(weights, updates)

    # Optax adds its integers to floats.
    with jax.numpy_dtype_promotion("standard"):
        return _train(step, optimizer.init(FIRST_WEIGHTS))


def by_numpy(reference: Reference) -> Arrays:
    rates = np.float64(RATES)
    found = {}
    for name, weights in FIRST_WEIGHTS.items():
        gradients = np.float64(GRADIENTS[name])
        found[name] = np.stack(list(reference(np.float64(weights), gradients, rates)))
    return found


def by_lowering(program: Program) -> Arrays:
    update = lower(program)

    def step(states, weights, gradient, rate, count):
        change, states = update(weights, gradient, states, rate, count)
        return states, jax.tree.map(jnp.subtract, weights, change)

    return _train(step, initial_states(program, FIRST_WEIGHTS))


def by_interpreter(program: Program) -> Arrays:
    """In NumPy and float64: for programs that the machine cannot run."""
    weights = [np.float64(array) for array in FIRST_WEIGHTS.values()]
    states = zero_states(program, np, weights)
    found = []
    for number, rate in enumerate(RATES):
        gradient = [np.float64(GRADIENTS[name][number]) for name in SHAPES]
        trees = (weights, gradient, *states)
        update, *states = interpret(
            program, np, trees, np.float64(rate), np.float64(number + 1)
        )
        weights = [w - u for w, u in zip(weights, update, strict=True)]
        found.append(weights)
    return dict(zip(SHAPES, map(np.stack, zip(*found, strict=True)), strict=True))


def by_machine(program: Program) -> Arrays:
    layout, train = _machine()
    assembled = bytecode(program)
    assert assembled.rows <= ROWS
    # What a program does not have to find there is garbage.
    rows = np.full((ROWS, layout.size), np.nan, np.float32)
    rows[: FIRST_STATE_ROW + len(program.states)] = 0.0
    rows[WEIGHTS_ROW] = layout.vector(FIRST_WEIGHTS)
    return jax.tree.map(np.asarray, train(pad(assembled), rows))


@cache
def _machine() -> tuple[Layout, Callable[..., Any]]:
    """The search's machine, compiled once for all programs."""
    layout = Layout.of(FIRST_WEIGHTS)
    run = interpreter(layout)

    @jax.jit
    def train(code: Code, rows: Any) -> Any:
        def body(rows: Any, inputs: Any) -> Any:
            gradient, rate, count = inputs
            rows = rows.at[GRADIENT_ROW].set(layout.vector(gradient))
            rows = run(code, rows, rate, count)
            return rows, layout.tree(rows[WEIGHTS_ROW])

        return jax.lax.scan(body, rows, _inputs())[1]

    return layout, train


def _train(step: Callable[..., Any], state: Any) -> Arrays:
    """The weights after each step: of state, weights, gradient, rate and step count."""

    # It runs for milliseconds, once: what compiles fast is faster.
    @partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
    def train(state: Any, weights: Any) -> Any:
        def body(carry: Any, inputs: Any) -> Any:
            carry = step(*carry, *inputs)
            return carry, carry[1]

        return jax.lax.scan(body, (state, weights), _inputs())[1]

    return jax.tree.map(np.asarray, train(state, FIRST_WEIGHTS))


def _inputs() -> tuple[Any, Any, Any]:
    """Gradient, rate and step count (from 1) of every step."""
    counts = jnp.arange(1, STEPS + 1, dtype=jnp.float32)
    return jax.tree.map(jnp.asarray, GRADIENTS), jnp.asarray(RATES), counts
