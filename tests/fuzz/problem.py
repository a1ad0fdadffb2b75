"""What can be found: a law that does not hold, and the failure that is reported."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Problem(NamedTuple):
    """A law that does not hold for one input.

    Attributes:
        law: what is broken, in words without numbers: problems of one law are one.
        detail: where it shows.
    """

    law: str
    detail: str

    def __str__(self) -> str:
        return f"{self.law}: {self.detail}"


class Failure(NamedTuple):
    """A problem as it is reported.

    Attributes:
        source: what reproduces it, `kind:number`, joined by commas.
        problem: what is wrong.
        test: a test that fails, with its imports, ready to paste.
    """

    source: str
    problem: Problem
    test: str


def crash(error: BaseException) -> Problem:
    """The problem that an exception is: its kind and the function that raised it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}, {last.name}"
    text = " ".join(str(error).split())[:300]
    return Problem(f"{type(error).__name__} in {place}", text or "without a message")


def guarded(check: Callable[..., Problem | None], *inputs: Any) -> Problem | None:
    """What a check finds; an exception is a finding."""
    try:
        return check(*inputs)
    except Exception as error:
        return crash(error)
