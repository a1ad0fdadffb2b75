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
    """One argument of a function: its name in the documentation and what it accepts."""

    name: str
    accepts: tuple[Type, ...]


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
        for wrong, said in (
            (not isinstance(self.name, str), "name must be text"),
            (not isinstance(self.doc, str), "doc must be text"),
            (not callable(self.formula), "formula must be a function"),
            (not all(map(_is_parameter, self.parameters)), "parameters must be such"),
            (not isinstance(self.result, Type | None), "result must be a Type or None"),
            (self.commutative and len(self.parameters) < 2, "one argument cannot swap"),
        ):
            if wrong:
                raise ValueError(f"{self.name}: {said}")
        if len(self.parameters) > MOST_PARAMETERS:
            raise ValueError(f"{self.name}: more than {MOST_PARAMETERS} parameters")
        to_scalar = self.reduces and self.result is Type.SCALAR
        if to_scalar and any(p.accepts != (Type.TREE,) for p in self.parameters):
            raise ValueError(f"{self.name}: sums to a Scalar, so takes Trees only")


def _is_parameter(each: object) -> bool:
    """Whether it is a parameter that accepts something."""
    return (
        isinstance(each, Parameter)
        and len(each.accepts) > 0
        and all(isinstance(kind, Type) for kind in each.accepts)
    )


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
