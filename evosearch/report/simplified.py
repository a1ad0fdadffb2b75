"""A program simplified on tasks: the way, the losses, what statements are good for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dsl.digest import digest
from dsl.unparse import unparse
from evosearch.fitness import finite
from evosearch.losses import Difference
from evosearch.report.derivation import LAW_STATEMENTS, changed_lines, sizes
from evosearch.report.interval import (
    difference_told,
    loss_in_words,
    loss_told,
    plus_minus,
)
from evosearch.simplify import Change, Simplified


def simplified_told(found: Simplified) -> dict[str, Any]:
    """What `simplify --task --json` prints, and a run's summary has.

    Losses are means over the test seeds with their standard errors, null where a
    training failed; differences are paired, what is left minus what it was
    made of, so that negative is better, with half the width of their 95 % interval
    (Student's t).
    """
    reduced, measured = found.reduced, found.measured
    return {
        "before": sizes(reduced.start),
        "after": sizes(reduced.program),
        "seeds": found.asked.seeds,
        "tolerance": found.asked.tolerance,
        "test_seeds": found.asked.test_seeds,
        "trainings": found.trainings,
        "report_trainings": found.reported,
        "complete": reduced.complete,
        "margin": reduced.margin,
        "changes": [_change_told(change) for change in reduced.changes],
        "losses": {
            "start": loss_told(measured.start),
            "tuned_start": loss_told(measured.tuned_start),
            "program": loss_told(measured.program),
        },
        "tuned": {
            "rate": reduced.tuned_start.rate,
            "decay": reduced.tuned_start.decay,
        },
        "against_start": _difference_told(measured.against_start, found),
        "against_tuned": _difference_told(measured.against_tuned, found),
        "contributions": [
            {**each.told._asdict(), **_difference_told(each.cost, found)}
            for each in measured.contributions
        ],
        "start": unparse(reduced.start),
        "digest": digest(reduced.program),
        "program": unparse(reduced.program),
    }


def _change_told(change: Change) -> dict[str, Any]:
    statement = LAW_STATEMENTS[change.told[0]] if change.kind == "law" else ""
    return {
        "kind": change.kind,
        "told": list(change.told),
        "statement": statement,
        "line": change.line,
        "exact": change.exact,
        "cost": None if change.cost is None else finite(change.cost),
        "program": unparse(change.program),
    }


def _difference_told(found: Difference, whole: Simplified) -> dict[str, float | None]:
    return difference_told(found, whole.asked.test_seeds)


def print_simplified(told: Mapping[str, Any]) -> None:
    """Print the way, the program and both tables."""
    console = Console(highlight=False, soft_wrap=True)
    before = told["start"]
    for number, change in enumerate(told["changes"], 1):
        console.print(f"[bold]{number}.[/] ", end="")
        console.print(Text(heading(change)))
        for line in changed_lines(before, change["program"]):
            console.print(Text(f"   {line}"))
        before = change["program"]
    console.print(Text(f"\n{told['program']}"))
    console.print(sizes_in_words(told))
    losses = Table(
        "program", "loss (standard error)", "the last minus it (95 % interval)"
    )
    for name, mean, against in loss_rows(told):
        losses.add_row(name, mean, against)
    losses.title = (
        f"held-out loss on {told['test_seeds']} fresh data seeds; a negative "
        "difference: the last is better"
    )
    console.print(losses)
    table = Table("line", "statement", "instead", "loss rises by (95 % interval)")
    for line, statement, instead, cost in contribution_rows(told):
        table.add_row(line, Text(statement), Text(instead), cost)
    table.title = "what each statement is good for, at this rate and decay"
    console.print(table)


def heading(change: Mapping[str, Any]) -> str:
    """What a change is, in a line."""
    if change["kind"] == "law":
        kind = "exact" if change["exact"] else "in real arithmetic"
        return f"law, {kind}: {change['told'][0]} ({change['statement']})"
    cost = "failed" if change["cost"] is None else f"{change['cost']:+.4f}"
    return f"{change['kind']}: {'; '.join(change['told'])}; loss {cost}"


def sizes_in_words(told: Mapping[str, Any]) -> str:
    """From how many statements and states to how many, and whether that is the end."""
    start, end = told["before"], told["after"]
    sizes = ", ".join(f"{start[name]} to {end[name]} {name}" for name in start)
    ended = "nothing more can go" if told["complete"] else "the trainings ran out"
    spent = f"{told['trainings']} trainings, {told['report_trainings']} for the report"
    return f"{sizes}, after {spent}; {ended}"


def loss_rows(told: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Names and losses of the three programs, and how the last differs from each."""
    tuned = told["tuned"]
    factors = f"rate times {tuned['rate']:.3g}, decay times {tuned['decay']:.3g}"
    names: dict[str, tuple[str, str]] = {
        "start": ("as it was", _against(told["against_start"])),
        "tuned_start": (f"tuned: {factors}", _against(told["against_tuned"])),
        "program": ("simplified, tuned alike", ""),
    }
    if tuned["rate"] == tuned["decay"] == 1.0:
        del names["tuned_start"]
    return [
        (names[key][0], loss_in_words(told["losses"][key]), names[key][1])
        for key in names
    ]


def _against(difference: Mapping[str, float | None]) -> str:
    return plus_minus(difference["mean"], difference["interval"], "+")


def contribution_rows(told: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Line, statement, what is read instead, and what that costs."""
    return [
        (
            str(each["line"]),
            each["statement"],
            each["instead"],
            "its loss is not finite"
            if each["mean"] is None
            else f"{each['mean']:+.4f} +- {each['interval']:.4f}",
        )
        for each in told["contributions"]
    ]
