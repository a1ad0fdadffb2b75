"""What a value is: one number, or for each weight array one of nine shapes.

Each weight array has a matrix view, its r rows the first axis and its c columns the
product of the rest: a vector is r by 1, a number 1 by 1. Shapes are symbolic: no array
is looked at to know them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Type(IntEnum):
    """The type of a value; the last seven occur in the extension set `matrix` alone."""

    SCALAR = 0
    """One number for the whole model: `lr`, `step`, constants, `dot`."""
    LEAFWISE = 1
    """One number for each weight array, (1, 1): `norm`."""
    TREE = 2
    """The model's shape, (r, c): weights, gradient, most states."""
    COLUMN = 3
    ROW = 4
    LEFT = 5
    RIGHT = 6
    TURNED = 7
    TURNED_COLUMN = 8
    TURNED_ROW = 9

    def __str__(self) -> str:
        return _NAMES.get(self, f"({', '.join(DIMENSIONS.get(self, ()))})")


Dimensions = tuple[str, str]
"""Rows and columns, each `1`, `r` or `c`."""

DIMENSIONS: dict[Type, Dimensions] = {
    Type.LEAFWISE: ("1", "1"),
    Type.TREE: ("r", "c"),
    Type.COLUMN: ("r", "1"),
    Type.ROW: ("1", "c"),
    Type.LEFT: ("r", "r"),
    Type.RIGHT: ("c", "c"),
    Type.TURNED: ("c", "r"),
    Type.TURNED_COLUMN: ("1", "r"),
    Type.TURNED_ROW: ("c", "1"),
}
"""The shape of every type but Scalar, which broadcasts to all."""

OF_DIMENSIONS = {dimensions: kind for kind, dimensions in DIMENSIONS.items()}

_NAMES = {Type.SCALAR: "Scalar", Type.LEAFWISE: "Leafwise", Type.TREE: "Tree"}

ANY = tuple(Type)
SHAPED = tuple(DIMENSIONS)
SQUARE = (Type.LEAFWISE, Type.LEFT, Type.RIGHT)
COLUMNS = tuple(kind for kind in SHAPED if DIMENSIONS[kind][1] == "1")

_GROUPS = {
    frozenset(ANY): ("any", "any value"),
    frozenset(SHAPED): ("any shape", "any value but a Scalar"),
    frozenset(SQUARE): ("square", "a square matrix"),
    frozenset(COLUMNS): ("column", "a column"),
}
"""Types that have a name together: in a table, and in a sentence."""


def in_a_table(kinds: Iterable[Type]) -> str:
    """Some types, such as a parameter accepts: `any`, `Tree or Scalar`."""
    each = list(dict.fromkeys(kinds))
    return _GROUPS.get(frozenset(each), (" or ".join(map(str, each)), ""))[0]


def in_a_sentence(kinds: Iterable[Type]) -> str:
    """The same for a sentence: `any value`, `a Tree or a Scalar`, `(r, r)`."""
    each = list(dict.fromkeys(kinds))
    plain = [f"{kind}" if kind not in _NAMES else f"a {kind}" for kind in each]
    return _GROUPS.get(frozenset(each), ("", " or ".join(plain)))[1]


def broadcast(types: Iterable[Type]) -> Type | None:
    """The type of an elementwise function's value; None if two shapes do not fit.

    Scalar gives way to everything, a dimension of 1 to r and c, as in NumPy.
    """
    rows, columns = {"1"}, {"1"}
    shaped = [DIMENSIONS[each] for each in types if each is not Type.SCALAR]
    if not shaped:
        return Type.SCALAR
    for row, column in shaped:
        rows.add(row)
        columns.add(column)
    if len(rows) > 2 or len(columns) > 2:
        return None
    return OF_DIMENSIONS[max(rows), max(columns)]


def shape_of(kind: Type, rows: int, columns: int) -> tuple[int, int]:
    """The shape of a value beside a weight array of `rows` by `columns`."""
    sizes = {"1": 1, "r": rows, "c": columns}
    first, second = DIMENSIONS[kind]
    return sizes[first], sizes[second]


def matrix_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of the matrix view of an array.

    >>> matrix_shape((8, 3, 3)), matrix_shape((5,)), matrix_shape(())
    ((8, 9), (5, 1), (1, 1))
    """
    columns = 1
    for size in shape[1:]:
        columns *= size
    return (shape[0] if shape else 1), columns
