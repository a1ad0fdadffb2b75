"""A child is thrown away for the first fault of the whole check, which is not made."""

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsl import Program
from dsl.check import find_fault
from evosearch.mutate import Odds, mutate
from tests.strategies import programs


@settings(max_examples=100)
@given(programs(min_statements=1), st.integers(0, 2**32))
def test_deletions_are_thrown_away_for_the_first_fault(
    parent: Program, seed: int
) -> None:
    statements = parent.statements
    faults = [
        find_fault(
            parent._replace(statements=(*statements[:place], *statements[place + 1 :]))
        )
        for place in range(len(statements))
    ]
    assume(None in faults)
    child = mutate(parent, Random(seed), Odds(insert=0.0, modify=0.0), 100)
    random, reasons = Random(seed), []
    while True:
        random.random()  # the kind of the mutation
        fault = faults[int(random.random() * len(faults))]
        if fault is None:
            break
        reasons.append(fault.reason.value)
    assert child.rejected == tuple(reasons)


@settings(max_examples=100)
@given(programs(min_statements=1), st.integers(0, 2**32))
def test_other_children_are_thrown_away_for_the_first_fault(
    parent: Program, seed: int
) -> None:
    """Against a mutation that takes every child for doubtful and checks all of it."""

    def check_all(child: Program, place: int, *_: object) -> object:
        fault = find_fault(child)
        return (child, place) if fault is None else fault.reason.value

    lazy, thorough = Random(seed), Random(seed)
    odds = Odds(delete=0.0)
    for _ in range(10):
        made = mutate(parent, lazy, odds, 100)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("evosearch.mutate._if_valid", check_all)
            assert mutate(parent, thorough, odds, 100) == made
