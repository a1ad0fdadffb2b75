"""A fault in a program's text: where it is, what it is and what would mend it."""

from __future__ import annotations

LONGEST_QUOTE = 40
"""Characters of the author's text that a message repeats."""

LONGEST_LINE = 88
"""Characters of the author's line that are shown above the caret."""

Wording = tuple[str, str]
"""What is wrong and what would mend it: two clauses without a full stop."""


def quoted(text: str) -> str:
    """The author's words as a message shows them: in backquotes, cut when long."""
    shown = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 3] + "..."
    return f"`{shown}`"


class DslError(Exception):
    """A text that is no valid program; `str()` shows the line with a caret.

    Attributes:
        line: 1-based line of the text.
        column: 1-based column in that line.
        message: what is wrong there, a clause without a full stop.
        hint: what would mend it, a clause without a full stop.
        source_line: that line of the text.
    """

    def __init__(
        self, line: int, column: int, message: str, hint: str, source_line: str
    ) -> None:
        super().__init__(line, column, message, hint, source_line)
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint
        self.source_line = source_line

    def __str__(self) -> str:
        stop = "" if self.hint.endswith("?") else "."
        sentence = f"{self.message}; {self.hint}{stop}"
        shown, caret = _window(self.source_line, self.column)
        return f"line {self.line}, column {self.column}: {sentence}\n{shown}\n{caret}"


def error_at(text: str, place: tuple[int, int], message: str, hint: str) -> DslError:
    """The error at a 1-based (line, column) of the text."""
    line, column = place
    return DslError(line, column, message, hint, text.split("\n")[line - 1])


def _window(source_line: str, column: int) -> tuple[str, str]:
    """The part of a line around a column, with a caret line to print under it.

    Tabs and what a terminal would obey become single blanks, so that the caret stays
    under its character.
    """
    start = 0
    if len(source_line) > LONGEST_LINE:
        start = max(0, column - 1 - LONGEST_LINE // 2)
    part = source_line[start : start + LONGEST_LINE]
    shown = "".join(each if each.isprintable() else " " for each in part)
    return f"    {shown}".rstrip(), " " * (3 + column - start) + "^"
