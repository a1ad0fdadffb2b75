"""The paper's functions, and `negative`: the set `lion`.

A formula is written once, over an array namespace `xp` (`jax.numpy` in float32 for
training, `numpy` in float64 as the reference).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from dsl.rows import EPSILON, Function, Parameter, Space
from dsl.types import ANY, Type

_X, _Y = Parameter("x", ANY), Parameter("y", ANY)
_TREE_X, _TREE_Y = Parameter("x", (Type.TREE,)), Parameter("y", (Type.TREE,))


def _unary(name: str, doc: str, formula: Callable[..., Any]) -> Function:
    return Function(name, doc, (_X,), formula)


def _binary(name: str, doc: str, formula: Callable[..., Any], **facts: Any) -> Function:
    return Function(name, doc, (_X, _Y), formula, **facts)


def _constant(name: str, doc: str, value: float) -> Function:
    return Function(name, doc, (), lambda xp: xp.asarray(value), Type.SCALAR)


def _divide(xp: Any, x: Any, y: Any) -> Any:
    return x / (y + EPSILON)


def _power(xp: Any, x: Any, y: Any) -> Any:
    # NumPy alone takes the square root where y is one number 0.5, as if x were not
    # -0 or -inf: there it gives -0 and NaN, and 0 and inf for an array of 0.5.
    root_of_itself = (y == 0.5) & ((x == 0.0) | (xp.abs(x) == xp.inf))
    return xp.where(root_of_itself, xp.abs(x), xp.power(x, y))


def _maximum(xp: Any, x: Any, y: Any) -> Any:
    # Of 0 and -0 it is 0, as in XLA; NumPy alone gives the one that comes second.
    both_zero = (x == 0.0) & (y == 0.0)
    return xp.where(both_zero, x + y, xp.maximum(x, y))


def _minimum(xp: Any, x: Any, y: Any) -> Any:
    return -_maximum(xp, -x, -y)


def _global_norm(xp: Any, space: Space, x: Any) -> Any:
    return xp.sqrt(xp.sum(space.inner(x, x)))


def _dot(xp: Any, space: Space, x: Any, y: Any) -> Any:
    return xp.sum(space.inner(x, y))


def _cosine_similarity(xp: Any, space: Space, x: Any, y: Any) -> Any:
    norms = _global_norm(xp, space, x) * _global_norm(xp, space, y)
    return _divide(xp, _dot(xp, space, x, y), norms)


def _clip(xp: Any, space: Space, x: Any, limit: Any) -> Any:
    ratio = _divide(xp, limit, _global_norm(xp, space, x))
    return space.scale(x, xp.minimum(1.0, ratio))


LION = (
    _unary("abs", "|x|", lambda xp, x: xp.abs(x)),
    _unary("cos", "cos(x)", lambda xp, x: xp.cos(x)),
    _unary("sin", "sin(x)", lambda xp, x: xp.sin(x)),
    _unary("tan", "tan(x)", lambda xp, x: xp.tan(x)),
    _unary("arcsin", "arcsin(x), NaN beyond 1", lambda xp, x: xp.arcsin(x)),
    _unary("arccos", "arccos(x), NaN beyond 1", lambda xp, x: xp.arccos(x)),
    _unary("arctan", "arctan(x)", lambda xp, x: xp.arctan(x)),
    _unary("exp", "e^x", lambda xp, x: xp.exp(x)),
    _unary("log", "ln |x|", lambda xp, x: xp.log(xp.abs(x))),
    _unary("sinh", "sinh(x)", lambda xp, x: xp.sinh(x)),
    _unary("cosh", "cosh(x)", lambda xp, x: xp.cosh(x)),
    _unary("tanh", "tanh(x)", lambda xp, x: xp.tanh(x)),
    _unary("arcsinh", "arcsinh(x)", lambda xp, x: xp.arcsinh(x)),
    _unary("arccosh", "arccosh(x), NaN below 1", lambda xp, x: xp.arccosh(x)),
    _unary("arctanh", "arctanh(x), NaN beyond 1", lambda xp, x: xp.arctanh(x)),
    _unary("sign", "-1, 0 or 1", lambda xp, x: xp.sign(x)),
    _unary("exp2", "2^x", lambda xp, x: xp.exp2(x)),
    _unary("exp10", "10^x", lambda xp, x: xp.power(10.0, x)),
    _unary("expm1", "e^x - 1", lambda xp, x: xp.expm1(x)),
    _unary("log10", "log10 |x|", lambda xp, x: xp.log10(xp.abs(x))),
    _unary("log2", "log2 |x|", lambda xp, x: xp.log2(xp.abs(x))),
    # |1 + x| - 1 is max(x, -2 - x), which loses no digits where x is small.
    _unary("log1p", "ln |1 + x|", lambda xp, x: xp.log1p(xp.maximum(x, -2.0 - x))),
    _unary("square", "x x", lambda xp, x: x * x),
    _unary("sqrt", "square root of |x|", lambda xp, x: xp.sqrt(xp.abs(x))),
    _unary("cube", "x x x", lambda xp, x: x * x * x),
    _unary("cbrt", "cube root of x", lambda xp, x: xp.cbrt(x)),
    _unary("reciprocal", "1 / (x + 1e-8)", lambda xp, x: 1.0 / (x + EPSILON)),
    Function("negative", "-x", (_X,), lambda xp, x: -x, symbol="-"),
    _binary("add", "x + y", lambda xp, x, y: x + y, symbol="+", commutative=True),
    _binary("subtract", "x - y", lambda xp, x, y: x - y, symbol="-"),
    _binary("multiply", "x y", lambda xp, x, y: x * y, symbol="*", commutative=True),
    _binary("divide", "x / (y + 1e-8)", _divide, symbol="/"),
    _binary(
        "power",
        "x^y, NaN for finite x < 0 and finite y that is not whole",
        _power,
    ),
    _binary(
        "maximum",
        "the larger of x and y, NaN if either is",
        _maximum,
        aliases=("max",),
        commutative=True,
    ),
    _binary(
        "minimum",
        "the smaller of x and y, NaN if either is",
        _minimum,
        aliases=("min",),
        commutative=True,
    ),
    Function(
        "norm",
        "2-norm of each weight array",
        (_TREE_X,),
        lambda xp, space, x: xp.sqrt(space.inner(x, x)),
        Type.LEAFWISE,
        reduces=True,
    ),
    Function(
        "global_norm",
        "2-norm of the whole tree as one vector",
        (_TREE_X,),
        _global_norm,
        Type.SCALAR,
        reduces=True,
    ),
    Function(
        "dot",
        "inner product of two trees as vectors",
        (_TREE_X, _TREE_Y),
        _dot,
        Type.SCALAR,
        commutative=True,
        reduces=True,
    ),
    Function(
        "cosine_sim",
        "dot(x, y) / (global_norm(x) global_norm(y) + 1e-8)",
        (_TREE_X, _TREE_Y),
        _cosine_similarity,
        Type.SCALAR,
        commutative=True,
        reduces=True,
    ),
    Function(
        "clip_by_global_norm",
        "x min(1, limit / (global_norm(x) + 1e-8))",
        (_TREE_X, Parameter("limit", (Type.SCALAR,))),
        _clip,
        Type.TREE,
        aliases=("clip",),
        printed="clip",
        reduces=True,
    ),
    Function(
        "interpolate",
        "(1 - a) x + a y",
        (_X, _Y, Parameter("a", (Type.SCALAR,))),
        lambda xp, x, y, a: (1.0 - a) * x + a * y,
        aliases=("interp",),
        printed="interp",
    ),
    _constant("get_pi", "pi", math.pi),
    _constant("get_e", "e", math.e),
    _constant("get_eps", "1e-8", EPSILON),
)
