"""Rows of a benchmark, a target and whether it is met: printed, and saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def print_table(rows: list[dict[str, Any]], repeats: int) -> None:
    """Print the rows for a person."""
    table = Table(
        "what", "value", "target", "met", "medians", title=f"{repeats} repeats"
    )
    for row in rows:
        table.add_row(
            row["what"], shown(row), row["target"], answer(row), row["detail"]
        )
    Console(width=140).print(table)


def save(rows: list[dict[str, Any]], repeats: int, folder: Path) -> None:
    """Write the rows as JSON and as a Markdown table."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"repeats": repeats, "rows": rows}, indent=1)
    (folder / "bench.json").write_text(text + "\n", encoding="utf-8")
    lines = ["| what | value | target | met | medians |", "| --- " * 5 + "|"]
    for row in rows:
        cells = (row["what"], shown(row), row["target"], answer(row), row["detail"])
        lines.append(f"| {' | '.join(cells)} |")
    lines = [f"`make bench`, medians of {repeats} repeats:", "", *lines]
    (folder / "bench.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def shown(row: dict[str, Any]) -> str:
    """A row's value, rounded."""
    value: float = row["value"]
    return f"{value:,.0f}" if value > 100 else f"{value:.2f}"


def answer(row: dict[str, Any]) -> str:
    """Whether the target is met."""
    return "yes" if row["met"] else "NO"
