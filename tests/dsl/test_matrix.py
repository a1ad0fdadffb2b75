"""The extension set `matrix`: functions against plain lists, shapes against arrays."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

import dsl
from dsl import (
    FUNCTIONS,
    DslError,
    Program,
    check,
    digest,
    fingerprint,
    lower,
    parse,
    prune,
    unparse,
)
from dsl.check import infer_types
from dsl.functions import SETS
from dsl.interpret import uses_matrices
from dsl.lower import initial_states
from dsl.types import DIMENSIONS, Type, broadcast, matrix_shape, shape_of
from tests.agreement import assert_agrees, random_inputs
from tests.stepping import SHAPES, bits, jax_updates, random_tree, updates
from tests.strategies import matrix_programs

Rows = list[list[float]]


def transposed(x: Rows) -> Rows:
    return [list(column) for column in zip(*x, strict=True)]


def product(x: Rows, y: Rows) -> Rows:
    columns = transposed(y)
    return [
        [
            math.fsum(a * b for a, b in zip(row, column, strict=True))
            for column in columns
        ]
        for row in x
    ]


REFERENCES: dict[str, Callable[..., Rows]] = {
    "matmul": product,
    "transpose": transposed,
    "outer": lambda x, y: [[a * b for (b,) in y] for (a,) in x],
    "trace": lambda x: [[math.fsum(row[i] for i, row in enumerate(x))]],
    "diagonal": lambda x: [[row[i]] for i, row in enumerate(x)],
    "row_mean": lambda x: [[math.fsum(row) / len(row)] for row in x],
    "col_mean": lambda x: [[math.fsum(c) / len(c) for c in transposed(x)]],
    "row_sum": lambda x: [[math.fsum(row)] for row in x],
    "col_sum": lambda x: [[math.fsum(c) for c in transposed(x)]],
    "row_count": lambda x: [[float(len(x))]],
    "col_count": lambda x: [[float(len(x[0]))]],
}
"""On lists of rows; the two that are left have tests of their own."""

SIZES = {"1": 1, "r": 3, "c": 4}


def matrix(kind: Type, seed: int) -> np.ndarray:
    shape = shape_of(kind, SIZES["r"], SIZES["c"])
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def test_every_function_of_the_set_has_a_reference() -> None:
    others = {"inverse_root", "orthogonalize"}
    assert set(SETS["matrix"]) == set(REFERENCES) | others


@pytest.mark.parametrize("name", REFERENCES)
def test_functions_give_their_reference_in_the_shape_that_check_infers(
    name: str,
) -> None:
    row = FUNCTIONS[name]
    for first in row.parameters[0].accepts:
        seconds = row.parameters[1].accepts if len(row.parameters) > 1 else (None,)
        for second in seconds:
            kinds = [each for each in (first, second) if each is not None]
            result = row.result if row.rule is None else row.rule(*kinds)
            if result is None:
                continue
            arrays = [matrix(kind, seed) for seed, kind in enumerate(kinds)]
            expected = np.array(REFERENCES[name](*(a.tolist() for a in arrays)))
            assert expected.shape == shape_of(result, SIZES["r"], SIZES["c"])
            for xp, kind in ((np, np.float64), (jnp, np.float32)):
                found = row.formula(xp, *(xp.asarray(a, kind) for a in arrays))
                assert found.shape == expected.shape
                np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def decaying(size: int, seed: int) -> np.ndarray:
    """A positive definite matrix with eigenvalues from 1 to 0.01."""
    random = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(random.standard_normal((size, size)))
    return basis * np.geomspace(1.0, 0.01, size) @ basis.T


@pytest.mark.parametrize(
    # Below, the guarded division shows: 1e-8 is added to the root of each eigenvalue.
    ("p", "scale"),
    [(1.0, 1.0), (1.0, 1e6), (2.0, 1e-6), (2.0, 1e6), (4.0, 1e-6), (4.0, 1e6)],
)
def test_the_power_of_an_inverse_root_is_the_inverse(p: float, scale: float) -> None:
    x = scale * decaying(4, 0)
    formula = FUNCTIONS["inverse_root"].formula
    root = formula(np, x, np.asarray(p))
    power = np.linalg.matrix_power(root, int(p))
    np.testing.assert_allclose(power @ x, np.eye(4), atol=4e-4 * max(1.0, 4 / p))
    single = formula(jnp, jnp.asarray(x, jnp.float32), jnp.float32(p))
    np.testing.assert_allclose(single, root, rtol=2e-3, atol=2e-3 * np.abs(root).max())


def test_an_inverse_root_is_damped_symmetric_and_takes_no_negative_eigenvalue() -> None:
    formula = FUNCTIONS["inverse_root"].formula
    with np.errstate(all="ignore"):
        rank_one = formula(np, np.diag([4.0, 0.0]), np.asarray(2.0))
        indefinite = formula(np, np.diag([4.0, -1.0]), np.asarray(2.0))
        x = np.random.default_rng(0).standard_normal((3, 3))
        one, other = (formula(np, each, np.asarray(4.0)) for each in (x, x.T))
    damped = np.array([4.0 * (1.0 + 1e-6), 4e-6]) ** -0.5
    np.testing.assert_allclose(np.diag(rank_one), damped, rtol=1e-4)
    np.testing.assert_allclose(indefinite, rank_one, rtol=1e-9)
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_orthogonalize_takes_five_steps_of_its_polynomial() -> None:
    singular = np.array([1.0, 0.5, 0.1, 0.01])
    values = singular / (np.sqrt(np.sum(singular**2)) + 1e-8)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    found = FUNCTIONS["orthogonalize"].formula(np, np.diag(singular))
    np.testing.assert_allclose(np.diag(found), values, rtol=1e-10)


@pytest.mark.parametrize("xp", [np, jnp], ids=["NumPy", "JAX"])
@pytest.mark.parametrize("value", [0.0, 1e-40, 3e38, math.inf, -math.inf, math.nan])
def test_an_inverse_root_of_any_number_raises_nothing(xp: Any, value: float) -> None:
    x = np.full((3, 3), value, np.float64 if xp is np else np.float32)
    with np.errstate(all="ignore"):
        found = FUNCTIONS["inverse_root"].formula(xp, xp.asarray(x), xp.asarray(2.0))
    assert bool(np.isfinite(found).all()) == math.isfinite(value)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3), (1, 4), (4, 1), (1, 1)])
def test_orthogonalize_brings_singular_values_near_one(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(1).standard_normal(shape)
    found = FUNCTIONS["orthogonalize"].formula(np, x)
    assert found.shape == shape
    left, _, right = np.linalg.svd(x, full_matrices=False)
    values = np.linalg.svd(found, compute_uv=False)
    assert (values > 0.6).all()
    assert (values < 1.3).all()
    # Same singular vectors: in their basis the result is diagonal.
    inside = left.T @ found @ right.T
    np.testing.assert_allclose(inside, np.diag(np.diag(inside)), atol=1e-9)


def test_shapes_are_those_of_numpy() -> None:
    arrays = {kind: np.zeros(shape_of(kind, 3, 4)) for kind in DIMENSIONS}
    for one in Type:
        for other in Type:
            pair = [arrays.get(kind, np.zeros(())) for kind in (one, other)]
            try:
                shape = np.broadcast_shapes(*(each.shape for each in pair))
            except ValueError:
                assert broadcast((one, other)) is None
                continue
            found = broadcast((one, other))
            assert found is not None
            assert arrays.get(found, np.zeros(())).shape == shape


@settings(max_examples=60)
@given(matrix_programs())
def test_generated_programs_are_valid_and_read_back(program: Program) -> None:
    check(program)
    assert parse(unparse(program)) == program
    assert digest(program) == digest(prune(program))


@settings(max_examples=40)
@given(matrix_programs(min_statements=1))
def test_values_have_the_shapes_that_check_infers(program: Program) -> None:
    seen: list[Any] = []

    def applied(*arguments: Any) -> Any:
        seen.append(call(*arguments))
        return seen[-1]

    call = dsl.interpret.call
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dsl.interpret, "call", applied)
        updates(program, 1)
    as_views = uses_matrices(program)
    for value, kind in zip(seen, infer_types(program), strict=True):
        if kind in (Type.SCALAR, Type.LEAFWISE):
            assert np.shape(value) == ((len(SHAPES),) if kind else ())
            continue
        for leaf, shape in zip(value, SHAPES, strict=True):
            view = shape_of(kind, *matrix_shape(shape))
            assert leaf.shape == (view if as_views else shape)


@settings(max_examples=25)
@given(matrix_programs())
def test_pruning_changes_no_update(program: Program) -> None:
    assert bits(updates(prune(program), 3)) == bits(updates(program, 3))
    assert fingerprint(prune(program)) == fingerprint(program)


@settings(max_examples=25, deadline=None)
@given(matrix_programs(max_statements=6))
def test_lowered_programs_agree_with_float64(program: Program) -> None:
    trees, rate, step = inputs = random_inputs(program, 1)
    as_jax = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), trees)
    with jax.disable_jit():
        update, states = lower(program)(
            as_jax[0],
            as_jax[1],
            tuple(as_jax[2:]),
            jnp.float32(rate),
            jnp.float32(step),
        )
    assert_agrees([update, *states], program, inputs)


SHAMPOO = """\
def train(w, g, left: (r, r), right: (c, c), lr):
    left = left + matmul(g, transpose(g))
    right = right + matmul(transpose(g), g)
    u = matmul(matmul(inverse_root(left, 4.0), g), inverse_root(right, 4.0))
    return u * lr, left, right
"""


def test_states_begin_as_zeros_of_their_shapes() -> None:
    program = parse(SHAMPOO)
    weights = {"a": jnp.ones((2, 3, 2)), "b": jnp.ones(5), "c": jnp.ones(())}
    left, right = initial_states(program, weights)
    assert {name: leaf.shape for name, leaf in left.items()} == {
        "a": (2, 2),
        "b": (5, 5),
        "c": (1, 1),
    }
    assert right["a"].shape == (6, 6)
    assert not any(leaf.any() for leaf in jax.tree.leaves((left, right)))


def test_a_dead_state_takes_its_shape_with_it() -> None:
    program = parse(SHAMPOO.replace("return u * lr", "return g * lr"))
    assert uses_matrices(program)
    assert prune(program).shapes == prune(program).states == ()
    assert not uses_matrices(prune(program))


def test_the_state_that_is_left_keeps_its_own_shape() -> None:
    program = parse(SHAMPOO.replace("inverse_root(left, 4.0), g", "g, right"))
    assert prune(program).states == ("right",)
    assert prune(program).shapes == (Type.RIGHT,)


def test_the_shape_of_a_state_is_part_of_the_digest() -> None:
    text = "def train(w, g, m: {}, lr):\n    u = w * m\n    return u, m\n"
    programs = [parse(text.format(s)) for s in ("(r, 1)", "(1, c)", "(1, 1)", "(r, c)")]
    assert len(set(map(digest, programs))) == 4
    assert programs[3].shapes == ()


def test_a_vector_is_a_column() -> None:
    program = parse("def train(w, g, lr):\n    return w * col_mean(g)\n")
    found = updates(program, 1)[0]
    weights, gradient = random_tree(0), random_tree(1000)
    for index, shape in enumerate(SHAPES):
        if len(shape) == 1:
            expected = weights[index] * gradient[index].mean()
            np.testing.assert_allclose(found[index], expected)
    assert bits([jax_updates(program, 1)[0]]) is not None


@pytest.mark.parametrize("text", ["m: (r, c, r)", "m: r, c", "m: ()", "m: (r c)"])
def test_other_shapes_are_refused(text: str) -> None:
    with pytest.raises(DslError):
        parse(f"def train(w, g, {text}, lr):\n    return g, m\n")
