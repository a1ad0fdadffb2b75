"""Steps of an Optax export, for `verify`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from dsl.interpret import Leaves
from evosearch.export.document import class_name
from evosearch.export.naming import LEARNING_RATE
from evosearch.export.trace import Trace
from evosearch.export.verify import STEPS, Inputs, Stepper

_QUICKLY = {"xla_backend_optimization_level": 0}
"""A step runs for less than a millisecond, 50 times: to compile it takes longer."""


def optax_stepper(
    found: Trace, module: ModuleType, name: str, compiled: bool = True
) -> Stepper:
    """Run steps of the factory `name` in float64, compiled or one call by another."""
    import jax
    import jax.numpy as jnp

    state_class = getattr(module, f"{class_name(name)}State")
    # As the program has them: the defaults are rounded to fewer digits.
    constants: dict[str, Any] = {each.name: each.value for each in found.parameters}
    peak = constants.pop(LEARNING_RATE, None)

    def step(rates: Any, gradient: Any, state: Any, weights: Any) -> Any:
        options = dict(constants)
        if peak is not None:
            options[LEARNING_RATE] = lambda count: peak * rates[count]
        optimizer = getattr(module, name)(**options)
        return optimizer.update(gradient, state, weights)

    taken = jax.jit(step, compiler_options=_QUICKLY) if compiled else step

    def run(inputs: Inputs) -> list[Leaves]:
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            rates = jnp.zeros(STEPS).at[inputs.index].set(inputs.rate)
            arrays = jax.tree.map(jnp.asarray, inputs.states)
            state = state_class(jnp.asarray(inputs.index, jnp.int32), *arrays)
            gradient, weights = jax.tree.map(
                jnp.asarray, (list(inputs.gradient), list(inputs.weights))
            )
            updates, after = taken(rates, gradient, state, weights)
            assert int(after.count) == inputs.index + 1
            outputs = [[-leaf for leaf in updates], *after[1:]]
            return [[np.asarray(leaf) for leaf in tree] for tree in outputs]

    return run
