"""The fingerprint names what a program does on fixed inputs, to six digits."""

import pytest
from hypothesis import given, settings

from dsl import Program, digest, fingerprint, parse, prune
from dsl.fingerprint import DIGITS
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
    ],
)
def test_different_behaviour_is_told_apart(one: str, other: str) -> None:
    assert fingerprint(of(one)) != fingerprint(of(other))


def test_the_digits_that_count_are_six() -> None:
    assert DIGITS == 6
    assert fingerprint(of("w * 0.0 + 1.00001")) != fingerprint(of("w * 0.0 + 1.0"))
    assert fingerprint(of("w * 0.0 + 1.000001")) == fingerprint(of("w * 0.0 + 1.0"))


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
    first_weights = "m = m + w * maximum(0.0, 2.0 - step)"
    kept = of("m * 0.5", first_weights)
    assert fingerprint(of("w * 0.5")) != fingerprint(kept)
    halved = of("m * power(0.5, step)", first_weights)
    assert fingerprint(of("w * 0.5")) == fingerprint(halved)


def test_the_rate_falls_and_the_step_counts() -> None:
    rate = "1.0 - (step - 1.0) * 0.25"
    assert fingerprint(of("g * lr")) == fingerprint(of(f"g * ({rate})"))


def test_it_is_the_same_on_every_machine() -> None:
    """A stored fingerprint has to mean the same in a later run."""
    sign_descent = "sign(g) * lr * 0.001"
    assert fingerprint(of(sign_descent)) == "7541643a575012898f0b718a9187adc7"
