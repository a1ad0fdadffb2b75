"""What every program of the library has to equal: Optax, or the paper's formulas.

A NumPy reference is one array's: first weights, gradients and rates of all steps in,
the weights after each step out, in float64 and with the names of the paper.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax

from tests.parity.training import RATES, Arrays, Reference, by_numpy, by_optax


@dataclass(frozen=True)
class Case:
    """What a program has to equal.

    Attributes:
        reference: an Optax transformation, or the formulas for one array.
        tolerance: of a weight, relative to the largest that its array ever has.
    """

    reference: optax.GradientTransformation | Reference
    # Most of it is Optax's 1 - 0.999, which is 1.3e-5 more than 1 less the float32 that
    # is nearest to 0.999.
    tolerance: float = 1e-5

    def weights(self) -> Arrays:
        """After each step of the training."""
        if isinstance(self.reference, optax.GradientTransformation):
            return by_optax(self.reference)
        return by_numpy(self.reference)


def rate(peak: float) -> optax.Schedule:
    """The rates of the training, times a peak."""
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


CASES = {
    "adamw": Case(
        optax.chain(
            mean_over_root(0.9, 0.999),
            optax.add_decayed_weights(0.01),
            optax.scale_by_learning_rate(rate(0.001)),
        )
    ),
    "lion": Case(optax.lion(rate(0.0001), b1=0.9, b2=0.99, weight_decay=1.0)),
}
