"""Printing: the text reads back as the same program, with the fewest digits."""

import math
import struct
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import Program, parse, unparse
from dsl.check import find_fault
from dsl.float32 import constant_text, nearest_float32
from dsl.functions import FUNCTIONS
from dsl.library import program_names, read_program
from dsl.program import Constant, Statement, Variable
from dsl.types import Type
from tests.strategies import programs


def bits(program: Program) -> list[bytes]:
    """The constants of a program, bit for bit: `-0.0 == 0.0` as numbers."""
    return [
        struct.pack("f", argument.value)
        for statement in program.statements
        for argument in statement.arguments
        if isinstance(argument, Constant)
    ]


@given(programs())
def test_text_reads_back_as_the_same_program(program: Program) -> None:
    read = parse(unparse(program))
    assert read == program
    assert bits(read) == bits(program)


@pytest.mark.parametrize("name", program_names())
def test_every_program_of_the_library_round_trips(name: str) -> None:
    program = parse(read_program(name))
    assert parse(unparse(program)) == program


def test_the_seed_is_printed_as_the_language_has_it() -> None:
    assert unparse(parse(read_program("adamw"))) == read_program("adamw")


@pytest.mark.parametrize(
    ("function", "arguments", "line"),
    [
        ("add", ("a", "b"), "x = a + b"),
        ("subtract", ("a", 1.0), "x = a - 1.0"),
        ("multiply", (-0.5, "b"), "x = -0.5 * b"),
        ("divide", ("a", -2.0), "x = a / -2.0"),
        ("negative", ("a",), "x = -a"),
        ("negative", (1.0,), "x = negative(1.0)"),
        ("negative", (-0.0,), "x = negative(-0.0)"),
        ("interpolate", ("a", "b", 0.5), "x = interp(a, b, 0.5)"),
        ("clip_by_global_norm", ("a", 1.0), "x = clip(a, 1.0)"),
        ("maximum", ("a", "b"), "x = maximum(a, b)"),
        ("get_pi", (), "x = get_pi()"),
    ],
)
def test_statement_is_printed_as_its_row_says(
    function: str, arguments: tuple[str | float, ...], line: str
) -> None:
    read = tuple(
        Variable(each) if isinstance(each, str) else Constant(each)
        for each in arguments
    )
    statement = Statement("x", function, read)
    program = Program("a", "b", (), "lr", None, (statement,), ("a",))
    assert unparse(program).splitlines()[1] == f"    {line}"


def test_header_and_return_are_printed_in_order() -> None:
    program = Program("w", "g", ("m", "v"), "lr", "step", (), ("g", "v", "m"))
    assert unparse(program) == (
        "def train(w, g, m, v, lr, step):\n    return g, v, m\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9, "0.9"),
        (0.8999999761581421, "0.9"),
        (1.0, "1.0"),
        (100.0, "100.0"),
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (-1e-8, "-1e-08"),
        (1e-45, "1e-45"),
        (3.4028234663852886e38, "3.4028235e+38"),
        (2.0**-96, "1.2621775e-29"),
        (1 / 3, "0.33333334"),
        (16777216.0, "16777216.0"),
        (1e16, "1e+16"),
    ],
)
def test_constant_has_the_fewest_digits(value: float, text: str) -> None:
    assert constant_text(nearest_float32(value)) == text


def digits(text: str) -> int:
    """Significant digits of a decimal."""
    mantissa = text.lower().split("e")[0].replace("-", "").replace(".", "")
    return len(mantissa.strip("0"))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_no_decimal_with_one_digit_less_reads_back(value: float) -> None:
    text = constant_text(value)
    assert math.copysign(1, float(text)) == math.copysign(1, value)
    assert nearest_float32(float(text)) == value
    if digits(text) > 1:
        assert nearest_float32(float(f"{value:.{digits(text) - 2}e}")) != value


def test_a_zero_does_not_take_the_sign_of_one_printed_before() -> None:
    assert [constant_text(each) for each in (0.0, -0.0, 0.0)] == ["0.0", "-0.0", "0.0"]


def test_every_function_has_a_form_that_reads_back() -> None:
    shapes = (Type.LEFT, Type.COLUMN)
    variables = [Variable(name) for name in ("w", "g", "square", "column", "lr")]
    for row in FUNCTIONS.values():
        calls = product(variables, repeat=len(row.parameters))
        programs = (
            Program(
                *("w", "g", ("square", "column"), "lr", None),
                (Statement("x", row.name, arguments),),
                ("w", "square", "column"),
                shapes,
            )
            for arguments in calls
        )
        program = next(each for each in programs if find_fault(each) is None)
        assert parse(unparse(program)) == program, row.name
