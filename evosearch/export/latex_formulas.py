r"""How each function is written in LaTeX; \varepsilon is the 1e-8 of a division."""

from __future__ import annotations

from evosearch.export.formula import ATOM, POWER, PRODUCT, SIGN, SUM, Formula, infix


def _named(name: str) -> Formula:
    return Formula(rf"\{name}\left({{0}}\right)")


def _operator(name: str, count: int = 1) -> Formula:
    inside = ", ".join(f"{{{place}}}" for place in range(count))
    return Formula(rf"\operatorname{{{{{name}}}}}\left({inside}\right)")


def _raised(base: str) -> Formula:
    return Formula(f"{base}^{{{{{{0}}}}}}", POWER)


LION = {
    "abs": Formula(r"\left|{0}\right|"),
    "cos": _named("cos"),
    "sin": _named("sin"),
    "tan": _named("tan"),
    "arcsin": _named("arcsin"),
    "arccos": _named("arccos"),
    "arctan": _named("arctan"),
    "exp": _raised("e"),
    "log": Formula(r"\ln\left|{0}\right|", PRODUCT),
    "sinh": _named("sinh"),
    "cosh": _named("cosh"),
    "tanh": _named("tanh"),
    "arcsinh": _operator("arsinh"),
    "arccosh": _operator("arcosh"),
    "arctanh": _operator("artanh"),
    "sign": _operator("sign"),
    "exp2": _raised("2"),
    "exp10": _raised("10"),
    "expm1": Formula("e^{{{0}}} - 1", SUM),
    "log10": Formula(r"\log_{{10}}\left|{0}\right|", PRODUCT),
    "log2": Formula(r"\log_2\left|{0}\right|", PRODUCT),
    "log1p": Formula(r"\ln\left|1 + {0}\right|", PRODUCT, (SUM + 1,)),
    "square": Formula("{0}^2", POWER, (ATOM,)),
    "sqrt": Formula(r"\sqrt{{\left|{0}\right|}}"),
    "cube": Formula("{0}^3", POWER, (ATOM,)),
    "cbrt": Formula(r"\sqrt[3]{{{0}}}"),
    "reciprocal": Formula(r"\frac{{1}}{{{0} + \varepsilon}}", ATOM, (SUM,)),
    "negative": Formula("-{0}", SIGN, (SIGN,)),
    "add": infix("+", SUM),
    "subtract": infix("-", SUM),
    "multiply": infix(r"\,", PRODUCT),
    "divide": Formula(r"\frac{{{0}}}{{{1} + \varepsilon}}", ATOM, (0, SUM)),
    "power": Formula("{0}^{{{1}}}", POWER, (ATOM,)),
    "maximum": Formula(r"\max\left({0}, {1}\right)"),
    "minimum": Formula(r"\min\left({0}, {1}\right)"),
    "norm": Formula(r"\left\|{0}\right\|_{{\text{{array}}}}"),
    "global_norm": Formula(r"\left\|{0}\right\|"),
    "dot": Formula(r"\left\langle {0}, {1} \right\rangle"),
    "cosine_sim": _operator("cos", 2),
    "clip_by_global_norm": _operator("clip", 2),
    "interpolate": Formula(
        r"(1 - {2})\, {0} + {2}\, {1}", SUM, (PRODUCT, PRODUCT, POWER)
    ),
    "get_pi": Formula(r"\pi"),
    "get_e": Formula("e"),
    "get_eps": Formula(r"\varepsilon"),
}

MATRIX = {
    "matmul": Formula(r"{0}\, {1}", PRODUCT, (PRODUCT, PRODUCT + 1)),
    "transpose": Formula(r"{0}^{{\top}}", POWER, (ATOM,)),
    "outer": Formula(r"{0}\, {1}^{{\top}}", PRODUCT, (PRODUCT, ATOM)),
    "trace": _operator("tr"),
    "diagonal": _operator("diag"),
    "row_mean": _operator("rowmean"),
    "col_mean": _operator("colmean"),
    "row_sum": _operator("rowsum"),
    "col_sum": _operator("colsum"),
    "row_count": _operator("rows"),
    "col_count": _operator("cols"),
    "inverse_root": Formula("{0}^{{-1/{1}}}", POWER, (ATOM, POWER)),
    "orthogonalize": _operator("orth"),
}

FORMULAS = LION | MATRIX

BRACKETS = r"\left({}\right)"

NOTES = {
    "divide": r"$\varepsilon = 10^{-8}$, added to every denominator",
    "reciprocal": r"$\varepsilon = 10^{-8}$, added to every denominator",
    "get_eps": r"$\varepsilon = 10^{-8}$, added to every denominator",
    "norm": r"$\|x\|_{\text{array}}$: the 2-norm of each weight array",
    "global_norm": r"$\|x\|$: the 2-norm of all weight arrays as one vector",
    "dot": r"$\langle x, y \rangle$: of all weight arrays as one vector",
    "cosine_sim": r"$\cos(x, y) = \langle x, y \rangle / (\|x\| \|y\| + \varepsilon)$",
    "clip_by_global_norm": (
        r"$\operatorname{clip}(x, c) = x \min(1, c / (\|x\| + \varepsilon))$, "
        r"$\|x\|$ the 2-norm of all weight arrays as one vector"
    ),
    "inverse_root": r"$X^{-1/p}$: damped by $10^{-6}$ of the largest eigenvalue",
    "orthogonalize": (
        r"$\operatorname{orth}(X)$: about $U V^{\top}$ of $X = U S V^{\top}$, by five "
        "Newton-Schulz steps"
    ),
}
"""What a function's sign means, where it is not plain."""
