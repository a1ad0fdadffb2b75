"""A cut is a call for whose value another is read: what is left is a valid program."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from dsl import check, parse, prune, simplify, unparse
from dsl.check import infer_types
from dsl.interpret import interpret, zero_states
from dsl.library import read_program
from dsl.numbered import Call, Numbered, named, number
from dsl.program import Constant, Program
from evosearch.simplify.averages import with_values_as_states
from evosearch.simplify.cuts import Told, cut_told, cuts_of, size_of, without
from tests.strategies import programs

LION = prune(parse(read_program("paper/program8")))


def updates(program: Program, steps: int = 3) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    weights = [random.normal(size=5), random.normal(size=())]
    states, found = zero_states(program, np, weights), []
    with np.errstate(all="ignore"):
        for step in range(1, steps + 1):
            gradient = [random.normal(size=leaf.shape) for leaf in weights]
            trees = [weights, gradient, *states]
            update, *states = interpret(program, np, trees, 0.5, float(step))
            found += [np.array(leaf, copy=True) for leaf in update]
    return found


@given(programs(max_statements=6))
def test_what_is_left_is_valid_and_knows_nothing_of_the_call(program: Program) -> None:
    program = prune(program)
    before = unparse(program)
    for cut in cuts_of(program, {0: 0.5}):
        stump = without(program, [cut])
        if stump is None:
            continue
        check(stump.raw)
        check(stump.program)
        assert stump.raw == prune(stump.raw)
        assert len(stump.raw.statements) < len(program.statements)
        assert stump.program == simplify(stump.raw).program
    assert unparse(program) == before


@given(programs(min_statements=1, max_statements=6))
def test_reading_an_argument_is_multiplying_it_with_1(program: Program) -> None:
    program = prune(program)
    numbered, kinds = number(program), infer_types(program)
    types = numbered.types
    for cut in cuts_of(program, {}):
        stump = without(program, [cut])
        place = cut.value - numbered.inputs
        is_number = isinstance(cut.instead, Constant)
        if stump is None or is_number or types[cut.instead] is not kinds[place]:
            continue
        name = program.statements[place].target
        calls = list(numbered.calls)
        calls[place] = Call("multiply", (cut.instead, Constant(1.0)), name)
        expected = named(Numbered(program, tuple(calls), numbered.outputs))
        for one, other in zip(updates(stump.raw), updates(expected), strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_cuts_of_a_call_are_its_arguments_and_its_constant() -> None:
    program = parse("def train(w, g, lr):\n  u = interp(g, w, 0.5)\n  return u")
    found = [cut_told(program, cut) for cut in cuts_of(program, {0: 0.25})]
    statement = "u = interp(g, w, 0.5)"
    assert found == [Told(2, statement, x) for x in ("g", "w", "0.5", "0.25")]


def test_a_state_that_is_never_fed_goes() -> None:
    (cut,) = [
        cut
        for cut in cuts_of(LION, {})
        if cut_told(LION, cut)[1:] == ("v = interp(g, m, 1.109133)", "g")
    ]
    stump = without(LION, [cut])
    assert stump is not None
    assert size_of(stump.program)[0] == 1
    told = "m = interp(g, v, 0.9)"
    (cut,) = [
        cut for cut in cuts_of(LION, {}) if cut_told(LION, cut)[1:] == (told, "g")
    ]
    stump = without(LION, [cut])
    assert stump is not None
    # v = interp(g, g, ...) is g, and nothing reads it.
    assert stump.program.states == ()


def test_cuts_go_together() -> None:
    one, other = (
        cut
        for cut in cuts_of(LION, {})
        if cut_told(LION, cut)[1:] in {("g = clip(g, lr)", "g"), ("g = arcsin(g)", "g")}
    )
    both = without(LION, [one, other])
    assert both is not None
    text = unparse(both.program)
    assert "clip" not in text
    assert "arcsin" not in text
    turned = without(LION, [other, one])
    assert turned is not None
    assert both.program == turned.program


@pytest.mark.parametrize(
    ("text", "line", "instead"),
    [
        # The update must be a Tree, and no constant is one.
        ("  u = g * lr\n  return u", 2, "lr"),
        # `norm` takes no Scalar.
        ("  n = g * lr\n  n = norm(n)\n  u = g / n\n  return u", 2, "lr"),
    ],
)
def test_what_is_no_program_is_none(text: str, line: int, instead: str) -> None:
    program = parse(f"def train(w, g, lr):\n{text}")
    (cut,) = [
        cut
        for cut in cuts_of(program, {})
        if (told := cut_told(program, cut)).line == line and told.instead == instead
    ]
    assert without(program, [cut]) is None


@given(programs(max_statements=6))
def test_values_are_shown_in_states_of_their_own(program: Program) -> None:
    shown = with_values_as_states(program)
    check(shown)
    assert len(shown.states) == len(program.states) + len(program.statements)
    for one, other in zip(updates(program), updates(shown), strict=True):
        np.testing.assert_array_equal(one, other)
