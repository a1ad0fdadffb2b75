"""How each function is written for JAX: on one weight array, or on whole trees.

`_names` with an underscore are functions of `templates/jax_functions.txt`, of which
the export gets those that it calls. Leafwise values are arrays of no dimension.
"""

from __future__ import annotations

from evosearch.export.formula import ATOM, PRODUCT, SIGN, SUM, Formula, infix
from evosearch.export.trace import CLIP_FACTOR

_QUOTIENT = Formula("{0} / ({1} + EPSILON)", PRODUCT, (PRODUCT, SUM))

LION = {
    "abs": Formula("jnp.abs({0})"),
    "cos": Formula("jnp.cos({0})"),
    "sin": Formula("jnp.sin({0})"),
    "tan": Formula("jnp.tan({0})"),
    "arcsin": Formula("jnp.arcsin({0})"),
    "arccos": Formula("jnp.arccos({0})"),
    "arctan": Formula("jnp.arctan({0})"),
    "exp": Formula("jnp.exp({0})"),
    "log": Formula("jnp.log(jnp.abs({0}))"),
    "sinh": Formula("jnp.sinh({0})"),
    "cosh": Formula("jnp.cosh({0})"),
    "tanh": Formula("jnp.tanh({0})"),
    "arcsinh": Formula("jnp.arcsinh({0})"),
    "arccosh": Formula("jnp.arccosh({0})"),
    "arctanh": Formula("jnp.arctanh({0})"),
    "sign": Formula("jnp.sign({0})"),
    "exp2": Formula("jnp.exp2({0})"),
    "exp10": Formula("jnp.power(10.0, {0})"),
    "expm1": Formula("jnp.expm1({0})"),
    "log10": Formula("jnp.log10(jnp.abs({0}))"),
    "log2": Formula("jnp.log2(jnp.abs({0}))"),
    "log1p": Formula("_log1p({0})"),
    "square": Formula("jnp.square({0})"),
    "sqrt": Formula("jnp.sqrt(jnp.abs({0}))"),
    "cube": Formula("_cube({0})"),
    "cbrt": Formula("jnp.cbrt({0})"),
    "reciprocal": Formula("1.0 / ({0} + EPSILON)", PRODUCT, (SUM,)),
    "negative": Formula("-{0}", SIGN, (SIGN,)),
    "add": infix("+", SUM),
    "subtract": infix("-", SUM),
    "multiply": infix("*", PRODUCT),
    "divide": _QUOTIENT,
    "power": Formula("jnp.power({0}, {1})"),
    "maximum": Formula("jnp.maximum({0}, {1})"),
    "minimum": Formula("jnp.minimum({0}, {1})"),
    "norm": Formula("_norm({0})"),
    "global_norm": Formula("_global_norm({0})"),
    "dot": Formula("_dot({0}, {1})"),
    "cosine_sim": Formula("_cosine_similarity({0}, {1})"),
    CLIP_FACTOR: Formula("_clip_factor({0}, {1})"),
    "interpolate": Formula("_interpolate({0}, {1}, {2})"),
    "get_pi": Formula("jnp.pi"),
    "get_e": Formula("jnp.e"),
    "get_eps": Formula("EPSILON"),
}

MATRIX = {
    "matmul": infix("@", PRODUCT),
    "transpose": Formula("{0}.T", ATOM, (ATOM,)),
    "outer": Formula("{0} * {1}.T", PRODUCT, (PRODUCT, ATOM)),
    "trace": Formula("jnp.trace({0})"),
    "diagonal": Formula("jnp.diagonal({0})[:, None]"),
    "row_mean": Formula("jnp.mean({0}, axis=1, keepdims=True)"),
    "col_mean": Formula("jnp.mean({0}, axis=0, keepdims=True)"),
    "row_sum": Formula("jnp.sum({0}, axis=1, keepdims=True)"),
    "col_sum": Formula("jnp.sum({0}, axis=0, keepdims=True)"),
    "row_count": Formula("_row_count({0})"),
    "col_count": Formula("_row_count({0}.T)", ATOM, (ATOM,)),
    "inverse_root": Formula("_inverse_root({0}, {1})"),
    "orthogonalize": Formula("_orthogonalize({0})"),
}

FORMULAS = LION | MATRIX

WITHOUT_MATRIX = ("transpose", "outer", "row_count", "col_count")
"""Functions of matrices that take an array of no dimension for a 1 by 1 matrix."""

LEAFWISE_MATRIX = Formula("jnp.reshape({0}, (1, 1))")
"""A Leafwise value as a matrix, for the others."""
MATRIX_LEAFWISE = Formula("jnp.reshape({0}, ())")
"""And back."""
