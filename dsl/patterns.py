"""The two sides of a law as expressions: matched against calls, and built from them.

In a pattern `a`, `b` and `c` stand for constants, any other name for any value. The
first two arguments of a commutative function match in either order. What is built of
constants alone is folded.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dsl.float32 import nearest_float32
from dsl.fold import folded
from dsl.functions import ALIASES, FUNCTIONS
from dsl.numbered import Call, Numbered, Value, ranges, same_call, type_of
from dsl.program import Constant
from dsl.ranges import Range
from dsl.types import Type

CONSTANTS = frozenset("abc")
"""Names that stand for constants."""

_NEAR = 1e-6
"""How far, relative, a constant may lie from what a pattern computes."""


@dataclass(frozen=True, slots=True)
class Term:
    """A call in a pattern."""

    function: str
    arguments: tuple[Pattern, ...]


Pattern = str | float | Term
Bound = Mapping[str, Value]
"""What each name of a pattern stands for."""

_OPERATORS = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
}


def pattern(text: str) -> Pattern:
    """Read an expression in the language's words: `interp(x, y, a * b)`."""
    return _pattern(ast.parse(text, mode="eval").body)


def _pattern(node: ast.expr) -> Pattern:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=float(value)):
            return nearest_float32(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=float(value))):
            return -nearest_float32(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Term("negative", (_pattern(operand),))
        case ast.BinOp(left=left, op=sign, right=right):
            return Term(_OPERATORS[type(sign)], (_pattern(left), _pattern(right)))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            name = ALIASES.get(name, name)
            return Term(FUNCTIONS[name].name, tuple(map(_pattern, arguments)))
    raise ValueError(f"no pattern: {ast.unparse(node)}")


def variables(wanted: Pattern) -> frozenset[str]:
    """The names in a pattern."""
    if isinstance(wanted, Term):
        return frozenset().union(*map(variables, wanted.arguments))
    return frozenset((wanted,)) if isinstance(wanted, str) else frozenset()


def matches(
    wanted: Pattern, value: Value, program: Numbered, bound: Bound
) -> Iterator[Bound]:
    """Every way in which a value of the program is what a pattern describes."""
    if isinstance(wanted, Term):
        yield from _term_matches(wanted, value, program, bound)
    elif isinstance(wanted, float) or wanted in bound:
        known = Constant(wanted) if isinstance(wanted, float) else bound[wanted]
        if _same(known, value):
            yield bound
    elif wanted not in CONSTANTS or isinstance(value, Constant):
        yield {**bound, wanted: value}


def _term_matches(
    wanted: Term, value: Value, program: Numbered, bound: Bound
) -> Iterator[Bound]:
    if isinstance(value, Constant):
        known = bound.keys() & CONSTANTS
        found = computed(wanted, bound) if variables(wanted) <= known else None
        if found is not None and math.isclose(found, value.value, rel_tol=_NEAR):
            yield bound
    elif value >= program.inputs:
        call = program.calls[value - program.inputs]
        if call.function == wanted.function:
            yield from _call_matches(wanted, call, program, bound)


def _call_matches(
    wanted: Term, call: Call, program: Numbered, bound: Bound
) -> Iterator[Bound]:
    orders = [call.arguments]
    if FUNCTIONS[call.function].commutative:
        first, second, *rest = call.arguments
        orders.append((second, first, *rest))
    for arguments in orders:
        found: list[Bound] = [bound]
        for part, value in zip(wanted.arguments, arguments, strict=True):
            found = [n for b in found for n in matches(part, value, program, b)]
        yield from found


def _same(one: Value, other: Value) -> bool:
    """Whether two are one value; 0 and -0 are two."""
    if isinstance(one, Constant) and isinstance(other, Constant):
        signs = (math.copysign(1.0, each.value) for each in (one, other))
        return one == other and len(set(signs)) == 1
    return one == other


def computed(wanted: Pattern, bound: Bound) -> float | None:
    """The number that a pattern of constants is; None if it is no finite one."""
    built = Building([]).value(wanted, bound)
    return built.value if isinstance(built, Constant) else None


@dataclass(slots=True)
class Building:
    """New calls in the place of one.

    Attributes:
        types: of the values before that place, then of the new ones.
        earlier: values that need not be made again, by their `same_call`.
        calls: the new ones.
    """

    types: list[Type]
    earlier: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def value(self, wanted: Pattern, bound: Bound, name: str = "") -> Value | None:
        """The value of a pattern, its calls made; None if it cannot be."""
        if isinstance(wanted, str):
            return bound[wanted]
        if isinstance(wanted, float):
            return Constant(wanted)
        arguments = []
        for part in wanted.arguments:
            argument = self.value(part, bound, name)
            if argument is None:
                return None
            arguments.append(argument)
        numbers = [each for each in arguments if isinstance(each, Constant)]
        if len(numbers) == len(arguments):
            return folded(wanted.function, numbers)
        return self._called(Call(wanted.function, tuple(arguments), name))

    def _called(self, call: Call) -> Value | None:
        known = self.earlier.get(same_call(call))
        if known is not None:
            return known
        kind = type_of(call, self.types)
        if kind is None:
            return None
        self.calls.append(call)
        self.types.append(kind)
        return len(self.types) - 1


Condition = tuple[str | float, str, str | float]
"""`left <= right` or `left < right`, of names and numbers."""


def conditions(text: str) -> tuple[Condition, ...]:
    """Read chains such as `0 <= a <= 1, y < x`."""
    found: list[Condition] = []
    for chain in filter(None, map(str.strip, text.split(","))):
        words = chain.split()
        for index in range(0, len(words) - 2, 2):
            found.append(
                (_side(words[index]), words[index + 1], _side(words[index + 2]))
            )
    return tuple(found)


def _side(word: str) -> str | float:
    return word if word.isidentifier() else float(word)


def hold(wanted: Sequence[Condition], bound: Bound, program: Numbered) -> bool:
    """Whether conditions hold for all numbers that the values can be."""

    def ends(side: str | float) -> Range:
        value = bound[side] if isinstance(side, str) else Constant(side)
        return ranges([value], program.ranges)[0]

    return all(
        ends(left).high < ends(right).low
        if sign == "<"
        else ends(left).high <= ends(right).low
        for left, sign, right in wanted
    )
