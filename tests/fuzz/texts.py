"""Any text is a program, or a `DslError` that shows a place in it, and soon."""

from __future__ import annotations

import time
from typing import NamedTuple

from dsl import DslError, Program, check, parse, unparse
from dsl.parse import MAX_CHARACTERS
from tests.fuzz.garbling import garbled_text
from tests.fuzz.meaning import Values, of_program, of_text
from tests.fuzz.paste import test_of_text
from tests.fuzz.problem import Failure, Problem, crash
from tests.fuzz.shrink import shrink_text
from tests.fuzz.time_limit import TookTooLong, time_limit

SECONDS = 5.0
"""Of the processor's time, for a text of any length."""


class Reading(NamedTuple):
    """What came of one text: what is wrong, whether it is a program, how long it took.

    The text is not kept: it is made again from its number.
    """

    problem: Problem | None
    valid: bool
    seconds: float


def problem(text: str) -> Problem | None:
    """The law that a text breaks."""
    return _read(text).problem


def find(seed: int, number: int) -> Reading:
    """Check text `number` of a seed."""
    return _read(garbled_text(seed, number))


def report(seed: int, number: int, law: str) -> Failure:
    """The failure that it is, with the shortest text that breaks the law."""

    def breaks(candidate: str) -> bool:
        found = problem(candidate)
        return found is not None and found.law == law

    shortest = shrink_text(garbled_text(seed, number), breaks)
    found = problem(shortest) or Problem(law, "once, and not again")
    return Failure(f"texts:{number}", found, test_of_text(shortest, found))


def _read(text: str) -> Reading:
    program = None
    start = time.process_time()
    try:
        with time_limit(SECONDS):
            program = parse(text)
        found = _wrong_program(program) or _wrong_meaning(text, program)
    except DslError as error:
        found = _wrong_place(text, error) if program is None else crash(error)
    except TookTooLong:
        found = Problem("reading a text takes too long", f"more than {SECONDS:g} s")
    except Exception as error:
        found = crash(error)
    return Reading(found, program is not None, time.process_time() - start)


def _wrong_program(program: Program) -> Problem | None:
    """A program is valid, and its text is read back as it is."""
    check(program)
    again = parse(unparse(program))
    if again == program and repr(again) == repr(program):
        return None
    return Problem("the text is read back as another program", unparse(again))


def _wrong_meaning(text: str, program: Program) -> Problem | None:
    """A program computes what Python reads in its text."""
    values = Values()
    expected = of_text(text, values)
    if expected is None or of_program(program, values) == expected:
        return None
    return Problem("a text means something else to Python", unparse(program))


def _wrong_place(text: str, error: DslError) -> Problem | None:
    """An error says something of a place in the text, in three lines."""
    # A text that is too long is refused before anything in it is read.
    if len(text) <= MAX_CHARACTERS:
        text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    lines = text.split("\n")
    inside = 1 <= error.line <= len(lines) and (
        1 <= error.column <= len(error.source_line) + 1
    )
    if not inside or lines[error.line - 1] != error.source_line:
        return Problem("an error points outside of the text", repr(error))
    if not error.message or not error.hint or str(error).count("\n") != 2:
        return Problem("an error is not three lines", repr(str(error)))
    return None
