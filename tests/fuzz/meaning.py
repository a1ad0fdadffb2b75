"""What a text computes, as Python reads it: the names, signs and order of its calls.

Python's own parser is the reference for precedence, for nesting and for what a name
means at its place; the numbers play no part. Values are numbered, so that those that
are read often cost no more than the others.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Hashable

from dsl import Program
from dsl.float32 import nearest_float32
from dsl.functions import ALIASES, FUNCTIONS
from dsl.program import Constant, header

_SIGNS = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
}

Outputs = tuple[int, ...]


class Values:
    """Numbers of values: equal if and only if they are computed alike."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}
        self._numbers: dict[int, float] = {}

    def input(self, name: str) -> int:
        """A parameter."""
        return self._number_of(("input", name))

    def number(self, value: float) -> int:
        """A constant, the two zeros apart."""
        value = nearest_float32(value)
        number = self._number_of(("number", repr(value)))
        self._numbers[number] = value
        return number

    def call(self, function: str, arguments: list[int]) -> int:
        """A call; the negative of a constant is a constant."""
        if function == "negative" and arguments[0] in self._numbers:
            return self.number(-self._numbers[arguments[0]])
        return self._number_of((function, *arguments))

    def _number_of(self, key: Hashable) -> int:
        return self._known.setdefault(key, len(self._known))


def of_program(program: Program, values: Values) -> Outputs:
    """What a program returns."""
    scope = {name: values.input(name) for name in header(program)}
    for statement in program.statements:
        arguments = [
            values.number(each.value)
            if isinstance(each, Constant)
            else scope[each.name]
            for each in statement.arguments
        ]
        scope[statement.target] = values.call(statement.function, arguments)
    return tuple(scope[name] for name in program.outputs)


def of_text(text: str, values: Values) -> Outputs | None:
    """What Python takes a text for; None if it is not Python: `007`, say."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `1(x)` is called odd
            (function,) = ast.parse(text.removeprefix("\ufeff")).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    try:
        return _of_function(function, values)
    except RecursionError:  # Python reads a nesting that this cannot walk
        return None


def _of_function(function: ast.stmt, values: Values) -> Outputs:
    assert isinstance(function, ast.FunctionDef)
    scope = {each.arg: values.input(each.arg) for each in function.args.args}
    *body, last = function.body
    for line in body:
        assert isinstance(line, ast.Assign)
        (target,) = line.targets
        assert isinstance(target, ast.Name)
        scope[target.id] = _value(line.value, scope, values)
    assert isinstance(last, ast.Return)
    assert last.value is not None
    returned = last.value.elts if isinstance(last.value, ast.Tuple) else [last.value]
    return tuple(_value(each, scope, values) for each in returned)


def _value(node: ast.expr, scope: dict[str, int], values: Values) -> int:
    match node:
        case ast.Name(id=name):
            return scope[name]
        case ast.Constant(value=int() | float() as number):
            return values.number(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return values.call("negative", [_value(operand, scope, values)])
        case ast.BinOp(left=left, op=sign, right=right):
            both = [_value(each, scope, values) for each in (left, right)]
            return values.call(_SIGNS[type(sign)], both)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            row = FUNCTIONS[ALIASES.get(name, name)]
            return values.call(
                row.name, [_value(each, scope, values) for each in arguments]
            )
    raise TypeError(f"the language has no {ast.dump(node)}")
