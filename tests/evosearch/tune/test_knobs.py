"""What is tuned is found, and tuning it leaves everything else as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import Program, check, parse, prune
from dsl.library import program_names, read_program
from dsl.program import Constant
from dsl.structure import form
from evosearch.errors import InputError
from evosearch.identify.known import KNOWN, constants_of
from evosearch.tune.drawing import draw
from evosearch.tune.knobs import (
    Knobs,
    knobs_of,
    with_values,
)
from tests.blind import without_constants
from tests.strategies import programs

FOUND = """\
def train(w, g, m, lr):
    m = interp(g, m, 0.97)
    n = interp(m, g, 0.3)
    update = tanh(n)
    wd = w * 0.02
    update = update + wd
    rate = lr * 0.005
    update = update * rate
    return update, m
"""


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: str(known.name))
def test_a_known_optimizer_has_its_own_names(known: object) -> None:
    knobs = knobs_of(parse(read_program(known.name)))  # type: ignore[attr-defined]
    assert knobs.row is known
    own = dict(knobs.row.own)
    if not knobs.row.has_rate:
        del own["rate"]
    assert dict(knobs.values) == pytest.approx(own)
    assert with_values(knobs, {}) == knobs.program


def test_names_of_constants() -> None:
    assert knobs_of(parse(read_program("adamw"))).names == (
        "beta1", "beta2", "decay", "rate",
    )  # fmt: skip
    knobs = knobs_of(parse(FOUND))
    assert {name: knobs.values[name] for name in knobs.names} == {
        "beta": 0.97,
        "decay": 0.02,
        "rate": 0.005,
    }
    program8 = knobs_of(parse(read_program("paper/program8")))
    assert set(program8.names) == {"beta", "decay", "rate"}


def test_a_known_optimizer_with_other_constants_is_still_known() -> None:
    text = read_program("adam").replace("0.999", "0.95")
    knobs = knobs_of(parse(text))
    assert knobs.row.name == "adam"
    assert knobs.values["beta2"] == 0.95
    other = with_values(knobs, {"beta2": 0.8})
    assert 0.95 not in constants_of(other)
    assert constants_of(other).count(0.8) == 2  # the mean and its correction


def test_one_that_breaks_a_known_one_s_rules_is_not_known() -> None:
    program = prune(parse(read_program("adam")))
    place = constants_of(program).index(0.999)
    broken = _with_constant(program, place, 0.95)  # not what corrects it
    knobs = knobs_of(broken)
    assert knobs.row.name == ""
    assert "beta2" in knobs.names


def test_without_constants_there_is_nothing_to_tune() -> None:
    for text in (
        "def train(w, g, lr):\n  u = g * lr\n  return u\n",
        "def train(w, g, m, lr):\n  m = interp(g, m, 0.1)\n  u = sign(m)\n"
        "  return u, m\n",
    ):
        with pytest.raises(InputError, match="no constant to tune"):
            knobs_of(parse(text))


@given(programs(min_statements=2), st.integers(0, 99))
def test_a_tuned_program_is_the_original_with_other_constants(
    program: Program, seed: int
) -> None:
    try:
        knobs = knobs_of(program)
    except InputError:
        return
    assert with_values(knobs, {}) == prune(program)
    for each in draw(knobs, ["cosine"], 4, seed):
        tuned = with_values(knobs, each.values)
        check(tuned)
        assert without_constants(tuned) == without_constants(program)


@pytest.mark.parametrize("name", sorted(program_names()))
def test_every_program_that_comes_along_can_be_tuned(name: str) -> None:
    knobs = knobs_of(parse(read_program(name)))
    for each in draw(knobs, ["cosine"], 20, 1):
        tuned = with_values(knobs, each.values)
        check(tuned)
        assert form(tuned) == form(knobs.program)
        again = knobs_of(tuned)
        assert isinstance(again, Knobs)


def _with_constant(program: Program, place: int, value: float) -> Program:
    seen = -1
    statements = []
    for statement in program.statements:
        arguments = []
        for argument in statement.arguments:
            seen += isinstance(argument, Constant)
            hit = isinstance(argument, Constant) and seen == place
            arguments.append(Constant(value) if hit else argument)
        statements.append(replace(statement, arguments=tuple(arguments)))
    return program._replace(statements=tuple(statements))
