"""`evosearch study`: a set of searches run, taken up and compared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evosearch.commands.options import (
    Executor,
    Json,
    command_again,
    print_json,
    say_if_ray_starts,
)

if TYPE_CHECKING:
    from dsl.program import Program
    from evosearch.config import Config, StudyConfig
    from evosearch.losses import Losses
    from evosearch.report.figures import Leaders, Line, Plotted
    from evosearch.study import Planned, Point, StudyFolder


def study(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="A YAML file in configs/studies.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="The study's folder, not experiments/NAME."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0, max=100_000, help="Ray workers; 0 is one for each core or GPU."
        ),
    ] = None,
    executor: Executor = None,
    as_json: Json = False,
) -> None:
    """Run a set of searches and compare them; the same command goes on."""
    from evosearch.threads import use_one_thread

    use_one_thread()
    from evosearch.commands.written import writing
    from evosearch.config import load_study
    from evosearch.refusal import REFUSED
    from evosearch.study import StudyFolder, plan_runs, read_references, state_of

    read = load_study(config)
    programs = read_references(read.references)
    given = {"workers.count": workers, "workers.executor": executor}
    changes = [f"{key}={value}" for key, value in given.items() if value is not None]
    path = out or Path("experiments") / read.name
    planned = plan_runs(read, path, changes)
    # The page has no workers: any number finds the same.
    command = command_again("study", config, out=out)
    again = command_again("study", config, out=out, workers=workers, executor=executor)
    # Held before the runs are looked at, so that no other process is amid one.
    with closing(StudyFolder(path)) as folder:
        done = sum(state_of(each) == "done" for each in planned)
        typer.echo(f"{path}: {done} of {len(planned)} runs are done", err=True)
        losses = None
        # What was found so far is worth keeping, however it ends.
        try:
            if _perform(read, planned, command):
                losses = _measure(programs, planned[0].config, folder)
        except KeyboardInterrupt:
            losses = None
        except REFUSED:
            with writing():
                _write(read, planned, folder, None, command, False)
            raise
        with writing():
            _write(read, planned, folder, losses, command, as_json)
    if losses is None:
        typer.echo(f"go on with: {again}", err=True)
        raise typer.Exit(130)


def _perform(study: StudyConfig, planned: list[Planned], command: str) -> bool:
    """Do what is not done; whether all of it came to its end."""
    from evosearch.display import Display
    from evosearch.stop import StopOnInterrupt
    from evosearch.study import perform, state_of

    for number, each in enumerate(planned, 1):
        if state_of(each) == "done":
            continue
        with (
            Display(each.config.budget) as display,
            StopOnInterrupt(display.say) as stop,
        ):
            display.say(f"run {number} of {len(planned)}: {each.path}")
            say_if_ray_starts(each.config, display.say)
            asked = stop.asked
            if not perform(each, study.base, command, display, asked) or asked():
                return False
    return True


def _measure(
    programs: dict[str, Program], config: Config, folder: StudyFolder
) -> dict[str, Losses] | None:
    """Losses of the references by label; None if the user asked to stop."""
    if not programs:
        return {}
    from evosearch.display import Display
    from evosearch.losses import StoppedError
    from evosearch.stop import StopOnInterrupt
    from evosearch.study import measure_references

    try:
        with Display() as display, StopOnInterrupt(display.say) as stop:
            where = config, folder.path / "runs"
            return measure_references(
                programs, *where, display.say, display.judge, stop.asked
            )
    except StoppedError:
        return None


def _write(
    study: StudyConfig,
    planned: list[Planned],
    folder: StudyFolder,
    losses: dict[str, Losses] | None,
    command: str,
    as_json: bool,
) -> None:
    """Write data, plots and README of what is done, and print where they are.

    Not all is done if there are no losses. Then what was found before, and is not yet
    found again, as where the runs were deleted, is not written over.
    """
    from evosearch.report.figures import write_figures
    from evosearch.report.study import (
        print_study,
        reference_row,
        result_row,
        study_page,
    )
    from evosearch.study import state_of
    from evosearch.study.folder import KEPT
    from evosearch.study.runs import curve_of, looks_of, summary_of

    done = [each for each in planned if state_of(each) == "done"]
    if not done:
        return
    rows = [result_row(each.arm, each.seed, summary_of(each)) for each in done]
    rows += [
        reference_row(label, study.references[label], each)
        for label, each in (losses or {}).items()
    ]
    if losses is None and folder.has_more_than(rows):
        print_study(study, rows)
        typer.echo(f"{folder.path}: {KEPT}", err=True)
        return
    points = {(each.arm, each.seed): curve_of(each) for each in done}
    looks = {(each.arm, each.seed): looks_of(each) for each in done}

    figures = write_figures(_lines(study, points, looks), folder.path)
    if not figures:
        typer.echo(
            'no plots: they need `pip install --editable ".[plots]"` where evosearch '
            "lies; the same command draws them",
            err=True,
        )
    page = study_page(study, command, rows, figures, len(planned), any(looks.values()))
    folder.write_readme(page)
    folder.write_curves(points)
    folder.write_looks(looks)
    folder.write_results(rows)
    folder.write_programs([row for row in rows if "arm" in row])
    if as_json and losses is not None:
        print_json({"name": study.name, "folder": str(folder.path), "rows": rows})
    else:
        print_study(study, rows)
        typer.echo(f"{folder.path}: README.md, {', '.join(['curves.csv', *figures])}")


def _lines(
    study: StudyConfig,
    points: Mapping[tuple[str, int], list[Point]],
    looks: Mapping[tuple[str, int], list[dict[str, Any]]],
) -> list[Line]:
    """What is drawn of each arm: its searches, by arm and seed."""
    from evosearch.report.figures import Line

    return [
        Line(
            arm.name,
            [_plotted(each) for (name, _), each in points.items() if name == arm.name],
            arm.baseline,
            [
                _leaders(each, points[name, seed][-1].programs)
                for (name, seed), each in looks.items()
                if name == arm.name and each
            ],
        )
        for arm in study.arms
        if any(name == arm.name for name, _ in points)
    ]


def _plotted(points: list[Point]) -> Plotted:
    """The points of a run as they are drawn."""
    from evosearch.report.figures import Plotted, shares_of

    programs, steps, _, hits, statements, live, fitness = zip(*points, strict=True)
    dead = [total - alive for total, alive in zip(statements, live, strict=True)]
    return Plotted(
        programs,
        steps,
        fitness,
        shares_of(hits, programs),
        shares_of(dead, statements),
    )


def _leaders(looks: list[dict[str, Any]], programs: int) -> Leaders:
    """Who led a run, up to its end."""
    from evosearch.report.figures import Leaders

    looks = [*looks, {**looks[-1], "child": programs}]
    return Leaders(
        [look["child"] for look in looks],
        [look["search_fitness"] for look in looks],
        [math.nan if look["fitness"] is None else look["fitness"] for look in looks],
    )
