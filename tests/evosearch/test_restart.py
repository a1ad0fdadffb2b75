"""What counts as the best so far, and when a search starts from it again."""

from __future__ import annotations

import math

from dsl import parse
from dsl.library import read_program
from evosearch.config import SearchConfig
from evosearch.genome import genome_of
from evosearch.population import Member
from evosearch.restart import Restarts

ADAMW, LION = (genome_of(parse(read_program(name))) for name in ("adamw", "lion"))


def restarts(**keys: object) -> Restarts:
    """Of a search from AdamW, with two states."""
    config = SearchConfig.model_validate({"population": 4, "tournament": 2, **keys})
    return Restarts(config, Member(0, ADAMW, 0.0))


def test_what_keeps_to_the_limit_on_states_is_better_than_what_does_not() -> None:
    for most, expected in ((None, 0), (2, 0), (1, 1)):
        found = restarts(max_states=most)
        found.consider(1, [Member(1, LION, 0.5)])
        assert found.best.number == expected
        found.consider(2, [Member(2, ADAMW, -0.5)])
        assert found.best.number == (1 if most == 1 else 2)


def test_the_best_is_judged_again_with_those_that_are_trained_alike() -> None:
    found = restarts()
    found.judge_again(LION.digest, lambda genome: math.inf)
    assert found.best.fitness == 0.0
    found.judge_again(ADAMW.digest, lambda genome: 0.25)
    assert (found.best.fitness, found.best.proven) == (0.25, True)
    found.consider(1, [Member(1, LION, 0.125)])
    assert found.best.number == 1


def test_an_equal_one_is_no_better_and_ends_no_stall() -> None:
    found = restarts(restart_after_stall=3)
    found.consider(1, [Member(1, LION, 0.0)])
    assert found.best.number == 0
    assert [found.due(number) for number in range(1, 8)] == [
        number in (3, 6) for number in range(1, 8)
    ]
