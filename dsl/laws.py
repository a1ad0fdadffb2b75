"""The laws that simplify programs, one a line, in the order in which they are tried.

An exact law holds bit for bit in float32, for infinities and NaN too, subnormal numbers
aside. Every other is one of real arithmetic, for finite values: it may move what is
rounded, and at the places that its `unless` names more.

`a`, `b` and `c` are constants; `x / y` is x / (y + 1e-8), `sqrt` and `log` are of |x|.
"""

from __future__ import annotations

from dsl.program_laws import FOLDING, SHARED
from dsl.rewriting import Law, Rule
from dsl.state_laws import STATE_LAWS

SMALL = "a denominator is not well above 1e-8"
LARGE = "a value overflows or saturates"

_ODD = [
    "sin",
    "tan",
    "arcsin",
    "arctan",
    "sinh",
    "tanh",
    "arcsinh",
    "arctanh",
    "sign",
    "cbrt",
]
_OF_SIZE = [
    "abs",
    "square",
    "sqrt",
    "log",
    "log2",
    "log10",
]
_EVEN = [
    "cos",
    "cosh",
]
_NORMS = [
    "norm",
    "global_norm",
]
_SIGN_KEEPING = [
    "arctan",
    "sinh",
    "tanh",
    "arcsinh",
    "cube",
    "cbrt",
    "expm1",
]
_WITHIN_ONE = [
    "arcsin",
    "arctanh",
]

IDENTITIES = (
    Law("times one", "x * 1.0", "x", exact=True),
    Law("over one", "x / 1.0", "x", exact=True),
    Law("minus zero", "x - 0.0", "x", exact=True),
    Law("plus minus zero", "x + -0.0", "x", exact=True),
    Law("plus zero", "x + 0.0", "x"),
    Law("plus no tree", "y + x * 0.0", "y"),
    Law("minus no tree", "y - x * 0.0", "y"),
    Law("plus a difference with itself", "y + (x - x)", "y"),
    Law("to the power of one", "power(x, 1.0)", "x"),
    Law("to the power of two", "power(x, 2.0)", "square(x)"),
    Law("to the power of three", "power(x, 3.0)", "cube(x)"),
    Law("to the power of a half", "power(x, 0.5)", "sqrt(x)", "0 <= x"),
    Law("to the power of minus one", "power(x, -1.0)", "reciprocal(x)", unless=SMALL),
    Law("the larger of one", "maximum(x, x)", "x", exact=True),
    Law("the smaller of one", "minimum(x, x)", "x", exact=True),
    Law("between one", "interp(x, x, z)", "x"),
    Law("all of the first", "interp(x, y, 0.0)", "x"),
    Law("all of the second", "interp(x, y, 1.0)", "y"),
    Law("first of two added", "(x + y) - y", "x"),
    Law("first of two subtracted", "(x - y) + y", "x"),
    Law("difference to a difference", "x - (x - y)", "y"),
)

SIGNS = (
    Law("double negation", "-(-x)", "x", exact=True),
    Law("times minus one", "x * -1.0", "-x", exact=True),
    Law("minus zero minus", "-0.0 - x", "-x", exact=True),
    Law("zero minus", "0.0 - x", "-x"),
    Law("plus a negative", "x + (-y)", "x - y", exact=True),
    Law("minus a negative", "x - (-y)", "x + y", exact=True),
    Law("negative of a difference", "-(x - y)", "y - x"),
    Law("negative minus", "(-x) - y", "-(x + y)"),
    Law("product of negatives", "(-x) * (-y)", "x * y", exact=True),
    Law("negative of a multiple", "-(x * a)", "x * (-a)", exact=True),
    Law("multiple of a negative", "(-x) * a", "x * (-a)", exact=True),
    Law("product of a negative", "(-x) * y", "-(x * y)", exact=True),
    Law("quotient of a negative", "(-x) / y", "-(x / y)", exact=True),
    Law("quotient by a negative", "x / (-y)", "-(x / y)", unless=SMALL),
    Law("between negatives", "interp(-x, -y, z)", "-interp(x, y, z)"),
    Law("the larger negative", "maximum(-x, -y)", "-minimum(x, y)", exact=True),
    Law("the smaller negative", "minimum(-x, -y)", "-maximum(x, y)", exact=True),
    Law("a clipped negative", "clip(-x, y)", "-clip(x, y)", exact=True),
    Law("cube is odd", "cube(-x)", "-cube(x)", exact=True),
    *(Law(f"{f} is odd", f"{f}(-x)", f"-{f}(x)") for f in _ODD),
    *(Law(f"{f} is even", f"{f}(-x)", f"{f}(x)") for f in _EVEN),
    *(Law(f"{f} of abs", f"{f}(abs(x))", f"{f}(x)") for f in _EVEN),
    *(Law(f"{f} is even", f"{f}(-x)", f"{f}(x)", exact=True) for f in _OF_SIZE),
    *(Law(f"{f} of abs", f"{f}(abs(x))", f"{f}(x)", exact=True) for f in _OF_SIZE),
    *(Law(f"{f} is even", f"{f}(-x)", f"{f}(x)", exact=True) for f in _NORMS),
    *(Law(f"{f} of abs", f"{f}(abs(x))", f"{f}(x)", exact=True) for f in _NORMS),
)

SIZES = (
    Law("abs of what is not negative", "abs(x)", "x", "0 <= x", exact=True),
    Law("abs of what is not positive", "abs(x)", "-x", "x <= 0"),
    Law("product with itself", "x * x", "square(x)", exact=True),
    Law("square times itself", "square(x) * x", "cube(x)", exact=True),
    Law("root of a square", "sqrt(square(x))", "abs(x)", unless=LARGE),
    Law("square of a root", "square(sqrt(x))", "abs(x)"),
    Law("cube root of a cube", "cbrt(cube(x))", "x", unless=LARGE),
    Law("cube of a cube root", "cube(cbrt(x))", "x"),
    Law("product of roots", "sqrt(x) * sqrt(y)", "sqrt(x * y)", unless=LARGE),
    Law("sign of a sign", "sign(sign(x))", "sign(x)", exact=True),
    Law("sign times itself", "sign(x) * x", "abs(x)"),
    Law("abs times sign", "abs(x) * sign(x)", "x"),
    Law("over its abs", "x / abs(x)", "sign(x)", unless=SMALL),
    Law("abs over itself", "abs(x) / x", "sign(x)", unless=SMALL),
    Law("product over abs", "(x * y) / abs(x)", "y * sign(x)", unless=SMALL),
    Law("product over itself", "(x * y) / x", "y", "0 < x", unless=SMALL),
    Law("quotient times itself", "(x / y) * y", "x", "0 < y", unless=SMALL),
    Law("square over itself", "square(x) / x", "x", unless=SMALL),
    Law("square over abs", "square(x) / abs(x)", "abs(x)", unless=SMALL),
    Law("one over", "1.0 / x", "reciprocal(x)", exact=True),
    Law("times a reciprocal", "x * reciprocal(y)", "x / y"),
    Law("over a reciprocal", "x / reciprocal(y)", "x * y", unless=SMALL),
    Law("reciprocal of one", "reciprocal(reciprocal(x))", "x", unless=SMALL),
    Law("reciprocal of a quotient", "reciprocal(x / y)", "y / x", unless=SMALL),
)

INSIDE_SIGN = (
    Law("sign of a positive multiple", "sign(x * y)", "sign(x)", "0 < y", unless=LARGE),
    Law("sign of a negative multiple", "sign(x * a)", "-sign(x)", "a < 0"),
    Law("sign over a positive", "sign(x / y)", "sign(x)", "0 <= y", unless=LARGE),
    Law("sign of a clipped tree", "sign(clip(x, y))", "sign(x)", "0 < y"),
    *(Law(f"{f} keeps signs", f"sign({f}(x))", "sign(x)") for f in _SIGN_KEEPING),
    *(
        Law(f"{f} keeps signs", f"sign({f}(x))", "sign(x)", "-1 <= x <= 1")
        for f in _WITHIN_ONE
    ),
    Law("times a positive's sign", "x * sign(y)", "x", "0 < y"),
)

BOUNDS = (
    Law("no maximum", "maximum(x, a)", "x", "a <= x", exact=True),
    Law("no minimum", "minimum(x, a)", "x", "x <= a", exact=True),
    # Inexact, as either may be NaN.
    Law("maximum that cannot bind", "maximum(x, y)", "x", "y <= x"),
    Law("minimum that cannot bind", "minimum(x, y)", "x", "x <= y"),
    Law("maxima", "maximum(maximum(x, a), b)", "maximum(x, max(a, b))", exact=True),
    Law("minima", "minimum(minimum(x, a), b)", "minimum(x, min(a, b))", exact=True),
    Law("maximum again", "maximum(maximum(x, y), y)", "maximum(x, y)", exact=True),
    Law("minimum again", "minimum(minimum(x, y), y)", "minimum(x, y)", exact=True),
    Law("clip again", "clip(clip(x, y), y)", "clip(x, y)", "0 <= y"),
    Law(
        "clip after a tighter clip", "clip(clip(x, y), z)", "clip(x, y)", "0 <= y <= z"
    ),
    Law("clip after a wider clip", "clip(clip(x, y), z)", "clip(x, z)", "0 <= z <= y"),
)

SCALINGS = (
    # Before multiples of multiples, which take shared factors apart.
    Law("common factor inside", "x * z + (z * a) * y", "(x + y * a) * z"),
    Law("common factor less inside", "x * z - (z * a) * y", "(x - y * a) * z"),
    Law("common factor less outside", "(z * a) * y - x * z", "(y * a - x) * z"),
    Law("common factor outside", "x * z + (z * y) * a", "(x + y * a) * z"),
    Law(
        "common factor and two rates",
        "(z * a) * x + (z * b) * y",
        "(x + y * (b / a)) * (z * a)",
    ),
    Law("minus a constant", "x - a", "x + (-a)", exact=True),
    Law("sums of constants", "(x + a) + b", "x + (a + b)"),
    Law("over a constant", "x / a", "x * reciprocal(a)"),
    Law("multiple of a multiple", "(x * a) * b", "x * (a * b)"),
    Law("multiple of a quotient", "(a / x) * b", "(a * b) / x"),
    Law("constant over a multiple", "a / (x * b)", "(a / b) / x", unless=SMALL),
    Law("product of multiples", "(x * a) * (y * b)", "(x * y) * (a * b)"),
    Law(
        "quotient of multiples", "(x * a) / (y * b)", "(x / y) * (a / b)", unless=SMALL
    ),
    Law("multiple of a square", "square(x * a) * b", "square(x) * (square(a) * b)"),
    Law("multiple of a root", "sqrt(x * a) * b", "sqrt(x) * (sqrt(a) * b)"),
    Law("multiple of a size", "abs(x * a) * b", "abs(x) * (abs(a) * b)"),
    Law("sum with itself", "x + x", "x * 2.0", exact=True),
    Law("multiple plus itself", "x * a + x", "x * (a + 1.0)"),
    Law("multiple minus itself", "x * a - x", "x * (a - 1.0)"),
    Law("itself minus a multiple", "x - x * a", "x * (1.0 - a)"),
    Law("sum of multiples", "x * a + x * b", "x * (a + b)"),
    Law("difference of multiples", "x * a - x * b", "x * (a - b)"),
    Law("interpolation written out", "y * a + x * (1.0 - a)", "interp(x, y, a)"),
    Law("common factor of a sum", "x * z + y * z", "(x + y) * z"),
    Law("common factor of a difference", "x * z - y * z", "(x - y) * z"),
    Law("common factor and a sum", "x * z + z", "(x + 1.0) * z"),
    Law("common denominator", "x / z + y / z", "(x + y) / z"),
    Law("common denominator, less", "x / z - y / z", "(x - y) / z"),
    Law("common factor between", "interp(x * z, y * z, u)", "interp(x, y, u) * z"),
)

INTERPOLATIONS = (
    Law(
        "interpolation towards the first, twice",
        "interp(x, interp(x, y, a), b)",
        "interp(x, y, a * b)",
    ),
    Law(
        "interpolation towards the second, twice",
        "interp(interp(x, y, a), y, b)",
        "interp(x, y, 1.0 - (1.0 - a) * (1.0 - b))",
    ),
    Law(
        "interpolation back to the first",
        "interp(interp(x, y, a), x, b)",
        "interp(x, y, a * (1.0 - b))",
    ),
    Law(
        "interpolation back to the second",
        "interp(y, interp(x, y, a), b)",
        "interp(x, y, 1.0 - b * (1.0 - a))",
    ),
)

INVERSES = (
    Law("exp of log", "exp(log(x))", "abs(x)"),
    Law("exp2 of log2", "exp2(log2(x))", "abs(x)"),
    Law("exp10 of log10", "exp10(log10(x))", "abs(x)"),
    Law("log of exp", "log(exp(x))", "x", unless=LARGE),
    Law("log2 of exp2", "log2(exp2(x))", "x", unless=LARGE),
    Law("log10 of exp10", "log10(exp10(x))", "x", unless=LARGE),
    Law("expm1 of log1p", "expm1(log1p(x))", "x", "-1 <= x"),
    Law("log1p of expm1", "log1p(expm1(x))", "x", unless=LARGE),
    Law("sin of arcsin", "sin(arcsin(x))", "x", "-1 <= x <= 1"),
    Law("cos of arccos", "cos(arccos(x))", "x", "-1 <= x <= 1"),
    Law("tan of arctan", "tan(arctan(x))", "x", unless=LARGE),
    Law("sinh of arcsinh", "sinh(arcsinh(x))", "x"),
    Law("arcsinh of sinh", "arcsinh(sinh(x))", "x", unless=LARGE),
    Law("tanh of arctanh", "tanh(arctanh(x))", "x", "-1 <= x <= 1"),
    Law("arctanh of tanh", "arctanh(tanh(x))", "x", unless=LARGE),
    Law("cosh of arccosh", "cosh(arccosh(x))", "x", "1 <= x"),
)

LAWS: tuple[Rule, ...] = (
    *FOLDING,
    SHARED,
    *IDENTITIES,
    *SIGNS,
    *SIZES,
    *INSIDE_SIGN,
    *BOUNDS,
    *SCALINGS,
    *INTERPOLATIONS,
    *INVERSES,
    *STATE_LAWS,
)
"""All laws but that dead statements and states may go, which follows every step."""
