"""What a law is: a rule that offers other programs for a program by numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol

from dsl.numbered import Numbered, Value, same_call, with_calls
from dsl.patterns import (
    Building,
    Condition,
    Pattern,
    Term,
    conditions,
    hold,
    matches,
    pattern,
    variables,
)
from dsl.program import Constant
from dsl.types import Type


class Rewriting(NamedTuple):
    """A program that a law offers.

    Attributes:
        place: the number of the call that is rewritten; -1 for the header.
        program: dead calls are still in it.
    """

    place: int
    program: Numbered


class Rule(Protocol):
    """A law, whatever it is about.

    Its rewritings leave all updates as they are: bit for bit if it is `exact`, else in
    real arithmetic. An engine need not take them (`dsl.simplify`).
    """

    @property
    def name(self) -> str:
        """In a few words."""

    @property
    def exact(self) -> bool:
        """Whether it holds bit for bit in float32, subnormal numbers aside."""

    @property
    def statement(self) -> str:
        """The law written out."""

    def rewritings(self, program: Numbered) -> Iterator[Rewriting]:
        """All that it can do to a program, in the order of the calls."""


@dataclass(frozen=True, slots=True)
class Law:
    """`left` is `right`: an equation that is used in one direction.

    Attributes:
        name: in a few words.
        left: an expression (`dsl.patterns`).
        right: what a call that is `left` becomes, of the same type.
        where: conditions that the ranges of the values must imply: `0 <= x <= 1`.
        exact: whether it holds bit for bit in float32, for infinities and NaN too,
            subnormal numbers aside. Else for finite values in real arithmetic.
        unless: what the difference to real arithmetic shows in, beyond rounding.
    """

    name: str
    left: str
    right: str
    where: str = ""
    exact: bool = False
    unless: str = ""

    @property
    def statement(self) -> str:
        """The law written out, with its condition."""
        where = f" where {self.where}" if self.where else ""
        unless = f", unless {self.unless}" if self.unless else ""
        return f"{self.left} = {self.right}{where}{unless}"

    def rewritings(self, program: Numbered) -> Iterator[Rewriting]:
        """`right` in the place of each call that is `left`."""
        left, right, where = sides(self)
        for place, call in enumerate(program.calls):
            if call.function != left.function:
                continue
            value = program.inputs + place
            for bound in matches(left, value, program, {}):
                if where and not hold(where, bound, program):
                    continue
                building = _at(program, place)
                found = building.value(right, bound, call.name)
                if found is None or _type(found, building) is not program.types[value]:
                    continue
                rewritten = with_calls(program, place, building.calls, found)
                if rewritten is not None:
                    yield Rewriting(place, rewritten)


@dataclass(frozen=True, slots=True)
class Transformation:
    """A law that no expression can say: of the whole program or its states.

    Attributes:
        name: in a few words.
        statement: the law in a sentence.
        rewrite: gives its rewritings.
        exact: whether it holds bit for bit in float32.
    """

    name: str
    statement: str
    rewrite: Callable[[Numbered], Iterator[Rewriting]]
    exact: bool = False

    def rewritings(self, program: Numbered) -> Iterator[Rewriting]:
        """All that it can do to a program."""
        return self.rewrite(program)


@cache
def sides(law: Law) -> tuple[Term, Pattern, tuple[Condition, ...]]:
    """A law's sides and conditions, read.

    Raises:
        ValueError: the left side is no call, or the right has names that it has not.
    """
    left, right = pattern(law.left), pattern(law.right)
    if not isinstance(left, Term) or not variables(right) <= variables(left):
        raise ValueError(f"{law.name}: nothing can be made of its left side")
    return left, right, conditions(law.where)


def _at(program: Numbered, place: int) -> Building:
    known = {
        same_call(call): value
        for value, call in enumerate(program.calls[:place], program.inputs)
    }
    return Building(list(program.types[: program.inputs + place]), known)


def _type(value: Value, building: Building) -> Type:
    return Type.SCALAR if isinstance(value, Constant) else building.types[value]
