"""What several commands share: options, arguments, and what they print alike."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evosearch.tasks import TASKS

if TYPE_CHECKING:
    from evosearch.config import Config

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
ProgramFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A program: an .opt file, or a name in dsl/programs."
    ),
]
TASK_NAMES = f"{', '.join(TASKS)} or path/to/file.py:factory."
TrainedOn = Annotated[str, typer.Option(help=f"A task: {TASK_NAMES}")]
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
TrainedBy = Annotated[
    int,
    typer.Option(
        min=0,
        max=100_000,
        help="1 is this process, more are Ray workers; 0 is one for each core or GPU.",
    ),
]
KeptIn = Annotated[
    Path | None,
    typer.Option(
        help="A file that keeps the trainings: the same command takes them up."
    ),
]
Executor = Annotated[
    str | None,
    typer.Option(metavar="inline|ray", help="This process (inline) or others (ray)."),
]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder of a run.")
]


def command_again(name: str, config: Path, **options: object) -> str:
    """What to type to go on with a study or a funnel.

    Args:
        name: of the command.
        config: as it was given.
        options: by their names; None is one that was not given.
    """
    given = [
        (f"--{key}", str(value)) for key, value in options.items() if value is not None
    ]
    return shlex.join(["evosearch", name, str(config), *sum(given, ())])


def say_if_ray_starts(config: Config, say: Callable[[str], None]) -> None:
    """Say what a search waits for where its workers are Ray's."""
    if config.workers.executor == "ray":
        say("starting ray's workers: 10 to 30 seconds")


def print_json(value: Any) -> None:
    """Print a value for machines, on one line."""
    print(json.dumps(value, allow_nan=False))
