"""Programs run for several steps on random trees, in NumPy and, op by op, in JAX."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from hypothesis import strategies as st

from dsl import Program
from dsl.interpret import Leaves, interpret, zero_states
from dsl.lower import lower
from dsl.program import Argument, Statement, Variable, header

SHAPES = ((3, 2), (4,), (2, 1, 2, 2), ())
"""Of the weight arrays: a matrix, a vector, a kernel and a number."""


def random_tree(
    seed: int,
    scale: float = 1.0,
    kind: Any = np.float64,
    shapes: Sequence[tuple[int, ...]] = SHAPES,
) -> Leaves:
    """A tree of normal numbers, each a float32, so that all precisions see the same."""
    random = np.random.default_rng(seed)
    numbers = [scale * random.standard_normal(shape) for shape in shapes]
    return [np.asarray(np.float32(leaf), kind) for leaf in numbers]


def updates(program: Program, steps: int, seed: int = 0) -> list[Leaves]:
    """The update of each step in NumPy float64, the weights following it."""
    weights = random_tree(seed)
    states = zero_states(program, np, weights)
    found = []
    with np.errstate(all="ignore"):
        for index in range(steps):
            gradient = random_tree(1000 + 10 * seed + index, 10.0 ** -(index % 3))
            rate = np.asarray(np.float64(np.float32(1.0 - index / (2 * steps))))
            trees = [weights, gradient, *states]
            update, *states = interpret(
                program, np, trees, rate, np.asarray(index + 1.0)
            )
            weights = [w - u for w, u in zip(weights, update, strict=True)]
            found.append(update)
    return found


def jax_updates(program: Program, steps: int, seed: int = 0) -> list[Leaves]:
    """The same in float32 through `lower`, one operation after the other."""
    weights = random_tree(seed, kind=np.float32)
    states = tuple(zero_states(program, np, weights))
    found = []
    step = lower(program)
    with jax.disable_jit():
        for index in range(steps):
            gradient = random_tree(
                1000 + 10 * seed + index, 10.0 ** -(index % 3), np.float32
            )
            inputs = jax.tree.map(jax.numpy.asarray, (weights, gradient, states))
            rate = jax.numpy.float32(1.0 - index / (2 * steps))
            update, states = step(*inputs, rate, jax.numpy.float32(index + 1))
            with np.errstate(all="ignore"):
                weights = [
                    w - np.asarray(u) for w, u in zip(weights, update, strict=True)
                ]
            found.append(update)
    return found


def random_states(program: Program, seed: int) -> list[Leaves]:
    """Any states: a tree of normal numbers for each, of its shape."""
    found = []
    for number, zeros in enumerate(zero_states(program, np, random_tree(0))):
        shapes = [leaf.shape for leaf in zeros]
        found.append(random_tree(seed + number, shapes=shapes))
    return found


def bits(trees: Sequence[Leaves]) -> list[bytes]:
    """Every number bit for bit; the NaNs are one, whatever their sign and payload."""
    found = []
    for leaf in (leaf for tree in trees for leaf in tree):
        array = np.atleast_1d(np.asarray(leaf)).copy()
        array[np.isnan(array)] = np.nan
        found.append(array.tobytes())
    return found


def rename(program: Program, names: dict[str, str]) -> Program:
    """The same program with other names; those that are not given stay."""

    variables = {old: Variable(name) for old, name in names.items()}

    def new(name: str) -> str:
        return names.get(name, name)

    return Program(
        new(program.weights),
        new(program.gradient),
        tuple(map(new, program.states)),
        new(program.learning_rate),
        program.step,
        tuple(
            reading(statement, variables, new(statement.target))
            for statement in program.statements
        ),
        tuple(map(new, program.outputs)),
        program.shapes,
    )


def reading(
    statement: Statement, instead: Mapping[str, Argument], target: str | None = None
) -> Statement:
    """The statement with other arguments for some variables, or another target."""
    arguments = tuple(
        instead.get(each.name, each) if isinstance(each, Variable) else each
        for each in statement.arguments
    )
    return Statement(target or statement.target, statement.function, arguments)


def with_argument(
    program: Program, index: int, place: int, argument: Argument
) -> Program:
    """The program with another argument at `place` of statement `index`.

    Raises:
        IndexError: it has no such statement or argument.
    """
    statements = list(program.statements)
    old = statements[index]
    arguments = list(old.arguments)
    arguments[place] = argument
    statements[index] = Statement(old.target, old.function, tuple(arguments))
    return with_statements(program, statements)


def with_statements(
    program: Program, statements: Sequence[Statement], outputs: Sequence[str] = ()
) -> Program:
    """The program with another body, and with other outputs where they are given."""
    return program._replace(
        statements=tuple(statements),
        outputs=tuple(outputs) or program.outputs,
    )


def all_names(program: Program) -> set[str]:
    """Every name that a program binds, but `step`."""
    targets = {statement.target for statement in program.statements}
    return (targets | set(header(program))) - {"step"}


def places(program: Program) -> st.SearchStrategy[int]:
    """Where a statement can be put."""
    return st.integers(0, len(program.statements))
