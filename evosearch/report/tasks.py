"""`tasks`: the proxy tasks there are to choose from, told as data and printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from evosearch.tasks import TASKS


def task_rows() -> list[dict[str, Any]]:
    """What `tasks --json` prints: one mapping for each task that comes along."""
    return [
        {"name": name, "about": task.doc, "manual": task.manual()}
        for name, task in TASKS.items()
    ]


def print_tasks(rows: Sequence[dict[str, Any]]) -> None:
    """Print each task's manual, then how to name a task of one's own."""
    console = Console(highlight=False, soft_wrap=True)
    for row in rows:
        console.print(Text(f"{row['manual']}\n"))
    console.print(
        "A task of your own: path/to/file.py:factory (evosearch/tasks/protocol.py says "
        "what it has)."
    )
