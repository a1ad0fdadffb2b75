"""Nested expressions and copies to one call a line: the source tree to a `Program`.

A nested call is stored in a fresh variable. A copy makes no statement: later reads of
its target read what it copied. Where a variable is overwritten while a copy still
stands for its old value, the new value is stored under a fresh name instead, so that
the program computes what the same text computes in Python.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dsl.errors import error_at, quoted
from dsl.faults import (
    constant,
    misplaced_step,
    output_type,
    unbound,
    vanishing,
)
from dsl.float32 import constant_text, nearest_float32
from dsl.functions import ALIASES
from dsl.program import Argument, Constant, Program, Statement, Variable, shapes_of
from dsl.syntax import Assignment, Call, Expression, Name, Place, Source
from dsl.types import OF_DIMENSIONS, Type

MAX_NESTING = 50
"""The deepest expression: calls and operators inside each other."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where a statement, or the header or the return, stands in the author's text."""

    place: Place
    arguments: tuple[Place, ...]


def flatten(text: str, source: Source) -> tuple[Program, tuple[Line, ...]]:
    """Return the program and where its header, statements and return stand.

    Raises:
        DslError: too few parameters, a variable read before it is stored, a constant
            beyond float32, an expression nested too deep, a constant returned.
    """
    weights, gradient, states, learning_rate, step = _parameters(text, source)
    shapes = _shapes(text, source, len(states))
    names = [each.name for each in source.parameters]
    flattening = _Flattening(text, [each.text for each in names], source)
    for assignment in source.assignments:
        flattening.assign(assignment)
    outputs = flattening.returned(source.returned, states)
    program = Program(
        weights,
        gradient,
        states,
        learning_rate,
        step,
        tuple(flattening.statements),
        outputs,
        shapes,
    )
    first = _line(names[0].place, names)
    last = _line(source.returned[0].place, source.returned)
    return program, (first, *flattening.lines, last)


def _parameters(
    text: str, source: Source
) -> tuple[str, str, tuple[str, ...], str, str | None]:
    names = [each.name.text for each in source.parameters]
    step = names.pop() if names[-1] == "step" else None
    if "step" in names:
        place = source.parameters[names.index("step")].name.place
        raise error_at(text, place, *misplaced_step("step"))
    if len(names) < 3:
        message = "the header lacks a parameter"
        hint = "it takes weights, gradient, any states, lr, then `step` if it is used"
        raise error_at(text, source.parameters[-1].name.place, message, hint)
    return names[0], names[1], tuple(names[2:-1]), names[-1], step


def _shapes(text: str, source: Source, states: int) -> tuple[Type, ...]:
    """The types of the states; a shape that is not given is the model's."""
    types = []
    for index, parameter in enumerate(source.parameters):
        if parameter.shape and index not in range(2, 2 + states):
            message = f"{quoted(parameter.name.text)} cannot have a shape"
            hint = "delete it: only states, between the gradient and lr, have one"
            raise error_at(text, parameter.name.place, message, hint)
        for dimension in parameter.shape:
            if dimension.text not in ("1", "r", "c"):
                message = f"{quoted(dimension.text)} is not a dimension"
                hint = "write 1, r (rows of a weight array) or c (columns)"
                raise error_at(text, dimension.place, message, hint)
        rows, columns = [each.text for each in parameter.shape] or ("r", "c")
        types.append(OF_DIMENSIONS[rows, columns])
    return shapes_of(types[2 : 2 + states])


def _is_nonzero(literal: str) -> bool:
    """By its digits: a literal below the smallest float is 0.0 to Python."""
    mantissa = literal.lower().partition("e")[0]
    return any(digit in "123456789" for digit in mantissa)


def _line(place: Place, arguments: Sequence[Expression]) -> Line:
    return Line(place, tuple(each.place for each in arguments))


class _Flattening:
    """The statements so far and what the author's names stand for at this point."""

    def __init__(self, text: str, parameters: list[str], source: Source) -> None:
        self.statements: list[Statement] = []
        self.lines: list[Line] = []
        self._text = text
        # The author's names in scope, in the order of their first appearance.
        self._scope = dict.fromkeys(parameters)
        self._taken = {each.target.text for each in source.assignments}
        self._taken.update(parameters)
        self._numbered: Counter[str] = Counter()
        # Names whose value is not in the variable of their own name.
        self._aliases: dict[str, Argument] = {}

    def assign(self, assignment: Assignment) -> None:
        """Add the statements of one line."""
        name, value = assignment.target.text, assignment.value
        if isinstance(value, Call):
            operands = self._operands(value, name, 1)
            self._store(self._storage(name), value, operands)
        else:
            copied = self._operand(value, name, 1)
            if copied == Variable(name):
                self._aliases.pop(name, None)
            else:
                self._aliases[name] = copied
        self._scope[name] = None

    def returned(
        self, values: tuple[Expression, ...], states: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return the variables that hold the values of the return."""
        outputs = []
        for index, value in enumerate(values):
            output = self._operand(value, "value", 1)
            if isinstance(output, Constant):
                given = (constant_text(output.value), Type.SCALAR)
                trees = dict.fromkeys(list(self._scope)[:2], int(Type.TREE))
                role = min(index, len(states))
                wording = output_type((states, role, Type.TREE), given, trees)
                raise error_at(self._text, value.place, *wording)
            outputs.append(output.name)
        return tuple(outputs)

    def _storage(self, name: str) -> str:
        """Where a new value of the author's name goes: no copy may stand for it."""
        if Variable(name) not in self._aliases.values():
            self._aliases.pop(name, None)
            return name
        target = self._fresh(name)
        self._aliases[name] = Variable(target)
        return target

    def _operand(self, expression: Expression, stem: str, depth: int) -> Argument:
        if isinstance(expression, Call):
            operands = self._operands(expression, stem, depth)
            target = self._fresh(stem)
            self._store(target, expression, operands)
            return Variable(target)
        if isinstance(expression, Name):
            return self._read(expression)
        rounded = nearest_float32(float(expression.text))
        if math.isinf(rounded):
            wording = constant(expression.text)
            raise error_at(self._text, expression.place, *wording)
        if rounded == 0.0 and _is_nonzero(expression.text):
            wording = vanishing(expression.text)
            raise error_at(self._text, expression.place, *wording)
        return Constant(rounded)

    def _operands(self, call: Call, stem: str, depth: int) -> tuple[Argument, ...]:
        """The arguments of a call, after the statements of the calls inside it."""
        if depth > MAX_NESTING:
            message = f"this expression is nested more than {MAX_NESTING} deep"
            hint = "store a part of it in a variable, on a line before"
            raise error_at(self._text, call.place, message, hint)
        return tuple([self._operand(each, stem, depth + 1) for each in call.arguments])

    def _read(self, name: Name) -> Argument:
        if name.text not in self._scope:
            raise error_at(self._text, name.place, *unbound(name.text, self._scope))
        return self._aliases.get(name.text, Variable(name.text))

    def _store(self, target: str, call: Call, operands: tuple[Argument, ...]) -> None:
        function = ALIASES.get(call.function, call.function)
        self.statements.append(Statement(target, function, operands))
        self.lines.append(_line(call.place, call.arguments))

    def _fresh(self, stem: str) -> str:
        while True:
            self._numbered[stem] += 1
            name = f"{stem}_{self._numbered[stem]}"
            if name not in self._taken:
                self._taken.add(name)
                return name
