"""`tune`: constants that were chosen and the losses with them, as data and printed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dsl.digest import digest
from dsl.unparse import unparse
from evosearch.config import TaskConfig
from evosearch.report.interval import loss_in_words, loss_told
from evosearch.tune import Tuned
from evosearch.tune.drawing import at_the_edge


def task_told(task: TaskConfig) -> dict[str, Any]:
    """A task but for its schedule, as JSON tells it."""
    return {"task": task.task, "arguments": task.arguments, "warmup": task.warmup}


def task_in_words(told: Mapping[str, Any], schedule: str) -> str:
    """What `task_told` says, on one line, with a schedule."""
    each = [f"{key} {json.dumps(value)}" for key, value in told["arguments"].items()]
    given = f" with {', '.join(each)}" if each else ""
    return f"{told['task']}{given}, schedule {schedule}, warmup {told['warmup']:g}"


def tuned_told(found: Tuned) -> dict[str, Any]:
    """What `tune --json` prints after the `task_told`.

    Losses are means with their standard errors, null where a training failed; the
    difference is paired by data seed, tuned minus as it was: negative is better.
    """
    asked, knobs = found.asked, found.knobs
    differences = [
        after - before for after, before in zip(found.after, found.before, strict=True)
    ]
    return {
        "trials": asked.trials,
        "seeds": asked.seeds,
        "test_seeds": asked.test_seeds,
        "seed": asked.seed,
        "schedules": list(asked.schedules),
        "failed": sum(not all(map(math.isfinite, each)) for each in found.losses),
        "trial": found.place,
        "schedule": found.best.schedule,
        "constants": {
            name: {"before": knobs.values[name], "tuned": found.best.values[name]}
            for name in knobs.names
        },
        "at_the_edge": at_the_edge(knobs, found.best.values),
        "tuning": loss_told(found.losses[found.place]),
        "before": loss_told(found.before),
        "after": loss_told(found.after),
        "difference": loss_told(differences),
        "trainings": found.trainings,
        "digest": digest(found.program),
        "program": unparse(found.program),
    }


def tuned_text(told: Mapping[str, Any]) -> str:
    """The tuned program as a file, with a line of where it comes from."""
    return (
        f"# Tuned on {task_in_words(told, told['schedule'])}: the best of "
        f"{told['trials']} trials on {told['seeds']} data seeds.\n{told['program']}"
    )


def print_tuned(told: Mapping[str, Any]) -> None:
    """Print the program, its constants and the losses on the test seeds."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(f"{told['program']}"))
    table = Table("constant", "as it was", "tuned")
    for name, each in told["constants"].items():
        table.add_row(
            name.replace("_", " "), f"{each['before']:.4g}", f"{each['tuned']:.4g}"
        )
    console.print(table)
    table = Table(
        "program",
        "loss on test seeds",
        title=f"held-out loss on {told['test_seeds']} fresh data seeds, with its "
        "standard error",
    )
    table.add_row(f"as it was, {told['schedules'][0]}", loss_in_words(told["before"]))
    table.add_row(f"tuned, {told['schedule']}", loss_in_words(told["after"]))
    label = "paired difference, negative is better"
    table.add_row(label, loss_in_words(told["difference"], "+"))
    console.print(table)
    console.print(
        f"trial {told['trial']} of {told['trials']} ({told['failed']} failed), by the "
        f"mean loss on {told['seeds']} tuning seeds, {loss_in_words(told['tuning'])}; "
        f"{told['trainings']} trainings"
    )
    if told["at_the_edge"]:
        names = ", ".join(told["at_the_edge"])
        console.print(
            f"note: {names} is at the edge of what was tried: tune the result again"
        )
