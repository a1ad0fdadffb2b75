"""Simplifying ends, is idempotent, knows no names, and keeps the updates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsl import Program, check, digest, lion, parse, prune, simplify
from dsl.interpret import Leaves, interpret, zero_states
from dsl.laws import LAWS
from dsl.library import program_names, read_program
from dsl.numbered import named, number
from dsl.program import Argument, Constant, Statement, Variable
from dsl.simplify import DEAD, next_step, size
from tests.equivalences import renamed
from tests.noise import FLOAT32
from tests.planted import planted
from tests.stepping import bits, random_tree
from tests.strategies import matrix_programs, programs

STEPS = 4
ANY_PROGRAMS = programs() | planted()


def run(program: Program, xp: Any, typed: Any) -> list[Leaves]:
    """The updates of some steps, their numbers all of one kind."""
    weights: Leaves = [typed(leaf) for leaf in random_tree(0)]
    states = zero_states(program, np, weights)
    found = []
    for index in range(STEPS):
        gradient = random_tree(1000 + index, 10.0 ** -(index % 3))
        trees = [weights, [typed(leaf) for leaf in gradient], *states]
        rate, step = typed(1.0 - index / (2 * STEPS)), typed(index + 1.0)
        update, *states = interpret(program, xp, trees, rate, step)
        weights = [w - u for w, u in zip(weights, update, strict=True)]
        found.append(update)
    return found


def in_float32(program: Program) -> list[bytes]:
    with np.errstate(all="ignore"):
        return bits(run(program, FLOAT32, np.float32))


@settings(max_examples=60)
@given(programs() | planted(exact=True))
def test_exact_laws_keep_every_bit(program: Program) -> None:
    derivation = simplify(program, exact=True)
    assert derivation.exact
    assert all(step.exact for step in derivation.steps)
    assert in_float32(derivation.program) == in_float32(program)


@settings(max_examples=30)
@given(matrix_programs())
def test_exact_laws_keep_every_bit_of_matrices(program: Program) -> None:
    simple = simplify(program, exact=True).program
    assert in_float32(simple) == in_float32(program)
    check(simplify(program).program)


RUNS, NOISE, SAFETY = 4, 1e-6, 30.0


def noisy(program: Program, seed: int) -> Program:
    """The program with every value and constant moved by a few roundings."""
    random = np.random.default_rng(seed)

    def near(value: float) -> Constant:
        moved = np.float32(value * (1.0 + NOISE * random.standard_normal()))
        return Constant(float(moved) if np.isfinite(moved) else value)

    def moved(function: str, argument: Argument) -> Argument:
        # A negative number has a power of a whole number, and of none beside it.
        fixed = isinstance(argument, Variable) or function == "power"
        return argument if fixed else near(argument.value)

    def times_noise(name: str) -> Statement:
        return Statement(name, "multiply", (Variable(name), near(1.0)))

    statements = [
        times_noise(name)
        for name in (program.gradient, *program.states, program.learning_rate)
    ]
    for statement in program.statements:
        arguments = tuple(moved(statement.function, a) for a in statement.arguments)
        statements.append(Statement(statement.target, statement.function, arguments))
        statements.append(times_noise(statement.target))
    return program._replace(statements=tuple(statements))


def everything(trees: list[Leaves]) -> np.ndarray:
    return np.concatenate([np.ravel(leaf) for tree in trees for leaf in tree])


def updates_and_tolerance(program: Program) -> tuple[np.ndarray, np.ndarray]:
    """Updates in float64, and how far others may be away: infinite where unsure.

    Laws of real arithmetic say nothing of a program in which something is infinite,
    NaN or vanishes, and little where the guard of a division counts: so it runs with
    no guard and with a larger one too, and with noise.
    """
    try:
        with np.errstate(all="raise"):
            exact = everything(run(program, np, np.float64))
    except FloatingPointError:
        assume(False)
    others = []
    with np.errstate(all="ignore"), pytest.MonkeyPatch.context() as patch:
        others += [run(noisy(program, seed), np, np.float64) for seed in range(RUNS)]
        for guard in (0.0, 3e-8, -1e-8):
            patch.setattr(lion, "EPSILON", guard)
            others.append(run(program, np, np.float64))
        spread = np.max([np.abs(everything(each) - exact) for each in others], axis=0)
    tolerance = SAFETY * spread + 1e-5 * np.abs(exact) + 1e-12
    return exact, np.where(np.isfinite(tolerance), tolerance, np.inf)


def assert_agree(one: Program, other: Program) -> None:
    exact, tolerance = updates_and_tolerance(one)
    with np.errstate(all="ignore"):
        found = everything(run(other, np, np.float64))
        wrong = ~(np.abs(found - exact) <= tolerance)
    wrong &= np.isfinite(tolerance)
    assert not wrong.any(), (
        f"{exact[wrong][0]:.9g} became {found[wrong][0]:.9g}, give or take "
        f"{tolerance[wrong][0]:.2g}"
    )


@settings(max_examples=100)
@given(ANY_PROGRAMS)
def test_all_laws_keep_the_updates_up_to_noise(program: Program) -> None:
    assert_agree(program, simplify(program).program)


@settings(max_examples=60)
@given(ANY_PROGRAMS, st.booleans())
def test_each_step_follows_by_its_law_and_makes_the_program_smaller(
    program: Program, exact: bool
) -> None:
    derivation = simplify(program, exact)
    assert derivation.start == program
    before = program
    for step in derivation.steps:
        check(step.program)
        laws = [law for law in LAWS if law.name == step.law]
        assert next_step(before, laws) == step
        assert (step.law == DEAD) == (not laws)
        assert size(number(step.program)) < size(number(before))
        assert 1 <= step.line <= len(before.statements) + 1
        before = step.program
    assert derivation.program == before
    assert simplify(before, exact).steps == ()
    assert len(before.statements) <= len(prune(program).statements)
    assert len(before.states) <= len(prune(program).states)


@settings(max_examples=40)
@given(st.data(), ANY_PROGRAMS)
def test_names_do_not_matter(data: st.DataObject, program: Program) -> None:
    one, other = simplify(program), simplify(data.draw(renamed(program)))
    told = [[(s.law, s.line, digest(s.program)) for s in d.steps] for d in (one, other)]
    assert told[0] == told[1]
    assert digest(one.program) == digest(other.program)


@settings(max_examples=40)
@given(ANY_PROGRAMS)
def test_a_program_by_numbers_is_the_program(program: Program) -> None:
    again = named(number(program))
    check(again)
    assert digest(again) == digest(program)
    assert len(again.statements) == len(program.statements)


@pytest.mark.parametrize("name", program_names())
def test_programs_of_the_library_agree(name: str) -> None:
    program = parse(read_program(name))
    exact = simplify(program, exact=True).program
    assert in_float32(exact) == in_float32(program)
    simple = simplify(program).program
    check(simple)
    if name != "muon":  # its own noise is large after four steps
        assert_agree(program, simple)
