"""Errors: every wrong text is told where, what and how to mend it, within limits."""

from __future__ import annotations

import pickle
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import DslError, parse
from dsl.flatten import MAX_NESTING
from dsl.library import program_names, read_program
from dsl.parse import MAX_CHARACTERS, MAX_LINE
from tests.dsl.golden_errors import GOLDEN, GOLDEN_HEADERS, HEADER
from tests.fuzz.texts import problem


def message(text: str) -> str:
    with pytest.raises(DslError) as raised:
        parse(text)
    return str(raised.value)


@pytest.mark.parametrize(("lines", "expected"), GOLDEN.values(), ids=GOLDEN.keys())
def test_golden(lines: str, expected: str) -> None:
    actual = message(HEADER + lines)
    assert actual.startswith(expected)
    assert "\n" not in expected or actual == expected


@pytest.mark.parametrize("text", GOLDEN_HEADERS)
def test_golden_header(text: str) -> None:
    assert message(text).startswith(f"line 1, column {GOLDEN_HEADERS[text]}")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("w, g, lr, m", "`lr` is not the learning rate here, but `m` is: the last"),
        ("lr, w, g", "`lr` is not the learning rate here, but `g` is: the last"),
        ("self, w, g, lr", "delete `self` from the header, whose first parameter is"),
    ],
)
def test_a_fault_tells_of_an_odd_header(header: str, said: str) -> None:
    """Names are the author's: nothing is wrong with these headers alone."""
    assert said in message(f"def train({header}):\n    u = g * 0.1\n    return u")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("where(g)", "of the language; there are no conditions: use `maximum`, `min"),
        ("g * pi", "stored in `pi` before it is read here; the number is written `get"),
        ("g * -1e-46", "column 13: the constant `-1e-46` is 0 as a float32; write 0.0"),
    ],
)
def test_what_numpy_or_float64_has(expression: str, said: str) -> None:
    assert said in message(f"{HEADER}    x = {expression}\n    return x, m")


def test_places_are_those_of_the_authors_text() -> None:
    text = (
        "# one\r\n\r\ndef train(w, g, lr)\r\n  # two\r\n  x = g  *  f(g)\r\n  return x"
    )
    assert message(text).startswith("line 5, column 13: `f` is not a function")


def nested(depth: int) -> str:
    calls = "sqrt(" * depth + "g" + ")" * depth
    return f"{HEADER}    x = {calls}\n    return x, m"


def test_nesting_has_a_limit() -> None:
    assert len(parse(nested(MAX_NESTING)).statements) == MAX_NESTING
    for depth in (MAX_NESTING + 1, 1_500):
        assert "this expression is nested more than 50 deep" in message(nested(depth))
    for expression in ("-" * 9_000 + "g", "g" + "+ g" * 3_000):
        text = f"{HEADER}    x = {expression}\n    return x, m"
        assert "this expression is nested more than 50 deep" in message(text)


def test_a_line_has_a_limit() -> None:
    longest = "    x = g" + " " * (MAX_LINE - 9)
    text = HEADER + longest + "\n    return x, m"
    assert len(parse(text).statements) == 0
    told = message(text.replace(longest, f"{longest} "))
    assert told.startswith(
        "line 2, column 10001: the line has 10,001 characters, more than 10,000; break"
    )


def test_length_has_a_limit() -> None:
    text = HEADER + "    x = g * lr\n" * 1001 + "    return g, m"
    assert message(text).startswith(
        "line 1002, column 9: the program has 1,001 statements, the limit is 1,000"
    )
    assert "the text has 100,001 characters" in message("#" * (MAX_CHARACTERS + 1))


def test_long_lines_and_names_are_cut() -> None:
    name = "a" * 5000
    lines = message(f"{HEADER}    x = g * {name}\n    return x, m").splitlines()
    assert max(map(len, lines)) < 200
    assert lines[1][lines[2].index("^")] == "a"
    assert lines[1][lines[2].index("^") - 2] == "*"


def test_long_names_are_not_searched_for_a_similar_one() -> None:
    """Comparing each of 500 with what was read took 14 seconds."""
    names = ["abcabd" * 31 + f"{number:05}" for number in range(490)]
    copies = "".join(f"    {name} = g\n" for name in names)
    start = process_time()
    found = message(f"{HEADER}{copies}    return {'bdacba' * 31}, m")
    assert process_time() - start < 5.0
    assert "store into it on a line before" in found


def test_error_survives_pickling() -> None:
    with pytest.raises(DslError) as raised:
        parse(HEADER)
    copy = pickle.loads(pickle.dumps(raised.value))
    assert (str(copy), copy.hint) == (str(raised.value), raised.value.hint)


FRAGMENTS = (
    *("def", "train", "return", "if", "import", "w", "g", "lr", "x", "sqrt", "1e9"),
    *(
        "(",
        ")",
        ",",
        "=",
        "==",
        "+",
        "-",
        "*",
        "/",
        "**",
        ".",
        ":",
        ";",
        "'",
        "[",
        "\\",
    ),
    *("\n", "\n  ", "\n    ", "\r", "\t", " ", "#", "\x00", "\u00e9", "\ufeff", "0.5"),
)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30), st.booleans())
def test_any_text_is_a_program_or_an_error_in_it(parts: list[str], begun: bool) -> None:
    text = (HEADER if begun else "") + "".join(parts)
    assert_program_or_error(text)


@given(st.sampled_from(program_names()), st.data())
def test_any_damage_is_a_program_or_an_error_in_it(
    name: str, data: st.DataObject
) -> None:
    text = read_program(name)
    start = data.draw(st.integers(0, len(text)))
    end = start + data.draw(st.integers(0, 20))
    inserted = data.draw(st.sampled_from(("", *FRAGMENTS)))
    assert_program_or_error(text[:start] + inserted + text[end:])


def assert_program_or_error(text: str) -> None:
    assert problem(text) is None
