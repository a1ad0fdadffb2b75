"""What a program does, in words and formulas: all that can be read off its text."""

from __future__ import annotations

from typing import NamedTuple

from dsl.program import Program, state_types
from dsl.prune import prune
from dsl.types import DIMENSIONS, Type
from evosearch.explain.notation import equations
from evosearch.explain.roles import roles_of
from evosearch.explain.terms import Rates, rates_of

FLOAT_BYTES = 4
"""Of a float32."""


class Memory(NamedTuple):
    """What the states of a program take.

    Attributes:
        states: how many are alive.
        bytes_per_weight: of those that are shaped like the weights.
        others: for each of the others, its name and what it takes, in words.
    """

    states: int
    bytes_per_weight: int
    others: tuple[tuple[str, str], ...]


class Explanation(NamedTuple):
    """What a program does.

    Attributes:
        program: without what is dead.
        equations: the update in mathematical notation.
        roles: what each statement is, empty where no pattern matches.
        memory: what its states take.
        rates: what multiplies the step and the weights.
    """

    program: Program
    equations: tuple[str, ...]
    roles: tuple[str, ...]
    memory: Memory
    rates: Rates


def explain(program: Program) -> Explanation:
    """Read all of it off a valid program."""
    program = prune(program)
    return Explanation(
        program,
        tuple(equations(program)),
        tuple(roles_of(program)),
        memory_of(program),
        rates_of(program),
    )


def memory_of(program: Program) -> Memory:
    """What the states of a pruned program take, in float32.

    >>> from dsl import parse
    >>> text = "def train(w, g, m, lr):\\n  m = g + m\\n  return m * lr, m"
    >>> memory_of(parse(text)).bytes_per_weight
    4
    """
    kinds = state_types(program)
    others = [
        (state, f"{FLOAT_BYTES} bytes {_WORDS.get(kind) or _size_in_words(kind)}")
        for state, kind in zip(program.states, kinds, strict=True)
        if kind is not Type.TREE
    ]
    trees = len(kinds) - len(others)
    return Memory(len(kinds), FLOAT_BYTES * trees, tuple(others))


_WORDS = {
    Type.LEAFWISE: "for each weight array",
    Type.COLUMN: "for each row",
    Type.TURNED_ROW: "for each column",
    Type.ROW: "for each column",
    Type.TURNED_COLUMN: "for each row",
    Type.LEFT: "for each pair of rows",
    Type.RIGHT: "for each pair of columns",
}


def _size_in_words(kind: Type) -> str:
    rows, columns = DIMENSIONS[kind]
    return f"times {rows} times {columns}"
