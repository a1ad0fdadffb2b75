"""Functions of matrices, for second-order and factored methods: the set `matrix`.

Each works on the matrix view of one weight array at a time (`dsl.types`); a Leafwise
argument is a 1 by 1 matrix. Beyond the paper, which names their lack as its limit.
"""

from __future__ import annotations

from typing import Any

from dsl.rows import EPSILON, Function, Parameter
from dsl.types import COLUMNS, DIMENSIONS, OF_DIMENSIONS, SHAPED, SQUARE, Type

DAMPING = 1e-6
"""Of `inverse_root`: share of the largest eigenvalue that is added to each."""

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
_NEWTON_SCHULZ_STEPS = 5
"""Of `orthogonalize`: coefficients and number of steps of Muon (Jordan et al. 2024)."""

_X, _Y = Parameter("x", SHAPED), Parameter("y", SHAPED)
_SQUARE_X = Parameter("x", SQUARE)


def _product(x: Type, y: Type) -> Type | None:
    (rows, inner), (other, columns) = DIMENSIONS[x], DIMENSIONS[y]
    return OF_DIMENSIONS[rows, columns] if inner == other else None


def _turned(x: Type) -> Type:
    rows, columns = DIMENSIONS[x]
    return OF_DIMENSIONS[columns, rows]


def _one_column(x: Type) -> Type:
    return OF_DIMENSIONS[DIMENSIONS[x][0], "1"]


def _one_row(x: Type) -> Type:
    return OF_DIMENSIONS["1", DIMENSIONS[x][1]]


def _outer(x: Type, y: Type) -> Type:
    return OF_DIMENSIONS[DIMENSIONS[x][0], DIMENSIONS[y][0]]


def _inverse_root(xp: Any, x: Any, p: Any) -> Any:
    symmetric = 0.5 * x + 0.5 * x.T
    largest = xp.max(xp.abs(symmetric))
    # NumPy's decomposition raises on what is not finite, and on some huge numbers.
    usable = xp.isfinite(largest) & (largest > 0.0)
    scale = xp.where(usable, largest, 1.0)
    safe = xp.where(usable, symmetric / scale, 0.0)
    values, vectors = xp.linalg.eigh(safe)
    values = xp.maximum(values, 0.0)
    damped = scale * (values + DAMPING * xp.max(values))
    roots = 1.0 / (xp.power(damped, 1.0 / (p + EPSILON)) + EPSILON)
    found = (vectors * roots[None, :]) @ vectors.T
    return xp.where(xp.isfinite(largest), found, xp.nan)


def _orthogonalize(xp: Any, x: Any) -> Any:
    a, b, c = _NEWTON_SCHULZ
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (xp.sqrt(xp.sum(x * x)) + EPSILON)
    for _ in range(_NEWTON_SCHULZ_STEPS):
        square = x @ x.T
        x = a * x + (b * square + c * (square @ square)) @ x
    return x.T if tall else x


def _row_mean(xp: Any, x: Any) -> Any:
    return xp.mean(x, axis=1, keepdims=True)


def _col_mean(xp: Any, x: Any) -> Any:
    return xp.mean(x, axis=0, keepdims=True)


def _row_sum(xp: Any, x: Any) -> Any:
    return xp.sum(x, axis=1, keepdims=True)


def _col_sum(xp: Any, x: Any) -> Any:
    return xp.sum(x, axis=0, keepdims=True)


def _matrix(
    name: str, doc: str, parameters: tuple[Parameter, ...], formula: Any, **facts: Any
) -> Function:
    return Function(name, doc, parameters, formula, matrices=True, **facts)


MATRIX = (
    _matrix(
        "matmul",
        "matrix product; (a, b) and (b, d) give (a, d)",
        (_X, _Y),
        lambda xp, x, y: x @ y,
        rule=_product,
        needs="x must have as many columns as y has rows",
    ),
    _matrix(
        "transpose",
        "rows as columns; (a, b) gives (b, a)",
        (_X,),
        lambda xp, x: x.T,
        rule=_turned,
    ),
    _matrix(
        "outer",
        "x y^T; (a, 1) and (b, 1) give (a, b)",
        (Parameter("x", COLUMNS), Parameter("y", COLUMNS)),
        lambda xp, x, y: x * y.T,
        rule=_outer,
    ),
    _matrix(
        "trace",
        "sum of the diagonal",
        (_SQUARE_X,),
        lambda xp, x: xp.trace(x).reshape(1, 1),
        result=Type.LEAFWISE,
    ),
    _matrix(
        "diagonal",
        "diagonal; (a, a) gives (a, 1)",
        (_SQUARE_X,),
        lambda xp, x: xp.diagonal(x).reshape(-1, 1),
        rule=_one_column,
    ),
    _matrix(
        "row_mean",
        "mean of each row; (a, b) gives (a, 1)",
        (_X,),
        _row_mean,
        rule=_one_column,
    ),
    _matrix(
        "col_mean",
        "mean of each column; (a, b) gives (1, b)",
        (_X,),
        _col_mean,
        rule=_one_row,
    ),
    _matrix(
        "row_sum",
        "sum of each row; (a, b) gives (a, 1)",
        (_X,),
        _row_sum,
        rule=_one_column,
    ),
    _matrix(
        "col_sum",
        "sum of each column; (a, b) gives (1, b)",
        (_X,),
        _col_sum,
        rule=_one_row,
    ),
    _matrix(
        "row_count",
        "number of rows",
        (_X,),
        lambda xp, x: xp.full((1, 1), float(x.shape[0]), x.dtype),
        result=Type.LEAFWISE,
    ),
    _matrix(
        "col_count",
        "number of columns",
        (_X,),
        lambda xp, x: xp.full((1, 1), float(x.shape[1]), x.dtype),
        result=Type.LEAFWISE,
    ),
    _matrix(
        "inverse_root",
        "x^(-1/p), x symmetric positive semidefinite, damped by 1e-6 of its largest "
        "eigenvalue, 1e-8 added to p and to each root; (a, a) gives (a, a)",
        (_SQUARE_X, Parameter("p", (Type.SCALAR,))),
        _inverse_root,
        rule=lambda x, p: x,
    ),
    _matrix(
        "orthogonalize",
        "about U V^T of x = U S V^T, by 5 quintic Newton-Schulz steps as in Muon; "
        "(a, b) gives (a, b)",
        (_X,),
        _orthogonalize,
        rule=lambda x: x,
    ),
)
