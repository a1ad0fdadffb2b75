"""A user's function, as the README shows it."""

from dsl import ANY, Function, Parameter


def softsign(xp, x):  # xp is jax.numpy in float32, or numpy in float64
    return x / (1.0 + xp.abs(x))


FUNCTIONS = [Function("softsign", "x / (1 + |x|)", (Parameter("x", ANY),), softsign)]
