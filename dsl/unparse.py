"""Program to text: one call a line, constants with the fewest digits.

Law: `parse(unparse(program)) == program` for every valid program.
"""

from __future__ import annotations

from dsl.faults import printed_name
from dsl.float32 import constant_text
from dsl.functions import FUNCTIONS
from dsl.program import Argument, Program, Statement, Variable, header
from dsl.types import DIMENSIONS, Type

_INDENTATION = "    "


def unparse(program: Program) -> str:
    """Write a program as the text that `parse` reads back as an equal program.

    >>> from dsl import parse
    >>> print(unparse(parse("def train(w, g, lr): # SGD\\n  return 0.100 * (g * lr)")))
    def train(w, g, lr):
        value_2 = g * lr
        value_1 = 0.1 * value_2
        return value_1
    <BLANKLINE>
    """
    lines = [_header_pieces(program)]
    lines.extend([_statement_pieces(each) for each in program.statements])
    lines.append(_return_pieces(program))
    return "\n".join(["".join(pieces) for pieces in lines]) + "\n"


def place_in_text(
    program: Program, statement: int, argument: int | None
) -> tuple[int, int]:
    """Line and column (1-based) in `unparse(program)` of what a `Fault` points at."""
    if statement < 0:
        pieces, start = _header_pieces(program), 1
    elif statement < len(program.statements):
        pieces, start = _statement_pieces(program.statements[statement]), 5
    else:
        pieces, start = _return_pieces(program), 5
    if argument is not None:
        start = 1 + sum(map(len, pieces[: 2 * argument + 1]))
    return statement + 2, start


def argument_text(argument: Argument) -> str:
    """One argument as it is printed."""
    if isinstance(argument, Variable):
        return argument.name
    return constant_text(argument.value)


# A line is a list of pieces that begins and ends with punctuation and in which what a
# fault can point at stands at the odd places.


def _header_pieces(program: Program) -> list[str]:
    pieces = _listed("def train(", list(header(program)), "):")
    for position, kind in enumerate(program.shapes):
        if kind is not Type.TREE and kind in DIMENSIONS:
            after = 2 * (2 + position) + 2
            rows, columns = DIMENSIONS[kind]
            pieces[after] = f": ({rows}, {columns}){pieces[after]}"
    return pieces


def _return_pieces(program: Program) -> list[str]:
    return _listed(f"{_INDENTATION}return ", list(program.outputs), "")


def _statement_pieces(statement: Statement) -> list[str]:
    arguments = [argument_text(argument) for argument in statement.arguments]
    row = FUNCTIONS.get(statement.function)
    start = f"{_INDENTATION}{statement.target} = "
    if row is not None and row.symbol:
        if len(arguments) == 2:
            return [start, arguments[0], f" {row.symbol} ", arguments[1], ""]
        # `-1.0` would read back as a constant.
        if len(arguments) == 1 and isinstance(statement.arguments[0], Variable):
            return [start + row.symbol, arguments[0], ""]
    name = statement.function if row is None else printed_name(row)
    return _listed(f"{start}{name}(", arguments, ")")


def _listed(start: str, parts: list[str], end: str) -> list[str]:
    if not parts:
        return [start + end]
    pieces = [start]
    for part in parts:
        pieces += [part, ", "]
    pieces[-1] = end
    return pieces
