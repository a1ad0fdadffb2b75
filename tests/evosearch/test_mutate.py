"""Mutations: always valid, one statement away, every one of them reachable."""

import math
from collections import Counter
from copy import deepcopy
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import FUNCTIONS, Program, check, parse
from dsl.faults import Reason
from dsl.functions import SETS
from dsl.library import read_program
from dsl.program import Argument, Constant, Statement, Variable
from evosearch.errors import InputError
from evosearch.mutate import (
    DELETE,
    INSERT,
    MODIFY,
    NOTHING_FITS,
    NOTHING_TO_CHANGE,
    TOO_LONG,
    Child,
    Odds,
    mutate,
)
from tests.strategies import programs

ADAMW = parse(read_program("adamw"))


EVEN = Odds()


def children(parent: Program, count: int, odds: Odds = EVEN) -> list[Child]:
    random = Random(7)
    return [mutate(parent, random, odds, 100) for _ in range(count)]


def without(program: Program, place: int) -> tuple[Statement, ...]:
    return (*program.statements[:place], *program.statements[place + 1 :])


def one_argument_apart(one: Statement, other: Statement) -> bool:
    pairs = list(zip(one.arguments, other.arguments, strict=True))
    same_call = (one.target, one.function) == (other.target, other.function)
    return same_call and sum(a != b for a, b in pairs) <= 1


@settings(max_examples=60)
@given(programs(), st.integers(0, 2**32))
def test_children_are_valid_and_differ_in_one_statement(
    parent: Program, seed: int
) -> None:
    before = deepcopy(parent)
    random = Random(seed)
    for _ in range(10):
        child = mutate(parent, random, Odds(), 100)
        made = child.program
        check(made)
        assert parent == before
        size = len(parent.statements)
        if child.mutation == INSERT:
            places = range(size + 1)
            assert any(without(made, place) == parent.statements for place in places)
        elif child.mutation == DELETE:
            places = range(size)
            assert any(without(parent, place) == made.statements for place in places)
        else:
            pairs = list(zip(parent.statements, made.statements, strict=True))
            changed = [(one, other) for one, other in pairs if one != other]
            assert len(changed) <= 1
            assert all(one_argument_apart(one, other) for one, other in changed)
        for name in ("weights", "gradient", "states", "learning_rate", "step"):
            assert getattr(made, name) == getattr(parent, name)
        assert made.outputs == parent.outputs


@settings(max_examples=30)
@given(programs(), st.integers(0, 2**32))
def test_the_same_random_state_makes_the_same_child(parent: Program, seed: int) -> None:
    one, other = Random(seed), Random(seed)
    assert mutate(parent, one, Odds(), 100) == mutate(parent, other, Odds(), 100)
    assert one.getstate() == other.getstate()
    assert one.getstate() != Random(seed).getstate()


def test_mutations_come_by_their_odds() -> None:
    """A program that every mutation fits, so that none is thrown away."""
    parent = parse("def train(w, g, lr):\n  a = g * 2.0\n  return g\n")
    odds = Odds(insert=5.0, delete=3.0, modify=2.0)
    kinds: Counter[str] = Counter()
    for child in children(parent, 4000, odds):
        kinds[child.mutation] += 1
    for kind, share in ((INSERT, 0.5), (DELETE, 0.3), (MODIFY, 0.2)):
        error = 5.0 * (share * (1.0 - share) / 4000) ** 0.5
        assert kinds[kind] / 4000 == pytest.approx(share, abs=error)


@pytest.mark.parametrize(
    ("odds", "possible"),
    [
        (Odds(insert=0.0), {DELETE, MODIFY}),
        (Odds(delete=0.0), {INSERT, MODIFY}),
        (Odds(modify=0.0), {INSERT, DELETE}),
        (Odds(insert=0.0, delete=0.0), {MODIFY}),
        (Odds(), {INSERT, DELETE, MODIFY}),
    ],
)
def test_odds_of_zero_are_never(odds: Odds, possible: set[str]) -> None:
    made = children(ADAMW, 300, odds)
    assert {child.mutation for child in made} == possible


def inserted(child: Child, parent: Program) -> tuple[int, Statement]:
    places = range(len(child.program.statements))
    place = next(p for p in places if without(child.program, p) == parent.statements)
    return place, child.program.statements[place]


def test_insertions_reach_every_function_place_and_target() -> None:
    only = Odds(delete=0.0, modify=0.0)
    made = [inserted(child, ADAMW) for child in children(ADAMW, 6000, only)]
    functions = Counter(statement.function for _, statement in made)
    assert set(functions) == set(SETS["lion"])
    # Uniform but for children that are not valid: none is rare.
    assert min(functions.values()) > 6000 / len(FUNCTIONS) / 3
    # A repeated statement can be taken for one a place earlier: all are reached.
    places = Counter(place for place, _ in made)
    assert set(places) == set(range(len(ADAMW.statements) + 1))
    assert min(places.values()) > 6000 / len(places) / 3
    targets = Counter(statement.target for _, statement in made)
    assert {"w", "g", "m", "v", "lr", "g2", "sqrt_v", "update", "wd", "v1"} == set(
        targets
    )
    # A new variable or an existing one: even odds.
    assert 0.4 < targets["v1"] / 6000 < 0.7
    arguments = {each for _, statement in made for each in statement.arguments}
    names = {each.name for each in arguments if isinstance(each, Variable)}
    assert names == {"w", "g", "m", "v", "lr", "g2", "sqrt_v", "update", "wd"}
    values = [each.value for each in arguments if isinstance(each, Constant)]
    assert_normal(values)


def assert_normal(values: list[float]) -> None:
    """Mean 0 and deviation 1, to five standard errors; no value twice."""
    count = len(values)
    assert count > 200
    assert abs(sum(values) / count) < 5.0 / count**0.5
    assert sum(v * v for v in values) / count == pytest.approx(1.0, abs=8 / count**0.5)
    assert len(set(values)) > 0.99 * count


def test_insertions_read_what_is_in_scope_alone() -> None:
    only = Odds(delete=0.0, modify=0.0)
    made = children(ADAMW, 500, only)
    reasons = {reason for child in made for reason in child.rejected}
    assert Reason.UNBOUND.value not in reasons
    assert Reason.ARGUMENT_TYPE.value in reasons or Reason.OUTPUT_TYPE.value in reasons


def test_a_new_variable_has_a_name_that_is_free() -> None:
    parent = parse("def train(v1, g, v3, lr):\n  v2 = g * 1.0\n  return v2, v3\n")
    only = Odds(delete=0.0, modify=0.0)
    targets = {
        inserted(child, parent)[1].target for child in children(parent, 200, only)
    }
    assert targets == {"v1", "g", "v3", "lr", "v2", "v4"}


def test_deletions_reach_every_statement_that_may_go() -> None:
    only = Odds(insert=0.0, modify=0.0)
    made = children(ADAMW, 500, only)
    gone = Counter(
        next(p for p in range(10) if without(ADAMW, p) == child.program.statements)
        for child in made
    )
    # Without these three their readers would have nothing to read.
    bound = {"g2 = ", "sqrt_v = ", "wd = "}
    lines = read_program("adamw").splitlines()[1:-1]
    free = {
        place
        for place, line in enumerate(lines)
        if not any(line.strip().startswith(each) for each in bound)
        and place != 4  # the first `update`, which the second one reads
    }
    assert set(gone) == free
    assert min(gone.values()) > 500 / len(free) / 2
    assert {reason for child in made for reason in child.rejected} == {"unbound"}


def changes(parent: Program, count: int) -> list[tuple[Argument, Argument]]:
    """Arguments before and after, where a modification changed one."""
    only = Odds(insert=0.0, delete=0.0)
    found = []
    for child in children(parent, count, only):
        pairs = zip(parent.statements, child.program.statements, strict=True)
        for one, other in pairs:
            found += [
                (a, b)
                for a, b in zip(one.arguments, other.arguments, strict=True)
                if a != b
            ]
    return found


LARGE = parse("def train(w, g, m, lr):\n  a = w * 1e20\n  u = a + g\n  return u, m\n")
"""Its constant tells a new one, from N(0, 1), from a multiple of the old one."""


def test_modifications_reach_every_variable_in_scope_but_the_old_one() -> None:
    reached: dict[str, set[str]] = {"w": set(), "a": set(), "g": set(), "": set()}
    for old, new in changes(LARGE, 3000):
        if isinstance(new, Variable):
            name = old.name if isinstance(old, Variable) else ""
            reached[name].add(new.name)
    assert reached == {
        "w": {"g", "m", "lr"},
        "a": {"w", "g", "m", "lr"},
        "g": {"w", "m", "lr", "a"},
        "": {"w", "g", "m", "lr"},
    }


def test_a_modification_changes_something() -> None:
    only = Odds(insert=0.0, delete=0.0)
    assert all(child.program != LARGE for child in children(LARGE, 1000, only))


def test_a_constant_becomes_a_variable_a_new_one_or_a_multiple_of_itself() -> None:
    new = [new for old, new in changes(LARGE, 6000) if isinstance(old, Constant)]
    variables = [each for each in new if isinstance(each, Variable)]
    values = [each.value for each in new if isinstance(each, Constant)]
    fresh = [value for value in values if abs(value) < 1e10]
    multiples = [value for value in values if abs(value) >= 1e10]
    for kind in (variables, fresh, multiples):
        assert len(kind) / len(new) == pytest.approx(1 / 3, abs=0.07)
    assert_normal(fresh)
    assert_normal([math.log2(value / 1e20) for value in multiples])


def test_a_variable_becomes_a_constant_as_often_as_a_variable() -> None:
    new = [new for old, new in changes(LARGE, 4000) if old == Variable("a")]
    constants = [each.value for each in new if isinstance(each, Constant)]
    assert len(constants) / len(new) == pytest.approx(0.5, abs=0.1)
    assert_normal(constants)


def test_an_insertion_beyond_the_longest_is_thrown_away() -> None:
    random = Random(0)
    longest = len(ADAMW.statements)
    made = [mutate(ADAMW, random, Odds(), longest) for _ in range(200)]
    assert {child.mutation for child in made} == {DELETE, MODIFY}
    assert TOO_LONG in {reason for child in made for reason in child.rejected}
    made = [mutate(ADAMW, random, Odds(), longest + 1) for _ in range(200)]
    assert {child.mutation for child in made} == {INSERT, DELETE, MODIFY}


def test_an_insertion_for_which_nothing_fits_is_thrown_away() -> None:
    random, only = Random(0), Odds(delete=0.0, modify=0.0)
    made = [mutate(ADAMW, random, only, 100, ("sqrt", "trace")) for _ in range(50)]
    inserted = {child.program.statements[child.place].function for child in made}
    assert inserted == {"sqrt"}, "no variable of AdamW is a square matrix"
    reasons = {reason for child in made for reason in child.rejected}
    assert NOTHING_FITS in reasons
    assert Reason.ARGUMENT_TYPE not in reasons


def test_an_empty_program_has_nothing_to_change() -> None:
    empty = parse("def train(w, g, lr):\n  return g\n")
    made = children(empty, 50)
    assert {child.mutation for child in made} == {INSERT}
    assert NOTHING_TO_CHANGE in {r for child in made for r in child.rejected}


def test_odds_that_leave_no_valid_child_are_bad_input() -> None:
    empty = parse("def train(w, g, lr):\n  return g\n")
    with pytest.raises(InputError, match="no valid child"):
        mutate(empty, Random(0), Odds(insert=0.0), 100)
