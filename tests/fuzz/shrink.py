"""The smallest text or program that still breaks a law: greedy, and bounded in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

from dsl import Program, prune, unparse
from dsl.check import find_fault
from dsl.program import (
    Constant,
    Variable,
    header,
    shapes_of,
    state_types,
)
from tests.stepping import (
    all_names,
    reading,
    rename,
    with_argument,
    with_statements,
)

SECONDS = 20.0
"""After it the smallest that was found so far is reported."""

Edit = Callable[[Program], Program]
Pair = tuple[Program, ...]
"""Programs that are edited alike: one, or two that should not behave differently."""

_CONSTANTS = tuple(map(Constant, (0.0, 1.0, 2.0, -1.0, 0.5)))
_HEADER = ("w", "g", "m", "v", "k")
_TARGETS = tuple(f"{letter}" for letter in "abcdefhijnopqrstuxyz")


def shrink_program(program: Program, breaks: Callable[[Program], bool]) -> Program:
    """The smallest valid program that `breaks`, by deleting and simplifying."""
    return shrink_programs((program,), lambda pair: breaks(*pair))[0]


def shrink_programs(pair: Pair, breaks: Callable[[Pair], bool]) -> Pair:
    """The same for programs that take the same edits."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        smaller = _first(_smaller(pair), breaks, deadline)
        if smaller is None:
            break
        pair = smaller
    plain = tuple(map(_plainly_named, pair))
    return plain if plain != pair and breaks(plain) else pair


def shrink_text(text: str, breaks: Callable[[str], bool]) -> str:
    """The shortest text that `breaks`, by cutting ever smaller pieces."""
    deadline = time.monotonic() + SECONDS
    length = len(text) // 2 or 1
    while time.monotonic() < deadline:
        before, cut = text, 0
        while cut < len(text) and time.monotonic() < deadline:
            shorter = text[:cut] + text[cut + length :]
            if breaks(shorter):
                text = shorter
            else:
                cut += length
        if length == 1 and text == before:
            break
        length = length // 2 or 1
    return text


def _first(
    candidates: Iterator[Any], breaks: Callable[[Any], bool], deadline: float
) -> Any:
    for candidate in candidates:
        if time.monotonic() > deadline:
            return None
        if breaks(candidate):
            return candidate
    return None


def _smaller(pair: Pair) -> Iterator[Pair]:
    """Valid programs of smaller size, those that differ most first."""
    size = sum(map(_size, pair))
    for edit in _edits(pair[0]):
        edited = tuple(_edited(edit, program) for program in pair)
        found = tuple(program for program in edited if program is not None)
        if len(found) == len(pair) and sum(map(_size, found)) < size:
            yield found


def _edited(edit: Edit, program: Program) -> Program | None:
    try:
        edited = edit(program)
    except IndexError:  # the other program of a pair is the longer one
        return None
    return edited if find_fault(edited) is None else None


def _size(program: Program) -> int:
    """Statements and states count more than the length of what they say."""
    return 1000 * (len(program.statements) + len(program.states)) + len(
        unparse(program)
    )


def _edits(program: Program) -> Iterator[Edit]:
    """What could make a program smaller, the most promising first."""
    yield prune
    count = len(program.statements)
    length = count
    while length:
        for first in range(0, count, length):
            yield partial(_without, first=first, count=length)
        length //= 2
    places = [
        (index, place)
        for index, statement in enumerate(program.statements)
        for place in range(len(statement.arguments))
    ]
    yield from (partial(_bypassed, index=i, place=k) for i, k in places)
    for place in range(len(program.states)):
        yield partial(_without_state, place=place)
    yield lambda program: program._replace(step=None)
    simple = (*map(Variable, header(program)), *_CONSTANTS)
    for (index, place), new in product(places, simple):
        yield partial(with_argument, index=index, place=place, argument=new)
    trees = (program.weights, program.gradient)
    for place, name in product(range(len(program.outputs)), trees):
        yield partial(_with_output, place=place, name=name)


def _without(program: Program, first: int, count: int) -> Program:
    kept = program.statements[:first] + program.statements[first + count :]
    return program._replace(statements=kept)


def _bypassed(program: Program, index: int, place: int) -> Program:
    """Without a statement; what read its value reads one of its arguments."""
    gone = program.statements[index]
    new = gone.arguments[place]
    statements = list(program.statements[:index])
    stands = True
    for statement in program.statements[index + 1 :]:
        if stands:
            statement = reading(statement, {gone.target: new})
        stands = stands and statement.target != gone.target
        statements.append(statement)
    outputs = [
        new.name
        if stands and name == gone.target and isinstance(new, Variable)
        else name
        for name in program.outputs
    ]
    return with_statements(program, statements, outputs)


def _without_state(program: Program, place: int) -> Program:
    """Without a state and its output; what read it reads the gradient."""
    name, gradient = program.states[place], Variable(program.gradient)
    states, outputs = list(program.states), list(program.outputs)
    del states[place], outputs[place + 1]
    statements = [reading(each, {name: gradient}) for each in program.statements]
    kinds = list(state_types(program))
    del kinds[place]
    smaller = with_statements(program, statements, outputs)
    return smaller._replace(states=tuple(states), shapes=shapes_of(kinds))


def _with_output(program: Program, place: int, name: str) -> Program:
    outputs = list(program.outputs)
    outputs[place] = name
    return program._replace(outputs=tuple(outputs))


def _plainly_named(program: Program) -> Program:
    """Names as an author would choose them: `w`, `g`, `m`, `lr`, `a`, `b`."""
    old = [*header(program)[: 2 + len(program.states)], program.learning_rate]
    new = [*_HEADER[: len(old) - 1], "lr"]
    targets = [s.target for s in program.statements if s.target not in old]
    fresh = list(dict.fromkeys(targets))
    if len(new) < len(old) or len(fresh) > len(_TARGETS):
        return program
    names = dict(zip(old, new, strict=True)) | dict(zip(fresh, _TARGETS, strict=False))
    return rename(program, names) if all_names(program) <= set(names) else program
