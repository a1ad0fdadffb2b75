"""Users' functions tried out before a run: their rules give what their rows promise.

Each is called on small arrays of every combination of types that it takes, in NumPy and
in JAX: the shape must be that of its result type, the numbers must agree, and swapped
arguments of a commutative one must give the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import jax.numpy as jnp
import numpy as np

from dsl.functions import FUNCTIONS
from dsl.interpret import call
from dsl.rows import Function, result_type
from dsl.types import Type, matrix_shape, shape_of
from evosearch.errors import InputError
from evosearch.tasks.files import in_user_code

_SHAPES = ((3, 2), (4,), ())
_TOLERANCE = 1e-4
_MOST_COMBINATIONS = 12


def try_functions(names: Sequence[str], path: str) -> None:
    """Try out the functions that a file added to the table.

    Raises:
        InputError: one raises, or breaks a promise of its row.
    """
    for name in names:
        row = FUNCTIONS[name]
        combinations = [
            kinds
            for kinds in product(*(p.accepts for p in row.parameters))
            if result_type(row, kinds) is not None
        ]
        if not combinations:
            raise _broken(path, row, "takes no combination of types: mend its rule")
        # The last ones are those of matrices; spread the trials over all of them.
        stride = -(-len(combinations) // _MOST_COMBINATIONS)
        for kinds in combinations[::stride]:
            _try(row, kinds, path)


def _try(row: Function, kinds: tuple[Type, ...], path: str) -> None:
    given = [_value(kind, seed) for seed, kind in enumerate(kinds)]
    shown = f"({', '.join(map(str, kinds))})"
    source = f"functions {path}: {row.name}{shown}"

    def run(xp: Any, dtype: Any, values: list[Any]) -> list[np.ndarray]:
        typed = [_typed(value, xp, dtype) for value in values]
        result = call(row, xp, typed, list(kinds), len(_SHAPES))
        leaves = result if isinstance(result, list) else [result]
        return [np.asarray(leaf) for leaf in leaves]

    with np.errstate(all="ignore"):
        exact = in_user_code(lambda: run(np, np.float64, given), path, source)
    single = in_user_code(lambda: run(jnp, np.float32, given), path, source)
    wanted = _result_shapes(row, kinds)
    for rule, leaves in (("NumPy", exact), ("JAX", single)):
        shapes = [leaf.shape for leaf in leaves]
        if shapes != wanted:
            said = f"gives shapes {shapes} in {rule} for {shown}, not {wanted}"
            raise _broken(path, row, f"{said}: mend its formula, result or rule")
    for one, other in zip(exact, single, strict=True):
        if not np.allclose(one, other, _TOLERANCE, _TOLERANCE, equal_nan=True):
            said = f"gives {one.ravel()[:3]} in NumPy and {other.ravel()[:3]} in JAX"
            raise _broken(path, row, f"{said} for {shown}: mend one of its rules")
    if row.commutative and kinds[0] is kinds[1]:
        swapped = run(np, np.float64, [given[1], given[0], *given[2:]])
        if any(a.tobytes() != b.tobytes() for a, b in zip(exact, swapped, strict=True)):
            said = "is not commutative to the last bit"
            raise _broken(path, row, f"{said}: take that fact away")


def _broken(path: str, row: Function, what: str) -> InputError:
    return InputError(f"functions {path}: {row.name} {what}")


def _value(kind: Type, seed: int) -> Any:
    """Numbers from 0.1 to 0.9, where most functions are defined."""
    random = np.random.default_rng(seed)

    def drawn(shape: tuple[int, ...]) -> np.ndarray:
        return np.asarray(random.uniform(0.1, 0.9, shape), np.float32)

    if kind is Type.SCALAR:
        return drawn(())
    if kind is Type.LEAFWISE:
        return drawn((len(_SHAPES),))
    return [drawn(shape_of(kind, *matrix_shape(shape))) for shape in _SHAPES]


def _typed(value: Any, xp: Any, dtype: Any) -> Any:
    if isinstance(value, list):
        return [xp.asarray(leaf, dtype) for leaf in value]
    return xp.asarray(value, dtype)


def _result_shapes(row: Function, kinds: tuple[Type, ...]) -> list[tuple[int, ...]]:
    kind = result_type(row, kinds)
    assert kind is not None
    if kind is Type.SCALAR:
        return [()]
    if kind is Type.LEAFWISE:
        return [(len(_SHAPES),)]
    return [shape_of(kind, *matrix_shape(shape)) for shape in _SHAPES]
