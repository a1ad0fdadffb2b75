"""A program whose states lack their shapes is told the header that mends it."""

import pytest

from dsl import DslError, parse
from dsl.library import read_program

SQUARE = "    m = m + matmul(g, transpose(g))\n    return g, m"


def hint(text: str) -> str:
    with pytest.raises(DslError) as raised:
        parse(text)
    return raised.value.hint


@pytest.mark.parametrize(
    ("states", "lines", "shapes"),
    [
        ("m", SQUARE, "`m: (r, r)`"),
        ("m: (c, c)", SQUARE, "`m: (r, r)`"),
        ("m", "    x = matmul(g, transpose(g))\n    return g, x", "`m: (r, r)`"),
        ("m", "    x = norm(g)\n    return g, x", "`m: (1, 1)`"),
        ("m: (r, r)", "    m = m + g\n    return g, m", "`m: (r, c)`"),
        ("n, m", SQUARE.replace("g, m", "g, n, m"), "`m: (r, r)`"),
        ("m", f"    x = inverse_root(m, 4)\n{SQUARE}", "`m: (r, r)`"),
    ],
)
def test_the_header_that_mends_it(states: str, lines: str, shapes: str) -> None:
    told = hint(f"def train(w, g, {states}, lr):\n{lines}")
    assert told == f"write {shapes} in the header"
    before = states.partition("m")[0]
    parse(f"def train(w, g, {before}{shapes.strip('`')}, lr):\n{lines}")


def test_two_shapes_at_once() -> None:
    text = read_program("shampoo").replace(": (r, r)", "").replace(": (c, c)", "")
    assert hint(text) == "write `left: (r, r)` and `right: (c, c)` in the header"


@pytest.mark.parametrize(
    "lines",
    [
        "    x = matmul(g, m)\n    return g, m",  # three shapes of m would do
        "    x = trace(g)\n    return g, m",  # none would
        "    m = m + matmul(g, transpose(g))\n    return g, y",  # y is missing then
    ],
)
def test_what_a_header_does_not_mend(lines: str) -> None:
    assert "header" not in hint(f"def train(w, g, m, lr):\n{lines}")
