"""A study told: its arms against its baselines and references, and its README."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from evosearch.config import StudyConfig
from evosearch.fitness import finite, mean_and_error
from evosearch.report.interval import plus_minus
from evosearch.report.rendering import rendered
from evosearch.report.wide import wide_console

_TEMPLATE = "study.md.jinja"

Row = Mapping[str, Any]


def result_row(arm: str, seed: int, summary: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a run that is done: its size, and its result on fresh seeds."""
    best = summary["best"]
    row = {
        "arm": arm,
        "seed": seed,
        "programs": summary["made"],
        "trained": summary["evaluated"],
        "steps": summary["steps"],
        "restarts": summary.get("restarts"),
        "seconds": round(summary["seconds"], 1),
        "fitness": best["fitness"],
        "loss": best["fresh_mean"],
        "loss_stderr": best["fresh_stderr"],
        "gain": best["fresh_gain"],
        "gain_stderr": best["fresh_gain_stderr"],
        "test_seeds": summary["test_seeds"],
        "states": best["states"],
        "statements": best["statements"],
        "digest": best["digest"],
        "program": best["program"],
    }
    return row | _handed_over(summary["handover"])


def _handed_over(told: Mapping[str, Any] | None) -> dict[str, Any]:
    """What became of the chosen program; nothing if runs are not simplified."""
    if told is None:
        return {}
    nearest = told["identity"]["matches"][:1]
    simplified = told["simplified"] or {"program": None, "after": {}, "losses": {}}
    return {
        "simplified": simplified["program"],
        "simplified_statements": simplified["after"].get("statements"),
        "simplified_loss": simplified["losses"].get("program"),
        "verdict": told["identity"]["verdict"],
        "family": told["identity"]["family"],
        "nearest": nearest[0]["name"] if nearest else None,
        "similarity": nearest[0]["similarity"] if nearest else None,
        "identity": told["sentence"],
    }


def reference_row(label: str, program: str, losses: Sequence[float]) -> dict[str, Any]:
    """What is kept of a reference: its loss on the seeds that runs are reported on."""
    mean, error = mean_and_error(losses)
    return {
        "reference": label,
        "loss": finite(mean),
        "loss_stderr": finite(error),
        "test_seeds": len(losses),
        "program": program,
    }


def table(study: StudyConfig, rows: Sequence[Row]) -> list[list[str]]:
    """The arms and references against the baselines and references, heading first.

    Numbers are means over the seeds with their standard errors. A difference is of the
    losses of a row and a column, paired by seed where both have one, so that negative
    is better; the test seeds are the same for all.
    """
    runs = {(row["arm"], row["seed"]): row["loss"] for row in rows if "arm" in row}
    fixed = {row["reference"]: row["loss"] for row in rows if "reference" in row}
    columns = [arm.name for arm in study.arms if arm.baseline] + list(fixed)

    def losses(name: str) -> list[float | None]:
        """One for each seed."""
        return [fixed.get(name, runs.get((name, seed))) for seed in study.seeds]

    lines = [["arm", *_COLUMNS, *(f"loss minus {name}" for name in columns)]]
    for arm in study.arms:
        done = [row for row in rows if row.get("arm") == arm.name]
        ours = losses(arm.name)
        lines.append(
            [
                arm.name,
                *(cell(done) for cell in _COLUMNS.values()),
                *(_minus(ours, losses(name), arm.name == name) for name in columns),
            ]
        )
    for row in rows:
        if "reference" in row:
            known = {_LOSS: plus_minus(row["loss"], row["loss_stderr"])}
            cells = [known.get(name, "-") for name in _COLUMNS]
            lines.append([row["reference"], *cells, *["-"] * len(columns)])
    return lines


def each_search(rows: Sequence[Row]) -> list[list[str]]:
    """What each search found against the program that it started from, heading first.

    The difference is the mean over the test seeds, with its standard error, and
    negative is better. Where runs are simplified: to how many statements, and what
    `evosearch identify` says of that.
    """
    simplified = any("identity" in row for row in rows)
    heading = ["arm", "seed", "loss minus first program", "states", "statements"]
    lines = [heading + ["simplified", "what it is"] * simplified]
    for row in rows:
        loss = None if row["gain"] is None else -row["gain"]
        cells = [
            row["arm"],
            str(row["seed"]),
            plus_minus(loss, row["gain_stderr"], "+"),
        ]
        cells += [str(row["states"]), str(row["statements"])]
        if simplified:
            fewer = row.get("simplified_statements")
            cells += ["-" if fewer is None else str(fewer), row.get("identity", "-")]
        lines.append(cells)
    return lines


def _count(losses: Sequence[float | None]) -> str:
    kept = sum(loss is not None for loss in losses)
    return str(kept) if kept == len(losses) else f"{kept} of {len(losses)}"


def _mean(numbers: Sequence[int]) -> str:
    return f"{sum(numbers) / len(numbers):,.0f}" if numbers else "-"


def told(values: Sequence[float | None], sign: str = "") -> str:
    """Mean and standard error of those that are known; no error of a single one."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    mean, error = mean_and_error(known)
    return plus_minus(mean, finite(error), sign)


def _minus(
    ours: Sequence[float | None], theirs: Sequence[float | None], same: bool
) -> str:
    if same:
        return "-"
    pairs = zip(ours, theirs, strict=True)
    return told(
        [a - b for a, b in pairs if a is not None and b is not None],
        "+",
    )


_LOSS = "fresh loss"
_COLUMNS: Mapping[str, Callable[[Sequence[Row]], str]] = {
    "runs": lambda done: _count([row["loss"] for row in done]),
    "programs": lambda done: _mean([row["programs"] for row in done]),
    "steps": lambda done: _mean([row["steps"] for row in done]),
    "search fitness": lambda done: told([row["fitness"] for row in done], "+"),
    _LOSS: lambda done: told([row["loss"] for row in done]),
}
"""What the table says of an arm, by the heading of the column: of its rows that are
done. Of a reference only the loss is known."""


def print_study(study: StudyConfig, rows: Sequence[Row]) -> None:
    """Print the table of the arms."""
    console = wide_console()
    heading, *lines = table(study, rows)
    title = Text(
        f"{study.name}: means over the seeds, of a reference over the test seeds, +- "
        "standard error; a negative difference is better"
    )
    printed = Table(*heading, title=title)
    for line in lines:
        printed.add_row(*line)
    console.print(printed, crop=False)


def study_page(
    study: StudyConfig,
    command: str,
    rows: Sequence[Row],
    figures: Mapping[str, str],
    planned: int,
    has_looks: bool,
) -> str:
    """Write the part of a study's README that is written again each time.

    Args:
        study: its config.
        command: that runs it.
        rows: of `result_row` and `reference_row`.
        figures: caption by file name.
        planned: runs that the study has in all.
        has_looks: whether there is meta-validation in any run.
    """
    runs = [row for row in rows if "arm" in row]
    heading, *lines = table(study, rows)
    names, *searches = each_search(runs)
    return rendered(
        _TEMPLATE,
        study=study,
        command=command,
        done=len(runs),
        planned=planned,
        minutes=f"{sum(row['seconds'] for row in runs) / 60.0:.0f}",
        test_seeds=rows[0]["test_seeds"] if rows else 0,
        heading=heading,
        lines=lines,
        names=names,
        searches=searches,
        figures=figures,
        has_looks=has_looks,
    )
