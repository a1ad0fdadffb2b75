"""One row of the table of functions: everything that is known about one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

from dsl.types import Type, broadcast

MOST_PARAMETERS = 3
"""Operands of an instruction of the machine."""

EPSILON = 1e-8
"""Added to every denominator, so that 0 / 0 is 0 (the paper's `get_eps`)."""


class Space(Protocol):
    """How values of a representation are summed: over leaves, or over flat vectors."""

    def inner(self, x: Any, y: Any) -> Any:
        """Sum of x * y over each weight array: Trees in, shape `[leaves]` out."""

    def scale(self, x: Any, factor: Any) -> Any:
        """The Tree x times a Scalar."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a function: its name in the documentation and what it accepts.

    Raises:
        ValueError: a field is not what it has to be.
    """

    name: str
    accepts: tuple[Type, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise ValueError(f"a parameter's name must be text, not {self.name!r}")
        kinds = self.accepts
        if not _is_tuple_of(Type, kinds) or not kinds:
            raise ValueError(
                f"parameter {self.name}: accepts must be a tuple of types: write "
                "`(Type.TREE,)`"
            )


@dataclass(frozen=True, slots=True)
class Function:
    """One row.

    Attributes:
        name: the key in `FUNCTIONS`.
        doc: one line: the formula.
        parameters: what it takes.
        formula: written once for both array namespaces, `jax.numpy` in float32 for
            training and `numpy` in float64 as the reference: `formula(xp, *arrays)`
            elementwise, `formula(xp, space, *values)` if it `reduces`,
            `formula(xp, *matrices)` if it is of `matrices`.
        result: the type of its value; None means that of its `rule`.
        rule: the type of its value from its arguments' types, None if their dimensions
            do not fit; without one they are broadcast.
        needs: what the rule asks of the dimensions, for whom it refuses.
        aliases: other names that the parser knows.
        symbol: the infix or prefix sign that `unparse` prints, if it has one.
        printed: the name that `unparse` prints.
        commutative: the first two arguments may be swapped, bit for bit.
        reduces: it sums over weight arrays, so it is more than elementwise.
        matrices: it works on one weight array's matrices at a time, which only
            compiled programs can.
        numpy: the formula for `numpy`, where `formula` is for `jax.numpy` alone.

    Raises:
        ValueError: a field is not what it has to be, or the machine could not run it:
            more than `MOST_PARAMETERS`, or a sum to a Scalar that also takes Scalars.
    """

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    formula: Callable[..., Any]
    result: Type | None = None
    rule: Callable[..., Type | None] | None = None
    needs: str = ""
    aliases: tuple[str, ...] = ()
    symbol: str = ""
    printed: str = ""
    commutative: bool = False
    reduces: bool = False
    matrices: bool = False
    numpy: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        said = _wrong_field(self)
        if said is not None:
            raise ValueError(f"{self.name}: {said}")
        if self.commutative and len(self.parameters) < 2:
            raise ValueError(f"{self.name}: commutative needs two arguments to swap")
        if len(self.parameters) > MOST_PARAMETERS:
            raise ValueError(f"{self.name}: more than {MOST_PARAMETERS} parameters")
        to_scalar = self.reduces and self.result is Type.SCALAR
        if to_scalar and any(p.accepts != (Type.TREE,) for p in self.parameters):
            raise ValueError(f"{self.name}: sums to a Scalar, so takes Trees only")


def _wrong_field(row: Function) -> str | None:
    """Which field of a row, if any, is not of its type, and what mends it."""
    for field in ("name", "doc", "needs", "symbol", "printed"):
        if not isinstance(getattr(row, field), str):
            return f"{field} must be text"
    if not _is_tuple_of(str, row.aliases):
        return 'aliases must be a tuple of names: write `("other",)`'
    if not _is_tuple_of(Parameter, row.parameters):
        return 'parameters must be a tuple of Parameter: write `(Parameter("x", ANY),)`'
    if not callable(row.formula):
        return "formula must be a function"
    for field in ("rule", "numpy"):
        if not (getattr(row, field) is None or callable(getattr(row, field))):
            return f"{field} must be a function or None"
    for field in ("commutative", "reduces", "matrices"):
        if not isinstance(getattr(row, field), bool):
            return f"{field} must be True or False"
    fits = isinstance(row.result, Type | None)
    return None if fits else "result must be a Type or None"


def _is_tuple_of(kind: type, given: object) -> bool:
    return isinstance(given, tuple) and all(isinstance(each, kind) for each in given)


def formula_over(row: Function, xp: Any) -> Callable[..., Any]:
    """The rule of a function for an array namespace."""
    of_numpy = row.numpy is not None and xp.__name__ == "numpy"
    return row.numpy if of_numpy and row.numpy else row.formula


def result_types(row: Function) -> dict[tuple[Type, ...], Type]:
    """The type of the value of every call that fits: by the types of its arguments.

    Raises:
        TypeError: the rule gives something else than a Type or None.
    """
    found = {}
    for types in product(*(parameter.accepts for parameter in row.parameters)):
        result = result_type(row, types)
        if isinstance(result, Type):
            found[types] = result
        elif result is not None:
            shown = ", ".join(map(str, types))
            raise TypeError(
                f"the rule must give a Type or None, but gives {result!r} for ({shown})"
            )
    return found


def result_type(row: Function, types: Sequence[Type]) -> Type | None:
    """The type of a call's value; None if the dimensions do not fit.

    Each type must be one that its parameter accepts.
    """
    if row.result is not None:
        return row.result
    return row.rule(*types) if row.rule is not None else broadcast(types)
