"""A program as one pure JAX function over pytrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dsl.interpret import interpret, zero_states
from dsl.program import Program

Update = Callable[[Any, Any, tuple[Any, ...], Any, Any], tuple[Any, tuple[Any, ...]]]


def lower(program: Program) -> Update:
    """Turn a valid program into `f(weights, gradient, states, lr, step)`.

    `weights`, `gradient` and each of `states` are pytrees of one structure, the states
    at the start those of `initial_states`; `lr` is the schedule's value (peak 1),
    `step` the step count from 1, both float scalars. Returns `(update, states)`; the
    weights become `weights - update`. Pure, so it can be jitted, vmapped and
    differentiated; arrays keep their dtype, since the program's constants are weakly
    typed.
    """
    # Here and not above, so that `import dsl` stays fast.
    import jax
    import jax.numpy as jnp

    def update(
        weights: Any, gradient: Any, states: tuple[Any, ...], lr: Any, step: Any
    ) -> tuple[Any, tuple[Any, ...]]:
        leaves, structure = jax.tree.flatten(weights)
        trees = [leaves, *map(jax.tree.leaves, (gradient, *states))]
        first, *rest = interpret(program, jnp, trees, lr, step)
        return (
            jax.tree.unflatten(structure, first),
            tuple(jax.tree.unflatten(structure, tree) for tree in rest),
        )

    return update


def initial_states(program: Program, weights: Any) -> tuple[Any, ...]:
    """The states before the first step: zeros, each a pytree like that of `weights`.

    Its arrays have the weights' shapes, but for a state whose header gives another.
    """
    import jax
    import jax.numpy as jnp

    leaves, structure = jax.tree.flatten(weights)
    states = zero_states(program, jnp, [jnp.asarray(leaf) for leaf in leaves])
    return tuple(jax.tree.unflatten(structure, state) for state in states)
