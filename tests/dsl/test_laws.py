"""Each law has a program that it changes, and is true of random values."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from dsl import FUNCTIONS, Type, parse
from dsl.functions import SETS
from dsl.interpret import call
from dsl.laws import LAWS
from dsl.patterns import CONSTANTS, Condition, Pattern, Term, variables
from dsl.program_laws import FOLDING, SHARED
from dsl.ranges import range_of, range_of_constant
from dsl.rewriting import Law, Transformation, sides
from dsl.simplify import next_step
from tests.noise import FLOAT32
from tests.stepping import SHAPES, bits

EQUATIONS = [law for law in LAWS if isinstance(law, Law)]
TRANSFORMATIONS = [law for law in LAWS if isinstance(law, Transformation)]


def named(law: Law) -> str:
    return f"{law.name}: {law.left}"


def test_laws_have_names_of_their_own() -> None:
    assert len({law.name for law in LAWS}) == len(LAWS) > 140
    assert {*EQUATIONS, *TRANSFORMATIONS} == set(LAWS)
    assert all(law.statement for law in LAWS)


def test_a_law_whose_right_side_has_other_names_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing can be made"):
        sides(Law("wrong", "x + y", "z"))
    with pytest.raises(ValueError, match="nothing can be made"):
        sides(Law("wrong", "x", "x"))
    with pytest.raises(ValueError, match="no pattern"):
        sides(Law("wrong", "x if y else z", "x"))


PROVABLE = {
    "": {},
    "0 <= x": {"x": "abs(w)"},
    "x <= 0": {"x": "(-abs(w))"},
    "0 < x": {"x": "exp(w)"},
    "0 < y": {"y": "exp(g)"},
    "0 <= y": {"y": "abs(g)"},
    "a < 0": {"a": "-0.5"},
    "1 <= x": {"x": "cosh(w)"},
    "-1 <= x": {"x": "cosh(w)"},
    "-1 <= x <= 1": {"x": "tanh(w)"},
    "a <= x": {"x": "tanh(w)", "a": "-1.0"},
    "x <= a": {"x": "tanh(w)", "a": "1.0"},
    "y <= x": {"x": "cosh(w)", "y": "sin(g)"},
    "x <= y": {"x": "sin(w)", "y": "cosh(g)"},
    "0 <= y <= z": {"y": "lr", "z": "step"},
    "0 <= z <= y": {"y": "step", "z": "lr"},
}
"""Expressions of which each condition of a law can be known."""

ANY = {"x": "w", "y": "g", "z": "m", "u": "v", "a": "0.75", "b": "0.25"}
ANY_SCALAR = {"y": "lr", "z": "step", "u": "step"}


@pytest.mark.parametrize("law", EQUATIONS, ids=named)
def test_a_law_changes_its_left_side(law: Law) -> None:
    """Also a guard of the table: a law that no program can meet is no law."""
    left, _, _ = sides(law)
    scalars = {name: ANY_SCALAR[name] for name in scalars_of(left)}
    words = {**ANY, **scalars}
    if not scalars or "," in law.where or law.where.count("<") > 1:
        words |= PROVABLE[law.where]
    text = re.sub(r"\b[abuxyz]\b", lambda found: words[found[0]], law.left)
    program = parse(
        "def train(w, g, m, v, k, lr, step):\n"
        f"  return k * ({text}), m + g, v + w, k - g\n"
    )
    applied = []
    while (step := next_step(program, [*FOLDING, SHARED, law])) is not None:
        applied.append(step.law)
        program = step.program
    assert law.name in applied


LEFT = {
    "constants folded": "return g * (2.0 / 3.0), m, v",
    "function of constants folded": "return g * exp(0.5), m, v",
    "same value shared": "return (g + w) * exp(w + g), m, v",
    "state never changed": "return g + m, m, v",
    "state stays zero": "return g + m, m * 0.9, v",
    "states that are equal": "return m * v, interp(g, m, 0.9), interp(g, v, 0.9)",
    "state counts steps": "m = m + 1.0; return g / m, m, v",
    "scale of a state is free": "m = interp(g * 2.0, m, 0.9); return sign(m), m, v",
}


@pytest.mark.parametrize("law", TRANSFORMATIONS, ids=lambda law: law.name)
def test_a_transformation_changes_its_example(law: Transformation) -> None:
    body = LEFT[law.name].replace("; ", "\n  ")
    program = parse(f"def train(w, g, m, v, lr, step):\n  {body}\n")
    step = next_step(program, [law])
    if step is not None and step.law != law.name:
        step = next_step(step.program, [law])
    assert step is not None
    assert step.law == law.name


def scalars_of(wanted: Pattern) -> set[str]:
    """Names that stand where only a Scalar may, constants apart."""
    if not isinstance(wanted, Term):
        return set()
    parameters = FUNCTIONS[wanted.function].parameters
    found = set().union(*map(scalars_of, wanted.arguments))
    for argument, parameter in zip(wanted.arguments, parameters, strict=True):
        if isinstance(argument, str) and parameter.accepts == (Type.SCALAR,):
            found.add(argument)
    return found - CONSTANTS


EVERYDAY = np.geomspace(0.01, 3.0, 40)
NUMBERS = np.concatenate([EVERYDAY, -EVERYDAY, [1.0, -1.0]])
EXTREME = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e-30, -1e-30, 1e30, -1e30, 3e38]
EVERY = np.concatenate([NUMBERS, *[EXTREME] * 4])
SIZE = sum(map(math.prod, SHAPES))
COMPARISONS = {"<": operator.lt, "<=": operator.le}

Values = Mapping[str, tuple[Type, Any]]


def drawn(law: Law, random: np.random.Generator, pool: np.ndarray) -> Values | None:
    """Numbers for the law's names that meet its conditions, if these draws have any."""
    left, _, where = sides(law)
    scalars = scalars_of(left) | (variables(left) & CONSTANTS)
    finite = pool[np.isfinite(pool)]
    values = {
        name: random.choice(finite)
        if name in scalars
        else random.choice(pool, size=20 * SIZE)
        for name in sorted(variables(left))
    }
    good = np.ones(20 * SIZE, bool)
    for condition in where:
        good &= meets(condition, values)
    if good.sum() < SIZE:
        return None
    return {
        name: (Type.SCALAR, np.float32(value))
        if name in scalars
        else (Type.TREE, leaves(value[good][:SIZE]))
        for name, value in values.items()
    }


def meets(condition: Condition, values: Mapping[str, Any]) -> Any:
    """Where a condition holds; NaN meets all, and -0 is below 0, as ranges have it."""
    first, sign, second = condition
    one, other = (
        np.asarray(values[side] if isinstance(side, str) else side)
        for side in (first, second)
    )
    lower = np.where((other == 0.0) & np.signbit(other), -5e-324, other)
    return COMPARISONS[sign](one, lower) | np.isnan(one) | np.isnan(other)


def leaves(numbers: np.ndarray) -> list[np.ndarray]:
    ends = np.cumsum([math.prod(shape) for shape in SHAPES])[:-1]
    parts = np.split(np.float32(numbers), ends)
    return [part.reshape(shape) for part, shape in zip(parts, SHAPES, strict=True)]


def value(wanted: Pattern, values: Values, xp: Any, typed: Any) -> tuple[Type, Any]:
    """What a side of a law is."""
    if isinstance(wanted, float):
        return Type.SCALAR, typed(wanted)
    if isinstance(wanted, str):
        kind, known = values[wanted]
        tree = kind is Type.TREE
        return kind, [typed(leaf) for leaf in known] if tree else typed(known)
    row = FUNCTIONS[wanted.function]
    found = [value(argument, values, xp, typed) for argument in wanted.arguments]
    kinds = [kind for kind, _ in found]
    result = max(kinds) if row.result is None else row.result
    return result, call(row, xp, [each for _, each in found], kinds, len(SHAPES))


def both(law: Law, values: Values, xp: Any, typed: Any) -> list[list[Any]]:
    left, right, _ = sides(law)
    with np.errstate(all="ignore"):
        found = [value(side, values, xp, typed) for side in (left, right)]
    assert found[0][0] is found[1][0], "the sides have two types"
    is_tree = found[0][0] is Type.TREE
    return [each if is_tree else [np.asarray(each)] for _, each in found]


def draws(law: Law, pool: np.ndarray, wanted: int) -> list[Values]:
    random, kept = np.random.default_rng(0), []
    for _ in range(30 * wanted):
        values = drawn(law, random, pool)
        kept += [] if values is None else [values]
        if len(kept) == wanted:
            return kept
    raise AssertionError("its condition is met too rarely")


@pytest.mark.parametrize("law", [law for law in EQUATIONS if law.exact], ids=named)
def test_an_exact_law_holds_bit_for_bit_in_float32(law: Law) -> None:
    for values in draws(law, EVERY, 10):
        left, right = both(law, values, FLOAT32, np.float32)
        assert bits([left]) == bits([right])


@pytest.mark.parametrize("law", EQUATIONS, ids=named)
def test_a_law_holds_in_real_arithmetic(law: Law) -> None:
    """In float64 on everyday numbers, where the guard adds less than one in 10^4."""
    for values in draws(law, NUMBERS, 10):
        left, right = both(law, values, np, np.float64)
        for one, other in zip(left, right, strict=True):
            size = 1e-4 * max(1.0, np.nan_to_num(np.abs(one)).max(initial=0.0))
            np.testing.assert_allclose(other, one, rtol=1e-4, atol=size)


ELEMENTWISE = [name for name in SETS["lion"] if not FUNCTIONS[name].reduces]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_value_lies_in_its_range(name: str) -> None:
    row, random = FUNCTIONS[name], np.random.default_rng(0)
    for _ in range(300):
        numbers = random.choice(EVERY[~np.isnan(EVERY)], size=len(row.parameters))
        ranges = [range_of_constant(float(np.float32(n))) for n in numbers]
        with np.errstate(all="ignore"):
            found = float(row.formula(FLOAT32, *map(np.float32, numbers)))
        if math.isnan(found):
            continue
        low, high = range_of(name, ranges)
        # What is too small for a float32 is not for the end of a range.
        assert low <= found <= high or abs(found) < 1e-38
        assert low != 0.0 or not np.signbit(np.float32(found))
