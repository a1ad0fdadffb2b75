"""The Scalars of a program for all steps of a chunk, computed before the first one.

What reads no row depends on the constants, the rate and the step count alone. Then an
instruction is taken once a chunk, and not at each step, with a row of a bank for its
value at every step. Rounding is that of one step, but for `arcsinh` and `arccosh` of
some numbers, which XLA computes otherwise in vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from dsl.bytecode import LEARNING_RATE_SLOT, STEP_SLOT, TARGET, operations
from dsl.functions import FUNCTIONS
from evosearch.padded import Code


def scalars_of_steps(code: Code, rates: Any, counts: Any) -> Any:
    """The Scalar bank of each step, float32 `[steps, slots]`.

    Args:
        code: if its Scalars read rows, they are left to the steps.
        rates: the schedule's values, float32 `[steps]`.
        counts: step counts from 1, float32 `[steps]`.
    """
    bank = jnp.repeat(jnp.asarray(code.values)[:, None], len(rates), axis=1)
    bank = bank.at[LEARNING_RATE_SLOT].set(rates).at[STEP_SLOT].set(counts)
    if jnp.ndim(code.until) == 0:
        branches = [_branch(name) for name in operations().scalars]

        def scalar(index: Any, bank: Any) -> Any:
            word = code.scalars[index]
            values = lax.switch(word[0], branches, bank, word)
            return lax.dynamic_update_index_in_dim(bank, values, word[TARGET], 0)

        bank = lax.fori_loop(0, code.until, scalar, bank)
    return bank.T


def _branch(name: str) -> Callable[[Any, Any], Any]:
    """The branch of a Scalar instruction on a bank of all steps."""
    row = FUNCTIONS[name]
    if row.reduces:
        return lambda bank, word: bank[0]

    def branch(bank: Any, word: Any) -> Any:
        operands = [bank[word[1 + place]] for place in range(len(row.parameters))]
        return row.formula(jnp, *operands)

    return branch
