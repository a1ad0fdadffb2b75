"""The command line: parse, call, print. Heavy imports stay inside the commands."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from dsl.errors import DslError
from evosearch.errors import InputError

if TYPE_CHECKING:
    from evosearch.config import Config
    from evosearch.folder import RunFolder

app = typer.Typer(
    name="evosearch",
    help="Discover optimizers: evolve update rules, written as short programs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


class ExecutorName(StrEnum):
    """Where programs are trained."""

    INLINE = "inline"
    RAY = "ray"


Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
ProgramFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A program: an .opt file, or a name in dsl/programs."
    ),
]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder of a run.")
]


@app.command()
def run(
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG", help="A YAML file in configs/.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key; repeatable."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the search's random choices.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Ray workers; 0 is one for each core or GPU.")
    ] = None,
    executor: Annotated[
        ExecutorName | None, typer.Option(help="Processes (ray) or this one (inline).")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The run's folder.  [default: experiments/runs/NAME-TIME]"),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on with an interrupted run; no CONFIG."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Evolve an optimizer; Ctrl-C stops in good order, --resume goes on."""
    from evosearch.threads import use_one_thread

    use_one_thread()
    changes = list(overrides or [])
    for key, value in (
        ("seed", seed),
        ("workers.count", workers),
        ("workers.executor", executor and executor.value),
    ):
        if value is not None:
            changes.append(f"{key}={value}")
    settings, folder = _open_run(config, changes, out, resume)
    try:
        _run(settings, folder, as_json)
    finally:
        folder.close()


def _open_run(
    config: Path | None, changes: list[str], out: Path | None, resume: Path | None
) -> tuple[Config, RunFolder]:
    from evosearch.config import load_config
    from evosearch.folder import CONFIG, RunFolder
    from evosearch.run import read_problem

    if (config is None) == (resume is None):
        raise InputError(
            "run takes either a CONFIG, for a new run, or --resume RUN, to go on with "
            "one: give one of them"
        )
    if config is not None:
        settings = load_config(config, changes)
        read_problem(settings)
        command = " ".join(["evosearch", *sys.argv[1:]])
        return settings, RunFolder.create(settings, out, command)
    assert resume is not None
    fixed = [
        change
        for change in changes
        if not change.startswith(("budget.", "workers.", "final."))
    ]
    if out is not None or fixed:
        what = "--out" if out is not None else fixed[0]
        raise InputError(
            f"--resume: {what} cannot be changed in a run that has begun; only budget, "
            "final and workers can"
        )
    folder = RunFolder.resume(resume)
    return load_config(resume / CONFIG, changes), folder


def _run(config: Config, folder: RunFolder, as_json: bool) -> None:
    from evosearch.display import Display
    from evosearch.report.result import print_summary
    from evosearch.run import run as run_search
    from evosearch.stop import StopOnInterrupt

    with Display(config.budget) as display, StopOnInterrupt(display.say) as stop:
        display.say(f"run folder: {folder.path}")
        summary = run_search(config, folder, display, stop.asked)
    if as_json:
        _print_json(summary)
    else:
        print_summary(summary)
    if summary["interrupted"]:
        typer.echo(f"go on with: evosearch run --resume {folder.path}", err=True)
        raise typer.Exit(130)


@app.command()
def show(
    run: RunArgument,
    top: Annotated[int, typer.Option(min=1, help="How many programs.")] = 10,
    as_json: Json = False,
) -> None:
    """List the best distinct programs of a run, best first."""
    from evosearch.folder import STORE
    from evosearch.report.programs import best_programs, print_programs
    from evosearch.store import Store

    store = Store.open(run / STORE)
    try:
        programs = best_programs(store, top)
    finally:
        store.close()
    if as_json:
        _print_json(programs)
    else:
        print_programs(programs)


@app.command("eval")
def evaluate(
    program: ProgramFile,
    task: Annotated[
        str, typer.Option(help="A task: charlm, digits or path/to/file.py:factory.")
    ],
    scale: Annotated[
        float | None, typer.Option(help="The task's scale, if it has one.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many data seeds.")] = 3,
    first_seed: Annotated[int, typer.Option(min=0, help="The first data seed.")] = 0,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A key of the task as in a config, such as schedule=constant or "
            "arguments.batch=8; repeatable.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train a program on a task, one data seed after another."""
    changes = list(overrides or [])
    if scale is not None:
        changes.append(f"arguments.scale={scale:g}")
    from evosearch.threads import use_one_thread

    use_one_thread()
    from evosearch.config import TrainingConfig, parse_task
    from evosearch.report.result import evaluation, print_evaluation
    from evosearch.run import load_program

    result = evaluation(
        load_program("FILE", program),
        parse_task(task, changes),
        TrainingConfig(),
        range(first_seed, first_seed + seeds),
    )
    if as_json:
        _print_json(result)
    else:
        print_evaluation(result)


@app.command()
def check(program: ProgramFile, as_json: Json = False) -> None:
    """Check a program: its live part, its states, its digest, or its first error."""
    from evosearch.report.programs import checked, print_checked
    from evosearch.run import load_program

    try:
        found = load_program("FILE", program)
    except DslError as error:
        if not as_json:
            raise
        fields = ("line", "column", "message", "hint")
        problem = {name: getattr(error, name) for name in fields}
        _print_json({"ok": False, "error": problem})
        raise typer.Exit(2) from None
    if as_json:
        _print_json(checked(found))
    else:
        print_checked(found)


@app.command()
def functions(as_json: Json = False) -> None:
    """List the functions of the language."""
    from evosearch.report.tables import function_rows, print_rows

    _print_json(function_rows()) if as_json else print_rows(function_rows())


@app.command()
def tasks(as_json: Json = False) -> None:
    """List the proxy tasks that come with evosearch, with their arguments."""
    from evosearch.report.tables import print_tasks, task_rows

    _print_json(task_rows()) if as_json else print_tasks(task_rows())


def _print_json(value: Any) -> None:
    print(json.dumps(value, allow_nan=False))


def main() -> NoReturn:
    """The entry point: bad input gets one sentence and exit code 2."""
    try:
        app(standalone_mode=True)
    except (InputError, DslError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
    sys.exit(0)
