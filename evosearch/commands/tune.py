"""`evosearch tune`: the rate, decay and betas of a program chosen by random search."""

from __future__ import annotations

from os.path import realpath
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evosearch.commands.options import (
    Json,
    KeptIn,
    OwnFunctions,
    ProgramFile,
    TaskKeys,
    TrainedBy,
    TrainedOn,
    print_json,
)
from evosearch.errors import InputError

if TYPE_CHECKING:
    from dsl.program import Program
    from evosearch.config import TaskConfig
    from evosearch.tune import Asked, Tuned


Trials = Annotated[
    int,
    typer.Option(min=1, max=100_000, help="Trials, the program as it is included."),
]
Seeds = Annotated[int, typer.Option(min=1, max=10_000, help="Data seeds to choose by.")]
TestSeeds = Annotated[
    int, typer.Option(min=2, max=10_000, help="Fresh data seeds to report on.")
]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of the draws.")]
Schedules = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,...",
        help="Draw the schedule too, of constant, cosine and linear; untuned it is "
        "the first. Else that of the task.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "--out", "-o", help="A file for the tuned program."),
]


def tune(
    program: ProgramFile,
    task: TrainedOn,
    trials: Trials = 90,
    seeds: Seeds = 3,
    test_seeds: TestSeeds = 8,
    seed: Seed = 0,
    schedules: Schedules = None,
    overrides: TaskKeys = None,
    workers: TrainedBy = 1,
    store: KeptIn = None,
    output: Output = None,
    functions: OwnFunctions = None,
    as_json: Json = False,
) -> None:
    """Tune a program's rate, decay and betas on a task by random search."""
    from evosearch.threads import use_one_thread

    use_one_thread()
    from evosearch.commands.written import require_place
    from evosearch.config import parse_task
    from evosearch.opening import load_program, try_own
    from evosearch.tune import Asked

    parsed = parse_task(task, overrides or [])
    tasks = _tasks(parsed, schedules)
    if output is not None:
        require_place(output, "--output")
        if store is not None and realpath(output) == realpath(store):
            raise InputError(
                f"--output {output}: is the --store too, which it would replace: name "
                "another file"
            )
    try_own(functions)
    read = load_program(program)
    asked = Asked(trials, seeds, test_seeds, tuple(tasks), seed)
    found = _on_tasks(read, asked, tasks, functions, store, workers)
    _tell(parsed, found, output, as_json)


def _tasks(task: TaskConfig, schedules: str | None) -> dict[str, TaskConfig]:
    """The task with each of the schedules, by its name."""
    from evosearch.config import TaskConfig, parse_task

    if schedules is None:
        return {task.schedule: task}
    found = {}
    for name in map(str.strip, schedules.split(",")):
        parse_task(task.task, [f"schedule={name}"])
        if name in found:
            raise InputError(f"--schedules: {name} is there twice: leave one away")
        found[name] = TaskConfig.model_validate({**task.model_dump(), "schedule": name})
    return found


def _on_tasks(
    program: Program,
    asked: Asked,
    tasks: dict[str, TaskConfig],
    functions: str | None,
    store: Path | None,
    workers: int,
) -> Tuned:
    from collections.abc import Iterator
    from contextlib import ExitStack, contextmanager

    from evosearch.bench import Kept, bench
    from evosearch.display import Display
    from evosearch.ledger import Ledger
    from evosearch.losses import StoppedError
    from evosearch.stop import StopOnInterrupt
    from evosearch.tasks.files import in_task_code
    from evosearch.tune import knobs_of, tune_on_task

    # What cannot be tuned is refused before anything is compiled.
    trained = knobs_of(program).program
    keeping = Kept.by_option(store)
    display, shown = Display(), ExitStack()
    began: list[Display] = []

    @contextmanager
    def benches(schedule: str) -> Iterator[Ledger]:
        given = tasks[schedule], functions, trained, keeping, display.say, workers
        with bench(*given) as (ledger, _):
            if not began:  # the task works
                began.append(shown.enter_context(display))
            yield ledger

    try:
        with shown, StopOnInterrupt(display.say) as stop:
            return in_task_code(
                tasks[asked.schedules[0]].task,
                lambda: tune_on_task(
                    program, asked, benches, display.judge, stop.asked
                ),
            )
    except StoppedError:
        kept = f": the same command takes up what {store} has" if store else ""
        typer.echo(f"stopped{kept}", err=True)
        raise typer.Exit(130) from None


def _tell(task: TaskConfig, found: Tuned, output: Path | None, as_json: bool) -> None:
    from evosearch.commands.written import write_program
    from evosearch.report.tuned import print_tuned, task_told, tuned_text, tuned_told

    told = {**task_told(task), **tuned_told(found)}
    # Printed first: it is not lost if the file cannot be written.
    if as_json:
        print_json(told)
    else:
        print_tuned(told)
    if output is not None:
        write_program(output, tuned_text(told), "--output")
