"""Every function on 0, -0, infinities, NaN, subnormal, large and any other numbers.

In float64 it is its reference in plain Python; its calls in all forms agree with
float64; and where it is said to be commutative, swapped arguments give the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from zlib import crc32

import jax.numpy as jnp
import numpy as np

from dsl import FUNCTIONS, Program
from dsl.functions import SETS
from dsl.interpret import Leaves, interpret
from dsl.program import Statement, Variable
from dsl.rows import Function
from dsl.types import Type
from tests.dsl.references import BINARY, CONSTANTS, TREES, UNARY
from tests.fuzz.forms import FORMS, LAYOUTS, Shapes, step_problem
from tests.fuzz.numbers import SPECIAL, draw_numbers, odd_tree, ordinary_tree
from tests.fuzz.paste import test_of_round
from tests.fuzz.problem import Failure, Problem, guarded
from tests.fuzz.shapes import calls_on_shapes
from tests.noise import Inputs
from tests.stepping import bits

COUNT = 60
"""Other numbers, or pairs of numbers, of one round."""


def problem(name: str, seed: int, number: int) -> Problem | None:
    """The law that a function breaks on the numbers of a round."""
    row = FUNCTIONS[name]
    for law in (_reference, _swapped, _calls, calls_on_shapes):
        random = np.random.default_rng([seed, number, crc32(name.encode())])
        found = guarded(law, row, random)
        if found is not None:
            return Problem(f"{name}: {found.law}", found.detail)
    return None


def find(seed: int, number: int) -> Iterator[tuple[str, Problem]]:
    """What is wrong in a round of all functions."""
    for name in (*SETS["lion"], *SETS["matrix"]):
        found = problem(name, seed, number)
        if found is not None:
            yield name, found


def report(seed: int, number: int, name: str, found: Problem) -> Failure:
    """The failure that a problem of a function is: it shows the numbers already."""
    test = test_of_round(seed, number, name, found)
    return Failure(f"functions:{number}", found, test)


def draw_columns(random: np.random.Generator, arguments: int) -> np.ndarray:
    """All special numbers, or pairs of them, and some more; a row for each argument."""
    special = np.float32(list(product(SPECIAL, repeat=arguments))).T
    more = draw_numbers(random, arguments * COUNT).reshape(arguments, COUNT)
    return np.concatenate([special, more], axis=1).astype(np.float64)


def _reference(row: Function, random: np.random.Generator) -> Problem | None:
    """In float64, arrays and single numbers, it is the formula in plain Python."""
    if row.name in TREES:
        return _tree_reference(row, random)
    reference = (UNARY | BINARY).get(row.name)
    if row.name in CONSTANTS:
        columns, expected = np.zeros((0, 1)), np.array([CONSTANTS[row.name]])
    elif reference is None:
        return None
    else:
        columns = draw_columns(random, len(row.parameters))
        expected = np.array(list(map(reference, *columns.tolist())))
    for way, found in _ways(row, columns):
        same = np.isclose(found, expected, rtol=1e-13, atol=1e-300, equal_nan=True)
        if not same.all():
            at = int(np.argmin(same))
            given = ", ".join(map(repr, columns[:, at].tolist()))
            return Problem(
                "float64 disagrees with the reference",
                f"of {given} ({way}) it is {found[at]!r}, not {expected[at]!r}",
            )
    return None


def _ways(row: Function, columns: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """NumPy goes other ways for arrays, numbers, and arrays with numbers."""
    formula = partial(row.formula, np)
    count = columns.shape[1]
    with np.errstate(all="ignore"):
        yield "arrays", np.broadcast_to(formula(*columns), count)
        single = [tuple(map(np.asarray, column)) for column in columns.T]
        yield "numbers", np.array([formula(*numbers) for numbers in single])
        if len(columns) == 2:
            pairs = [(np.full(2, x), y) for x, y in single]
            yield "an array and a number", np.array([formula(*p)[0] for p in pairs])
            pairs = [(x, np.full(2, y)) for x, y in single]
            yield "a number and an array", np.array([formula(*p)[0] for p in pairs])


def _tree_reference(row: Function, random: np.random.Generator) -> Problem | None:
    """Of finite trees, whose sums are exact to a rounding of their largest term."""
    layout = LAYOUTS[int(random.integers(len(LAYOUTS)))]
    trees = [ordinary_tree(layout, random) for _ in range(2)]
    limit = float(np.float32(abs(random.standard_normal())))
    lists = [[np.ravel(leaf).tolist() for leaf in tree] for tree in trees]
    value = TREES[row.name](*lists, limit)
    program = _call(
        row,
        [Type.TREE if Type.TREE in p.accepts else Type.SCALAR for p in row.parameters],
    )
    ones = [np.ones(shape) for shape in layout]
    exact = interpret(program, np, [*trees, ones], np.asarray(limit), np.asarray(1.0))
    size = max(np.abs(leaf).max() for tree in trees for leaf in tree)
    for leaf, found in enumerate(exact[0]):
        expected = value[leaf] if isinstance(value, list) else value
        same = np.isclose(np.ravel(found), expected, rtol=1e-11, atol=1e-13 * size**2)
        if not same.all():
            at = int(np.argmin(same))
            wanted = np.broadcast_to(expected, same.shape)[at]
            return Problem(
                "float64 disagrees with the reference",
                f"{np.ravel(found)[at]!r} is not {wanted!r} in weight array {leaf}",
            )
    return None


def _swapped(row: Function, random: np.random.Generator) -> Problem | None:
    """Swapped arguments give the same bits, of NumPy and of JAX."""
    if not row.commutative:
        return None
    for kinds in _type_choices(row):
        program = _call(row, kinds)
        first, *rest = program.statements
        swapped = Statement(first.target, row.name, first.arguments[::-1])
        other = program._replace(statements=(swapped, *rest))
        trees, rate, step = _inputs(LAYOUTS[-1], random)
        if not row.reduces:
            columns = draw_columns(random, 2)
            trees = [[column] for column in (*columns, np.ones(columns.shape[1]))]
        for xp, typed in ((np, np.float64), (jnp, jnp.float32)):
            given = [[xp.asarray(leaf, typed) for leaf in tree] for tree in trees]
            numbers = (xp.asarray(rate, typed), xp.asarray(step, typed))
            with np.errstate(all="ignore"):
                ours, theirs = (
                    np.concatenate([np.ravel(leaf) for leaf in update])
                    for update, _ in (
                        interpret(each, xp, given, *numbers)
                        for each in (program, other)
                    )
                )
            if bits([[ours]]) != bits([[theirs]]):
                return Problem(
                    f"swapped arguments give other bits in {xp.__name__}",
                    _first_difference(ours, theirs, trees, (rate, step)),
                )
    return None


def _first_difference(
    ours: np.ndarray,
    theirs: np.ndarray,
    trees: Sequence[Leaves],
    numbers: tuple[float, float],
) -> str:
    """Where two arrays differ in a bit, with the elements of the trees there."""
    differ = [bits([[x]]) != bits([[y]]) for x, y in zip(ours, theirs, strict=True)]
    at = differ.index(True)
    given = [np.concatenate([np.ravel(x) for x in tree])[at] for tree in trees[:2]]
    w, g, rate, step = map(repr, map(float, (*given, *numbers)))
    return f"{ours[at]!r} or {theirs[at]!r} for {w=!s}, {g=!s}, lr={rate}, {step=!s}"


def _calls(row: Function, random: np.random.Generator) -> Problem | None:
    """A step that calls it alone agrees with float64, for every choice of types."""
    if row.matrices:
        return None
    layout = LAYOUTS[int(random.integers(len(LAYOUTS)))]
    whole, _, machine = FORMS
    for kinds in _type_choices(row):
        program = _call(row, kinds)
        inputs = _inputs(layout, random)
        found = step_problem(program, inputs, layout, (whole, machine))
        if found is not None:
            types = ", ".join(map(str, kinds))
            return Problem(found.law, f"({types}): {found.detail}")
    return None


def _type_choices(row: Function) -> list[tuple[Type, ...]]:
    """Scalars and Trees in every place that takes them."""
    kinds = (Type.SCALAR, Type.TREE)
    return list(
        product(*([k for k in kinds if k in p.accepts] for p in row.parameters))
    )


def _call(row: Function, kinds: Sequence[Type]) -> Program:
    """The program whose update, and state, is the value of one call as a Tree."""
    names = {Type.TREE: iter("wgw"), Type.SCALAR: iter(("lr", "step", "lr"))}
    arguments = tuple(Variable(next(names[kind])) for kind in kinds)
    # The state is 1, so that the value is returned as it is.
    statements = (
        Statement("value", row.name, arguments),
        Statement("u", "multiply", (Variable("value"), Variable("ones"))),
    )
    return Program("w", "g", ("ones",), "lr", "step", statements, ("u", "u"))


def _inputs(layout: Shapes, random: np.random.Generator) -> Inputs:
    """Half the time all numbers are odd, half the time one is: sums are NaN soon."""
    trees = [odd_tree(layout, random) for _ in range(2)]
    rate, step = map(float, draw_numbers(random, 2))
    return [*trees, [np.ones(shape) for shape in layout]], rate, step
