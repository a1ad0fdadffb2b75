"""A program is frozen data: a header, straight-line statements and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dsl.float32 import is_finite_float32
from dsl.types import Type


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that was bound by the header or by an earlier statement."""

    name: str


CONSTANT_READ: Any = None
BAD_CONSTANT_READ = ""
"""Stand for a constant where a statement's arguments are told by their names: for one
that is finite and a float32, and for one that is not. Neither can be a name."""


@dataclass(frozen=True, slots=True, init=False)
class Constant:
    """A number of the program text: finite and exactly a float32, kept as a float.

    Attributes:
        value: the number.
        name: derived: what stands for it where arguments are told by their names.
    """

    value: float
    name: Any = field(init=False, repr=False, compare=False)

    def __init__(self, value: float) -> None:
        _set_value(self, value)
        is_good = is_finite_float32(value)
        _set_name(self, CONSTANT_READ if is_good else BAD_CONSTANT_READ)


def _setters(kind: type) -> list[Callable[[Any, Any], None]]:
    """What fills the slots of a frozen class, at a third of dataclass's own price."""
    return [vars(kind)[name].__set__ for name in vars(kind)["__slots__"]]


_set_value, _set_name = _setters(Constant)


Argument = Variable | Constant


@dataclass(frozen=True, slots=True, init=False)
class Statement:
    """`target = function(arguments)`: one call, stored in a new or existing variable.

    Attributes:
        target: the variable written; inputs may be overwritten.
        function: a key of `dsl.FUNCTIONS` (never an alias).
        arguments: variables in scope or constants, as many as the function takes.
        reads: derived: the arguments' names. Kept because the search asks for them
            all the time.
    """

    target: str
    function: str
    arguments: tuple[Argument, ...]
    reads: tuple[Any, ...] = field(init=False, repr=False, compare=False)

    def __init__(
        self, target: str, function: str, arguments: tuple[Argument, ...]
    ) -> None:
        _set_target(self, target)
        _set_function(self, function)
        _set_arguments(self, arguments)
        _set_reads(self, tuple([argument.name for argument in arguments]))


_set_target, _set_function, _set_arguments, _set_reads = _setters(Statement)


class Program(NamedTuple):
    """One optimizer step, `weights <- weights - update`, as the language has it.

    Positions in the header carry the meaning, names are the author's. A named tuple,
    because the search makes two for each child and it is made in a third of the time.

    Attributes:
        weights: name of the weights w (Tree).
        gradient: name of the gradient g (Tree).
        states: names of the state variables, zero at the start.
        learning_rate: name of the schedule's value, its peak 1 (Scalar).
        step: name of the step count, 1 at the first step (Scalar), if it is taken.
        statements: executed in order.
        outputs: the variables returned: the update, then each state's new value in
            header order.
        shapes: the type of each state, from the extension set `matrix`; empty if all
            are Trees.
    """

    weights: str
    gradient: str
    states: tuple[str, ...]
    learning_rate: str
    step: str | None
    statements: tuple[Statement, ...]
    outputs: tuple[str, ...]
    shapes: tuple[Type, ...] = ()


def header(program: Program) -> tuple[str, ...]:
    """Names of a program's parameters, in the order of its header."""
    last = () if program.step is None else (program.step,)
    first = (program.weights, program.gradient)
    return (*first, *program.states, program.learning_rate, *last)


def state_types(program: Program) -> tuple[Type, ...]:
    """The type of each state, Trees written out."""
    return program.shapes or (Type.TREE,) * len(program.states)


def shapes_of(types: Sequence[Type]) -> tuple[Type, ...]:
    """`Program.shapes` for states of these types: there is one way to say it."""
    return () if set(types) <= {Type.TREE} else tuple(types)
