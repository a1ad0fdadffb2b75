"""What to say about a text that the grammar refuses, by what stands where it stops."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsl.errors import DslError, Wording, error_at, quoted
from dsl.faults import return_line
from dsl.foreign_syntax import foreign_sign, foreign_word
from dsl.functions import ALIASES, FUNCTIONS

UNALIGNED = "_UNALIGNED"
"""Stands for a line that is indented as no line before it."""

_HEADER = "`def train(w, g, m, lr):`"
_SKIPPED = re.compile(r"(?:[ \n]|#[^\n]*)*")
_NEXT_STATEMENT = re.compile(r"return\b|def\b|[A-Za-z_]\w* *=(?!=)")
_BEFORE_SHAPE = re.compile(
    r"\s*def\s+train\s*\("
    r"(?:\s*\w+\s*(?::\s*\([^()]*\)\s*)?,)*"  # the parameters before
    r"\s*\w+\s*(?P<colon>:\s*(?:\([^()]*)?)?"
)
"""A header up to the shape of a parameter, or into it."""
_READABLE = {
    "NAME": "a name",
    "NUMBER": "a number",
    "EQUAL": "`=`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "COMMA": "`,`",
    "_NEWLINE": "the end of the line",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Where the parser stopped.

    Attributes:
        text: the whole text.
        offset: of the first character that does not fit.
        terminal: the grammar's name for what stands there, empty if it has none.
        accepted: the terminals that would have fitted.
    """

    text: str
    offset: int
    terminal: str
    accepted: frozenset[str]

    @property
    def before(self) -> str:
        """The line up to where the parser stopped."""
        return self.text[: self.offset].rsplit("\n", 1)[-1]

    @property
    def rest(self) -> str:
        """The line from where the parser stopped, without its comment."""
        return re.split("[\n#]", self.text[self.offset :], maxsplit=1)[0].rstrip()

    @property
    def next(self) -> int:
        """Offset of what follows after blanks, line ends and comments."""
        match = _SKIPPED.match(self.text, self.offset)
        return match.end() if match else self.offset


Finding = tuple[int, Wording]
"""The offset to point at and what to say."""


def explain(refusal: Refusal) -> DslError:
    """The error for a refusal: the first rule that knows the case speaks."""
    offset, wording = next(filter(None, (rule(refusal) for rule in _RULES)))
    line = refusal.text.count("\n", 0, offset) + 1
    column = offset - refusal.text.rfind("\n", 0, offset)
    return error_at(refusal.text, (line, column), *wording)


def _nothing(refusal: Refusal) -> Finding | None:
    if re.sub(r"#[^\n]*", "", refusal.text).strip():
        return None
    return 0, ("there is no program in this text", f"begin with {_HEADER}")


def _parenthesis(refusal: Refusal) -> Finding | None:
    """One that is open where a new statement begins, or that closes nothing."""
    opened = _open_parentheses(refusal.text[: refusal.offset])
    if opened:
        starts_line = not refusal.before.strip()
        statement = _NEXT_STATEMENT.match(refusal.text, refusal.offset)
        finished = refusal.terminal in ("$END", "_DEDENT") or refusal.rest == ":"
        if finished or (starts_line and statement):
            hint = "add a `)` at the end of the expression"
            return opened[-1], ("this parenthesis is never closed", hint)
    elif refusal.terminal == "RPAR":
        hint = "delete it, or add the `(` that belongs to it"
        return refusal.offset, ("this parenthesis closes nothing", hint)
    return None


def _shape(refusal: Refusal) -> Finding | None:
    """What follows a parameter's colon, or a parenthesis in the place of it."""
    before = re.sub(r"#[^\n]*", "", refusal.text[: refusal.offset])
    match = _BEFORE_SHAPE.fullmatch(before)
    if match is None or not (match["colon"] or refusal.terminal == "LPAR"):
        return None
    if not "!" <= refusal.text[refusal.offset : refusal.offset + 1] <= "~":
        return None
    hint = "a shape is two dimensions, each 1, r or c, as in `left: (r, r)`"
    return refusal.offset, ("this is not the shape of a state", hint)


def _foreign(refusal: Refusal) -> Finding | None:
    """What means something in Python, and nothing or another thing here."""
    word = foreign_word(refusal.text, refusal.offset)
    if word and refusal.terminal != "_RETURN":
        return refusal.offset, word
    return foreign_sign(refusal.text, refusal.offset)


def _header(refusal: Refusal) -> Finding | None:
    offset = refusal.next
    if refusal.accepted == {"_DEF"}:
        if refusal.terminal == "_INDENT":
            return offset, ("the first line is indented", "begin at the first column")
        return offset, ("a program begins with its header", f"write {_HEADER}")
    if refusal.accepted == {"_TRAIN"}:
        hint = f"write {_HEADER}"
        return refusal.offset, ("the function of a program is called `train`", hint)
    if (
        refusal.accepted == {"_NEWLINE", "COLON"}
        or refusal.before.rstrip()[-2:] == "):"
    ):
        hint = "put each statement on a line of its own"
        return refusal.offset, ("the header does not end with its line", hint)
    if refusal.accepted == {"_INDENT"}:
        if offset == len(refusal.text):
            hint = "add statements and a return, indented by four spaces"
            end = len(refusal.text.rstrip())
            return end, ("the header stands alone", hint)
        return offset, ("this line is not indented", "indent it by four spaces")
    return None


def _indentation(refusal: Refusal) -> Finding | None:
    """Indentation tokens: also the end of the text and what follows the return."""
    if refusal.terminal == UNALIGNED or refusal.accepted in ({"_DEDENT"}, {"$END"}):
        hint = "delete what follows it, or move it to the end"
        return refusal.next, ("the return is not the last line", hint)
    if refusal.terminal == "_INDENT":
        hint = "indent all lines after the header alike, by four spaces"
        return refusal.next, ("this line is indented more than the line before", hint)
    if refusal.terminal not in ("_DEDENT", "$END"):
        return None
    if refusal.next < len(refusal.text):
        hint = "indent all lines after the header alike, by four spaces"
        return refusal.next, ("this line is indented less than the line before", hint)
    hint = f"end it with `{return_line(_states(refusal.text))}`"
    return refusal.offset, ("the program has no return", hint)


def _statement(refusal: Refusal) -> Finding | None:
    """A line that does not go on with `=` after its first name."""
    if refusal.accepted != {"EQUAL"}:
        return None
    name = refusal.before.split()[-1]
    start = refusal.offset - len(refusal.before) + refusal.before.index(name)
    if refusal.rest.startswith("("):
        if re.search(r"\)\s*=(?!=)", refusal.rest):
            hint = f"store into a variable, as in `x = {name}(y)`"
            return start, ("a call cannot be assigned to", hint)
        hint = f"store it, as in `x = {name}(y)`"
        return start, ("the value of this call is not stored", hint)
    if refusal.rest.startswith(","):
        hint = "give each target a line of its own"
        return refusal.offset, ("a statement has one target", hint)
    hint = f"write `{name} = ` and an expression"
    return refusal.offset, (f"{quoted(name)} is not followed by `=`", hint)


def _comma(refusal: Refusal) -> Finding | None:
    if refusal.terminal != "COMMA" or not re.match(r"\s*return *\(", refusal.before):
        return None
    hint = "write them without it"
    return refusal.offset, ("the returned values stand in a parenthesis", hint)


def _equals_sign(refusal: Refusal) -> Finding | None:
    if refusal.terminal != "EQUAL":
        return None
    if refusal.before.startswith("def"):
        hint = "delete the `=` and the value"
        return refusal.offset, ("parameters have no default values", hint)
    if _open_parentheses(refusal.text[: refusal.offset]):
        hint = "delete the name and the `=`"
        return refusal.offset, ("arguments are given by position", hint)
    hint = "give each target a line of its own"
    return refusal.offset, ("a statement has one `=`", hint)


def _expression(refusal: Refusal) -> Finding | None:
    """An operand where an operator is due, or the other way round."""
    if {"NAME", "NUMBER"} <= refusal.accepted:
        hint = "put a variable, a number or a call there"
        return refusal.offset, ("an expression is missing here", hint)
    operand = refusal.terminal in ("NAME", "NUMBER", "LPAR")
    if not operand or "PLUS" not in refusal.accepted:
        return None
    word = (refusal.before.split() or [""])[-1]
    if word in FUNCTIONS or word in ALIASES:
        call = f"{word}({refusal.rest.rstrip(')')})"
        hint = f"write {quoted(call)}"
        return refusal.offset, (f"{quoted(word)} is called without a `(`", hint)
    hint = "put one of `+ - * /` there, or a `,` between arguments"
    return refusal.offset, ("an operator is missing here", hint)


def _anything(refusal: Refusal) -> Finding:
    words = sorted(_READABLE[each] for each in refusal.accepted if each in _READABLE)
    hint = f"expected here: {' or '.join(words) or 'an operator'}"
    match = re.match(r"\w+|.", refusal.rest)
    what = quoted(match.group()) if match else "the end of the line"
    return refusal.offset, (f"{what} does not fit here", hint)


_RULES = (
    _nothing,
    _parenthesis,
    _shape,
    _foreign,
    _header,
    _indentation,
    _statement,
    _comma,
    _equals_sign,
    _expression,
    _anything,
)


def _open_parentheses(text: str) -> list[int]:
    """Offsets of the parentheses that are open at the end of a text."""
    opened: list[int] = []
    for match in re.finditer(r"#[^\n]*|[()]", text):
        if match.group() == "(":
            opened.append(match.start())
        elif match.group() == ")" and opened:
            opened.pop()
    return opened


def _states(text: str) -> list[str]:
    """The names of the states in the header of a text that has no return."""
    match = re.search(r"def +train *\(([^()]*)\)", text)
    names = re.findall(r"\w+", match.group(1)) if match else []
    return names[2 : -2 if names[-1:] == ["step"] else -1]
