"""`functions`: the table of functions as data, printed, and as its manual."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dsl.functions import FUNCTIONS, SETS
from dsl.rows import Function
from dsl.types import in_a_table

USERS = "users"
"""Set of the functions that come from a user's file."""


def function_rows() -> list[dict[str, Any]]:
    """What `functions --json` prints: one mapping for each function of the language.

    `result` is the type of its value; null means that it follows from the arguments'
    types: the smallest shape that they all broadcast to, or what the rule says.
    """
    homes = {name: home for home, names in SETS.items() for name in names}
    return [
        {
            "name": row.name,
            "set": homes.get(row.name, USERS),
            "written": _written(row),
            "rule": row.doc,
            "arguments": [in_a_table(p.accepts) for p in row.parameters],
            "result": None if row.result is None else str(row.result),
            "aliases": list(row.aliases),
            "commutative": row.commutative,
        }
        for row in FUNCTIONS.values()
    ]


def print_functions(rows: Sequence[dict[str, Any]]) -> None:
    """Print how each function is written, what it does and the type of its value."""
    table = Table("written", "set", "result", "rule", box=None, pad_edge=False)
    for row in rows:
        cells = (row[name] or "" for name in ("written", "set", "result", "rule"))
        table.add_row(*map(Text, cells))
    # Wide enough for the longest rule: a terminal wraps lines better than a table does.
    console = Console(highlight=False, soft_wrap=True, width=200)
    console.print(table)
    others = [f"{alias} ({row['name']})" for row in rows for alias in row["aliases"]]
    console.print(
        "\nWhere no result is given it follows from the arguments: the smallest shape "
        "that they all broadcast to, or the shape that the rule gives.\n"
        f"Other names: {', '.join(others)}."
    )


def manual() -> str:
    """The reference table in Markdown, kept as dsl/README.md; users' own come last."""
    along = {name for names in SETS.values() for name in names}
    own = tuple(name for name in FUNCTIONS if name not in along)
    sets = {**SETS, USERS: own} if own else SETS
    sections = (_section(_TITLES[name], names) for name, names in sets.items())
    return "\n".join([_INTRODUCTION, *sections])


_INTRODUCTION = """\
# The functions of the language

Written by `evosearch functions --markdown`; a test compares it with the table in
`lion.py` and `matrix.py`. The syntax is in `grammar.lark`.

A value is a Scalar (one number for the model), Leafwise (one for each weight array) or
a Tree (the model's shape). The set `matrix` adds the other shapes that the matrix view
of a weight array leads to: r rows, its first axis, by c columns, the product of the
rest; a vector is r by 1, a number 1 by 1. A Tree is (r, c), Leafwise (1, 1).
Elementwise functions take any mix of them that broadcasts as in NumPy. `a / b` is
a / (b + 1e-8). A function of matrices takes a Leafwise value as a 1 by 1 matrix.
"""

_TITLES = {
    "lion": "## Set `lion`: the paper's functions, and `negative`\n",
    "matrix": "## Set `matrix`: beyond the paper (`search.functions: lion+matrix`)\n",
    USERS: "## Functions of a user\n",
}


def _section(title: str, names: Sequence[str]) -> str:
    """One set's table."""
    lines = [
        title,
        "| written | rule | arguments | result | facts |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in map(FUNCTIONS.__getitem__, names):
        cells = (
            f"`{_written(row)}`",
            row.doc.replace("|", "\\|"),
            ", ".join(in_a_table(p.accepts) for p in row.parameters) or "none",
            _result(row),
            ", ".join(_facts(row)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _written(row: Function) -> str:
    names = [parameter.name for parameter in row.parameters]
    if row.symbol:
        return (
            f" {row.symbol} ".join(names) if len(names) == 2 else row.symbol + names[0]
        )
    return f"{row.printed or row.name}({', '.join(names)})"


def _result(row: Function) -> str:
    """The type of the value, or what it follows from."""
    if row.result is not None:
        return str(row.result)
    return "broadcast" if row.rule is None else "by the rule"


def _facts(row: Function) -> list[str]:
    names = dict.fromkeys((row.name, *row.aliases))
    if not row.symbol:
        names.pop(row.printed or row.name)
    also = [f"also `{name}`" for name in names]
    return ["commutative"] * row.commutative + also
