"""What an instruction of the machine does: a branch for every function of the table.

A branch reads the register file and the Scalar bank and returns one row or one number,
which is written outside: one that updates the file would copy all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jax import lax

from dsl.bytecode import COPY
from dsl.functions import FUNCTIONS
from dsl.rows import Function
from dsl.types import Type
from evosearch.plan import Layout


@dataclass(frozen=True, slots=True)
class Flat:
    """The `Space` of trees kept as one vector."""

    layout: Layout

    def inner(self, x: Any, y: Any) -> Any:
        return jnp.stack([jnp.sum(leaf) for leaf in self.layout.leaves(x * y)])

    def scale(self, x: Any, factor: Any) -> Any:
        return x * factor

    def spread(self, leafwise: Any) -> Any:
        """One number for each leaf, repeated over the leaf."""
        bounds = zip(self.layout.offsets[:-1], self.layout.offsets[1:], strict=True)
        return jnp.concatenate(
            [
                jnp.broadcast_to(leafwise[leaf], (last - first,))
                for leaf, (first, last) in enumerate(bounds)
            ]
        )


def tree_branch(name: str, space: Flat) -> Callable[..., Any]:
    """The branch of a Tree instruction: operands are fetched inside it."""
    if name == COPY:
        return lambda rows, values, word: pick(rows, word[1])
    row = FUNCTIONS[name]

    def branch(rows: Any, values: Any, word: Any) -> Any:
        operands = [
            _operand(row, place, rows, values, word)
            for place in range(len(row.parameters))
        ]
        return on_vectors(row, space, operands)

    return branch


def on_vectors(row: Function, space: Flat, operands: Sequence[Any]) -> Any:
    """A function's value on trees kept as vectors: a vector too, or one number."""
    if not row.reduces:
        return row.formula(jnp, *operands)
    result = row.formula(jnp, space, *operands)
    return space.spread(result) if row.result is Type.LEAFWISE else result


def _operand(row: Function, place: int, rows: Any, values: Any, word: Any) -> Any:
    """An operand of a Tree instruction: a row if r >= 0, else Scalar -(r + 1)."""
    reference = word[1 + place]
    accepts = row.parameters[place].accepts
    if accepts == (Type.SCALAR,):
        return pick(values, -reference - 1)
    if Type.SCALAR not in accepts or len(row.parameters) == 1:
        return pick(rows, reference)
    value = pick(values, jnp.maximum(-reference - 1, 0))
    return jnp.where(reference >= 0, pick(rows, jnp.maximum(reference, 0)), value)


def scalar_branch(name: str, space: Flat) -> Callable[..., Any]:
    """The branch of a Scalar instruction: from the Scalar bank, or from rows."""
    row = FUNCTIONS[name]

    def branch(rows: Any, values: Any, word: Any) -> Any:
        bank = rows if row.reduces else values
        operands = [pick(bank, word[1 + k]) for k in range(len(row.parameters))]
        return on_vectors(row, space, operands)

    return branch


def pick(bank: Any, index: Any) -> Any:
    """A row of the register file, or a number of the Scalar bank."""
    return lax.dynamic_index_in_dim(bank, index, 0, keepdims=False)
