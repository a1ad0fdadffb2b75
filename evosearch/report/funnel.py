"""A funnel told: a row for each program and stage, a table a stage, and its README."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from dsl.digest import digest
from dsl.unparse import unparse
from evosearch.config import FunnelConfig
from evosearch.fitness import finite, mean_and_error
from evosearch.funnel import (
    BASELINE,
    CANDIDATE,
    Entrant,
    StageResult,
    Standing,
    chance,
)
from evosearch.losses import difference
from evosearch.report.interval import difference_told, plus_minus
from evosearch.report.rendering import rendered
from evosearch.report.tuned import task_in_words, task_told
from evosearch.report.wide import wide_console

_TEMPLATE = "funnel.md.jinja"

Row = Mapping[str, Any]


def funnel_rows(
    config: FunnelConfig, entrants: Sequence[Entrant], results: Sequence[StageResult]
) -> list[dict[str, Any]]:
    """What `results.jsonl` holds and `--json` prints: a row a stage and program.

    Losses are means over the test seeds with their standard errors, null where a
    training failed; differences are paired by seed, the program minus the baseline, so
    that negative is better, with half the width of their 95 % interval.
    """
    sources = {each.label: each.source for each in entrants}
    return [
        _row(config, result, label, sources[label])
        for result in results
        for label in (*result.candidates, *result.baselines)
    ]


def _row(
    config: FunnelConfig, result: StageResult, label: str, source: str
) -> dict[str, Any]:
    standing, stage = result.standings[label], result.stage
    knobs, losses = standing.knobs, standing.losses
    is_candidate = label in result.candidates
    mean, error = (math.nan, math.nan) if losses is None else mean_and_error(losses)
    return {
        "stage": stage.name,
        "label": label,
        "kind": CANDIDATE if is_candidate else BASELINE,
        "source": source,
        "loss": finite(mean),
        "loss_stderr": finite(error),
        "differences": dict(_differences(result, label)),
        "passed": label in result.passed if is_candidate and config.gate else None,
        "states": len(knobs.program.states),
        "statements": len(knobs.program.statements),
        "constants": {name: knobs.values[name] for name in knobs.names},
        "at_the_edge": list(standing.at_the_edge),
        "trials": stage.trials * config.rounds if knobs.names else config.rounds,
        "failed": standing.failed,
        "trainings": standing.trainings,
        "seeds": stage.seeds,
        "test_seeds": stage.test_seeds,
        "losses": None if losses is None else [finite(loss) for loss in losses],
        "digest": digest(knobs.program),
        "program": unparse(knobs.program),
    }


def _differences(
    result: StageResult, label: str
) -> Iterator[tuple[str, dict[str, float | None] | None]]:
    """To each other baseline; None where the program has no losses."""
    losses = result.standings[label].losses
    for other in result.baselines:
        theirs = result.standings[other].losses
        if other == label:
            continue
        told = None
        if losses is not None and theirs is not None:
            told = difference_told(difference(losses, theirs), len(losses))
        yield other, told


def tuned_file(result: StageResult, standing: Standing, rounds: int) -> str:
    """A program after a stage as a file, with a line of where it comes from."""
    stage = result.stage
    where = task_in_words(task_told(stage.task), stage.task.schedule)
    told = f"{stage.trials} trials"
    if rounds > 1:
        told = f"{rounds} rounds of {told}"
    if standing.losses is None:
        line = f"As it came to {where}: none of its trials trains on all data seeds."
    elif not standing.knobs.names:
        line = f"As it came to {where}: it has no constant that is tuned."
    else:
        line = f"Tuned on {where}: the best of {told} on {stage.seeds} data seeds."
    return f"# {line}\n{unparse(standing.knobs.program)}"


def heading_of(rows: Sequence[Row]) -> list[str]:
    """The columns of a stage's table."""
    against = [f"loss minus {each}" for each in _baselines(rows)]
    goes_on = ["goes on"] * _has_gate(rows)
    end = ["states", "statements", "trainings", *goes_on, "at the edge"]
    return ["program", "loss", *against, *end]


def lines_of(rows: Sequence[Row]) -> list[list[str]]:
    """A stage's table without its heading: the lowest loss first, what failed last."""
    ordered = sorted(
        rows, key=lambda row: math.inf if row["loss"] is None else row["loss"]
    )
    return [_line(row, _baselines(rows), _has_gate(rows)) for row in ordered]


def _has_gate(rows: Sequence[Row]) -> bool:
    return any(row["passed"] is not None for row in rows)


def _baselines(rows: Sequence[Row]) -> list[str]:
    return [row["label"] for row in rows if row["kind"] == BASELINE]


def _line(row: Row, baselines: Sequence[str], has_gate: bool) -> list[str]:
    is_baseline = row["kind"] == BASELINE
    passed = {None: "", True: "yes", False: "no"}[row["passed"]]
    return [
        f"{row['label']} (baseline)" if is_baseline else row["label"],
        plus_minus(row["loss"], row["loss_stderr"]),
        *(_against(row["differences"].get(each, _SAME)) for each in baselines),
        str(row["states"]),
        str(row["statements"]),
        f"{row['trainings']:,}",
        *[passed] * has_gate,
        ", ".join(row["at_the_edge"]) or ("" if row["constants"] else "nothing tuned"),
    ]


_SAME: Mapping[str, Any] = {"mean": 0.0, "interval": None}


def _against(found: Mapping[str, Any] | None) -> str:
    if found is None or found["mean"] is None:
        return "failed"
    if found["interval"] is None:
        return "-"
    return plus_minus(found["mean"], found["interval"], "+")


def _stage_rows(config: FunnelConfig, rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of each stage that was done."""
    found = [[row for row in rows if row["stage"] == s.name] for s in config.stages]
    return [each for each in found if each]


def print_funnel(config: FunnelConfig, rows: Sequence[Row]) -> None:
    """Print a table for each stage, and where the funnel ended."""
    console = wide_console()
    for stage, here in zip(config.stages, _stage_rows(config, rows), strict=False):
        title = (
            f"{stage.name}: held-out loss on {stage.test_seeds} fresh data seeds +- "
            "standard error; paired differences +- 95 % interval, negative is better"
        )
        table = Table(*heading_of(here), title=Text(title))
        for line in lines_of(here):
            table.add_row(*line)
        console.print(table, crop=False)
    ended = end_in_words(config, rows)
    if ended:
        console.print(Text(ended))


def end_in_words(config: FunnelConfig, rows: Sequence[Row]) -> str:
    """Why there are fewer stages than the config has; empty if there are not."""
    done = len(_stage_rows(config, rows))
    if done in (0, len(config.stages)):
        return ""
    name = config.stages[done - 1].name
    went_on = any(row["passed"] is not False for row in rows if _is_in(row, name))
    if went_on:
        return (
            f"It ended after the stage {name}, amid the next: the same command goes on."
        )
    return f"No candidate went on from the stage {name}, so the later ones were left."


def _is_in(row: Row, stage: str) -> bool:
    usable = row["kind"] == CANDIDATE and row["loss"] is not None
    return usable and row["stage"] == stage


def funnel_page(config: FunnelConfig, command: str, rows: Sequence[Row]) -> str:
    """Write the part of a funnel's README that is written again each time.

    Args:
        config: of the funnel.
        command: that runs it.
        rows: of `funnel_rows`.
    """
    tables = [
        (stage, heading_of(here), lines_of(here))
        for stage, here in zip(config.stages, _stage_rows(config, rows), strict=False)
    ]
    sources = {row["label"]: (row["kind"], row["source"]) for row in rows}
    return rendered(
        _TEMPLATE,
        funnel=config,
        command=command,
        tables=tables,
        sources=sources,
        ended=end_in_words(config, rows),
        chance=chance,
    )
