"""A console for tables with many columns."""

from __future__ import annotations

from rich.console import Console

_WIDTH = 160


def wide_console() -> Console:
    """Of stdout, and wider than the terminal where that is narrow.

    A table that is narrower than its numbers cannot be read.
    """
    console = Console(highlight=False, soft_wrap=True)
    console.width = max(console.width, _WIDTH)
    return console
