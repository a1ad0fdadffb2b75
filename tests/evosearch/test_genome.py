"""What a child inherits is what pruning and digesting it would find."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import Program, digest, live, parse, prune
from dsl.library import read_program
from evosearch.genome import genome_of, inherit
from evosearch.mutate import MODIFY, Child, Odds, mutate
from tests.strategies import programs

PROGRAM = """\
def train(w, g, m, lr):
    u = g + 0.0
    x = w * 2.0
    x = cos(m)
    m = x + g
    dead = x - m
    return u, m
"""


@settings(max_examples=100)
@given(programs(min_statements=1), st.integers(0, 2**32))
def test_a_line_of_descent_is_what_each_of_it_would_be_alone(
    program: Program, seed: int
) -> None:
    random, genome = Random(seed), genome_of(program)
    for _ in range(8):
        child = mutate(genome.program, random, Odds(), 100)
        genome = inherit(genome, child)
        assert genome.program == child.program
        assert genome.pruned == prune(child.program)
        assert genome.digest == digest(child.program)
        assert tuple(map(bool, genome.alive)) == live(child.program).statements


def test_most_of_a_drift_is_inherited() -> None:
    random, genome = Random(0), genome_of(parse(read_program("adamw")))
    inherited = 0
    for _ in range(500):
        parent = genome
        genome = inherit(parent, mutate(parent.program, random, Odds(), 100))
        inherited += genome.pruned is parent.pruned
    assert inherited > 250


def test_a_live_zero_that_changes_its_sign_is_another_program() -> None:
    parent = genome_of(parse(PROGRAM))
    other = parse(PROGRAM.replace("0.0", "-0.0"))
    child = inherit(parent, Child(other, MODIFY, 0, ()))
    assert child.digest == digest(other) != parent.digest


@pytest.mark.parametrize(
    ("place", "line", "same"),
    [
        (0, "x = sin(g)", True),
        (2, "x = sin(g)", True),
        (3, "x = sin(g)", True),
        (3, "u = sin(g)", False),
        (5, "u = sin(g)", False),
        (5, "m = sin(g)", True),
        (1, "w = sin(g)", True),
        (0, "g = sin(g)", False),
        (5, "g = sin(g)", True),
    ],
)
def test_an_insertion_is_inherited_where_nothing_live_reads_it(
    place: int, line: str, same: bool
) -> None:
    # The state m does not reach the update, so all but the first statement is dead.
    lines = PROGRAM.splitlines()
    lines.insert(1 + place, f"    {line}")
    program, parent = parse("\n".join(lines)), genome_of(parse(PROGRAM))
    child = inherit(parent, Child(program, "insert", place, ()))
    assert child == genome_of(program)
    assert (child.pruned is parent.pruned) == same
