"""What can be wrong with a program, and what its author is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from dsl.errors import LONGEST_QUOTE, Wording, quoted
from dsl.foreign_syntax import FUNCTIONS_OF_NUMPY, NUMBERS_OF_NUMPY
from dsl.functions import ALIASES, FUNCTIONS
from dsl.rows import Function
from dsl.types import DIMENSIONS, Dimensions, Type, broadcast, in_a_sentence

MAX_STATEMENTS = 1000
"""The longest program."""


class Reason(StrEnum):
    """Why a program is invalid; the search counts its invalid children by these."""

    HEADER = "header"
    """A parameter is named twice, or `step` is not what the name says."""
    NAME = "name"
    """A name that the grammar would not read back."""
    LENGTH = "length"
    """More than `MAX_STATEMENTS` statements."""
    UNKNOWN_FUNCTION = "unknown_function"
    ARITY = "arity"
    """Too few or too many arguments."""
    UNBOUND = "unbound"
    """A variable is read before anything is stored in it."""
    CONSTANT = "constant"
    """A constant that is not finite or not a float32."""
    ARGUMENT_TYPE = "argument_type"
    OUTPUT_COUNT = "output_count"
    """Not one output for the update and one for each state."""
    OUTPUT_TYPE = "output_type"
    """The update is not a Tree, or a new state not of its state's type."""
    SHAPE = "shape"
    """The dimensions of a call's arguments do not fit each other."""


Scope = Mapping[str, int]
"""The variables in scope and the `Type` of each."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a program.

    Attributes:
        reason: its kind.
        statement: index of the statement; -1 is the header, `len(statements)` the
            return.
        argument: index among the statement's arguments, the header's parameters or
            the outputs; None means the whole line.
        wording: finds the words for it, only when they are asked for: the search
            meets thousands of faults a second and counts them by reason alone.
    """

    reason: Reason
    statement: int
    argument: int | None
    wording: Callable[[], Wording] = field(compare=False, repr=False)

    @property
    def message(self) -> str:
        """What is wrong."""
        return self.wording()[0]

    @property
    def hint(self) -> str:
        """What would mend it."""
        return self.wording()[1]


def unbound(name: str, scope: Iterable[str]) -> Wording:
    """For a variable that is read before anything is stored in it."""
    names = list(scope)
    message = f"nothing is stored in {quoted(name)} before it is read here"
    if name in NUMBERS_OF_NUMPY:
        return message, f"the number is written `{NUMBERS_OF_NUMPY[name]}()`"
    close = _closest(name, names)
    if close:
        return message, f"did you mean {quoted(close)}?"
    return message, f"store into it on a line before, or use one of {_list(names)}"


_OWN = "of your own has to be added, with --functions FILE"


def unknown_function(name: str) -> Wording:
    """For a call of something that is not in the table."""
    message = f"{quoted(name)} is not a function of the language"
    if name in FUNCTIONS_OF_NUMPY:
        return message, FUNCTIONS_OF_NUMPY[name]
    close = _closest(name.lower(), [*FUNCTIONS, *ALIASES])
    if close:
        return message, f"did you mean {quoted(close)}? One {_OWN}"
    return message, f"the functions are {', '.join(FUNCTIONS)}; one {_OWN}"


def arity(row: Function, given: int) -> Wording:
    """For a call with too few or too many arguments."""
    taken = _count(len(row.parameters), "argument")
    return (
        f"{quoted(printed_name(row))} takes {taken}, but {given} "
        f"{'is' if given == 1 else 'are'} given",
        f"write {signature(row)}",
    )


def constant(text: str) -> Wording:
    """For a number that is not a finite float32."""
    return (
        f"the constant {quoted(text)} is not a finite float32",
        "use a number between -3.4028235e38 and 3.4028235e38",
    )


def vanishing(text: str) -> Wording:
    """For a number other than 0 that float32 rounds to 0."""
    return (
        f"the constant {quoted(text)} is 0 as a float32",
        "write 0.0, or a number whose absolute value is at least 1.4e-45",
    )


def argument_type(
    row: Function, index: int, given: tuple[str, Type], scope: Scope
) -> Wording:
    """For an argument, its text and its type, that a function does not accept."""
    text, actual = given
    parameter = row.parameters[index]
    message = (
        f"{quoted(printed_name(row))} takes {in_a_sentence(parameter.accepts)} for its "
        f"argument `{parameter.name}`, but {quoted(text)} is {in_a_sentence([actual])}"
    )
    if Type.TREE in parameter.accepts:
        return message, _as_tree(text, actual, scope)
    if Type.SCALAR not in parameter.accepts:
        found = [n for n, each in scope.items() if each in parameter.accepts]
        return message, _such_names(found, parameter.accepts)
    return message, (
        "give a constant or a variable that holds a Scalar"
        f"{_such_as(scope, Type.SCALAR)}; `global_norm` makes a Scalar of a Tree"
    )


def shape(row: Function, given: list[tuple[str, Type]]) -> Wording:
    """For arguments, their texts and types, whose dimensions do not fit each other."""
    shown = " and ".join(
        f"{quoted(text)} is ({', '.join(DIMENSIONS[kind])})"
        for text, kind in given
        if kind is not Type.SCALAR
    )
    if row.needs:
        message = f"the arguments of {quoted(printed_name(row))} do not fit: {shown}"
        return message, f"{row.needs}; `transpose` turns rows into columns"
    axis = _clash([DIMENSIONS[kind] for _, kind in given if kind is not Type.SCALAR])
    return (
        f"the {axis} of the arguments of {quoted(printed_name(row))} do not fit: "
        f"{shown}",
        f"the {axis} must be equal, or 1",
    )


def _clash(shapes: list[Dimensions]) -> str:
    """The dimension that broadcasting stumbles over."""
    rows = {first for first, _ in shapes} - {"1"}
    return "rows" if len(rows) > 1 else "columns"


def shapes() -> Wording:
    """For a program, made by other means than text, whose `shapes` are not such."""
    return (
        "the shapes of the states are not one for each, or all of them Trees",
        "leave them away if all states are Trees",
    )


def output_type(
    role: tuple[tuple[str, ...], int, Type], given: tuple[str, Type], scope: Scope
) -> Wording:
    """For an output that is of another type than it has to be.

    `role` is the states' names, the output's index and the type wanted; `given` the
    output's text and type.
    """
    (states, index, wanted), (text, actual) = role, given
    of = "the update" if index == 0 else f"the new value of {quoted(states[index - 1])}"
    message = f"{of} must be {in_a_sentence([wanted])}, but {quoted(text)} is "
    if wanted is Type.TREE:
        return message + in_a_sentence([actual]), _as_tree(text, actual, scope)
    found = [name for name, each in scope.items() if each == wanted]
    return message + in_a_sentence([actual]), _such_names(found, (wanted,))


def output_count(states: tuple[str, ...], given: int) -> Wording:
    """For a return that does not fit the header."""
    wanted = _count(1 + len(states), "value")
    return (
        f"the header has {_count(len(states), 'state')}, so {wanted} must be returned, "
        f"but {given} {'is' if given == 1 else 'are'}",
        f"write `{return_line(states)}`",
    )


def length(statements: int) -> Wording:
    """For a program that is too long."""
    return (
        f"the program has {statements:,} statements, the limit is {MAX_STATEMENTS:,}",
        "make it shorter",
    )


def duplicate_parameter(name: str) -> Wording:
    """For a name that the header has twice."""
    message = f"the header names {quoted(name)} twice"
    return message, "give every parameter a name of its own"


def misplaced_step(name: str) -> Wording:
    """For a step count of another name or place, or another thing of its name."""
    return (
        f"{quoted(name)} in this place is not what its name says",
        "the step count, and only it, is a last parameter named `step`",
    )


def invalid_name(name: str) -> Wording:
    """For a name that the grammar would not read back."""
    return (
        f"{quoted(name)} cannot be a name",
        "use ASCII letters, digits and underscores, no digit first, no word of Python",
    )


def return_line(states: Iterable[str]) -> str:
    """The return that a program with these states needs, as an example."""
    return f"return {', '.join(['update', *states])}"


def printed_name(row: Function) -> str:
    """The name under which `unparse` writes a function as a call."""
    return row.printed or row.name


def signature(row: Function) -> str:
    """How a function is written, in backquotes: its sign or name, its parameters."""
    names = [parameter.name for parameter in row.parameters]
    if row.symbol and len(names) == 2:
        return f"`{names[0]} {row.symbol} {names[1]}`"
    return f"`{printed_name(row)}({', '.join(names)})`"


def _as_tree(text: str, actual: Type, scope: Scope) -> str:
    trees = [name for name, kind in scope.items() if kind == Type.TREE]
    if not trees:
        return "give a value of the model's shape"
    example = "gradient" if "gradient" in trees else trees[min(1, len(trees) - 1)]
    hint = f"give a variable of the model's shape, such as {quoted(example)}"
    if broadcast((actual, Type.TREE)) is not Type.TREE:
        return hint
    return f"{hint}, or make one: `{text} * {example}`"


def _such_names(names: list[str], wanted: tuple[Type, ...]) -> str:
    if names:
        return f"{in_a_sentence(wanted)} is in {_list(names)}"
    return f"no variable here is {in_a_sentence(wanted)}; make one on a line before"


def _closest(name: str, names: list[str]) -> str | None:
    """The most similar of some names; comparing long ones could take half a minute."""
    if len(name) > LONGEST_QUOTE:
        return None
    short = [each for each in names if len(each) <= LONGEST_QUOTE]
    return next(iter(get_close_matches(name, short, n=1, cutoff=0.65)), None)


def _such_as(scope: Scope, kind: Type) -> str:
    names = [name for name, each in scope.items() if each == kind]
    return f", such as {quoted(names[0])}" if names else ""


def _list(names: list[str]) -> str:
    return ", ".join(map(quoted, names[:10])) + (", ..." if len(names) > 10 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
