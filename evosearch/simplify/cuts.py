"""What can be cut out of a program: a call, for whose value another is read.

Pure: programs in, programs out; what a cut costs is measured elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from dsl.check import find_fault
from dsl.float32 import constant_text
from dsl.numbered import Numbered, Value, named, number
from dsl.program import Constant, Program, header
from dsl.prune import prune
from dsl.simplify import simplify
from dsl.unparse import unparse


class Cut(NamedTuple):
    """A call that goes.

    Attributes:
        value: the number of its value.
        instead: what is read in its place: one of its arguments, or a constant.
    """

    value: int
    instead: Value


class Stump(NamedTuple):
    """A program after some cuts.

    Attributes:
        cuts: what went.
        raw: the program without them, and without what is dead.
        program: that, simplified by laws.
    """

    cuts: tuple[Cut, ...]
    raw: Program
    program: Program


def cuts_of(program: Program, averages: Mapping[int, float]) -> list[Cut]:
    """All cuts of one call each, in the order of the calls.

    Args:
        program: a pruned one.
        averages: by the place of a call, the constant that fits its value best, where
            there is one.
    """
    numbered = number(program)
    found = []
    for place, call in enumerate(numbered.calls):
        instead = [*call.arguments]
        if place in averages:
            instead.append(Constant(averages[place]))
        value = numbered.inputs + place
        found += [Cut(value, each) for each in dict.fromkeys(instead)]
    return found


def without(program: Program, cuts: Iterable[Cut]) -> Stump | None:
    """A pruned program without some calls, simplified; None if that is no program.

    Values of another type may be read in the place of what was cut, as long as all
    calls take them and the update and the states keep their types.
    """
    cuts = tuple(cuts)
    numbered = number(program)
    instead = dict(cuts)

    def now(value: Value) -> Value:
        while not isinstance(value, Constant) and value in instead:
            value = instead[value]
        return value

    outputs = []
    for output in map(now, numbered.outputs):
        if isinstance(output, Constant):
            return None
        outputs.append(output)
    calls = tuple(
        replace(call, arguments=tuple(map(now, call.arguments)))
        for call in numbered.calls
    )
    after = named(Numbered(program, calls, tuple(outputs)))
    if find_fault(after) is not None:
        return None
    raw = prune(after)
    return Stump(cuts, raw, simplify(raw).program)


class Told(NamedTuple):
    """A cut in the words of a program's text.

    Attributes:
        line: of the statement in `unparse(program)`.
        statement: its text.
        instead: a name in that program, or a number.
    """

    line: int
    statement: str
    instead: str


def cut_told(program: Program, cut: Cut) -> Told:
    """A cut in the words of the program that it is one of."""
    inputs = len(header(program))
    place = cut.value - inputs
    names = (*header(program), *(each.target for each in program.statements))
    return Told(
        2 + place,
        unparse(program).splitlines()[1 + place].strip(),
        constant_text(cut.instead.value)
        if isinstance(cut.instead, Constant)
        else names[cut.instead],
    )


def size_of(program: Program) -> tuple[int, int]:
    """What a cut has to lower: states, then statements."""
    return len(program.states), len(program.statements)
