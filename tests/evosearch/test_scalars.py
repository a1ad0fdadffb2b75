"""Scalars of a chunk's steps are those of each step alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dsl import parse
from dsl.bytecode import bytecode
from dsl.functions import FUNCTIONS, SETS
from dsl.types import Type
from evosearch.padded import pad
from evosearch.scalars import scalars_of_steps

OTHER_BITS = {"arcsinh", "arccosh"}
"""XLA rounds them otherwise in vectors."""

of_steps = jax.jit(scalars_of_steps)
RATES = np.linspace(0.1, 1.0, 20, dtype=np.float32)
COUNTS = np.arange(1, 21, dtype=np.float32)


def of_scalars(name: str) -> bool:
    row = FUNCTIONS[name]
    kinds = [parameter.accepts for parameter in row.parameters]
    return bool(kinds) and not row.reduces and all(Type.SCALAR in k for k in kinds)


@pytest.mark.parametrize("name", list(filter(of_scalars, SETS["lion"])))
def test_a_chunk_s_scalars_are_those_of_its_steps(name: str) -> None:
    operands = ", ".join(("lr", "step", "0.3")[: len(FUNCTIONS[name].parameters)])
    lines = f"  a = {name}({operands})\n  b = a * 0.5\n  u = g * b\n  return u\n"
    code = pad(bytecode(parse(f"def train(w, g, lr, step):\n{lines}")))
    found = of_steps(code, RATES, COUNTS)
    for step in range(len(RATES)):
        alone = of_steps(code, RATES[step : step + 1], COUNTS[step : step + 1])
        ulps = 2 if name in OTHER_BITS else 0
        np.testing.assert_array_max_ulp(found[step], alone[0], ulps)


def test_scalars_that_read_rows_wait_for_them() -> None:
    text = "def train(w, g, lr):\n  a = dot(g, w)\n  a = a * lr\n  return g * a\n"
    code = pad(bytecode(parse(text)))
    found = of_steps(code, RATES, COUNTS)
    expected = jnp.tile(code.values, (len(RATES), 1))
    expected = expected.at[:, 0].set(RATES).at[:, 1].set(COUNTS)
    assert np.array_equal(found, expected)
