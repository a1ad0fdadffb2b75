"""Instructions in pairs do what they do one after the other, and fill their size."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given

from dsl import FUNCTIONS, Program, parse
from dsl.bytecode import COPY, TARGET, Bytecode, bytecode, operations
from dsl.interpret import uses_matrices
from dsl.library import program_names, read_program
from evosearch.lockstep import Pairs, pairs, resting, size_of
from tests.strategies import programs

Token = tuple[object, ...]
"""What a value was made of: a function and the tokens of its operands."""


class Banks:
    """Both banks, filled with tokens instead of numbers."""

    def __init__(self, values: np.ndarray) -> None:
        self.rows: dict[int, Token] = {}
        self.scalars: dict[int, Token] = {}
        self.values = values

    def row(self, place: int) -> Token:
        return self.rows.get(place, ("row", place))

    def scalar(self, place: int) -> Token:
        return self.scalars.get(place, ("scalar", place, float(self.values[place])))

    def take_scalar(self, word: np.ndarray) -> None:
        row = FUNCTIONS[operations().scalars[word[0]]]
        read = self.row if row.reduces else self.scalar
        operands = [read(int(place)) for place in word[1 : 1 + len(row.parameters)]]
        self.scalars[int(word[TARGET])] = (row.name, *operands)

    def take_tree(self, word: np.ndarray) -> None:
        name = operations().trees[word[0]]
        count = 1 if name == COPY else len(FUNCTIONS[name].parameters)
        operands = [
            self.row(int(place)) if place >= 0 else self.scalar(-int(place) - 1)
            for place in word[1 : 1 + count]
        ]
        token = (name, *operands) if name != COPY else operands[0]
        self.rows[int(word[TARGET])] = token

    def result(self, rows: int, update: int) -> list[Token]:
        return [*(self.row(place) for place in range(rows)), self.row(update)]


def one_after_the_other(assembled: Bytecode) -> list[Token]:
    banks, done = Banks(assembled.values), 0
    for tree, until in enumerate(assembled.until):
        for word in assembled.scalars[done:until]:
            banks.take_scalar(word)
        done = until
        for word in assembled.trees[tree : tree + 1]:
            banks.take_tree(word)
    return banks.result(assembled.rows, assembled.update)


def in_pairs(program: Pairs, rows: int) -> list[Token]:
    banks = Banks(program.values)
    for scalar, tree in zip(program.scalars, program.trees, strict=True):
        banks.take_scalar(scalar)
        banks.take_tree(tree)
    return banks.result(rows, int(program.update))


def known() -> Iterator[Program]:
    for name in program_names():
        program = parse(read_program(name))
        if not uses_matrices(program):
            yield program


def assert_same(program: Program) -> None:
    assembled = bytecode(program)
    size = size_of(assembled)
    for each in (size, 2 * size):
        laid_out = pairs(assembled, each)
        assert {len(laid_out.trees), len(laid_out.scalars)} == {each}
        assert in_pairs(laid_out, assembled.rows) == one_after_the_other(assembled)


def test_known_programs_read_what_they_would_read() -> None:
    for program in known():
        assert_same(program)


@given(programs())
def test_any_program_reads_what_it_would_read(program: Program) -> None:
    assert_same(program)


def test_a_scalar_of_a_row_waits_for_the_row() -> None:
    lines = ("a = g * 2.0", "n = dot(a, g)", "b = a * n", "k = global_norm(b)")
    body = "".join(f"  {line}\n" for line in (*lines, "u = b * k", "return u"))
    assert_same(parse(f"def train(w, g, lr):\n{body}"))


def test_what_does_nothing_writes_over_no_number() -> None:
    # 2 + 15 * 4 + 2 numbers: all 64 of size 16 are taken, none is to spare.
    body, count = "", 0.0
    for place in range(15):
        parts = ", ".join(f"{(count := count + 1.0)}" for _ in range(3))
        before = "g *" if place == 0 else "u +"
        body += f"  s = interp({parts})\n  u = {before} s\n"
    program = parse(
        f"def train(w, g, lr):\n{body}  u = interp(u, 50.0, 51.0)\n  return u\n"
    )
    assert len(bytecode(program).values) == 64
    assert_same(program)


def test_sizes_are_powers_of_two_from_sixteen() -> None:
    sizes = {size_of(bytecode(program)) for program in known()}
    assert {16, 32} <= sizes <= {2**n for n in range(4, 10)}


@pytest.mark.parametrize("count", [40, 200])
def test_a_long_program_has_a_large_size(count: int) -> None:
    body = "".join(f"  u = u * {n}.0 + g\n" for n in range(2, count // 2 + 2))
    program = parse(f"def train(w, g, lr):\n  u = g * 1.0\n{body}  return u\n")
    assembled = bytecode(program)
    assert size_of(assembled) >= count
    assert in_pairs(pairs(assembled, size_of(assembled)), assembled.rows)
    assert_same(program)


def test_a_slot_without_a_program_leaves_all_rows_and_moves_nothing() -> None:
    laid_out = resting(16)
    banks = Banks(laid_out.values)
    for word in laid_out.trees:
        banks.take_tree(word)
    assert all(banks.row(place) == ("row", place) for place in range(16))
    assert int(laid_out.update) == 15
