"""`functions` and `tasks`: what there is to choose from, told as data and printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dsl.functions import FUNCTIONS, Function
from evosearch.tasks import TASKS


def function_rows() -> list[dict[str, Any]]:
    """One mapping for each function of the language."""
    return [
        {
            "name": row.name,
            "written": _written(row),
            "rule": row.doc,
            "result": "largest of its arguments"
            if row.result is None
            else str(row.result),
            "aliases": list(row.aliases),
            "commutative": row.commutative,
        }
        for row in FUNCTIONS.values()
    ]


def _written(row: Function) -> str:
    names = [parameter.name for parameter in row.parameters]
    if row.symbol:
        return (
            f" {row.symbol} ".join(names) if len(names) == 2 else row.symbol + names[0]
        )
    return f"{row.printed or row.name}({', '.join(names)})"


def task_rows() -> list[dict[str, Any]]:
    """One mapping for each task that comes with evosearch."""
    return [
        {"name": name, "about": task.doc, "manual": task.manual()}
        for name, task in TASKS.items()
    ]


def print_tasks(rows: Sequence[dict[str, Any]]) -> None:
    """Print each task's manual, then how to name a task of one's own."""
    console = Console(highlight=False)
    for row in rows:
        console.print(Text(f"{row['manual']}\n"))
    console.print(
        "A task of your own: path/to/file.py:factory (evosearch/tasks/protocol.py says "
        "what it has)."
    )


def print_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Print mappings with the same keys as a table."""
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    Console(highlight=False).print(table)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value)
