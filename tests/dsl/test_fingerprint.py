"""The fingerprint names what a program does on fixed inputs, to about five digits."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from dsl import FUNCTIONS, Program, digest, fingerprint, lion, matrix, parse, prune
from dsl.fingerprint import (
    _EPISODES,
    _EXACT,
    _follow,
    _inputs,
    _inputs_of,
    _Rounding,
    _SideBySide,
)
from dsl.library import program_names, read_program
from tests.strategies import programs


def of(update: str, body: str = "") -> Program:
    lines = "".join(f"  {line}\n" for line in body.split("; ") if line)
    header = "def train(w, g, m, v, lr, step):\n"
    return parse(f"{header}{lines}  update = {update}\n  return update, m, v\n")


@settings(max_examples=25)
@given(programs())
def test_a_fingerprint_is_32_hexadecimal_digits_of_the_live_part(
    program: Program,
) -> None:
    found = fingerprint(program)
    assert len(found) == 32
    assert set(found) <= set("0123456789abcdef")
    assert found == fingerprint(prune(program))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("abs(g)", "sqrt(square(g))"),
        ("g + g", "2.0 * g"),
        ("g + (w + lr)", "(lr + g) + w"),
        ("square(g)", "g * g"),
        ("g - g", "w - w"),
        ("w * 0.0", "w * -0.0"),
        ("exp(log(g))", "abs(g)"),
    ],
)
def test_algebraic_twins_share_it_and_not_the_digest(one: str, other: str) -> None:
    assert fingerprint(of(one)) == fingerprint(of(other))
    assert digest(of(one)) != digest(of(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("g", "w"),
        ("g", "abs(g)"),
        ("g", "-g"),
        ("g * lr", "g"),
        ("g * step", "g"),
        ("norm(g) * g", "global_norm(g) * g"),
        ("g * 0.1", "g * 0.10001"),
        ("g * maximum(lr, 0.005)", "g * lr"),
        ("g * maximum(step, 500.0)", "g * 500.0"),
        ("clip(g, 100.0)", "g"),
        ("arcsin(global_norm(g)) * g", "arcsin(global_norm(g)) * w"),
    ],
)
def test_different_behaviour_is_told_apart(one: str, other: str) -> None:
    assert fingerprint(of(one)) != fingerprint(of(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("g / abs(g)", "sign(g)"),
        ("g / g", "square(sign(g))"),
        ("g / g", "w / w"),
        ("(g + 1.0) - 1.0", "g"),
        ("sqrt(square(g + 100.0)) - 100.0", "g"),
        ("arccos(cos(g))", "abs(g)"),
        ("log(exp(g))", "g"),
    ],
)
def test_what_float32_or_the_guard_of_a_division_tells_apart(
    one: str, other: str
) -> None:
    """Equal on most numbers, but not where gradients are 0, tiny or large."""
    assert fingerprint(of(one)) != fingerprint(of(other))


def test_about_five_digits_count() -> None:
    assert fingerprint(of("w * 0.0 + 1.0001")) != fingerprint(of("w * 0.0 + 1.0"))
    assert fingerprint(of("w * 0.0 + 1.00001")) == fingerprint(of("w * 0.0 + 1.0"))


def test_known_optimizers_are_told_apart() -> None:
    found = [fingerprint(parse(read_program(name))) for name in program_names()]
    assert len(set(found)) == len(found) > 20


NAN, INFINITY = "arcsin(2.0)", "exp(1000.0)"


def test_the_non_finite_are_three_values_and_no_number() -> None:
    values = (NAN, INFINITY, f"negative({INFINITY})", "0.0", "1.0")
    found = {fingerprint(of(f"w * 0.0 + {value}")) for value in values}
    assert len(found) == len(values)


def test_the_sign_of_nan_does_not_count() -> None:
    one, other = (fingerprint(of(f"w + {sign}{NAN}")) for sign in ("", "-"))
    assert one == other


@pytest.mark.parametrize(
    ("body", "update"),
    [
        ("m = m + g", "m"),
        # A value of m takes one step to v, another to the update.
        ("old = v + 0.0; v = m + g; m = g * 1.0", "old"),
    ],
)
def test_states_are_followed(body: str, update: str) -> None:
    """Another start value of a state would not be seen in one step."""
    assert fingerprint(of(update, body)) != fingerprint(of("w * 0.0"))
    late = body.replace("g", "(g * 2.0)")
    assert fingerprint(of(update, late)) != fingerprint(of(update, body))


def test_the_weights_follow_the_update() -> None:
    """A decay by half halves its own updates; m keeps the first weights."""
    first_weights = "w * maximum(0.0, 2.0 - step)"
    kept = of("m * 0.5", f"m = m + {first_weights}")
    assert fingerprint(of("w * 0.5")) != fingerprint(kept)
    halved = of("m * 0.5", f"m = m * 0.5 + {first_weights}")
    assert fingerprint(of("w * 0.5")) == fingerprint(halved)


@settings(max_examples=50)
@given(programs())
def test_an_episode_does_not_see_those_beside_it(program: Program) -> None:
    pruned = prune(program)
    with np.errstate(all="ignore"):
        together = _follow(pruned, _SideBySide(np), *_inputs())
        for row in range(len(_EPISODES)):
            alone = _follow(pruned, _Rounding(np), *_inputs_of(row))
            for one, other in zip(alone, together, strict=True):
                np.testing.assert_array_equal(one.ravel(), other[row])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("transpose(transpose(g))", "g"),
        ("g + trace(matmul(w, transpose(w)))", "g + square(norm(w))"),
        ("row_mean(w + g) * g", "row_sum(w + g) / col_count(g) * g"),
    ],
)
def test_twins_may_use_matrices(one: str, other: str) -> None:
    assert fingerprint(of(one)) == fingerprint(of(other))


LIBRARIES_DIFFER_IN = (
    np.arccos, np.arccosh, np.arcsin, np.arcsinh, np.arctan, np.arctanh, np.cbrt,
    np.cos, np.cosh, np.exp, np.exp2, np.expm1, np.log, np.log10, np.log1p, np.log2,
    np.power, np.sin, np.sinh, np.tan, np.tanh,
)  # fmt: skip


def an_ulp_off(function: np.ufunc, random: np.random.Generator) -> Callable[..., Any]:
    """Another machine's function: each result is right, or the number beside it."""

    def other(*arguments: Any) -> Any:
        exact = function(*arguments)
        towards = random.choice([-np.inf, np.inf], np.shape(exact))
        beside = np.nextafter(exact, towards)
        keep = (exact == 0.0) | (random.random(np.shape(exact)) < 0.3)
        return np.where(keep, exact, beside)

    return other


def test_functions_of_numpy_in_the_tables_are_exact_or_may_differ() -> None:
    """A new one has to be put on either side: here it counts as one that may differ."""
    tables = (Path(module.__file__).read_text("ascii") for module in (lion, matrix))
    used = set(re.findall(r"xp\.(\w+)", "".join(tables)))
    differ = {function.__name__ for function in LIBRARIES_DIFFER_IN}
    reductions, no_numbers = {"mean", "sum", "trace"}, {"inf", "isfinite", "nan"}
    assert used - _EXACT <= differ | reductions | no_numbers | {"linalg"}
    assert not differ & _EXACT


UNARY = [
    row.name
    for row in FUNCTIONS.values()
    if len(row.parameters) == 1 and not row.matrices
]


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Goes on on another machine."""

    def go_on_elsewhere() -> None:
        random = np.random.default_rng(0)
        for function in LIBRARIES_DIFFER_IN:
            monkeypatch.setattr(np, function.__name__, an_ulp_off(function, random))

    return go_on_elsewhere


@pytest.mark.parametrize("name", [*UNARY, "power"])
def test_machines_that_differ_in_last_bits_agree(
    name: str, move: Callable[[], None]
) -> None:
    """Also where a difference cancels all but the last bits."""
    call = "power(abs(w), g)" if name == "power" else f"{name}(g)"
    one = of("s - (s + 1.0)", f"s = {call} + w")
    other = of(f"w * {call} - ({call} + {call} * 0.5) * w * 0.6666667")
    before = fingerprint(one), fingerprint(other)
    move()
    assert (fingerprint(one), fingerprint(other)) == before


def test_machines_that_differ_where_few_bits_are_left_agree(
    move: Callable[[], None],
) -> None:
    """Next to e^-742 is a number 1.3 times as large."""
    program = of("exp(tanh(g) - 742.0) * power(10.0, 300.0)")
    before = fingerprint(program)
    move()
    assert fingerprint(program) == before


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("adamw", "a862d0c75f32ecadea707d431cb63060"),
        ("lion", "aaf5a4d2265923fca2cc8702bbba725a"),
        ("adafactor", "2c3cfabbce4e6a7d45760434c83b96d9"),
        ("paper/program8", "91dcf3bc26b9136ae90408e950935e96"),
    ],
)
def test_it_is_the_same_on_every_machine(name: str, expected: str) -> None:
    """A stored fingerprint has to mean the same in a later run, by any version."""
    assert fingerprint(parse(read_program(name))) == expected
