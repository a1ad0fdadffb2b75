"""Which exceptions are answers to bad input, and the sentence that is told then."""

from __future__ import annotations

import sqlite3

from dsl.errors import DslError
from evosearch.errors import InputError


def refusal(error: Exception) -> str | None:
    """What the user is told; None if the fault is ours, which a traceback tells."""
    if isinstance(error, sqlite3.DatabaseError):
        return f"the run's record (run.sqlite) cannot be used: {error}"
    if isinstance(error, InputError | DslError | OSError):
        return str(error)
    return None
