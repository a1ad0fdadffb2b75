"""What several commands share: options, arguments, and how JSON is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
ProgramFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A program: an .opt file, or a name in dsl/programs."
    ),
]
TaskKeys = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="A key of the task as in a config, such as schedule=constant or "
        "arguments.batch=8; repeatable.",
    ),
]
OwnFunctions = Annotated[
    str | None,
    typer.Option(
        "--functions", help="A Python file of your own functions, as a config names it."
    ),
]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder of a run.")
]


def print_json(value: Any) -> None:
    """Print a value for machines, on one line."""
    print(json.dumps(value, allow_nan=False))
