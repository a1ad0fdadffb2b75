"""`evosearch run`: a search from its config to its result, or on from where it was."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evosearch.commands.options import Executor, Json, print_json, say_if_ray_starts
from evosearch.errors import InputError

if TYPE_CHECKING:
    from evosearch.folder import RunFolder
    from evosearch.search import Problem


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
    executor: Executor = None,
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
            say_if_ray_starts(problem.config, display.say)
            summary = run_search(problem, folder, display, stop.asked)
    except KeyboardInterrupt:
        typer.echo(go_on, err=True)
        raise typer.Exit(130) from None
    if as_json:
        print_json(summary)
    else:
        print_summary(summary)
    if summary["interrupted"]:
        typer.echo(go_on, err=True)
        raise typer.Exit(130)
