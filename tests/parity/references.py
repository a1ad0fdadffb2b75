"""What every program of the library has to equal: Optax, or the paper's formulas.

A NumPy reference is one array's: first weights, gradients and rates of all steps in,
the weights after each step out, in float64 and with the names of the paper.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib

from tests.parity.training import RATES, Arrays, Reference, by_numpy, by_optax


@dataclass(frozen=True)
class Case:
    """What a program has to equal.

    Attributes:
        reference: an Optax transformation, or the formulas for one array.
        tolerance: of a weight, relative to the largest that its array ever has.
        unseen: constants of which one percent cannot be noticed.
    """

    reference: optax.GradientTransformation | Reference
    # Most of it is Optax's 1 - 0.999, which is 1.3e-5 more than 1 less the float32 that
    # is nearest to 0.999.
    tolerance: float = 1e-5
    unseen: tuple[float, ...] = ()

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


def power_sign(
    w: np.ndarray, gradients: np.ndarray, rates: np.ndarray
) -> Iterator[np.ndarray]:
    m = np.zeros_like(w)
    for g, alpha in zip(gradients, rates, strict=True):
        m = 0.9 * m + 0.1 * g
        w = w - 0.1 * alpha * np.e ** (np.sign(g) * np.sign(m)) * g
        yield w


def add_sign(
    w: np.ndarray, gradients: np.ndarray, rates: np.ndarray
) -> Iterator[np.ndarray]:
    m = np.zeros_like(w)
    for g, alpha in zip(gradients, rates, strict=True):
        m = 0.9 * m + 0.1 * g
        w = w - 0.1 * alpha * (1.0 + np.sign(g) * np.sign(m)) * g
        yield w


def tiger(
    w: np.ndarray, gradients: np.ndarray, rates: np.ndarray
) -> Iterator[np.ndarray]:
    m = np.zeros_like(w)
    for g, eta in zip(gradients, rates, strict=True):
        m = 0.965 * m + 0.035 * g
        w = w - 0.001 * eta * (np.sign(m) + 0.01 * w)
        yield w


def as_matrix(array: np.ndarray) -> np.ndarray:
    """First axis by the product of the rest."""
    return array.reshape(array.shape[0] if array.ndim else 1, -1)


def on_matrices(
    optimizer: optax.GradientTransformation,
) -> optax.GradientTransformation:
    """The same on the matrix view of every array."""

    def init(params):
        return optimizer.init(jax.tree.map(as_matrix, params))

    def update(grads, state, params=None):
        matrices = jax.tree.map(as_matrix, (grads, params))
        updates, state = optimizer.update(matrices[0], state, matrices[1])
        return jax.tree.map(lambda u, g: u.reshape(g.shape), updates, grads), state

    return optax.GradientTransformation(init, update)


def muon_or_adamw() -> optax.GradientTransformation:
    """Muon for arrays of more than one column, AdamW for the others."""
    return optax.partition(
        {
            "muon": optax.contrib.muon(rate(0.02), weight_decay=0.01),
            "adamw": optax.adamw(rate(0.0003), b2=0.95, weight_decay=0.01),
        },
        lambda params: jax.tree.map(
            lambda array: "muon" if array.shape[1] > 1 else "adamw", params
        ),
    )


def inverse_fourth_root(x: np.ndarray) -> np.ndarray:
    """Damped by a millionth of the largest eigenvalue."""
    values, vectors = np.linalg.eigh(x)
    return vectors @ np.diag((values + 1e-6 * values[-1]) ** -0.25) @ vectors.T


def shampoo(
    w: np.ndarray, gradients: np.ndarray, rates: np.ndarray
) -> Iterator[np.ndarray]:
    g = as_matrix(w)
    left = np.zeros((g.shape[0], g.shape[0]))
    right = np.zeros((g.shape[1], g.shape[1]))
    for g, eta in zip(map(as_matrix, gradients), rates, strict=True):
        left = left + g @ g.T
        right = right + g.T @ g
        direction = inverse_fourth_root(left) @ g @ inverse_fourth_root(right)
        w = w - 0.1 * eta * direction.reshape(w.shape)
        yield w


CASES = {
    "adabelief": Case(optax.adabelief(rate(0.001), eps=1e-8, eps_root=1e-8)),
    "adadelta": Case(optax.adadelta(rate(1.0), rho=0.95, eps=1e-6)),
    "adafactor": Case(
        on_matrices(optax.adafactor(rate(0.01), min_dim_size_to_factor=1)),
        unseen=(1e-30,),
    ),
    "adagrad": Case(optax.adagrad(rate(0.01), initial_accumulator_value=0.0, eps=1e-7)),
    "adam": Case(optax.adam(rate(0.001))),
    "adamax": Case(optax.adamax(rate(0.002))),
    "adamw": Case(
        optax.chain(
            mean_over_root(0.9, 0.999),
            optax.add_decayed_weights(0.01),
            optax.scale_by_learning_rate(rate(0.001)),
        )
    ),
    "adamw_corrected": Case(optax.adamw(rate(0.001), weight_decay=0.01)),
    "addsign": Case(add_sign),
    "amsgrad": Case(
        optax.amsgrad(rate(0.001), bias_correction_mu=False, bias_correction_nu=False)
    ),
    # The trust ratio is of the weights, so an error in them grows with them.
    "lamb": Case(optax.lamb(rate(0.001), weight_decay=0.01), tolerance=3e-5),
    # Where gradient and decay cancel, the 1e-8 that `/` adds to their norm shows.
    "lars": Case(optax.lars(rate(1.0), weight_decay=0.0005), tolerance=2e-4),
    "lion": Case(optax.lion(rate(0.0001), b1=0.9, b2=0.99, weight_decay=1.0)),
    "momentum": Case(optax.sgd(rate(0.1), momentum=0.9)),
    "muon": Case(on_matrices(muon_or_adamw())),
    "nadam": Case(optax.nadam(rate(0.001))),
    "nesterov": Case(optax.sgd(rate(0.1), momentum=0.9, nesterov=True)),
    "powersign": Case(power_sign),
    # The average's length is a small difference of numbers near 2000.
    "radam": Case(optax.radam(rate(0.001)), tolerance=1e-4),
    "rmsprop": Case(optax.rmsprop(rate(0.001), decay=0.9, eps=1e-8, eps_in_sqrt=False)),
    "sgd": Case(optax.sgd(rate(0.1))),
    "shampoo": Case(shampoo),
    "signsgd": Case(optax.sign_sgd(rate(0.0001))),
    "signum": Case(optax.signum(rate(0.0001), beta=0.9)),
    "tiger": Case(tiger),
    "yogi": Case(
        optax.chain(
            optax.scale_by_yogi(eps=1e-3, initial_accumulator_value=0.0),
            optax.scale_by_learning_rate(rate(0.01)),
        )
    ),
}
