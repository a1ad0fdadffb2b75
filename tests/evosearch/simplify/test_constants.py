"""Rate and decay are scaled and nothing else; constants are rounded to what matters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import check, parse, prune
from dsl.library import read_program
from dsl.program import Constant, Program
from evosearch.config import TrainingConfig, parse_task
from evosearch.evaluate import load_plan
from evosearch.explain.terms import rates_of
from evosearch.simplify.averages import averages
from evosearch.simplify.constants import rounded, with_decay, with_rate, with_rounded
from tests.evosearch.simplify.test_cuts import updates
from tests.searching import TASK
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


@given(
    st.floats(-1e30, 1e30).filter(lambda x: abs(x) > 1e-30),
    st.integers(1, 5),
)
def test_rounding_keeps_so_many_digits(value: float, digits: int) -> None:
    near = rounded(value, digits)
    assert near == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))
    assert rounded(near, digits) == near
    if 0.5 < value < 1.0 - 1e-6 and near < 1.0:
        lacks = (1.0 - value, 1.0 - near)
        assert lacks[1] == pytest.approx(lacks[0], rel=0.51 * 10.0 ** (1 - digits))


def test_all_constants_are_rounded() -> None:
    program = with_rounded(prune(parse(read_program("paper/program8"))))
    found = {
        argument.value
        for statement in program.statements
        for argument in statement.arguments
        if isinstance(argument, Constant)
    }
    assert sorted(found) == pytest.approx([0.00022, 0.46, 0.9, 1.1])


def test_values_are_averaged_over_weights_and_steps() -> None:
    text = """\
def train(w, g, m, lr):
    half = lr * 0.5
    positive = sign(w)
    odd = g - g
    count = norm(positive)
    m = m + 1.0
    update = odd * half
    update = update * count
    update = update * positive
    update = update * m
    return update, m
"""
    task = parse_task(f"{TASK}:factory", ["schedule=constant", "warmup=0.0"])
    plan = load_plan(task, TrainingConfig(chunks=4))
    found = averages(parse(text), plan, 0)
    # Weights are above 1; `count` is a root of 6 and one of 1; m is 1, 2, 3, 4.
    expected = {0: 0.5, 1: 1.0, 2: 0.0, 3: (math.sqrt(6) + 1) / 2, 4: 2.5}
    assert {place: found[place] for place in expected} == pytest.approx(
        expected, rel=5e-3
    )


def test_a_value_that_is_not_finite_has_no_average() -> None:
    text = "def train(w, g, lr):\n  x = exp(1000.0)\n  u = g / x\n  return u"
    task = parse_task(f"{TASK}:factory", ["schedule=constant", "warmup=0.0"])
    plan = load_plan(task, TrainingConfig(chunks=2))
    assert 0 not in averages(parse(text), plan, 0)
