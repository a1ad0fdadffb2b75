"""`evosearch eval`: a program trained on a task."""

from __future__ import annotations

from typing import Annotated

import typer

from evosearch.commands.options import (
    Json,
    OwnFunctions,
    ProgramFile,
    TaskKeys,
    TrainedOn,
    print_json,
)
from evosearch.errors import InputError


def evaluate(
    program: ProgramFile,
    task: TrainedOn,
    scale: Annotated[
        float | None, typer.Option(help="The task's scale, if it has one.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many data seeds.")
    ] = 3,
    first_seed: Annotated[
        int, typer.Option(min=0, max=2_000_000_000, help="The first data seed.")
    ] = 0,
    overrides: TaskKeys = None,
    functions: OwnFunctions = None,
    as_json: Json = False,
) -> None:
    """Train a program on a task, one data seed after another."""
    changes = list(overrides or [])
    if scale is not None:
        changes.append(f"arguments.scale={scale!r}")
    from evosearch.threads import use_one_thread

    use_one_thread()
    from evosearch.compile_cache import keep_compilations
    from evosearch.config import TrainingConfig, parse_task
    from evosearch.opening import load_program, try_own
    from evosearch.report.result import evaluation, print_evaluation

    parsed = parse_task(task, changes)
    if parsed.slots > 1:
        raise InputError(
            f"slots ({parsed.slots}): eval trains one program at a time: leave it away"
        )
    keep_compilations()
    try_own(functions)
    result = evaluation(
        load_program(program),
        parsed,
        TrainingConfig(),
        range(first_seed, first_seed + seeds),
    )
    if as_json:
        print_json(result)
    else:
        print_evaluation(result)
