"""Words and signs that mean something in Python, and what to write instead of them."""

from __future__ import annotations

import re

from dsl.errors import Wording, quoted
from dsl.functions import ALIASES, FUNCTIONS
from dsl.names import KEYWORDS

_STRAIGHT = "a program is straight-line, without {}"
_COMPARE = "use `maximum`, `minimum` or `sign` instead"

_WORDS: dict[str, Wording] = {
    **dict.fromkeys(
        ("if", "elif", "else", "and", "or", "not", "in", "is"),
        (_STRAIGHT, _COMPARE),
    ),
    **dict.fromkeys(
        ("for", "while", "break", "continue"),
        (_STRAIGHT, "write its steps out, a statement a line"),
    ),
    **dict.fromkeys(
        ("import", "from"),
        ("a program imports nothing", "delete the line, its functions are built in"),
    ),
    **dict.fromkeys(
        ("def", "class", "async"),
        ("a program is one function, `train`", "delete what is not part of it"),
    ),
}
_ANY_WORD = ("{} is a word of Python and cannot be a name", "write another name")

_SIGNS: tuple[tuple[str, str, str], ...] = (
    (r"\t", "a tab cannot be used", "use spaces, four for the indentation"),
    (r"[^\x00-\x7f]", "{sign} is not an ASCII character", "use ASCII outside comments"),
    (r"[\x00-\x09\x0b-\x1f\x7f]", "a control character stands here", "delete it"),
    (r"\*\*=", "{sign} is not a way to store", "write `{name} = power({name}, ...)`"),
    (r"\*\*", "{sign} is not an operator of the language", "write `power(x, y)`"),
    (r"[-+*/]=", "{sign} is not a way to store", "write `{name} = {name} {first} ...`"),
    (r"->|:", "there are no type annotations", "delete it"),
    (r"[=!<>]=|[<>]", "there are no comparisons", _COMPARE),
    (r"@", "{sign} is not an operator of the language", "write `matmul(x, y)`"),
    (r"//|[%&|^~!?$`]", "{sign} is not an operator of the language", "use `+ - * /`"),
    (r"\\", "a backslash cannot be used", "put long expressions in parentheses"),
    (r"['\"]", "there are no strings", "write comments with `#`"),
    (r"[\[\]{}]", "there is no indexing", "name each value in a variable of its own"),
    (r";", "a line holds one statement", "begin a new line instead of the `;`"),
)
_COMPILED = [(re.compile(sign), message, hint) for sign, message, hint in _SIGNS]
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ATTRIBUTE = re.compile(r"\.\s*([A-Za-z_][A-Za-z0-9_]*)")


def foreign_word(text: str, offset: int) -> Wording | None:
    """What to say if a word of Python stands at an offset."""
    match = _WORD.match(text, offset)
    if match is None or match.group() not in KEYWORDS:
        return None
    message, hint = _WORDS.get(match.group(), _ANY_WORD)
    return message.format(quoted(match.group())), hint


def foreign_sign(text: str, offset: int) -> tuple[int, Wording] | None:
    """Where it begins and what to say if a sign of Python stands at an offset."""
    match = _ATTRIBUTE.match(text, offset)
    if match:
        name = match.group(1)
        known = name in FUNCTIONS or name in ALIASES
        hint = f"write `{name}(x)`" if known else "call functions by their bare name"
        return offset, ("there are no modules or attributes", hint)
    # The first of two characters may have been taken for a sign of its own.
    for start in (max(offset - 1, 0), offset):
        for sign, message, hint in _COMPILED:
            match = sign.match(text, start)
            if match and match.end() > offset:
                words = {
                    "sign": quoted(match.group()),
                    "first": match.group()[0],
                    "name": _name_before(text, start),
                }
                return start, (message.format(**words), hint.format(**words))
    return None


def _name_before(text: str, offset: int) -> str:
    match = re.search(r"([A-Za-z_]\w*) *$", text[max(0, offset - 80) : offset])
    return match.group(1) if match else "x"


FUNCTIONS_OF_NUMPY = {
    "where": "there are no conditions: use `maximum`, `minimum`, `sign` or `clip`",
    "mean": "`row_mean` and `col_mean`, of the set `matrix`, give means",
    "sum": "`row_sum` and `col_sum`, of the set `matrix`, give sums; `dot` one number",
}
"""What to write for functions that NumPy has and the language lacks."""

NUMBERS_OF_NUMPY = {"pi": "get_pi", "e": "get_e", "eps": "get_eps"}
"""What gives the numbers that NumPy has names for."""
