"""Bytecode against the program, and what it promises of rows, slots and widths."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings

from dsl import FUNCTIONS, Program, parse, prune
from dsl.bytecode import (
    COPY,
    FIRST_STATE_ROW,
    GRADIENT_ROW,
    LEARNING_RATE_SLOT,
    STEP_SLOT,
    WEIGHTS_ROW,
    Bytecode,
    bytecode,
    operations,
)
from dsl.interpret import Leaves, interpret
from dsl.library import read_program
from dsl.program import Constant, Statement
from dsl.types import Type
from tests.stepping import SHAPES, bits, random_tree, with_statements
from tests.strategies import programs


class Rows:
    """The `Space` of trees kept as lists."""

    def inner(self, x: Leaves, y: Leaves) -> np.ndarray:
        return np.stack([np.sum(a * b) for a, b in zip(x, y, strict=True)])

    def scale(self, x: Leaves, factor: np.ndarray) -> Leaves:
        return [leaf * factor for leaf in x]


def execute(
    code: Bytecode, trees: list[Leaves], rate: float, step: float
) -> tuple[list[Leaves], Leaves]:
    """One step in float64: the rows at its end, and the update."""
    rows: list[Leaves | None] = [*trees, *[None] * (code.rows - len(trees))]
    values: list[np.ndarray] = [np.asarray(np.float64(v)) for v in code.values]
    values[LEARNING_RATE_SLOT] = np.asarray(rate)
    values[STEP_SLOT] = np.asarray(step)
    done = 0
    for word, until in zip(code.trees.tolist(), code.until.tolist(), strict=False):
        for scalar in code.scalars[done:until].tolist():
            values[scalar[4]] = _scalar(scalar, rows, values)
        done = until
        rows[word[4]] = _tree(word, rows, values)
    update = rows[code.update]
    assert update is not None
    return rows, update


def _scalar(word: list[int], rows: list, values: list) -> np.ndarray:
    row = FUNCTIONS[operations().scalars[word[0]]]
    bank = rows if row.reduces else values
    operands = [bank[place] for place in word[1 : 1 + len(row.parameters)]]
    assert all(operand is not None for operand in operands)
    return row.formula(np, *([Rows()] if row.reduces else []), *operands)


def _tree(word: list[int], rows: list, values: list) -> Leaves:
    name = operations().trees[word[0]]
    if name == COPY:
        return rows[word[1]]
    row = FUNCTIONS[name]
    operands = [
        rows[place] if place >= 0 else values[-place - 1]
        for place in word[1 : 1 + len(row.parameters)]
    ]
    assert all(operand is not None for operand in operands)
    if not row.reduces:
        picked = [
            [each[leaf] if isinstance(each, list) else each for each in operands]
            for leaf in range(len(SHAPES))
        ]
        return [row.formula(np, *each) for each in picked]
    result = row.formula(np, Rows(), *operands)
    if row.result is Type.LEAFWISE:
        return [np.full(shape, result[k]) for k, shape in enumerate(SHAPES)]
    return result


@given(programs())
def test_it_computes_what_the_program_computes_bit_for_bit(program: Program) -> None:
    program = prune(program)
    code = bytecode(program)
    trees = [random_tree(seed) for seed in range(2 + len(program.states))]
    rate, step = 0.75, 3.0
    # As in the machine, where a constant is rounded to float32 with its function.
    with np.errstate(all="ignore"):
        rows, update = execute(code, trees, rate, step)
        expected = interpret(
            rounded_constants(program), np, trees, np.asarray(rate), np.asarray(step)
        )
    after = rows[FIRST_STATE_ROW : FIRST_STATE_ROW + len(program.states)]
    assert bits([update, *after]) == bits(expected)


def rounded_constants(program: Program) -> Program:
    """`get_pi()` and the like as the float32 constants that they are in bytecode."""
    statements = []
    for statement in program.statements:
        row = FUNCTIONS[statement.function]
        if not row.parameters:
            value = float(np.float32(row.formula(np)))
            # minimum(x, x) is x, bit for bit.
            statement = Statement(
                statement.target, "minimum", (Constant(value), Constant(value))
            )
        statements.append(statement)
    return with_statements(program, statements)


@given(programs())
def test_rows_and_slots_are_within_their_bounds(program: Program) -> None:
    program = prune(program)
    code = bytecode(program)
    states = len(program.states)
    assert FIRST_STATE_ROW + states <= code.rows
    # No more rows than values: the inputs, a result each, a move for each output.
    assert code.rows <= FIRST_STATE_ROW + states + len(program.statements) + 1 + states
    assert 0 <= code.update < code.rows
    assert code.until.tolist() == sorted(code.until.tolist())
    assert len(code.until) == len(code.trees) + 1
    assert code.until[-1] == len(code.scalars)
    written: set[int] = set()
    for word in code.trees.tolist():
        # The machine reads the weights when it applies the update.
        assert word[4] != WEIGHTS_ROW
        assert 0 <= word[4] < code.rows
        written.add(word[4])
    # Every row is used: an input, or written.
    assert written >= set(range(FIRST_STATE_ROW + states, code.rows))
    slots = [word[4] for word in code.scalars.tolist()]
    assert len(set(slots)) == len(slots)
    assert all(STEP_SLOT < slot < len(code.values) for slot in slots)


@given(programs())
def test_homes_hold_their_state_and_nothing_else(program: Program) -> None:
    """A home is written once, last by what the state becomes; so no temporary."""
    code = bytecode(program)
    states = len(prune(program).states)
    homes = range(FIRST_STATE_ROW, FIRST_STATE_ROW + states)
    targets = [word[4] for word in code.trees.tolist()]
    assert all(targets.count(home) <= 1 for home in homes)


@settings(max_examples=40)
@given(programs())
def test_constants_are_the_float32_of_the_program_once_each(program: Program) -> None:
    code = bytecode(program)
    computed = {word[4] for word in code.scalars.tolist()}
    constants = [
        struct.pack("<f", value)
        for slot, value in enumerate(code.values.tolist())
        if slot > STEP_SLOT and slot not in computed
    ]
    assert len(set(constants)) == len(constants)
    read = [
        struct.pack("<f", argument.value)
        for statement in prune(program).statements
        for argument in statement.arguments
        if isinstance(argument, Constant)
    ]
    assert set(read) <= set(constants)


def test_zero_and_minus_zero_are_two_constants() -> None:
    text = "def train(w, g, lr):\n  a = g * 0.0\n  u = a - -0.0\n  return u\n"
    signs = np.signbit(bytecode(parse(text)).values[STEP_SLOT + 1 :])
    assert signs.tolist() == [False, True]


def test_the_seed_needs_no_copy_and_few_rows() -> None:
    code = bytecode(parse(read_program("adamw")))
    assert COPY not in [operations().trees[word[0]] for word in code.trees.tolist()]
    # Two inputs, two homes; square(g) and g may be overwritten, w may not.
    assert code.rows <= 6
    assert len(code.trees) == 8
    assert len(code.scalars) == 1


def test_swapped_states_are_copied_past_each_other() -> None:
    program = parse("def train(w, g, m, v, lr):\n  u = m - v\n  return u, v, m\n")
    code = bytecode(program)
    copies = [w for w in code.trees.tolist() if operations().trees[w[0]] == COPY]
    assert 3 <= len(copies) <= 4
    trees = [random_tree(seed) for seed in range(4)]
    rows, update = execute(code, trees, 1.0, 1.0)
    assert bits([rows[2], rows[3]]) == bits([trees[3], trees[2]])
    assert bits([update]) == bits(interpret(program, np, trees, 1.0, 1.0)[:1])


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ("g, m, v", (1, 2, 3)),
        ("w, w, g", (0, 0, 1)),
        ("m, v, m", (2, 3, 2)),
        ("v, v, v", (3, 3, 3)),
        ("m, g, m", (2, 1, 2)),
    ],
)
def test_inputs_may_be_returned(outputs: str, expected: tuple[int, ...]) -> None:
    # Both states are made to live by a use that changes nothing.
    text = "def train(w, g, m, v, lr):\n"
    code = bytecode(parse(f"{text}  return {outputs}\n"))
    kept = prune(parse(f"{text}  return {outputs}\n"))
    trees = [random_tree(seed) for seed in range(4)]
    held = [trees[["w", "g", "m", "v"].index(each)] for each in kept.states]
    rows, update = execute(code, [*trees[:2], *held], 1.0, 1.0)
    assert bits([update]) == bits([trees[expected[0]]])
    after = rows[FIRST_STATE_ROW : FIRST_STATE_ROW + len(held)]
    names = [("m", "v").index(each) for each in kept.states]
    assert bits(after) == bits([trees[expected[1 + name]] for name in names])


def test_many_short_lived_values_share_rows() -> None:
    lines = "".join(f"  t{k} = sin(g)\n  u = u + t{k}\n" for k in range(30))
    code = bytecode(parse(f"def train(w, g, lr):\n  u = cos(g)\n{lines}  return u\n"))
    assert code.rows <= FIRST_STATE_ROW + 3


def test_the_gradient_may_be_overwritten_where_it_is_done_with() -> None:
    code = bytecode(parse("def train(w, g, lr):\n  a = sin(g)\n  return a\n"))
    assert code.trees[0][4] == GRADIENT_ROW
    assert code.rows == FIRST_STATE_ROW
