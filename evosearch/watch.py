"""How long work that is no search tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Watch = Callable[[str, int, int], None]
"""Told of progress: what is being done, how many of it are done, of how many."""
