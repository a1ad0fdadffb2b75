"""Which exceptions are answers to bad input, and the sentence that is told then."""

from __future__ import annotations

import sqlite3

from dsl.errors import DslError
from evosearch.errors import InputError

REFUSED = (InputError, DslError, OSError, sqlite3.DatabaseError)
"""What the user can mend: a full disk or a broken record too."""


def refusal(error: Exception) -> str | None:
    """What the user is told; None if the fault is ours, which a traceback tells."""
    if isinstance(error, sqlite3.DatabaseError):
        return f"the run's record (run.sqlite) cannot be used: {error}"
    return str(error) if isinstance(error, REFUSED) else None
