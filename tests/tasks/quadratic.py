"""A task of four steps and seven weights, for tests of the search: a noisy bowl."""

from typing import Any

import jax
import jax.numpy as jnp


class Quadratic:
    """`sum(c w^2) / 2` over a vector and a number, with gradient noise."""

    steps, floor = 4, 0.0

    def __init__(self, noise: float) -> None:
        self.noise = noise

    def init(self, key: Any) -> Any:
        first, second = jax.random.split(key)
        vector = 1.0 + jax.random.uniform(first, (6,))
        return {"vector": vector, "number": 1.0 + jax.random.uniform(second)}

    def batch(self, key: Any) -> Any:
        return self.noise * jax.random.normal(key, (6,))

    def loss(self, params: Any, batch: Any) -> Any:
        return self.evaluate(params) + jnp.dot(batch, params["vector"])

    def evaluate(self, params: Any) -> Any:
        curvature = jnp.linspace(0.1, 1.0, 6)
        bowl = jnp.dot(curvature, jnp.square(params["vector"]))
        return 0.5 * (bowl + jnp.square(params["number"]))


def factory(noise: float = 0.1) -> Quadratic:
    """Make the task."""
    return Quadratic(noise)
