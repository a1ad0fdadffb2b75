"""What each function of the language is, in plain Python numbers and lists."""

import math
from collections.abc import Callable, Sequence
from typing import Any


def quotient(x: float, y: float) -> float:
    """Division as IEEE has it: by 0 too."""
    if y != 0.0:
        return x / y
    if x == 0.0 or math.isnan(x):
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def total(
    function: Callable[[float], float], overflow: Callable[[float], float] = abs
) -> Callable[[float], float]:
    """A function of `math`, NaN outside its domain, infinite where it overflows."""

    def extended(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return math.nan
        except OverflowError:
            return overflow(x) * math.inf

    return extended


def logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: -math.inf if x == 0.0 else function(abs(x))


def log_of_one_plus(x: float) -> float:
    if x == -1.0:
        return -math.inf
    return math.log(-1.0 - x) if x < -1.0 else math.log1p(x)


def area_tangent(x: float) -> float:
    return math.copysign(math.inf, x) if abs(x) == 1.0 else total(math.atanh)(x)


def power(x: float, y: float) -> float:
    odd = math.isfinite(y) and y % 2.0 == 1.0
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0.0 and odd else math.inf
    except ValueError:
        if x != 0.0:
            return math.nan
        return math.copysign(math.inf, x) if odd else math.inf


def sign(x: float) -> float:
    return math.nan if math.isnan(x) else float((x > 0.0) - (x < 0.0))


def larger(x: float, y: float) -> float:
    return math.nan if math.isnan(x) or math.isnan(y) else (x if x > y else y)


def smaller(x: float, y: float) -> float:
    return math.nan if math.isnan(x) or math.isnan(y) else (x if x < y else y)


UNARY: dict[str, Callable[[float], float]] = {
    "abs": lambda x: math.copysign(x, 1.0),
    "cos": total(math.cos),
    "sin": total(math.sin),
    "tan": total(math.tan),
    "arcsin": total(math.asin),
    "arccos": total(math.acos),
    "arctan": math.atan,
    "exp": total(math.exp),
    "log": logarithm(math.log),
    "sinh": total(math.sinh, sign),
    "cosh": total(math.cosh),
    "tanh": math.tanh,
    "arcsinh": math.asinh,
    "arccosh": total(math.acosh),
    "arctanh": area_tangent,
    "sign": sign,
    "exp2": total(lambda x: math.pow(2.0, x)),
    "exp10": total(lambda x: math.pow(10.0, x)),
    "expm1": total(math.expm1),
    "log10": logarithm(math.log10),
    "log2": logarithm(math.log2),
    "log1p": log_of_one_plus,
    "square": lambda x: x * x,
    "sqrt": lambda x: math.sqrt(abs(x)),
    "cube": lambda x: x * x * x,
    "cbrt": math.cbrt,
    "reciprocal": lambda x: quotient(1.0, x + 1e-8),
    "negative": lambda x: 0.0 - x,
}
BINARY: dict[str, Callable[[float, float], float]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: quotient(x, y + 1e-8),
    "power": power,
    "maximum": larger,
    "minimum": smaller,
}
Tree = list[list[float]]


def length(values: Sequence[float]) -> float:
    return math.sqrt(math.fsum(value * value for value in values))


def flat(tree: Tree) -> list[float]:
    return [value for leaf in tree for value in leaf]


def inner(x: Tree, y: Tree) -> float:
    return math.fsum(a * b for a, b in zip(flat(x), flat(y), strict=True))


def scaled(x: Tree, factor: float) -> Tree:
    return [[value * factor for value in leaf] for leaf in x]


def clipped(x: Tree, limit: float) -> Tree:
    return scaled(x, min(1.0, quotient(limit, length(flat(x)) + 1e-8)))


def blended(x: Tree, y: Tree, share: float) -> Tree:
    pairs = zip(x, y, strict=True)
    return [
        [(1.0 - share) * a + share * b for a, b in zip(p, q, strict=True)]
        for p, q in pairs
    ]


TREES: dict[str, Callable[[Tree, Tree, float], Any]] = {
    "norm": lambda x, y, a: [length(leaf) for leaf in x],
    "global_norm": lambda x, y, a: length(flat(x)),
    "dot": lambda x, y, a: inner(x, y),
    "cosine_sim": lambda x, y, a: quotient(
        inner(x, y), length(flat(x)) * length(flat(y)) + 1e-8
    ),
    "clip_by_global_norm": lambda x, y, a: clipped(x, a),
    "interpolate": lambda x, y, a: blended(x, y, a),
}
CONSTANTS = {
    "get_pi": 3.141592653589793,
    "get_e": 2.718281828459045,
    "get_eps": 0.00000001,
}
REFERENCES = {**UNARY, **BINARY, **TREES, **CONSTANTS}
