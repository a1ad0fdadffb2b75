"""A structure is what is left of a program without its constants and its scale."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import digest, parse, prune
from dsl.library import read_program
from dsl.program import Constant, Program, Statement
from dsl.structure import structure
from tests.strategies import constants, programs


def with_constants(program: Program, values: list[Constant]) -> Program:
    """The program with its constants replaced, one after the other."""
    left = iter(values)
    statements = tuple(
        Statement(
            each.target,
            each.function,
            tuple(
                next(left, argument) if isinstance(argument, Constant) else argument
                for argument in each.arguments
            ),
        )
        for each in program.statements
    )
    return program._replace(statements=statements)


@given(programs(), st.lists(constants(), min_size=24))
def test_constants_do_not_matter(program: Program, values: list[Constant]) -> None:
    assert structure(with_constants(program, values)) == structure(program)


@given(programs())
def test_dead_code_does_not_matter(program: Program) -> None:
    assert structure(prune(program)) == structure(program)


@given(programs(max_statements=6), programs(max_statements=6))
def test_one_digest_has_one_structure(one: Program, other: Program) -> None:
    assert digest(one) != digest(other) or structure(one) == structure(other)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sign(g)", "sign(g) * 0.1", True),
        ("sign(g) * 0.1 * lr", "sign(g) * 0.3 * lr", True),
        ("sign(g) * lr", "lr * sign(g)", True),
        ("sign(g) * lr * 0.1", "sign(g) * lr", True),
        ("sign(g) * 0.1 * lr", "sign(g) * lr", False),
        ("sign(g * 0.1)", "sign(g)", False),
        ("sign(g)", "g", False),
        ("sign(g) + 0.0", "sign(g) - 0.0", False),
        ("g", "g * 0.1 * 0.1", True),
        ("g", "w", False),
    ],
)
def test_examples(one: str, other: str, same: bool) -> None:
    pair = [parse(f"def train(w, g, lr):\n  return {each}") for each in (one, other)]
    assert (structure(pair[0]) == structure(pair[1])) == same


def test_a_state_keeps_its_scale() -> None:
    text = "def train(w, g, m, lr):\n  m = interp(g, m, 0.9) * 0.5\n  return m, m"
    other = text.replace(" * 0.5", "")
    assert structure(parse(text)) != structure(parse(other))


def test_known_optimizers_are_told_apart() -> None:
    names = ("sgd", "momentum", "adam", "adamw", "lion", "signum", "rmsprop")
    found = {structure(parse(read_program(name))) for name in names}
    assert len(found) == len(names)
