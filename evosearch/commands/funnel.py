"""`evosearch funnel`: programs compared on larger and larger tasks, all tuned alike."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evosearch.commands.options import Json, TrainedBy, command_again, print_json
from evosearch.errors import InputError

if TYPE_CHECKING:
    from evosearch.config import FunnelConfig, StageConfig
    from evosearch.funnel import Entrant, StageResult
    from evosearch.study.folder import StudyFolder

_STORE = Path("runs") / "trainings.sqlite"
"""In the funnel's folder, of which git ignores `runs`."""


def funnel(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="A YAML file in configs/funnels.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="The funnel's folder, not experiments/NAME."),
    ] = None,
    workers: TrainedBy = 1,
    as_json: Json = False,
) -> None:
    """Compare programs on larger and larger tasks; the same command goes on."""
    from evosearch.threads import use_one_thread

    use_one_thread()
    from evosearch.config import load_funnel
    from evosearch.funnel import read_entrants
    from evosearch.losses import StoppedError
    from evosearch.opening import load_own
    from evosearch.refusal import REFUSED
    from evosearch.study.folder import FUNNEL, RESULTS, StudyFolder

    read = load_funnel(config)
    load_own(read.functions)
    entrants = read_entrants(read, lambda line: typer.echo(line, err=True))
    _try_tasks(read, workers)
    path = out or Path("experiments") / read.name
    # The page has no workers: any number finds the same.
    command = command_again("funnel", config, out=out)
    results: list[StageResult] = []
    stopped = False
    names = [_file_of(stage, each.label) for stage in read.stages for each in entrants]
    with closing(StudyFolder(path, FUNNEL, [RESULTS, *names])) as folder:
        # What was found so far is worth keeping, however it ends.
        try:
            _perform(read, entrants, path / _STORE, workers, results)
        except (StoppedError, KeyboardInterrupt):
            stopped = True
        except REFUSED:
            _write(read, entrants, results, folder, command, False, False)
            raise
        json = as_json and not stopped
        _write(read, entrants, results, folder, command, json, not stopped)
    if stopped:
        given = None if workers == 1 else workers
        again = command_again("funnel", config, out=out, workers=given)
        typer.echo(f"stopped; go on with: {again}", err=True)
        raise typer.Exit(130)


def _file_of(stage: StageConfig, label: str) -> str:
    """The name of the file of a program that was tuned in a stage."""
    return f"{stage.name}-{label}.opt"


def _try_tasks(config: FunnelConfig, workers: int) -> None:
    """See that the task of each stage works before the first takes its time.

    Raises:
        InputError: one does not.
    """
    from evosearch.apart import call_apart
    from evosearch.config import TrainingConfig
    from evosearch.trial import try_all

    for stage in config.stages:
        asked = [stage.task], TrainingConfig(), config.functions
        try:
            if workers == 1:
                try_all(*asked)
            else:  # Ray wants a process in which JAX has not begun
                what = f"the process that tried {stage.task.task}"
                call_apart(what, try_all, *asked)
        except InputError as error:
            raise InputError(f"stage {stage.name}: {error}") from None


def _perform(
    config: FunnelConfig,
    entrants: list[Entrant],
    store: Path,
    workers: int,
    results: list[StageResult],
) -> None:
    """Do the stages and add what each found to the results.

    Raises:
        StoppedError: the user asked to stop.
    """
    from collections.abc import Iterator
    from contextlib import contextmanager

    from dsl.program import Program
    from evosearch.bench import Kept, bench
    from evosearch.display import Display
    from evosearch.funnel import run_stages
    from evosearch.ledger import Ledger
    from evosearch.stop import StopOnInterrupt
    from evosearch.tasks.files import in_task_code

    kept = Kept.in_folder(store)
    with Display() as display, StopOnInterrupt(display.say) as stop:

        @contextmanager
        def benches(stage: StageConfig, program: Program) -> Iterator[Ledger]:
            given = stage.task, config.functions, program, kept, display.say, workers
            with bench(*given) as (ledger, _):
                yield ledger

        asked = benches, display.judge, stop.asked
        stages = run_stages(config, entrants, *asked)
        for stage in config.stages:
            result = in_task_code(stage.task.task, lambda: next(stages, None))
            if result is None:
                return
            results.append(result)


def _write(
    config: FunnelConfig,
    entrants: list[Entrant],
    results: list[StageResult],
    folder: StudyFolder,
    command: str,
    as_json: bool,
    ended: bool,
) -> None:
    """Write the results, the tuned programs and README.md of what is done.

    Ctrl-C waits for it. If it has not ended, what was found before, and is not yet
    found again, as where the store was deleted, is not written over.
    """
    from evosearch.commands.written import writing
    from evosearch.report.funnel import (
        funnel_page,
        funnel_rows,
        print_funnel,
        tuned_file,
    )
    from evosearch.study.folder import KEPT

    if not results:
        return
    rows = funnel_rows(config, entrants, results)
    if not ended and folder.has_more_than(rows):
        print_funnel(config, rows)
        typer.echo(f"{folder.path}: {KEPT}", err=True)
        return
    with writing():
        folder.write_readme(funnel_page(config, command, rows))
        folder.write_results(rows)
        for result in results:
            for label, standing in result.standings.items():
                name = _file_of(result.stage, label)
                folder.write(name, tuned_file(result, standing, config.rounds))
    if as_json:
        print_json({"name": config.name, "folder": str(folder.path), "rows": rows})
    else:
        print_funnel(config, rows)
        typer.echo(f"{folder.path}: README.md, results.jsonl, the tuned programs")
