"""A program whose values have numbers in the place of names, for laws to rewrite.

The header's variables come first, in its order, then the value of each call. Laws:
`named(number(program))` computes what `program` does, and no name that is taken is
given away while its value is still read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from dsl.functions import FUNCTIONS
from dsl.program import (
    Argument,
    Constant,
    Program,
    Statement,
    Variable,
    header,
    state_types,
)
from dsl.ranges import ANYTHING, Range, range_of, range_of_constant, widened
from dsl.rows import result_type
from dsl.types import Type

Value = int | Constant
"""What a call reads: a value by its number, or a constant."""

FIRST_STATE = 2
"""Number of the first state: weights and gradient come before it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One function on values; its `name` says where it likes to be stored."""

    function: str
    arguments: tuple[Value, ...]
    name: str


@dataclass(frozen=True)
class Numbered:
    """A program by numbers.

    Attributes:
        origin: the program whose header this one has.
        calls: call i makes value `inputs + i` and reads values before it.
        outputs: the update, then each state's new value.
    """

    origin: Program
    calls: tuple[Call, ...]
    outputs: tuple[int, ...]

    @cached_property
    def inputs(self) -> int:
        """How many variables the header has: the number of the first call's value."""
        return len(header(self.origin))

    @cached_property
    def types(self) -> tuple[Type, ...]:
        """The type of each value."""
        types = _input_types(self.origin)
        for call in self.calls:
            found = type_of(call, types)
            assert found is not None, "a law changed a type"
            types.append(found)
        return tuple(types)

    @cached_property
    def ranges(self) -> tuple[Range, ...]:
        """Between what each value lies, unless it is NaN: the rate in (0, 1], ...

        A state starts at 0; what its new values may add to that is taken as without
        bound, so that few passes find a set of ranges that no step leaves.
        """
        states = [Range(0.0, 0.0)] * len(self.origin.states)
        while True:
            found = [ANYTHING, ANYTHING, *states, Range(5e-324, 1.0)]
            found += [Range(1.0, float("inf"))] * (self.origin.step is not None)
            for call in self.calls:
                found.append(range_of(call.function, ranges(call.arguments, found)))
            outputs = [found[output] for output in self.outputs[1:]]
            wider = [widened(*pair) for pair in zip(states, outputs, strict=True)]
            if wider == states:
                return tuple(found)
            states = wider

    def states(self) -> Iterator[tuple[int, int]]:
        """The number of each state's value at the start of a step, and of its new."""
        return enumerate(self.outputs[1:], FIRST_STATE)


def ranges(values: Sequence[Value], found: Sequence[Range]) -> list[Range]:
    """The ranges of some values, of constants too."""
    return [
        range_of_constant(value.value) if isinstance(value, Constant) else found[value]
        for value in values
    ]


def type_of(call: Call, types: Sequence[Type]) -> Type | None:
    """The type of a call's value; None if its arguments do not fit."""
    row = FUNCTIONS[call.function]
    kinds = [
        Type.SCALAR if isinstance(value, Constant) else types[value]
        for value in call.arguments
    ]
    fits = all(k in p.accepts for k, p in zip(kinds, row.parameters, strict=True))
    return result_type(row, kinds) if fits else None


def same_call(call: Call) -> tuple[str, ...]:
    """A key that calls share if they compute the same, bit for bit."""
    # Constants by their digits, since 0.0 == -0.0.
    told = [
        repr(value.value) if isinstance(value, Constant) else f"value {value}"
        for value in call.arguments
    ]
    if FUNCTIONS[call.function].commutative:
        told[:2] = sorted(told[:2])
    return call.function, *told


def number(program: Program) -> Numbered:
    """A valid program by numbers."""
    held = {name: value for value, name in enumerate(header(program))}
    inputs, calls = len(held), []
    for index, statement in enumerate(program.statements):
        arguments: tuple[Value, ...] = tuple(
            held[argument.name] if isinstance(argument, Variable) else argument
            for argument in statement.arguments
        )
        calls.append(Call(statement.function, arguments, statement.target))
        held[statement.target] = inputs + index
    outputs = tuple(held[name] for name in program.outputs)
    return Numbered(program, tuple(calls), outputs)


def named(numbered: Numbered) -> Program:
    """The program again: each value in the name it likes, or one made from it."""
    origin = numbered.origin
    last_read = _last_reads(numbered)
    held = {name: value for value, name in enumerate(header(origin))}
    taken = {*held, *(call.name for call in numbered.calls)}
    names = list(held)
    statements = []
    for index, call in enumerate(numbered.calls):
        name = call.name
        if name in held and last_read.get(held[name], -1) > index:
            name = _fresh(name, taken)
            taken.add(name)
        arguments: tuple[Argument, ...] = tuple(
            value if isinstance(value, Constant) else Variable(names[value])
            for value in call.arguments
        )
        statements.append(Statement(name, call.function, arguments))
        held[name] = numbered.inputs + index
        names.append(name)
    outputs = tuple(names[output] for output in numbered.outputs)
    return origin._replace(statements=tuple(statements), outputs=outputs)


def renumbered(numbered: Numbered, instead: Mapping[int, int]) -> Numbered:
    """The program in which other values are read and returned in the place of some.

    Each must come before the first call that reads what it replaces.
    """
    calls = tuple(
        replace(
            call,
            arguments=tuple(
                value if isinstance(value, Constant) else instead.get(value, value)
                for value in call.arguments
            ),
        )
        for call in numbered.calls
    )
    outputs = tuple(instead.get(output, output) for output in numbered.outputs)
    return Numbered(numbered.origin, calls, outputs)


def reading(numbered: Numbered, old: int, new: Value) -> Numbered:
    """The program whose elementwise calls read `new` for `old`.

    Where the type of their value would be another they read `old` still.
    """
    calls = []
    for call in numbered.calls:
        arguments = tuple(
            new if not isinstance(value, Constant) and value == old else value
            for value in call.arguments
        )
        other = replace(call, arguments=arguments)
        same = type_of(other, numbered.types) is type_of(call, numbered.types)
        # One number in the place of an array is another matter where they are summed.
        row = FUNCTIONS[call.function]
        elementwise = not row.reduces and not row.matrices
        calls.append(other if same and elementwise else call)
    return Numbered(numbered.origin, tuple(calls), numbered.outputs)


def with_calls(
    numbered: Numbered, place: int, new: Sequence[Call], value: Value
) -> Numbered | None:
    """The program with `new` calls in the place of call `place`, `value` for its value.

    The numbers of new values go on from that of call `place`. None if a constant would
    be returned.
    """
    root = numbered.inputs + place
    shift = len(new) - 1

    def moved(old: Value) -> Value:
        if isinstance(old, Constant) or old < root:
            return old
        return value if old == root else old + shift

    later = (
        replace(call, arguments=tuple(map(moved, call.arguments)))
        for call in numbered.calls[place + 1 :]
    )
    outputs = []
    for output in map(moved, numbered.outputs):
        if isinstance(output, Constant):
            return None
        outputs.append(output)
    calls = (*numbered.calls[:place], *new, *later)
    return Numbered(numbered.origin, calls, tuple(outputs))


def _input_types(program: Program) -> list[Type]:
    types = [Type.TREE, Type.TREE, *state_types(program), Type.SCALAR]
    return types + [Type.SCALAR] * (program.step is not None)


def _last_reads(numbered: Numbered) -> dict[int, int]:
    """The last call that reads each value; beyond all calls for what is returned."""
    last: dict[int, int] = {}
    for index, call in enumerate(numbered.calls):
        for value in call.arguments:
            if not isinstance(value, Constant):
                last[value] = index
    return last | dict.fromkeys(numbered.outputs, len(numbered.calls))


def _fresh(name: str, taken: set[str]) -> str:
    """A name like this one that nothing has."""
    stem, _, end = name.rpartition("_")
    stem = stem if stem and end.isdigit() else name
    number = 1
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"
