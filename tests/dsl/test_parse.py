"""Reading: what Python would compute from the same text, flattened and renamed."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from operator import add, mul, neg, sub
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dsl import DslError, Program, parse, unparse
from dsl.library import read_program
from dsl.names import KEYWORDS, is_name
from dsl.program import Constant, Statement, Variable, header


def body(*lines: str) -> Program:
    text = "\n".join(["def train(w, g, m, lr):", *(f"    {line}" for line in lines)])
    return parse(text)


def lines(program: Program) -> list[str]:
    return [line.strip() for line in unparse(program).splitlines()[1:]]


def test_the_seed_statement_by_statement() -> None:
    program = parse(read_program("adamw"))
    assert header(program) == ("w", "g", "m", "v", "lr")
    assert program.states == ("m", "v")
    assert len(program.statements) == 9
    assert program.statements[1] == Statement(
        "m", "interpolate", (Variable("g"), Variable("m"), Constant(0.8999999761581421))
    )
    assert program.outputs == ("update", "m", "v")


def test_step_is_known_by_its_name_and_last_place() -> None:
    program = parse("def train(w, g, m, lr, step):\n    return g, m")
    assert (program.states, program.learning_rate, program.step) == (
        ("m",),
        "lr",
        "step",
    )
    with pytest.raises(DslError, match="`step` in this place is not what its name"):
        parse("def train(w, g, step, t):\n    return g, step")


@pytest.mark.parametrize(
    "text",
    [
        "def train(w, g, lr)\n  return g\n",
        "def train(w, g, lr):\n  return g",
        "def train(w, g, lr):\r\n  return g\r\n",
        "\ufeffdef train(w, g, lr):\n  return g\n",
        "\n\n# first\n\ndef train(w, g, lr): # header\n\n# left\n  # in\n"
        "  return g # é\n      # end",
        "def train(\n    w,\n  g,  # gradient\n    lr\n):\n      return g\n\n   \n",
        "def train ( w , g , lr ) :\n return (((g)))\n",
    ],
)
def test_layout_does_not_matter(text: str) -> None:
    assert parse(text) == Program("w", "g", (), "lr", None, (), ("g",))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("0.1", 0.10000000149011612),
        (".5", 0.5),
        ("2.", 2.0),
        ("1e-3", 0.0010000000474974513),
        ("25E+1", 250.0),
        ("-1", -1.0),
        ("-0", -0.0),
        ("--1", 1.0),
        ("0e-60", 0.0),
        ("1e-45", 1.401298464324817e-45),
        ("3.4028235e38", 3.4028234663852886e38),
        ("3.40282356e38", 3.4028234663852886e38),
        ("007", 7.0),
    ],
)
def test_constants_are_rounded_to_float32(text: str, value: float) -> None:
    program = body(f"x = g * {text}", "return x, m")
    assert repr(program.statements[0].arguments[1]) == repr(Constant(value))


def test_one_call_a_line_with_names_that_nothing_else_has() -> None:
    program = body("update_1 = g", "update = -m / sqrt(1 + g)", "return update, m")
    assert lines(program) == [
        "update_2 = -m",
        "update_3 = 1.0 + g",
        "update_4 = sqrt(update_3)",
        "update = update_2 / update_4",
        "return update, m",
    ]


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ("w - g - m", ["x_1 = w - g", "x = x_1 - m"]),
        ("w - (g - m)", ["x_1 = g - m", "x = w - x_1"]),
        ("w + g * m", ["x_1 = g * m", "x = w + x_1"]),
        ("(w + g) * m", ["x_1 = w + g", "x = x_1 * m"]),
        ("w / g / m", ["x_1 = w / g", "x = x_1 / m"]),
        ("w * g * m", ["x_1 = w * g", "x = x_1 * m"]),
        ("w / g * m", ["x_1 = w / g", "x = x_1 * m"]),
        ("w * g / m", ["x_1 = w * g", "x = x_1 / m"]),
        ("w + g + m", ["x_1 = w + g", "x = x_1 + m"]),
        ("w - g + m", ["x_1 = w - g", "x = x_1 + m"]),
        ("w + g - m", ["x_1 = w + g", "x = x_1 - m"]),
        ("-w * g", ["x_1 = -w", "x = x_1 * g"]),
        ("w * -g", ["x_1 = -g", "x = w * x_1"]),
        ("w - -2", ["x = w - -2.0"]),
        ("w -2", ["x = w - 2.0"]),
        ("-(w)", ["x = -w"]),
        ("max(w, min(g, m))", ["x_1 = minimum(g, m)", "x = maximum(w, x_1)"]),
        ("interpolate(w, g, .5)", ["x = interp(w, g, 0.5)"]),
        ("add(w, g)", ["x = w + g"]),
        ("get_pi() * w", ["x_1 = get_pi()", "x = x_1 * w"]),
    ],
)
def test_precedence_and_aliases_are_pythons(
    expression: str, printed: list[str]
) -> None:
    program = body(f"x = {expression}", "return x, m")
    assert lines(program)[:-1] == printed


def test_copies_leave_no_statement() -> None:
    program = body(
        "beta = 0.5", "b = beta", "x = g", "m = interp(x, m, b)", "return x, m"
    )
    assert lines(program) == ["m = interp(g, m, 0.5)", "return g, m"]


def test_a_copy_keeps_its_value_when_the_original_is_overwritten() -> None:
    program = body("old = m", "m = m + g", "m = m * old", "return old, m")
    assert lines(program) == [
        "m_1 = m + g",
        "m_2 = m_1 * m",
        "return m, m_2",
    ]


def test_swapping_two_variables_swaps_the_outputs() -> None:
    program = body("t = g", "g = m", "m = t", "return g, m")
    assert lines(program) == ["return m, g"]


def test_the_return_may_compute() -> None:
    program = body("return -g * lr, 2 * m")
    assert lines(program) == [
        "value_1 = -g",
        "value_2 = value_1 * lr",
        "value_3 = 2.0 * m",
        "return value_2, value_3",
    ]


@pytest.mark.parametrize(
    "word", [*sorted(KEYWORDS), "if_", "Def", "returned", "_", "x9"]
)
def test_grammar_and_names_agree(word: str) -> None:
    text = f"def train(w, g, {word}):\n    return g"
    if is_name(word):
        assert parse(text).learning_rate == word
    else:
        with pytest.raises(DslError):
            parse(text)


# Python itself as the reference: the same text is executed on symbols, whose operators
# write down what is computed, and so is the flattened program.


@dataclass(frozen=True)
class Symbol:
    """A value of the model's shape: how it was computed, hashed when that is long."""

    text: str

    def __post_init__(self) -> None:
        if len(self.text) > 100:
            hashed = blake2b(self.text.encode()).hexdigest()
            object.__setattr__(self, "text", hashed)

    def __add__(self, other: Any) -> Symbol:
        return Symbol(f"({self} + {other})")

    def __radd__(self, other: Any) -> Symbol:
        return Symbol(f"({other} + {self})")

    def __sub__(self, other: Any) -> Symbol:
        return Symbol(f"({self} - {other})")

    def __rsub__(self, other: Any) -> Symbol:
        return Symbol(f"({other} - {self})")

    def __mul__(self, other: Any) -> Symbol:
        return Symbol(f"({self} * {other})")

    def __rmul__(self, other: Any) -> Symbol:
        return Symbol(f"({other} * {self})")

    def __neg__(self) -> Symbol:
        return Symbol(f"(-{self})")

    def __str__(self) -> str:
        return self.text


def maximum(x: Any, y: Any) -> Any:
    return Symbol(f"max({x}, {y})")


OPERATIONS: dict[str, Any] = {
    "add": add,
    "subtract": sub,
    "multiply": mul,
    "negative": neg,
    "maximum": maximum,
}
BEFORE = ["x = w", "x_1 = 0.5", "m_1 = m", "value_1 = x"]
NAMES = st.sampled_from(("w", "g", "m", "v", "x", "x_1", "m_1", "value_1"))
LEAVES = NAMES | st.sampled_from(("0.5", "-2.0", "3.0"))
OPERANDS = LEAVES | st.builds("-{}".format, NAMES)


def chains(operands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Operands joined by one to four signs without parentheses: precedence decides."""
    rest = st.lists(
        st.builds(" {} {}".format, st.sampled_from("+-*"), operands),
        min_size=1,
        max_size=4,
    )
    return st.builds(lambda first, more: first + "".join(more), operands, rest)


NESTED = st.builds("({})".format, chains(OPERANDS)) | st.builds(
    "max({}, {})".format, chains(OPERANDS), OPERANDS
)
EXPRESSIONS = chains(OPERANDS | NESTED | st.builds("-{}".format, NESTED))
# Copies matter most here: about half of all lines are one.
LINES = st.builds("{} = {}".format, NAMES, LEAVES | EXPRESSIONS)
RETURNS = st.builds("return {}, {}, {}".format, *[LEAVES | EXPRESSIONS] * 3)


def python(written: list[str]) -> tuple[Any, ...]:
    text = "\n ".join(["def train(w, g, m, v, lr):", *written])
    names: dict[str, Any] = {"max": maximum}
    exec(text, names)
    outputs: tuple[Any, ...] = names["train"](*map(Symbol, ("w", "g", "m", "v", "lr")))
    return outputs


def run(program: Program) -> tuple[Any, ...]:
    values: dict[str, Any] = {name: Symbol(name) for name in header(program)}
    for statement in program.statements:
        arguments = [
            values[each.name] if isinstance(each, Variable) else each.value
            for each in statement.arguments
        ]
        values[statement.target] = OPERATIONS[statement.function](*arguments)
    return tuple(values[name] for name in program.outputs)


@given(st.lists(LINES, max_size=12), RETURNS)
def test_a_text_computes_what_python_computes(body: list[str], returned: str) -> None:
    written = [*BEFORE, *body, returned]
    expected = python(written)
    assume(all(isinstance(each, Symbol) for each in expected))
    text = "\n ".join(["def train(w, g, m, v, lr):", *written])
    try:
        program = parse(text)
    except DslError as error:
        # Python's `max` of two constants is a Symbol here, in the language a Scalar.
        assume("must be a Tree" not in error.message)
        raise
    assert run(program) == expected
