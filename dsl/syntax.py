"""A text as its author wrote it, nested and named: what parsing gives to flattening."""

from __future__ import annotations

from dataclasses import dataclass

Place = tuple[int, int]
"""Line and column, both 1-based."""


@dataclass(frozen=True, slots=True)
class Name:
    """A variable that is read or written."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Number:
    """A literal with its sign, as it was written."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator, by a name that may be an alias or unknown."""

    function: str
    arguments: tuple[Expression, ...]
    place: Place


Expression = Name | Number | Call


@dataclass(frozen=True, slots=True)
class Assignment:
    """`target = value`."""

    target: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name of the header, and its rows and columns if it has a shape."""

    name: Name
    shape: tuple[Name | Number, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A whole text: its parameters, its assignments in order and its return."""

    parameters: tuple[Parameter, ...]
    assignments: tuple[Assignment, ...]
    returned: tuple[Expression, ...]
