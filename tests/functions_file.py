"""Files of a user's functions, and the table as it was before they were loaded."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from dsl import FUNCTIONS
from dsl.functions import remove_functions
from evosearch import own_functions


def written(folder: Path, body: str) -> str:
    """Write a file of functions with this body; gives its path."""
    path = folder / "own.py"
    path.write_text(f"from dsl import *\nfrom dsl import Function, Parameter\n{body}")
    return str(path)


def forget_functions(known: Collection[str]) -> None:
    """Leave only these in the table, as if a process had ended that added others."""
    added = set(FUNCTIONS) - set(known)
    remove_functions(added)
    for content, names in list(own_functions._loaded.items()):
        if added & set(names):
            del own_functions._loaded[content]
