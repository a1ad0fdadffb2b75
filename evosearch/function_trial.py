"""Tries out users' functions: their formulas give what their rows promise.

Each is called on small arrays of the combinations of types that it takes (of very many,
some), in NumPy, in JAX and as the machine does: the shape must be that of its result
type, the numbers must agree, and swapped arguments of a commutative one must give the
same bits. A command that is given a file of them does it first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import jax
import numpy as np

from dsl.fingerprint import fingerprint
from dsl.functions import FUNCTIONS
from dsl.rows import Function, result_types
from dsl.types import Type
from evosearch.errors import InputError
from evosearch.function_calls import (
    Kinds,
    Leaves,
    as_in_machine,
    in_jax,
    in_machine,
    in_numpy,
    is_plain,
    not_finite,
    numbers,
    one_call,
    result_shapes,
)
from evosearch.tasks.files import in_user_code

_TOLERANCE = 1e-4
_MOST_COMBINATIONS = 12
_RANGES = ((0.1, 0.9), (-2.5, 2.5))
"""Of the numbers tried: where most functions are defined, and around 0."""

Result = TypeVar("Result")


def try_functions(names: Sequence[str], path: str) -> None:
    """Try out the functions that a file added to the table.

    Raises:
        InputError: one raises, or breaks a promise of its row.
    """
    for name in names:
        row = FUNCTIONS[name]
        combinations = list(result_types(row))
        if not combinations:
            raise InputError(
                f"functions {path}: {name} takes no combination of types: mend its rule"
            )
        # Those on whole models first; the rest is spread over the shapes of matrices.
        combinations.sort(key=lambda kinds: not _is_whole(row, kinds))
        whole = sum(_is_whole(row, kinds) for kinds in combinations)
        rest = combinations[whole:]
        stride = max(1, -(-len(rest) // _MOST_COMBINATIONS))
        trials = [
            _Trial(row, kinds, f"{name}({', '.join(map(str, kinds))})", path)
            for kinds in (*combinations[:whole], *rest[::stride])
        ]
        if all([trial.run() for trial in trials]):
            trials[0].refuse("is NaN for all numbers from -2.5 to 2.5")
        trials[0].run_in_a_program()


@dataclass(frozen=True)
class _Trial:
    """A function on one combination of types."""

    row: Function
    kinds: Kinds
    shown: str
    path: str

    def run(self) -> bool:
        """Call it in all ways, and compare; gives whether all was NaN."""
        row, kinds = self.row, self.kinds
        are_nan, compiled = [], in_jax(row, kinds)
        for smallest, largest in _RANGES:
            given = numbers(row, kinds, smallest, largest)
            exact = self._call(partial(in_numpy, row, given, kinds))
            single = self._call(partial(compiled, given))
            wanted = result_shapes(row, kinds)
            self.refuse(_wrong_arrays(exact, wanted, "NumPy", "float64"))
            self.refuse(_wrong_arrays(single, wanted, "JAX", "float32"))
            self.refuse(_wrong_numbers(exact, single))
            are_nan.append(all(np.isnan(leaf).all() for leaf in exact))
            if row.commutative:
                self._swap(given, exact)
            if smallest > 0.0:
                self._try_in_machine(given, exact)
        spoilt = not_finite(given)
        self._call(partial(in_numpy, row, spoilt, kinds), " of NaN and infinity")
        return all(are_nan)

    def run_in_a_program(self) -> None:
        """Follow a program that makes this call, on numbers of many sizes."""
        program = one_call(self.row, self.kinds)
        self._call(partial(fingerprint, program), " in a program")

    def _call(self, call: Callable[[], Result], how: str = "") -> Result:
        """Call it; what its formula raises becomes a sentence with what mends it."""
        try:
            source = f"functions {self.path}: {self.shown}{how}"
            return in_user_code(call, self.path, source)
        except InputError as error:
            said = _mend(self.row, error.__cause__)
            raise InputError(f"{error}{said}") from error.__cause__

    def refuse(self, said: str | None) -> None:
        """Raise what is said, if there is something."""
        if said is not None:
            raise InputError(f"functions {self.path}: {self.shown} {said}")

    def _try_in_machine(self, given: list[object], exact: Leaves) -> None:
        """The machine calls it on all weight arrays as one vector."""
        row, kinds = self.row, self.kinds
        if not (is_plain(row, kinds) if row.reduces else _is_whole(row, kinds)):
            return
        found = self._call(
            partial(in_machine, row, given, kinds), " on all arrays as one vector"
        )
        wanted = as_in_machine(row, exact, kinds)
        if (
            isinstance(found, jax.Array)
            and found.shape == wanted.shape
            and not _differ(wanted, np.asarray(found))
        ):
            return
        self.refuse(
            "gives something else where all weight arrays are one vector, as in the "
            "search's machine: sum with `space.inner(x, y)`, multiply with "
            "`space.scale(x, factor)`, and look at no array of its own"
            if row.reduces
            else "is not elementwise: set reduces=True, to sum over all weight arrays "
            "with `space`, or matrices=True, to be given one matrix after the other "
            "(such programs are compiled, which is slow)"
        )

    def _swap(self, given: list[object], exact: Leaves) -> None:
        """Its value in NumPy with the first two arguments swapped is the same."""
        turned = (self.kinds[1], self.kinds[0], *self.kinds[2:])
        if turned not in result_types(self.row):
            return
        values = [given[1], given[0], *given[2:]]
        swapped = self._call(lambda: in_numpy(self.row, values, turned))
        if _bits(swapped) != _bits(exact):
            self.refuse("is not commutative to the last bit: take that fact away")


def _is_whole(row: Function, kinds: Kinds) -> bool:
    """Whether it is said to be elementwise, and this is a call on whole models."""
    return (
        is_plain(row, kinds)
        and set(kinds) <= {Type.SCALAR, Type.TREE}
        and not row.reduces
    )


def _bits(leaves: Leaves) -> list[tuple[tuple[int, ...], bytes]]:
    return [(leaf.shape, leaf.tobytes()) for leaf in leaves]


def _wrong_arrays(
    leaves: Leaves, wanted: list[tuple[int, ...]], rule: str, kind: str
) -> str | None:
    """What is wrong with the arrays that a rule gives, but for their numbers."""
    kinds = {str(leaf.dtype) for leaf in leaves}
    if kinds != {kind}:
        return f"gives {', '.join(sorted(kinds))} in {rule} in the place of {kind}"
    shapes = [leaf.shape for leaf in leaves]
    return (
        None if shapes == wanted else f"gives shapes {shapes} in {rule}, not {wanted}"
    )


def _wrong_numbers(exact: Leaves, single: Leaves) -> str | None:
    """What is wrong with the numbers of both rules."""
    for one, other in zip(exact, single, strict=True):
        places = np.flatnonzero(_differences(one, other))[:3]
        if places.size:
            return (
                f"gives {one.ravel()[places]} in NumPy and {other.ravel()[places]} in "
                "JAX"
            )
    return None


def _differ(exact: np.ndarray, single: np.ndarray) -> bool:
    return bool(_differences(exact, single).any())


def _differences(exact: np.ndarray, single: np.ndarray) -> np.ndarray:
    """Where one is NaN alone, or both are finite and not close; float32 overflows."""
    finite = np.isfinite(exact) & np.isfinite(single)
    close = np.isclose(exact, single, _TOLERANCE, _TOLERANCE)
    return np.asarray((np.isnan(exact) != np.isnan(single)) | (finite & ~close))


def _mend(row: Function, error: BaseException | None) -> str:
    """What mends an exception of a formula, if its kind or its text tells."""
    text, kind = str(error), type(error).__name__
    if isinstance(error, ValueError) and "read-only" in text:
        return ": it writes into its argument: let it make a new array"
    names = [parameter.name for parameter in row.parameters]
    written = ", ".join(["xp", *["space"] * row.reduces, *names])
    if kind == "TracerArrayConversionError":
        return (
            f": a formula is `f({written})` and uses `xp`, not numpy; `numpy=` gives "
            "another one for NumPy"
        )
    if isinstance(error, TypeError) and re.search(r"positional|argument", text):
        return f": a formula is `f({written})`"
    if kind in ("TracerBoolConversionError", "ConcretizationTypeError") or (
        "truth value" in text
    ):
        return ": write `xp.where(condition, x, y)` in the place of `if`"
    return ""
