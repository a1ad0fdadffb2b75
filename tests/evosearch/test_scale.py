"""Rate and decay are scaled and nothing else, dead statements too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import check, digest, parse, prune
from dsl.float32 import nearest_float32
from dsl.library import read_program
from dsl.program import Constant, Program, Statement
from dsl.structure import structure
from evosearch.explain.terms import rates_of
from evosearch.scale import with_decay, with_rate
from tests.evosearch.simplify.test_cuts import updates
from tests.strategies import programs

WITH_DECAY = ("adamw", "paper/program8")


@given(programs(max_statements=6), st.sampled_from([0.25, 2.0, 64.0]))
def test_a_rate_multiplies_the_update(program: Program, factor: float) -> None:
    program = prune(program)
    scaled = with_rate(program, factor)
    check(scaled)
    assert len(scaled.statements) <= len(program.statements) + 1
    for one, other in zip(updates(program), updates(scaled), strict=True):
        if np.all(np.abs(one) < 1e30):
            np.testing.assert_allclose(other, one * factor, rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize(
    ("constant", "factor"), [("1e33", 1e6), ("3e38", 3.0), ("1e-42", 1e-6)]
)
def test_a_constant_that_float32_would_not_hold_stays(
    constant: str, factor: float
) -> None:
    text = f"def train(w, g, lr):\n  u = g * {constant}\n  return u\n"
    program = parse(text)
    scaled = with_rate(program, factor)
    check(scaled)
    assert structure(scaled) == structure(program)
    assert [constant_of(each) for each in scaled.statements] == [
        nearest_float32(float(constant)),
        nearest_float32(factor),
    ]
    decays = f"def train(w, g, lr):\n  d = w * {constant}\n  u = g + d\n  return u\n"
    assert with_decay(parse(decays), factor) is None


def constant_of(statement: Statement) -> float:
    (found,) = (each for each in statement.arguments if isinstance(each, Constant))
    return found.value


@pytest.mark.parametrize("name", ["adamw", "lion", "sgd", "paper/program8"])
def test_a_known_program_takes_a_rate_up_in_a_constant(name: str) -> None:
    program = prune(parse(read_program(name)))
    assert len(with_rate(program, 4.0).statements) == len(program.statements)


@pytest.mark.parametrize("name", WITH_DECAY)
def test_a_decay_multiplies_the_weights_alone(name: str) -> None:
    program = prune(parse(read_program(name)))
    scaled = with_decay(program, 8.0)
    assert scaled is not None
    before, after = rates_of(program), rates_of(scaled)
    assert after.steps == before.steps
    assert [f.number for f in after.decays] == pytest.approx(
        [8.0 * f.number for f in before.decays]
    )
    first = zip(updates(program, 1), updates(scaled, 1), strict=True)
    random = np.random.default_rng(0)
    weights = [random.normal(size=5), random.normal(size=())]
    (decay,) = before.decays
    for (one, other), weight in zip(first, weights, strict=True):
        added = 7.0 * decay.number * 0.5**decay.power * weight
        np.testing.assert_allclose(other - one, added, rtol=1e-4)


def test_where_there_is_no_decay_there_is_none_to_scale() -> None:
    assert with_decay(parse(read_program("sgd")), 2.0) is None


@given(programs(), st.sampled_from([0.3, 3.0]))
def test_the_structure_stays(program: Program, factor: float) -> None:
    assert structure(with_rate(program, factor)) == structure(program)


@given(programs(), st.sampled_from([0.3, 3.0]))
def test_dead_statements_stay(program: Program, factor: float) -> None:
    scaled = with_rate(program, factor)
    check(scaled)
    assert digest(scaled) == digest(with_rate(prune(program), factor))
    kept = [statement.function for statement in scaled.statements]
    before = [statement.function for statement in program.statements]
    assert kept in (before, [*before, "multiply"])


def test_a_constant_that_a_state_is_made_of_stays() -> None:
    text = "def train(w, g, m, lr):\n    w = 1.0 / m\n    return w, w\n"
    program = parse(text)
    scaled = with_rate(program, 0.25)
    for one, other in zip(updates(program), updates(scaled), strict=True):
        np.testing.assert_allclose(other, one * 0.25, rtol=1e-5)
