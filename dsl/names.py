"""What may be a name: ASCII letters, digits and underscores, no word of Python."""

from __future__ import annotations

import re
from collections.abc import KeysView

KEYWORDS = frozenset(
    [
        "False",
        "None",
        "True",
        "and",
        "as",
        "assert",
        "async",
        "await",
        "break",
        "class",
        "continue",
        "def",
        "del",
        "elif",
        "else",
        "except",
        "finally",
        "for",
        "from",
        "global",
        "if",
        "import",
        "in",
        "is",
        "lambda",
        "nonlocal",
        "not",
        "or",
        "pass",
        "raise",
        "return",
        "try",
        "while",
        "with",
        "yield",
    ]
)
"""Words that cannot be names: those of Python, so that a program reads as Python."""

_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_MOST_KNOWN = 65536
_known: set[str] = set()


def is_name(text: str) -> bool:
    """Whether the grammar reads a text as one name."""
    return _NAME.fullmatch(text) is not None and text not in KEYWORDS


def are_names(texts: KeysView[str]) -> bool:
    """Whether all texts are names; a fraction of a microsecond for names met before."""
    if texts <= _known:
        return True
    if not all(map(is_name, texts)):
        return False
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    _known.update(texts)
    return True
