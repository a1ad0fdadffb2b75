"""Text to program: Lark reads it by `grammar.lark`, and it is checked before it leaves.

Program text is data: nothing of it is ever executed by Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any, ClassVar

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedToken
from lark.indenter import DedentError, Indenter

from dsl.check import find_fault
from dsl.errors import error_at, quoted
from dsl.flatten import flatten
from dsl.functions import FUNCTIONS
from dsl.program import Program, header
from dsl.refusals import UNALIGNED, Refusal, explain
from dsl.syntax import (
    Assignment,
    Call,
    Expression,
    Name,
    Number,
    Parameter,
    Place,
    Source,
)

MAX_CHARACTERS = 100_000
"""The longest text."""

MAX_LINE = 10_000
"""The longest line, in characters."""


def parse(text: str) -> Program:
    """Read a program: the syntax is in `grammar.lark`, the rules in `check`.

    Nested expressions become one call a line, with fresh names; copies disappear by
    renaming; constants are rounded to float32.

    Raises:
        DslError: the text is not a valid program; it has the author's own line and
            column, what is wrong there and what would mend it.
    """
    if len(text) > MAX_CHARACTERS:
        limit = f"more than {MAX_CHARACTERS:,}"
        message = f"the text has {len(text):,} characters, {limit}"
        raise error_at(text, (1, 1), message, "give a program, not a data file")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    for number, each in enumerate(text.split("\n"), 1):
        if len(each) > MAX_LINE:
            limit = f"more than {MAX_LINE:,}"
            message = f"the line has {len(each):,} characters, {limit}"
            raise error_at(text, (number, MAX_LINE + 1), message, "break it up")
    program, lines = flatten(text, _read(text))
    fault = find_fault(program)
    if fault is not None:
        line = lines[fault.statement + 1]
        place = line.place if fault.argument is None else line.arguments[fault.argument]
        note = _header_note(header(program), program.learning_rate)
        raise error_at(text, place, fault.message, note + fault.hint)
    return program


def _header_note(names: tuple[str, ...], rate: str) -> str:
    """What is odd about the names of a header, for a program that has a fault.

    Names are the author's, so that nothing is wrong with these alone.
    """
    if names[0] == "self":
        return "delete `self` from the header, whose first parameter is the weights; "
    if "lr" in names and rate != "lr":
        return (
            f"`lr` is not the learning rate here, but {quoted(rate)} is: the last "
            "parameter, or the last before `step`; "
        )
    return ""


def _read(text: str) -> Source:
    """The source tree of a text.

    The lexer gets a line end before and after the text, so that the first line's
    indentation counts and the last line is like any other; `_place` takes it out again.
    """
    try:
        source = _lark().parse(f"\n{text}\n")
    except UnexpectedToken as error:
        # Lark gives the end of the text the place of the last token.
        end = error.token.type == "$END"
        offset = len(text) if end else max(0, (error.pos_in_stream or 0) - 1)
        refusal = Refusal(text, offset, error.token.type, frozenset(error.accepts))
    except UnexpectedCharacters as error:
        offset = max(0, (error.pos_in_stream or 0) - 1)
        refusal = Refusal(text, offset, "", frozenset(error.allowed))
    except _Unaligned as error:
        refusal = Refusal(text, error.offset - 1, UNALIGNED, frozenset())
    else:
        assert isinstance(source, Source)
        return source
    raise explain(refusal)


class _Unaligned(Exception):
    """A line is indented less than the one before, yet more than the header."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class _Indentation(Indenter):
    """Line ends and blanks to tokens, as Python's lexer does it."""

    NL_type = "_NEWLINE"
    OPEN_PAREN_types: ClassVar = ["LPAR"]
    CLOSE_PAREN_types: ClassVar = ["RPAR"]
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8

    def handle_NL(self, token: Token) -> Iterator[Token]:
        try:
            yield from super().handle_NL(token)
        except DedentError:
            raise _Unaligned(token.end_pos or 0) from None


_OPERATORS = {
    row.symbol: name
    for name, row in FUNCTIONS.items()
    if row.symbol and len(row.parameters) == 2
}


@v_args(inline=True)
class _Tree(Transformer[Token, Source]):
    """Each rule of the grammar to its node, by the names of `grammar.lark`."""

    def program(self, header: tuple[Parameter, ...], *lines: Any) -> Source:
        return Source(header, lines[:-1], lines[-1])

    def header(self, *parameters: Parameter) -> tuple[Parameter, ...]:
        return parameters

    def parameter(self, name: Token, *shape: Name | Number) -> Parameter:
        return Parameter(self.name(name), shape)

    def assignment(self, target: Token, value: Expression) -> Assignment:
        return Assignment(self.name(target), value)

    def returned(self, *values: Expression) -> tuple[Expression, ...]:
        return values

    def infix(self, left: Expression, sign: Token, right: Expression) -> Call:
        return Call(_OPERATORS[sign.value], (left, right), left.place)

    def negated(self, sign: Token, value: Expression) -> Expression:
        if isinstance(value, Number):
            # Two minus signs before a literal cancel.
            text = value.text.removeprefix("-")
            return Number(text if text != value.text else f"-{text}", _place(sign))
        return Call("negative", (value,), _place(sign))

    def call(self, function: Token, *arguments: Expression) -> Call:
        return Call(function.value, arguments, _place(function))

    def name(self, token: Token) -> Name:
        return Name(token.value, _place(token))

    def number(self, token: Token) -> Number:
        return Number(token.value, _place(token))


def _place(token: Token) -> Place:
    return (token.line or 1) - 1, token.column or 1


@lru_cache(maxsize=1)
def _lark() -> Lark:
    return Lark(
        files("dsl").joinpath("grammar.lark").read_text(encoding="ascii"),
        start="program",
        parser="lalr",
        postlex=_Indentation(),
        transformer=_Tree(),
        maybe_placeholders=False,
    )
