"""What a user is told when their input is wrong: one sentence, never a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(Exception):
    """Bad input of the user: its text says what is wrong, where, and how to mend it."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the known word nearest to a misspelt one, or all of them if none is near.

    Example:
        >>> did_you_mean("tournment", ["population", "tournament"])
        'did you mean tournament?'
        >>> did_you_mean("x", ["population", "tournament"])
        'known are population, tournament'
    """
    names = list(known)
    near = get_close_matches(word, names, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
