"""Texts as an author could write them: nested, with copies, comments and odd layout.

Most are valid; what is not is wrong in a way that the checker has to tell.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random

from dsl import FUNCTIONS, unparse
from dsl.faults import printed_name
from dsl.library import program_names, read_program
from tests.fuzz.generation import draw_matrix_program, draw_program

_NAMES = ("w", "g", "m", "v", "x", "y", "x_1", "m_1", "value_1", "update", "sqrt")
_STATES = ((), ("m",), ("m", "v"), ("v", "m", "x"))
_SHAPES = ("(r, c)", "(r, 1)", "( c , c )", "(1,1)", "(c, r)", "(1, d)", "(r)", "r")
_NUMBERS = (
    "1",
    "0.5",
    ".5",
    "2.",
    "1e-8",
    "25E+1",
    "007",
    "3.4028235e38",
    "-0",
    "1e-60",
)
_SIGNS = ("+", "-", "*", "/")
_LAYOUT = ("", "", "", "", "", "", "", " ", "  ", "\n", " # é\n")


def draw_text(random: Random) -> str:
    """A text of the library, of a generated program or of nested expressions."""
    point = random.random()
    if point < 0.1:
        return random.choice(_library())
    if point < 0.2:
        return unparse(draw_matrix_program(random, longest=6))
    if point < 0.5:
        return unparse(draw_program(random, longest=6))
    return _write(random)


@lru_cache(maxsize=1)
def _library() -> tuple[str, ...]:
    return tuple(read_program(name) for name in program_names())


def _write(random: Random) -> str:
    states = random.choice(_STATES)
    last = random.choice(("lr", "lr, step"))
    colon = random.choice((":", ":", ":", "", ":  # header"))
    shaped = [
        f"{name}: {random.choice(_SHAPES)}" if random.random() < 0.1 else name
        for name in states
    ]
    lines = [f"def train({', '.join(('w', 'g', *shaped, last))}){colon}"]
    indentation = random.choice(("    ", "    ", "  ", " "))
    bound = ["w", "g", *states]
    for _ in range(random.randrange(4)):
        target = random.choice(_NAMES)
        lines.append(f"{indentation}{target} = {_expression(random, bound, 0)}")
        bound.append(target)
        if random.random() < 0.1:
            lines.append(random.choice(("", "  ", "# a comment", "      # = (")))
    values = [_expression(random, bound, 2) for _ in range(1 + len(states))]
    lines.append(f"{indentation}return {', '.join(values)}")
    return random.choice(("\n", "\n", "\n", "\r\n")).join(lines)


def _expression(random: Random, bound: list[str], depth: int) -> str:
    """Of the names that are bound; less likely a call the deeper it stands."""
    point = random.random() * (1.0 + depth)
    if point > 1.2:
        scalar = random.random() < 0.2
        return random.choice(_NUMBERS) if scalar else random.choice(bound)
    inner = [_expression(random, bound, depth + 1) for _ in range(3)]
    if point < 0.4:
        row = random.choice(_ROWS)
        return f"{row[0]}({random.choice(_LAYOUT)}{', '.join(inner[: row[1]])})"
    if point < 0.5:
        return f"-{inner[0]}"
    if point < 0.7:
        return f"({inner[0]})"
    return f"{inner[0]} {random.choice(_SIGNS)} {inner[1]}"


_ROWS = [(printed_name(row), len(row.parameters)) for row in FUNCTIONS.values()]
_ROWS += [(name, 2) for name in ("max", "min")]
