"""Functions of a user: elementwise, of matrices, and with a rule for NumPy alone."""

import jax.nn
import numpy as np

from dsl import ANY, SHAPED, Function, Parameter

X, Y = Parameter("x", ANY), Parameter("y", ANY)


def softsign(xp, x):
    return x / (1.0 + xp.abs(x))


def hypotenuse(xp, x, y):
    return xp.sqrt(x * x + y * y)


def centred(xp, x):
    return x - xp.mean(x)


FUNCTIONS = [
    Function("softsign", "x / (1 + |x|)", (X,), softsign),
    Function("hypotenuse", "root of x x + y y", (X, Y), hypotenuse, commutative=True),
    Function(
        "softplus",
        "ln(1 + e^x)",
        (X,),
        lambda xp, x: jax.nn.softplus(x),
        numpy=lambda xp, x: np.logaddexp(0.0, x),
        aliases=("soft",),
    ),
    Function(
        "centred",
        "x less its mean; (a, b) gives (a, b)",
        (Parameter("x", SHAPED),),
        centred,
        rule=lambda x: x,
        matrices=True,
    ),
]
