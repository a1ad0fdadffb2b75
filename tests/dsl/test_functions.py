"""The table of functions: each row against a reference that shares nothing with it."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dsl import FUNCTIONS
from dsl.functions import ALIASES, SETS
from dsl.interpret import interpret
from dsl.program import Program, Statement, Variable
from dsl.rows import Function
from dsl.types import Type
from tests.dsl.references import (
    BINARY,
    CONSTANTS,
    REFERENCES,
    TREES,
    UNARY,
    power,
)

ORDINARY = (0.3, 0.5, 0.9, 1.0, 2.0, 3.7, 10.0, 30.0, 3e-8, 1e-4, 1e4)
EXTREME = (0.0, 1e-40, 1e-30, 1e10, 1e20, 3e38, math.inf)
ALL = (*ORDINARY, *EXTREME)
EDGES = (*(sign * value for value in ALL for sign in (1.0, -1.0)), math.nan)
SUBNORMAL = 1.1754943508222875e-38
"""Below it (the smallest normal float32) XLA may take a number for 0."""


def flushed(value: float) -> float:
    return math.copysign(0.0, value) if abs(value) < SUBNORMAL else value


def assert_float32(actual: Any, function: Callable[..., float], *x: float) -> None:
    """The value, within the rounding of float32, of the inputs or of them flushed."""
    references = (function(*x), function(*map(flushed, x)))
    # XLA's roots of subnormal numbers have no correct digit.
    tiny = tuple(map(flushed, x)) != x
    tolerance = {"rtol": 2e-5, "atol": 1e-12 if tiny else 1e-37, "equal_nan": True}
    with np.errstate(over="ignore", under="ignore"):
        close = [np.isclose(actual, np.float32(v), **tolerance) for v in references]
    assert any(close), (x, float(actual), references)


def assert_float64(actual: Any, function: Callable[..., float], *x: float) -> None:
    expected = function(*x)
    close = np.isclose(actual, expected, rtol=1e-13, atol=1e-300, equal_nan=True)
    assert close, (x, float(actual), expected)


def drawn(count: int) -> np.ndarray:
    """Random float32 numbers of many sizes."""
    random = np.random.default_rng(1)
    size = 10.0 ** random.uniform(-3.0, 1.5, count)
    return np.float32(size * random.standard_normal(count))


def test_there_are_the_44_functions_of_the_language() -> None:
    assert len(SETS["lion"]) == 44
    assert (len(UNARY), len(BINARY), len(TREES), len(CONSTANTS)) == (28, 7, 6, 3)
    names = {"max": "maximum", "min": "minimum", "interp": "interpolate"}
    assert dict(ALIASES) == names | {"clip": "clip_by_global_norm"}


def test_every_row_has_a_reference_and_every_reference_a_row() -> None:
    assert set(SETS["lion"]) == set(REFERENCES)


@pytest.mark.parametrize("name", UNARY)
def test_unary_rows_give_their_reference(name: str) -> None:
    values = np.float32([*EDGES, *drawn(300)])
    formula = FUNCTIONS[name].formula
    with np.errstate(all="ignore"):
        exact = formula(np, values.astype(np.float64))
    rounded = np.asarray(formula(jnp, jnp.asarray(values)))
    assert rounded.dtype == np.float32
    for value, in_64, in_32 in zip(values.tolist(), exact, rounded, strict=True):
        assert_float64(in_64, UNARY[name], value)
        assert_float32(in_32, UNARY[name], value)


@pytest.mark.parametrize("name", UNARY)
def test_unary_rows_give_their_reference_beyond_float32(name: str) -> None:
    values = [1e-310, 5e-324, 1e39, 1e200, 1.7e308]
    values += [-value for value in values]
    with np.errstate(all="ignore"):
        exact = FUNCTIONS[name].formula(np, np.array(values))
    for value, result in zip(values, exact, strict=True):
        assert_float64(result, UNARY[name], value)


@pytest.mark.parametrize("name", BINARY)
def test_binary_rows_give_their_reference(name: str) -> None:
    pairs = [(x, y) for x in EDGES for y in EDGES]
    pairs += list(zip(drawn(300).tolist(), drawn(600)[300:].tolist(), strict=True))
    x, y = np.float32(pairs).T
    formula = FUNCTIONS[name].formula
    with np.errstate(all="ignore"):
        exact = formula(np, x.astype(np.float64), y.astype(np.float64))
    rounded = np.asarray(formula(jnp, jnp.asarray(x), jnp.asarray(y)))
    assert rounded.dtype == np.float32
    for a, b, in_64, in_32 in zip(x.tolist(), y.tolist(), exact, rounded, strict=True):
        assert_float64(in_64, BINARY[name], a, b)
        # XLA's powers of subnormal numbers have no correct digit.
        if name != "power" or flushed(a) == a or math.isnan(a):
            assert_float32(in_32, BINARY[name], a, b)


@pytest.mark.parametrize("xp", [np, jnp], ids=["NumPy", "JAX"])
def test_a_denominator_of_minus_epsilon_is_zero(xp: Any) -> None:
    kind = np.float64 if xp is np else np.float32
    pole = xp.asarray(kind(-1e-8))
    zero, two = xp.asarray(kind(0.0)), xp.asarray(kind(-2.0))
    with np.errstate(all="ignore"):
        assert FUNCTIONS["reciprocal"].formula(xp, pole) == math.inf
        assert FUNCTIONS["divide"].formula(xp, two, pole) == -math.inf
    assert FUNCTIONS["divide"].formula(xp, zero, zero) == 0.0


@pytest.mark.parametrize("kind", [np.float64, np.float32, jnp.float32])
@pytest.mark.parametrize("shapes", [((), ()), ((3,), ()), ((3,), (3,))])
def test_the_square_root_is_a_power_like_any_other(
    kind: type, shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    """NumPy's power by one number 0.5 is its square root: NaN of -inf, -0 of -0."""
    xp = jnp if kind is jnp.float32 else np
    for value in (-math.inf, -0.0, 0.0, math.inf, 4.0, -4.0, math.nan):
        x, y = xp.full(shapes[0], value, kind), xp.full(shapes[1], 0.5, kind)
        with np.errstate(all="ignore"):
            found = np.ravel(FUNCTIONS["power"].formula(xp, x, y))
        expected = power(value, 0.5)
        np.testing.assert_array_equal(found, expected)
        assert (np.signbit(found) == np.signbit(expected)).all() or math.isnan(expected)


SHAPES = ((2, 3), (4,), ())


def tree(seed: int, scale: float) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [np.float32(scale * random.standard_normal(shape)) for shape in SHAPES]


def call(row: Function, xp: Any, x: Any, y: Any, limit: Any) -> Any:
    """One function on trees, through the interpreter, as a Tree `w + value`.

    The weights are zero, so that this is the value, spread as far as it has to be.
    """
    read = (Variable("g"), Variable("m"))[: len(row.parameters)]
    if row.parameters[-1].accepts == (Type.SCALAR,):
        read = (*read[: len(row.parameters) - 1], Variable("lr"))
    statements = (
        Statement("value", row.name, read),
        Statement("u", "add", (Variable("w"), Variable("value"))),
    )
    program = Program("w", "g", ("m",), "lr", None, statements, ("u", "m"))
    zeros = [xp.zeros_like(leaf) for leaf in x]
    return interpret(program, xp, [zeros, x, y], limit, None)[0]


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("limit", [0.01, 0.9, 100.0])
@pytest.mark.parametrize("scale", [0.0, 1e-6, 1.0, 1e6])
def test_rows_of_trees_give_their_reference(
    name: str, limit: float, scale: float
) -> None:
    x, y = tree(1, scale), tree(2, 1.0)
    lists = [[np.ravel(leaf).astype(float).tolist() for leaf in t] for t in (x, y)]
    limit = float(np.float32(limit))
    expected = TREES[name](*lists, limit)
    wide = [[leaf.astype(np.float64) for leaf in t] for t in (x, y)]
    exact = call(FUNCTIONS[name], np, *wide, np.asarray(limit))
    rounded = call(FUNCTIONS[name], jnp, *jax.tree.map(jnp.asarray, (x, y)), limit)
    for index, leaf in enumerate(lists[0]):
        value = expected[index] if isinstance(expected, list) else expected
        filled = np.broadcast_to(value, len(leaf))
        # Cancellation in a sum is relative to its terms.
        close = {"rtol": 1e-12, "atol": 1e-14 * scale}
        np.testing.assert_allclose(np.ravel(exact[index]), filled, **close)
        close = {"rtol": 1e-5, "atol": 3e-6 * scale}
        np.testing.assert_allclose(np.ravel(rounded[index]), filled, **close)


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_rows_of_trees_pass_non_finite_numbers_on(name: str, number: float) -> None:
    x, y = tree(1, 1.0), tree(2, 1.0)
    x[1][2] = number
    with np.errstate(all="ignore"):
        exact = call(FUNCTIONS[name], np, x, y, np.float32(0.5))
    rounded = call(FUNCTIONS[name], jnp, *jax.tree.map(jnp.asarray, (x, y)), 0.5)
    for ours, theirs in zip(rounded, exact, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert not np.isfinite(exact[1]).all()


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_have_their_value(name: str) -> None:
    formula = FUNCTIONS[name].formula
    assert float(formula(np)) == CONSTANTS[name]
    assert float(formula(jnp)) == float(np.float32(CONSTANTS[name]))


COMMUTATIVE = [name for name, row in FUNCTIONS.items() if row.commutative]


def bits(values: Any) -> bytes:
    """The values bit for bit; the NaNs are one, whatever their sign and payload."""
    array = np.atleast_1d(np.asarray(values)).copy()
    array[np.isnan(array)] = np.nan
    return array.tobytes()


def test_the_commutative_functions_are_declared() -> None:
    expected = {"add", "multiply", "maximum", "minimum", "dot", "cosine_sim"}
    assert set(COMMUTATIVE) == expected


@pytest.mark.parametrize("name", [name for name in COMMUTATIVE if name in BINARY])
@pytest.mark.parametrize("kind", ["NumPy", "NumPy numbers", "JAX", "jit"])
def test_arguments_may_be_swapped_bit_for_bit(name: str, kind: str) -> None:
    formula = FUNCTIONS[name].formula
    # 2e-40 beside 1e-40: a comparison that flushes must not tell them apart by place.
    values = (*EDGES, 2e-40, -2e-40)
    x, y = np.float32([(a, b) for a in values for b in values]).T
    if kind == "JAX":
        a, b = jnp.asarray(x), jnp.asarray(y)
        one, other = formula(jnp, a, b), formula(jnp, b, a)
    elif kind == "jit":
        compiled = jax.jit(lambda x, y: formula(jnp, x, y))
        one, other = compiled(x, y), compiled(y, x)
    else:
        with np.errstate(all="ignore"):
            if kind == "NumPy numbers":
                pairs = list(zip(x, y, strict=True))
                one = [formula(np, np.asarray(a), np.asarray(b)) for a, b in pairs]
                other = [formula(np, np.asarray(b), np.asarray(a)) for a, b in pairs]
            else:
                one = formula(np, x.astype(np.float64), y.astype(np.float64))
                other = formula(np, y.astype(np.float64), x.astype(np.float64))
    assert bits(one) == bits(other)


@pytest.mark.parametrize("name", ["dot", "cosine_sim"])
@pytest.mark.parametrize("xp", [np, jnp], ids=["NumPy", "JAX"])
def test_trees_may_be_swapped_bit_for_bit(name: str, xp: Any) -> None:
    for seed in range(5):
        x, y = (
            [xp.asarray(leaf) for leaf in tree(2 * seed + k, 10.0**k)] for k in (0, 1)
        )
        limit = xp.asarray(0.0)
        one = call(FUNCTIONS[name], xp, x, y, limit)
        other = call(FUNCTIONS[name], xp, y, x, limit)
        assert list(map(bits, one)) == list(map(bits, other))


@pytest.mark.parametrize("name", sorted(set(BINARY) - set(COMMUTATIVE)))
def test_the_order_of_other_arguments_matters(name: str) -> None:
    formula = FUNCTIONS[name].formula
    x, y = np.asarray(2.0), np.asarray(3.0)
    assert formula(np, x, y) != formula(np, y, x)


@pytest.mark.parametrize(
    ("x", "y", "largest", "smallest"),
    [(0.0, -0.0, 0.0, -0.0), (-0.0, 0.0, 0.0, -0.0), (-0.0, -0.0, -0.0, -0.0)],
)
def test_a_negative_zero_is_less_than_a_zero(
    x: float, y: float, largest: float, smallest: float
) -> None:
    for xp in (np, jnp):
        a, b = xp.asarray(x), xp.asarray(y)
        for name, expected in (("maximum", largest), ("minimum", smallest)):
            result = float(FUNCTIONS[name].formula(xp, a, b))
            assert math.copysign(1.0, result) == math.copysign(1.0, expected)
