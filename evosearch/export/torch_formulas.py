"""How each function is written for PyTorch: of one tensor, of lists, of numbers.

A value of the whole model is a number of Python as long as it follows from numbers.
Names with an underscore are functions of `templates/torch_functions.txt`.
"""

from __future__ import annotations

from evosearch.export.formula import ATOM, PRODUCT, SIGN, SUM, Formula, infix
from evosearch.export.trace import CLIP_FACTOR

LION = {
    "abs": Formula("torch.abs({0})"),
    "cos": Formula("torch.cos({0})"),
    "sin": Formula("torch.sin({0})"),
    "tan": Formula("torch.tan({0})"),
    "arcsin": Formula("torch.asin({0})"),
    "arccos": Formula("torch.acos({0})"),
    "arctan": Formula("torch.atan({0})"),
    "exp": Formula("torch.exp({0})"),
    "log": Formula("torch.log(torch.abs({0}))"),
    "sinh": Formula("torch.sinh({0})"),
    "cosh": Formula("torch.cosh({0})"),
    "tanh": Formula("torch.tanh({0})"),
    "arcsinh": Formula("torch.asinh({0})"),
    "arccosh": Formula("torch.acosh({0})"),
    "arctanh": Formula("torch.atanh({0})"),
    "sign": Formula("_sign({0})"),
    "exp2": Formula("torch.exp2({0})"),
    "exp10": Formula("torch.pow(10.0, {0})"),
    "expm1": Formula("torch.expm1({0})"),
    "log10": Formula("torch.log10(torch.abs({0}))"),
    "log2": Formula("torch.log2(torch.abs({0}))"),
    "log1p": Formula("_log1p({0})"),
    "square": Formula("torch.square({0})"),
    "sqrt": Formula("torch.sqrt(torch.abs({0}))"),
    "cube": Formula("_cube({0})"),
    "cbrt": Formula("_cbrt({0})"),
    "reciprocal": Formula("1.0 / ({0} + EPSILON)", PRODUCT, (SUM,)),
    "negative": Formula("-{0}", SIGN, (SIGN,)),
    "add": infix("+", SUM),
    "subtract": infix("-", SUM),
    "multiply": infix("*", PRODUCT),
    "divide": Formula("{0} / ({1} + EPSILON)", PRODUCT, (PRODUCT, SUM)),
    "power": Formula("_power({0}, {1})"),
    "maximum": Formula("_maximum({0}, {1})"),
    "minimum": Formula("-_maximum(-{0}, -{1})", SIGN, (SIGN, SIGN)),
    "norm": Formula("torch.linalg.vector_norm({0})"),
    "global_norm": Formula("_global_norm({0})"),
    "dot": Formula("_dot({0}, {1})"),
    "cosine_sim": Formula("_cosine_similarity({0}, {1})"),
    CLIP_FACTOR: Formula("_clip_factor({0}, {1})"),
    "interpolate": Formula("_interpolate({0}, {1}, {2})"),
    "get_pi": Formula("math.pi"),
    "get_e": Formula("math.e"),
    "get_eps": Formula("EPSILON"),
}

MATRIX = {
    "matmul": infix("@", PRODUCT),
    "transpose": Formula("{0}.mT", ATOM, (ATOM,)),
    "outer": Formula("{0} * {1}.mT", PRODUCT, (PRODUCT, ATOM)),
    "trace": Formula("torch.trace({0})"),
    "diagonal": Formula("torch.diagonal({0})[:, None]"),
    "row_mean": Formula("torch.mean({0}, dim=1, keepdim=True)"),
    "col_mean": Formula("torch.mean({0}, dim=0, keepdim=True)"),
    "row_sum": Formula("torch.sum({0}, dim=1, keepdim=True)"),
    "col_sum": Formula("torch.sum({0}, dim=0, keepdim=True)"),
    "row_count": Formula("{0}.new_tensor({0}.shape[0])", ATOM, (ATOM,)),
    "col_count": Formula("{0}.new_tensor({0}.shape[1])", ATOM, (ATOM,)),
    "inverse_root": Formula("_inverse_root({0}, {1})"),
    "orthogonalize": Formula("_orthogonalize({0})"),
}

FORMULAS = LION | MATRIX

VIEWS = ("transpose", "diagonal")
"""Functions whose value is the memory of their operand, shown in another way."""

ONE_AFTER_THE_OTHER: dict[str, tuple[str, ...]] = {
    "abs": ("abs",),
    "cos": ("cos",),
    "sin": ("sin",),
    "tan": ("tan",),
    "arcsin": ("asin",),
    "arccos": ("acos",),
    "arctan": ("atan",),
    "exp": ("exp",),
    "log": ("abs", "log"),
    "sinh": ("sinh",),
    "cosh": ("cosh",),
    "tanh": ("tanh",),
    "expm1": ("expm1",),
    "log10": ("abs", "log10"),
    "log2": ("abs", "log2"),
    "sqrt": ("abs", "sqrt"),
    "negative": ("neg",),
}
"""Functions of one list that `torch._foreach_*` has, as those to be called."""

OF_TWO = {
    "add": "add",
    "subtract": "sub",
    "multiply": "mul",
    "maximum": "maximum",
    "minimum": "minimum",
}
"""Functions of a list and a list, or of a list and a number, that it has."""

SWAPPED = ("add", "multiply", "maximum", "minimum")
"""Of these, those for which number and list may change places."""

OF_NUMBERS = {
    "abs": Formula("abs({0})"),
    "negative": FORMULAS["negative"],
    "add": FORMULAS["add"],
    "subtract": FORMULAS["subtract"],
    "multiply": FORMULAS["multiply"],
    "divide": Formula("_quotient({0}, {1})"),
    "interpolate": Formula(
        "(1.0 - {2}) * {0} + {2} * {1}", SUM, (PRODUCT, PRODUCT, ATOM)
    ),
    "get_pi": FORMULAS["get_pi"],
    "get_e": FORMULAS["get_e"],
    "get_eps": FORMULAS["get_eps"],
}
"""Functions of Python's numbers that never raise; the others go through tensors."""
