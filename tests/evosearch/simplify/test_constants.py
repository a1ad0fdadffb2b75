"""Constants are rounded to what matters; values that hardly vary have an average."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import parse, prune
from dsl.library import read_program
from dsl.program import Constant
from evosearch.config import TrainingConfig, parse_task
from evosearch.evaluate import load_plan
from evosearch.simplify.averages import averages
from evosearch.simplify.constants import rounded, with_rounded
from tests.searching import TASK


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
