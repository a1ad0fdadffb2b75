"""Users' own functions: a Python file's rows into the language's table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from dsl.functions import ALIASES, FUNCTIONS, SETS, add_functions
from dsl.rows import Function, result_types
from evosearch.errors import InputError, did_you_mean
from evosearch.tasks.files import import_file, in_user_code

_loaded: dict[bytes, tuple[str, ...]] = {}
"""Names by content: a file is run once, and a copy of it is the same file."""


def load_functions(path: str) -> tuple[str, ...]:
    """Add the functions of a file to the table; gives their names.

    The file defines `FUNCTIONS`, a list of `dsl.Function`. It stays in the table for
    the rest of the process, so that check, digest, mutation and training all know it.

    Raises:
        InputError: the file is missing or raises, or what it defines is no row.
    """
    source, place = f"functions {path}", Path(path).resolve()
    try:
        content = place.read_bytes()
    except OSError as error:
        raise InputError(
            f"{source}: cannot be read ({error.strerror}): name a Python file that "
            "defines FUNCTIONS, a list of dsl.Function"
        ) from None
    if content not in _loaded:
        rows = _rows(place, source)
        try:
            add_functions(rows)
        except ValueError as error:
            raise InputError(f"{source}: {error}: mend that row") from None
        _loaded[content] = tuple(row.name for row in rows)
    return _loaded[content]


def _rows(place: Path, source: str) -> Sequence[Function]:
    """The rows that a file defines, each with a rule that gives types."""
    rows = getattr(import_file(place, source), "FUNCTIONS", None)
    if not isinstance(rows, list | tuple) or not rows:
        raise InputError(
            f"{source}: FUNCTIONS is not there, or no list, or empty: define it, a "
            "list of dsl.Function"
        )
    for row in rows:
        if not isinstance(row, Function):
            raise InputError(
                f"{source}: FUNCTIONS holds {row!r}: it must hold dsl.Function only"
            )
        in_user_code(partial(result_types, row), place, f"{source}: {row.name}")
    return rows


def functions_drawn(choice: object, own: tuple[str, ...]) -> tuple[str, ...]:
    """The functions that an insertion draws from.

    Args:
        choice: the config's `search.functions`: text, sets joined by `+`, to which the
            user's own are added; or a tuple of names.
        own: names of the user's own functions.

    Raises:
        InputError: a name that is in no table.
    """
    if isinstance(choice, str):
        return tuple(name for each in choice.split("+") for name in SETS[each]) + own
    assert isinstance(choice, tuple)
    for name in choice:
        if name in ALIASES:
            raise InputError(
                f"search.functions: {name!r} is another name of {ALIASES[name]}: "
                "write that"
            )
        if name not in FUNCTIONS:
            raise InputError(
                f"search.functions: there is no function {name!r}: "
                f"{did_you_mean(name, FUNCTIONS)} (a set of functions is written "
                "without brackets)"
            )
    return choice
