"""Tries out users' functions: their formulas give what their rows promise.

Each is called on small arrays of the combinations of types that it takes (of very many,
some), in NumPy and in JAX: the shape must be that of its result type, the numbers must
agree, and swapped arguments of a commutative one must give the same bits. A command
that is given a file of them does it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dsl.functions import FUNCTIONS
from dsl.interpret import call
from dsl.rows import Function, formula_over, result_type, result_types
from dsl.types import Type, matrix_shape, shape_of
from evosearch.errors import InputError
from evosearch.tasks.files import in_user_code

_Kinds = tuple[Type, ...]

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
        combinations = list(result_types(row))
        if not combinations:
            raise _broken(path, row, "takes no combination of types: mend its rule")
        # Those on whole models first; the rest is spread over the shapes of matrices.
        combinations.sort(key=lambda kinds: not _is_elementwise(row, kinds))
        whole = sum(_is_elementwise(row, kinds) for kinds in combinations)
        rest = combinations[whole:]
        stride = max(1, -(-len(rest) // _MOST_COMBINATIONS))
        for kinds in (*combinations[:whole], *rest[::stride]):
            _try(row, kinds, path)


def _try(row: Function, kinds: tuple[Type, ...], path: str) -> None:
    """Call it on one combination of types, in NumPy and in JAX."""
    shown = f"({', '.join(map(str, kinds))})"
    source = f"functions {path}: {row.name}{shown}"
    given = [_value(kind, seed) for seed, kind in enumerate(kinds)]

    def run(xp: Any, *values: Any) -> Any:
        return _call(row, xp, values, kinds)

    def in_jax() -> list[np.ndarray]:
        # Traced, as in a training: what depends on numbers in Python shows here.
        typed = [_typed(value, jnp, np.float32) for value in given]
        found = jax.jit(lambda *values: run(jnp, *values))(*typed)
        return [np.asarray(leaf) for leaf in found]

    def in_numpy_vector(values: list[Any]) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(formula_over(row, np)(np, *values))

    exact = in_user_code(lambda: _in_numpy(row, given, kinds), path, source)
    single = in_user_code(in_jax, path, source)
    wanted = _result_shapes(row, kinds)
    said = (
        _wrong_arrays(exact, wanted, "NumPy", "float64")
        or _wrong_arrays(single, wanted, "JAX", "float32")
        or _wrong_numbers(exact, single)
    )
    if said is None and _is_elementwise(row, kinds):
        # The machine calls it on all weight arrays as one vector.
        flat = [_flat(value) if isinstance(value, list) else value for value in given]
        found = in_user_code(lambda: in_numpy_vector(flat), path, source)
        if not np.allclose(found, _flat(exact), _TOLERANCE, equal_nan=True):
            said = "is not elementwise: set matrices=True"
    if said is None and row.commutative:
        swapped = in_user_code(lambda: _swapped(row, given, kinds), path, source)
        if swapped is not None and _bits(swapped) != _bits(exact):
            said = "is not commutative to the last bit: take that fact away"
    if said is not None:
        raise _broken(path, row, f"{said}, for {shown}")


def _call(row: Function, xp: Any, values: Sequence[Any], kinds: _Kinds) -> list[Any]:
    """Its value, as a list of arrays."""
    result = call(row, xp, list(values), list(kinds), len(_SHAPES))
    return result if isinstance(result, list) else [result]


def _in_numpy(row: Function, values: Sequence[Any], kinds: _Kinds) -> list[np.ndarray]:
    with np.errstate(all="ignore"):
        typed = [_typed(value, np, np.float64) for value in values]
        return [np.asarray(leaf) for leaf in _call(row, np, typed, kinds)]


def _swapped(
    row: Function, values: Sequence[Any], kinds: _Kinds
) -> list[np.ndarray] | None:
    """Its value in NumPy with the first two arguments swapped, if it takes them so."""
    turned = (kinds[1], kinds[0], *kinds[2:])
    if turned not in result_types(row):
        return None
    return _in_numpy(row, [values[1], values[0], *values[2:]], turned)


def _bits(leaves: list[np.ndarray]) -> list[tuple[tuple[int, ...], bytes]]:
    return [(leaf.shape, leaf.tobytes()) for leaf in leaves]


def _is_elementwise(row: Function, kinds: tuple[Type, ...]) -> bool:
    """Whether it is said to be, and this is a call on the whole model."""
    whole = Type.TREE in kinds and set(kinds) <= {Type.SCALAR, Type.TREE}
    return whole and not row.matrices and not row.reduces


def _flat(leaves: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([leaf.ravel() for leaf in leaves])


def _wrong_arrays(
    leaves: list[np.ndarray], wanted: list[tuple[int, ...]], rule: str, kind: str
) -> str | None:
    """What is wrong with the arrays that a rule gives, but for their numbers."""
    kinds = {str(leaf.dtype) for leaf in leaves}
    if kinds != {kind}:
        return f"gives {', '.join(sorted(kinds))} in {rule} in the place of {kind}"
    shapes = [leaf.shape for leaf in leaves]
    return (
        None if shapes == wanted else f"gives shapes {shapes} in {rule}, not {wanted}"
    )


def _wrong_numbers(exact: list[np.ndarray], single: list[np.ndarray]) -> str | None:
    """What is wrong with the numbers of both rules."""
    if all(np.isnan(leaf).all() for leaf in exact):
        return "is NaN for all numbers from 0.1 to 0.9"
    for one, other in zip(exact, single, strict=True):
        if not np.allclose(one, other, _TOLERANCE, _TOLERANCE, equal_nan=True):
            return f"gives {one.ravel()[:3]} in NumPy and {other.ravel()[:3]} in JAX"
    return None


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
