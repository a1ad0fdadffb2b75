"""Random programs: valid, with the rim of the seed program, and all are reachable."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import Program, check, parse, prune
from dsl.functions import SETS
from dsl.library import read_program
from evosearch.limits import rate_is_last_factor
from evosearch.random_program import random_program
from tests.strategies import programs

ADAMW = parse(read_program("adamw"))


@settings(max_examples=60)
@given(programs(), st.integers(0, 2**32), st.booleans())
def test_random_programs_are_valid_and_keep_the_seed_s_rim(
    like: Program, seed: int, rate_is_last: bool
) -> None:
    random = Random(seed)
    functions = [*SETS["lion"], *SETS["matrix"]]
    for _ in range(3):
        made = random_program(like, random, 12, functions, rate_is_last=rate_is_last)
        check(made)
        assert made._replace(statements=()) == like._replace(statements=())
        assert len(made.statements) <= 12
        if rate_is_last:
            last = made.statements[-1]
            assert last.function == "multiply"
            assert last.reads == (like.outputs[0], like.learning_rate)


def test_random_programs_reach_every_length_function_and_state() -> None:
    random, functions = Random(0), SETS["lion"]
    made = [random_program(ADAMW, random, 15, functions) for _ in range(600)]
    assert {len(each.statements) for each in made} == set(range(1, 16))
    used = {each.function for program in made for each in program.statements}
    assert used == set(functions)
    assert {len(prune(each).states) for each in made} == {0, 1, 2}
    scaled = [
        random_program(ADAMW, random, 15, functions, rate_is_last=True)
        for _ in range(100)
    ]
    assert sum(rate_is_last_factor(prune(each)) for each in scaled) > 10
