"""The command line: parse, call, print. Heavy imports stay inside the commands."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

import evosearch
from evosearch.errors import InputError

if TYPE_CHECKING:
    from evosearch.folder import RunFolder
    from evosearch.search import Problem

app = typer.Typer(
    name="evosearch",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"evosearch {evosearch.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print it.", callback=_print_version),
    ] = False,
) -> None:
    """Discover optimizers: evolve update rules, written as short programs."""


Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
ProgramFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A program: an .opt file, or a name in dsl/programs."
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
        str | None,
        typer.Option(
            metavar="inline|ray", help="This process (inline) or others (ray)."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The run's folder, not experiments/runs/NAME-TIME."),
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
    from evosearch.opening import open_again, open_new

    if (config is None) == (resume is None):
        raise InputError(
            "run takes either a CONFIG, for a new run, or --resume RUN, to go on with "
            "one: give one of them"
        )
    given = {"seed": seed, "workers.count": workers, "workers.executor": executor}
    options = [f"{key}={value}" for key, value in given.items() if value is not None]
    changes = [*(overrides or []), *options]
    command = shlex.join(["evosearch", *sys.argv[1:]])
    if config is not None:
        problem, folder = open_new(config, changes, out, command)
    else:
        assert resume is not None
        problem, folder = open_again(resume, changes, out, command)
    try:
        _run(problem, folder, as_json)
    finally:
        folder.close()


def _run(problem: Problem, folder: RunFolder, as_json: bool) -> None:
    from evosearch.display import Display
    from evosearch.report.result import print_summary
    from evosearch.run import run as run_search
    from evosearch.stop import StopOnInterrupt

    budget, path = problem.config.budget, shlex.quote(str(folder.path))
    go_on = f"go on with: evosearch run --resume {path}"
    try:
        with Display(budget) as display, StopOnInterrupt(display.say) as stop:
            for line in (f"run folder: {folder.path}", *folder.notes):
                display.say(line)
            summary = run_search(problem, folder, display, stop.asked)
    except KeyboardInterrupt:
        typer.echo(go_on, err=True)
        raise typer.Exit(130) from None
    if as_json:
        _print_json(summary)
    else:
        print_summary(summary)
    if summary["interrupted"]:
        typer.echo(go_on, err=True)
        raise typer.Exit(130)


@app.command()
def show(
    run: RunArgument,
    top: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="How many programs.")
    ] = 10,
    uses: Annotated[
        str, typer.Option(metavar="NAME", help="Only those that call it, or of a set.")
    ] = "",
    as_json: Json = False,
) -> None:
    """List the best distinct programs of a run, best first."""
    from evosearch.config import load_config
    from evosearch.folder import CONFIG, STORE, functions_of
    from evosearch.opening import load_own
    from evosearch.report.programs import best_programs, print_programs
    from evosearch.store import Store

    store = Store.open(run / STORE)
    try:
        load_own(functions_of(run, load_config(run / CONFIG)))
        programs = best_programs(store, top, uses)
        nothing = "no program calls it" if uses else "no program is finished yet"
    finally:
        store.close()
    if as_json:
        _print_json(programs)
    else:
        print_programs(programs, nothing)


@app.command("eval")
def evaluate(
    program: ProgramFile,
    task: Annotated[
        str, typer.Option(help="A task: charlm, digits or path/to/file.py:factory.")
    ],
    scale: Annotated[
        float | None, typer.Option(help="The task's scale, if it has one.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many data seeds.")
    ] = 3,
    first_seed: Annotated[
        int, typer.Option(min=0, max=2_000_000_000, help="The first data seed.")
    ] = 0,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A key of the task as in a config, such as schedule=constant or "
            "arguments.batch=8; repeatable.",
        ),
    ] = None,
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

    keep_compilations()
    try_own(functions)
    result = evaluation(
        load_program(program),
        parse_task(task, changes),
        TrainingConfig(),
        range(first_seed, first_seed + seeds),
    )
    if as_json:
        _print_json(result)
    else:
        print_evaluation(result)


@app.command()
def check(
    programs: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Programs: .opt files, or names in dsl/programs."
        ),
    ],
    functions: OwnFunctions = None,
    as_json: Json = False,
) -> None:
    """Check programs: types, live part, states and digest, or the first error."""
    from evosearch.opening import try_own
    from evosearch.report.checking import check_program

    try_own(functions)
    results = [check_program(name, len(programs) > 1, as_json) for name in programs]
    if as_json:
        _print_json(results if len(results) > 1 else results[0])
    if not all(result["ok"] for result in results):
        raise typer.Exit(2)


@app.command()
def functions(
    own: OwnFunctions = None,
    as_json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the reference, dsl/README.md.")
    ] = False,
) -> None:
    """List the functions of the language."""
    from evosearch.opening import try_own
    from evosearch.report.functions import function_rows, manual, print_functions

    try_own(own)
    if markdown:
        print(manual(), end="")
    elif as_json:
        _print_json(function_rows())
    else:
        print_functions(function_rows())


@app.command()
def tasks(as_json: Json = False) -> None:
    """List the proxy tasks that come with evosearch, with their arguments."""
    from evosearch.report.tasks import print_tasks, task_rows

    _print_json(task_rows()) if as_json else print_tasks(task_rows())


def _print_json(value: Any) -> None:
    print(json.dumps(value, allow_nan=False))


def main() -> NoReturn:
    """The entry point: bad input gets one sentence and exit code 2."""
    # Until a run takes Ctrl-C over, it ends the process, also amid the import of JAX,
    # which takes seconds and does not bear an exception.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        app()
    except Exception as error:
        # To name them here would load the language and its parser, also for --help.
        from evosearch.refusal import refusal

        problem = refusal(error)
        if problem is None:
            raise
        typer.echo(f"error: {problem}", err=True)
    sys.exit(2)
