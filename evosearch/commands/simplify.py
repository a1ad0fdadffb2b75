"""`evosearch simplify`: a program made shorter by laws, or with the help of a task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evosearch.commands.options import (
    TASK_NAMES,
    Json,
    KeptIn,
    OwnFunctions,
    ProgramFile,
    TaskKeys,
    print_json,
)
from evosearch.errors import InputError

if TYPE_CHECKING:
    from dsl.program import Program
    from evosearch.config import TaskConfig
    from evosearch.simplify import Asked, Simplified

_Exact = Annotated[
    bool, typer.Option("--exact", help="Only laws that keep every update bit for bit.")
]
_Task = Annotated[
    str | None,
    typer.Option(
        help=f"Also take out what the loss on this task does not need: {TASK_NAMES}"
    ),
]
_Seeds = Annotated[
    int | None,
    typer.Option(min=2, max=10_000, help="Data seeds to choose by; 5 if not given."),
]
_TestSeeds = Annotated[
    int | None,
    typer.Option(
        min=2, max=10_000, help="Fresh data seeds to report on; 8 if not given."
    ),
]
_Tolerance = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=100.0,
        help="How much worse it may become, in standard errors of the mean loss; 1 "
        "if not given.",
    ),
]
_Page = Annotated[
    Path | None, typer.Option(help="A Markdown file to write the derivation to.")
]
_Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="A file for the simplified program."),
]


def simplify(
    program: ProgramFile,
    exact: _Exact = False,
    task: _Task = None,
    overrides: TaskKeys = None,
    seeds: _Seeds = None,
    test_seeds: _TestSeeds = None,
    tolerance: _Tolerance = None,
    store: KeptIn = None,
    page: _Page = None,
    out: _Out = None,
    functions: OwnFunctions = None,
    as_json: Json = False,
) -> None:
    """Simplify a program by laws, and with a task by what its loss does not need."""
    from evosearch.commands.written import require_place

    if out is not None:
        require_place(out, "--out")
    if task is None:
        trained = {"set": overrides, "seeds": seeds, "test-seeds": test_seeds}
        _refuse({**trained, "tolerance": tolerance, "store": store, "page": page})
        _write(out, "by laws", _by_laws(program, exact, functions, as_json))
        return
    if exact:
        raise InputError(
            "--exact: with --task the updates do not stay the same: leave one of the "
            "two away"
        )
    from evosearch.threads import use_one_thread

    use_one_thread()
    from evosearch.commands.written import write_whole
    from evosearch.config import parse_task
    from evosearch.opening import load_program, try_own
    from evosearch.report.page import derivation_page
    from evosearch.report.simplified import print_simplified, simplified_told
    from evosearch.simplify import Asked

    if page is not None:
        require_place(page, "--page")
    parsed = parse_task(task, overrides or [])
    try_own(functions)
    margin = 1.0 if tolerance is None else tolerance
    asked = Asked(seeds or 5, margin, test_seeds or 8, None)
    found = _on_task(load_program(program), parsed, functions, asked, store)
    told = {"task": parsed.task, **simplified_told(found)}
    if page is not None:
        write_whole(page, derivation_page(told, f"Simplified on {task}"), "--page")
    if as_json:
        print_json(told)
    else:
        print_simplified(told)
    _write(out, f"on {parsed.task}", told["program"])


def _refuse(given: dict[str, object]) -> None:
    """Options that have a meaning with a task alone must not be given."""
    for option, value in given.items():
        if value is not None and value != []:
            raise InputError(f"--{option} is for trainings: name a task with --task")


def _write(out: Path | None, how: str, program: str) -> None:
    from evosearch.commands.written import write_program

    if out is not None:
        write_program(out, f"# Simplified {how}.\n{program}", "--out")


def _on_task(
    program: Program,
    task: TaskConfig,
    functions: str | None,
    asked: Asked,
    store: Path | None,
) -> Simplified:
    from evosearch.bench import Kept, bench
    from evosearch.display import Display
    from evosearch.losses import StoppedError
    from evosearch.simplify import simplify_on_tasks
    from evosearch.stop import StopOnInterrupt
    from evosearch.tasks.files import in_task_code

    display, keeping = Display(), Kept.by_option(store)
    try:
        with (
            bench(task, functions, program, keeping, display.say) as (ledger, plan),
            display,
            StopOnInterrupt(display.say) as stop,
        ):
            return in_task_code(
                task.task,
                lambda: simplify_on_tasks(
                    program, asked, ledger, plan(), display.judge, stop.asked
                ),
            )
    except StoppedError:
        kept = f": the same command takes up what {store} has" if store else ""
        typer.echo(f"stopped{kept}", err=True)
        raise typer.Exit(130) from None


def _by_laws(program: str, exact: bool, functions: str | None, as_json: bool) -> str:
    """Print the derivation; gives the text of the program that it led to."""
    from dsl.simplify import simplify
    from evosearch.opening import load_program, try_own
    from evosearch.report.derivation import derivation_told, print_derivation

    try_own(functions)
    derivation = simplify(load_program(program), exact)
    told = derivation_told(derivation)
    if as_json:
        print_json(told)
    else:
        print_derivation(derivation)
    return str(told["program"])
