"""A function called on small arrays, in each of the ways that programs call it.

In NumPy as the fingerprint does, in JAX on a list of arrays as a compiled program does,
in JAX on one vector as the machine does, and within a program of this one call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dsl.interpret import call
from dsl.parse import parse
from dsl.program import Program
from dsl.rows import Function, result_type
from dsl.types import DIMENSIONS, Type, matrix_shape, shape_of
from evosearch.instructions import Flat, on_vectors
from evosearch.plan import Layout

Kinds = tuple[Type, ...]
Leaves = list[np.ndarray]

_SHAPES = ((3, 2), (4,), ())
"""Of the weight arrays."""

_ZERO_EVERY = 4
"""Of the numbers around 0, every so manieth is 0 itself."""

_TO_A_TREE = {
    Type.LEFT: "matmul(x, w)",
    Type.RIGHT: "matmul(w, x)",
    Type.TURNED: "transpose(x)",
    Type.TURNED_COLUMN: "transpose(x) * w",
    Type.TURNED_ROW: "transpose(x) * w",
}


def is_plain(row: Function, kinds: Kinds) -> bool:
    """Whether the machine makes this call: one of Trees, and Scalars or Leafwise."""
    known = {Type.SCALAR, Type.LEAFWISE, Type.TREE}
    return Type.TREE in kinds and set(kinds) <= known and not row.matrices


def numbers(row: Function, kinds: Kinds, smallest: float, largest: float) -> list[Any]:
    """An argument of each type, as float32; if numbers may be negative, some are 0."""
    return [
        _argument(row, kinds, place, np.random.default_rng(place), smallest, largest)
        for place in range(len(kinds))
    ]


def _argument(
    row: Function,
    kinds: Kinds,
    place: int,
    random: Any,
    smallest: float,
    largest: float,
) -> Any:
    def drawn(shape: tuple[int, ...]) -> np.ndarray:
        found = np.asarray(random.uniform(smallest, largest, shape), np.float32)
        if smallest < 0.0 and shape:
            found.reshape(-1)[place::_ZERO_EVERY] = 0.0
        return found

    if kinds[place] is Type.SCALAR:
        return drawn(())
    if kinds[place] is Type.LEAFWISE:
        return drawn((len(_SHAPES),))
    return [drawn(shape) for shape in _shapes(row, kinds, kinds[place])]


def not_finite(given: Sequence[Any]) -> list[Any]:
    """The same arguments with NaN, infinity and 0 in them, as diverging programs."""

    def spoilt(array: np.ndarray) -> np.ndarray:
        cycle = np.array([np.nan, np.inf, -np.inf, 0.0], np.float32)
        return np.resize(cycle, array.shape)

    return [list(map(spoilt, x)) if isinstance(x, list) else spoilt(x) for x in given]


def in_numpy(row: Function, given: Sequence[Any], kinds: Kinds) -> Leaves:
    """Its value in float64, as a list of arrays; arguments cannot be written into."""
    with np.errstate(all="ignore"):
        typed = [_typed(value, np, np.float64) for value in given]
        return [np.asarray(leaf) for leaf in _as_list(row, np, typed, kinds)]


def in_jax(row: Function, kinds: Kinds) -> Callable[[Sequence[Any]], Leaves]:
    """What gives its value in float32, as a list of arrays, compiled at its first call.

    Traced, as in a training: what depends on numbers in Python shows here.
    """
    run = jax.jit(lambda *values: _as_list(row, jnp, values, kinds))

    def found(given: Sequence[Any]) -> Leaves:
        typed = [_typed(value, jnp, np.float32) for value in given]
        return [np.asarray(leaf) for leaf in run(*typed)]

    return found


def in_machine(row: Function, given: Sequence[Any], kinds: Kinds) -> Any:
    """What the machine gets of a call that `is_plain`: one array, if all is well."""
    space = _space()
    operands = [
        _operand(space, value, kind, parameter.accepts)
        for value, kind, parameter in zip(given, kinds, row.parameters, strict=True)
    ]
    return jax.jit(lambda *operands: on_vectors(row, space, operands))(*operands)


def as_in_machine(row: Function, found: Leaves, kinds: Kinds) -> np.ndarray:
    """A value that is a list of arrays as the machine has it."""
    kind = result_type(row, kinds)
    if kind is Type.SCALAR:
        return found[0]
    if kind is Type.LEAFWISE:
        return np.asarray(_space().spread(jnp.asarray(found[0], jnp.float32)))
    return np.concatenate([leaf.ravel() for leaf in found])


def result_shapes(row: Function, kinds: Kinds) -> list[tuple[int, ...]]:
    """The shapes that the arrays of its value must have."""
    kind = result_type(row, kinds)
    assert kind is not None
    if kind is Type.SCALAR:
        return [()]
    if kind is Type.LEAFWISE:
        return [(len(_SHAPES),)]
    return _shapes(row, kinds, kind)


def one_call(row: Function, kinds: Kinds) -> Program:
    """A program whose update depends on this call."""
    trees, rates, states, read = iter("wgwg"), iter(("lr", "step", "lr")), [], []
    for place, kind in enumerate(kinds):
        if kind in (Type.SCALAR, Type.TREE):
            read.append(next(rates if kind is Type.SCALAR else trees))
        else:
            read.append(f"s{place}")
            states.append((f"s{place}", f"({', '.join(DIMENSIONS[kind])})"))
    result = result_type(row, kinds)
    assert result is not None
    header = "".join(f"{name}: {shape}, " for name, shape in states)
    return parse(
        f"def train(w, g, {header}lr, step):\n"
        f"    x = {row.name}({', '.join(read)})\n"
        f"    u = {_TO_A_TREE.get(result, 'x * w')}\n"
        f"    return {', '.join(['u', *(name for name, _ in states)])}\n"
    )


def _as_list(row: Function, xp: Any, values: Sequence[Any], kinds: Kinds) -> list[Any]:
    result = call(row, xp, list(values), list(kinds), len(_SHAPES))
    return result if isinstance(result, list) else [result]


def _shapes(row: Function, kinds: Kinds, kind: Type) -> list[tuple[int, ...]]:
    """Of a value's arrays: the weights' own, or of their matrix views."""
    if kind is Type.TREE and is_plain(row, kinds):
        return list(_SHAPES)
    return [shape_of(kind, *matrix_shape(shape)) for shape in _SHAPES]


def _typed(value: Any, xp: Any, dtype: Any) -> Any:
    if isinstance(value, list):
        return [_typed(leaf, xp, dtype) for leaf in value]
    array = xp.asarray(value, dtype)
    if xp is np:
        array.setflags(write=False)
    return array


def _space() -> Flat:
    return Flat(Layout.of([jnp.zeros(shape, jnp.float32) for shape in _SHAPES]))


def _operand(space: Flat, value: Any, kind: Type, accepts: tuple[Type, ...]) -> Any:
    """Where a parameter takes more than Scalars, the machine gives it a vector."""
    if kind is Type.TREE:
        return space.layout.vector(_typed(value, jnp, jnp.float32))
    array = jnp.asarray(value)
    if kind is Type.LEAFWISE:
        return space.spread(array)
    return array if accepts == (kind,) else jnp.full((space.layout.size,), array)
