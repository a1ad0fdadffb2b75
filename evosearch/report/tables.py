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
    """What `functions --json` prints: one mapping for each function of the language.

    `result` is the type of its value; null is the largest of its arguments' types.
    """
    return [
        {
            "name": row.name,
            "written": _written(row),
            "rule": row.doc,
            "result": None if row.result is None else str(row.result),
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


def print_functions(rows: Sequence[dict[str, Any]]) -> None:
    """Print how each function is written, what it does and the type of its value."""
    table = Table("written", "result", "rule", box=None, pad_edge=False)
    for row in rows:
        table.add_row(
            *(Text(row[name] or "") for name in ("written", "result", "rule"))
        )
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    others = [f"{alias} ({row['name']})" for row in rows for alias in row["aliases"]]
    console.print(
        "\nWhere no result is given it has the largest of the arguments' types: "
        "Scalar, Leafwise, Tree.\n"
        f"Other names: {', '.join(others)}."
    )
