"""The smallest task: a line is fitted to noisy points on another one."""

import jax
import jax.numpy as jnp


class Line:
    steps, floor = 50, 0.0  # training steps; a loss under the floor is an exploit

    def init(self, key):
        return {"slope": jnp.zeros(()), "offset": jnp.zeros(())}

    def batch(self, key):
        x, noise = jax.random.normal(key, (2, 16))
        return x, 3.0 * x - 1.0 + noise

    def loss(self, params, batch):
        x, y = batch
        return jnp.mean((params["slope"] * x + params["offset"] - y) ** 2)

    def evaluate(self, params):  # on held-out data, lower is better
        return self.loss(params, self.batch(jax.random.key(1)))

    def test(self, params):  # optional: data for the final comparison alone
        return self.loss(params, self.batch(jax.random.key(2)))
