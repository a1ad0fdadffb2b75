"""Mode `constants` changes one constant that counts, and never the structure."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import Program, check, parse
from dsl.library import read_program
from dsl.program import Constant
from evosearch.constant_mutation import change_constant
from evosearch.genome import genome_of, inherit
from tests.blind import without_constants
from tests.strategies import programs

PROGRAM8 = parse(read_program("paper/program8"))


@settings(max_examples=100)
@given(programs(min_statements=1), st.integers(0, 2**32))
def test_tuning_changes_one_live_constant(program: Program, seed: int) -> None:
    genome = genome_of(program)
    alive = [
        (place, which)
        for place, statement in enumerate(program.statements)
        for which, argument in enumerate(statement.arguments)
        if genome.alive[place] and isinstance(argument, Constant)
    ]
    if not alive:
        return
    child = change_constant(genome, Random(seed))
    check(child.program)
    assert inherit(genome, child) == genome_of(child.program)
    changed = [
        (place, which)
        for place, statement in enumerate(program.statements)
        for which, argument in enumerate(statement.arguments)
        if child.program.statements[place].arguments[which] != argument
    ]
    assert len(changed) <= 1  # a multiple of 0 is 0
    assert set(changed) <= set(alive)
    assert without_constants(child.program) == without_constants(program)


def test_tuning_reaches_every_live_constant_both_ways() -> None:
    genome, random = genome_of(PROGRAM8), Random(0)
    reached: dict[tuple[int, int], set[bool]] = {}
    for _ in range(400):
        made = change_constant(genome, random).program
        for place, old in enumerate(PROGRAM8.statements):
            for which, argument in enumerate(old.arguments):
                new = made.statements[place].arguments[which]
                if isinstance(argument, Constant) and new != argument:
                    assert isinstance(new, Constant)
                    same_sign = new.value * argument.value > 0.0
                    reached.setdefault((place, which), set()).add(same_sign)
    live = [place for place, alive in enumerate(genome.alive) if alive]
    assert {place for place, _ in reached} == {
        place
        for place in live
        if any(isinstance(a, Constant) for a in PROGRAM8.statements[place].arguments)
    }
    assert all(signs == {True, False} for signs in reached.values())


def test_a_constant_that_float32_cannot_hold_is_thrown_away() -> None:
    genome = genome_of(parse("def train(w, g, lr):\n  return g * 3e38\n"))
    made = [change_constant(genome, Random(seed)) for seed in range(100)]
    assert {reason for child in made for reason in child.rejected} == {"constant"}
    for child in made:
        check(child.program)
