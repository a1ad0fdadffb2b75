"""The machine against the language: one step of any program, compiled once."""

from collections.abc import Callable
from random import Random
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import FUNCTIONS, Program, parse, prune
from dsl.bytecode import FIRST_STATE_ROW, bytecode
from dsl.functions import SETS
from dsl.interpret import uses_matrices
from dsl.library import program_names, read_program
from dsl.program import Constant, Statement, Variable
from evosearch.machine import interpreter
from evosearch.mutate import Odds, mutate
from evosearch.padded import pad
from evosearch.plan import Layout
from tests.agreement import assert_agrees, random_inputs
from tests.stepping import random_tree, with_statements
from tests.strategies import programs

ROWS, INSTRUCTIONS, VALUES = 16, 64, 128
"""Capacities of the common case."""


class Interpreter:
    """The machine's interpreter of steps; counts its compilations."""

    def __init__(self) -> None:
        self.compilations = 0
        self.layout = Layout.of(
            [jnp.asarray(leaf, jnp.float32) for leaf in random_tree(0)]
        )
        run = interpreter(self.layout)

        def counted(*inputs: Any) -> Any:
            self.compilations += 1
            return run(*inputs)

        self._run: Callable[..., Any] = jax.jit(counted)

    def step(self, program: Program, seed: int) -> None:
        """Compare new weights and states with float64; rows unset are NaN at first."""
        program = prune(program)
        trees, rate, step = random_inputs(program, seed)
        assembled = bytecode(program)
        count = ROWS
        while count < assembled.rows:
            count *= 2
        rows = np.full((count, self.layout.size), np.nan, np.float32)
        for row, tree in enumerate(trees):
            rows[row] = np.concatenate([np.ravel(leaf) for leaf in tree])
        after = self._run(pad(assembled), rows, np.float32(rate), np.float32(step))
        states = range(FIRST_STATE_ROW, FIRST_STATE_ROW + len(program.states))
        found = [self.layout.tree(after[row]) for row in (0, *states)]
        assert_agrees(found, with_new_weights(program), (trees, rate, step))


def with_new_weights(program: Program) -> Program:
    """The program that returns the new weights in the place of its update."""
    keep = Statement("kept", "add", (Variable(program.weights), Constant(0.0)))
    update = Variable(program.outputs[0])
    subtract = Statement("moved", "subtract", (Variable("kept"), update))
    body = [keep, *program.statements, subtract]
    return with_statements(program, body, ("moved", *program.outputs[1:]))


@pytest.fixture(scope="module")
def machine() -> Interpreter:
    return Interpreter()


@settings(max_examples=60)
@given(program=programs(), seed=st.integers(0, 3))
def test_a_step_is_that_of_the_program(
    machine: Interpreter, program: Program, seed: int
) -> None:
    machine.step(program, seed)


def without_matrices() -> list[str]:
    """Programs of the library that the machine can run."""
    return [
        name for name in program_names() if not uses_matrices(parse(read_program(name)))
    ]


@pytest.mark.parametrize("name", without_matrices())
def test_programs_of_the_library(machine: Interpreter, name: str) -> None:
    for seed in range(3):
        machine.step(parse(read_program(name)), seed)


def test_descendants_of_the_seed(machine: Interpreter) -> None:
    random = Random(0)
    program = parse(read_program("adamw"))
    for seed in range(60):
        program = mutate(program, random, Odds(), 25).program
        machine.step(program, seed % 4)


@pytest.mark.parametrize("name", SETS["lion"])
def test_every_function_in_both_banks(machine: Interpreter, name: str) -> None:
    """Of Trees, of Scalars, and of both in either place, where its types allow it."""
    row = FUNCTIONS[name]
    scalar, tree = ("lr", "number"), ("g", "w")
    choices = [(scalar, scalar), (tree, tree), (scalar, tree), (tree, scalar)]
    for first, second in choices:
        names = (first[0], second[1], "lr")[: len(row.parameters)]
        kinds = [0 if each in scalar else 2 for each in names]
        if any(
            kind not in parameter.accepts
            for kind, parameter in zip(kinds, row.parameters, strict=True)
        ):
            continue
        arguments = tuple(map(Variable, names))
        statements = (
            Statement("number", "multiply", (Variable("step"), Constant(0.25))),
            Statement("value", name, arguments),
            Statement("u", "add", (Variable("w"), Variable("value"))),
        )
        program = Program("w", "g", (), "lr", "step", statements, ("u",))
        machine.step(program, 0)


PROGRAMS = {
    "states are swapped": "return m, v, m",
    "states are rotated": "u = m * v; u = u * k; return u, v, k, m",
    "inputs are returned": "u = m + v; return u, g, w",
    "a state is the update": "m = m + g; v = v - m; return v, m, v",
    "the update is the weights": "return w",
    "all is one value": "u = m + v; return u, u, u",
    "inputs are overwritten": "w = g * 2.0; g = w + m; lr = lr * 3.0; m = g * lr; "
    "return w, m",
    "norms are Leafwise": "a = norm(g); b = norm(w); a = a / b; b = a + lr; "
    "c = a * b; c = maximum(c, 0.5); d = interp(c, a, lr); u = d * g; return u",
    "a Leafwise value meets a Tree": "a = norm(g); b = power(g, a); c = a - b; "
    "return c",
    "Scalars come from Trees between them": "a = global_norm(g); b = dot(g, w); "
    "c = a * b; m = m + c; d = cosine_sim(m, g); u = clip(m, d); e = global_norm(u); "
    "u = u * e; return u, m",
    "non-finite numbers": "a = arcsin(2.0); b = exp(1000.0); c = -b; m = m + a; "
    "v = v + b; k = g * c; u = m + w; return u, m, v, k",
    "a Scalar becomes a Tree": "u = w * 0.0; u = u + step; return u",
    "nothing is computed": "return g",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_that_are_hard_on_registers(machine: Interpreter, name: str) -> None:
    *body, outputs = PROGRAMS[name].split("; ")
    states = ["m", "v", "k"][: outputs.count(",")]
    header = ", ".join(["w", "g", *states, "lr", "step"])
    lines = "".join(f"  {line}\n" for line in (*body, outputs))
    machine.step(parse(f"def train({header}):\n{lines}"), 1)


def test_all_these_programs_took_two_compilations(machine: Interpreter) -> None:
    """One for those whose Scalars read rows, one for the others.

    And one more for a program that needs more rows, instructions and values.
    """
    machine.step(parse(read_program("lion")), 0)
    machine.step(parse("def train(w, g, lr):\n    return g * dot(g, g)\n"), 0)
    assert machine.compilations == 2
    large = beyond_the_common_capacity()
    assembled = bytecode(large)
    assert (assembled.rows, len(assembled.trees)) > (ROWS, INSTRUCTIONS)
    assert len(assembled.values) > VALUES
    machine.step(large, 0)
    assert machine.compilations == 3


@pytest.mark.parametrize(
    ("scalars", "width"), [(1, 64), (63, 64), (64, 128), (98, 128)]
)
def test_code_is_padded_to_the_longer_of_its_parts(scalars: int, width: int) -> None:
    lines = "  a = a * 0.5\n" * (scalars - 1)
    for first, reads_rows in (("a * 0.5", False), ("dot(g, w)", True)):
        body = f"  a = {first}\n{lines}  u = g * a\n  return u\n"
        code = pad(bytecode(parse(f"def train(w, g, a):\n{body}")))
        assert code.trees.shape == code.scalars.shape == (width, 5)
        assert code.until.shape == ((width,) if reads_rows else ())
        assert code.until.ravel()[:2].tolist() == [scalars] * (1 + reads_rows)
        assert int(code.length) == 1


def beyond_the_common_capacity() -> Program:
    """Seventeen Trees that are read at the end, and 34 Scalars of two constants."""
    scalars = [f"a = interp(0.{k}1, 0.{k}3, a)" for k in range(10, 44)]
    trees = [f"t{k} = interp(g, 0.{k}5, 0.{k}7)" for k in range(10, 27)]
    reads = [f"u = u + t{k}; u = sin(u)" for k in range(10, 27)]
    ends = ["u = cos(u)"] * 13 + ["u = u * a", "return u"]
    body = "; ".join(["a = lr * 0.5", *trees[:9], *scalars, *trees[9:], "u = -g"])
    lines = "; ".join([body, *reads, *ends]).split("; ")
    return parse("def train(w, g, lr):\n" + "".join(f"  {line}\n" for line in lines))
