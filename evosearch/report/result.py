"""`run` and `eval`: results, told as data and printed."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dsl.program import Program
from dsl.prune import prune
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.engine import engine_for
from evosearch.evaluate import make_trainer
from evosearch.fitness import mean_and_error
from evosearch.report.simplified import sizes_in_words
from evosearch.tasks import TASKS
from evosearch.tasks.files import in_task_code
from evosearch.train import Outcome
from evosearch.trial import try_task


def evaluation(
    program: Program, task: TaskConfig, training: TrainingConfig, seeds: range
) -> dict[str, Any]:
    """What `eval --json` prints: losses of a program, one for each data seed.

    A loss is null where the training did not end ok; then the mean is null too, and
    `outcome` says how the first such training ended.

    Raises:
        InputError: the task cannot be loaded, or its code does not work.
    """
    try_task(task, training)
    trainer = make_trainer(task, training)
    pruned = prune(program)
    trainings = [
        in_task_code(task.task, partial(trainer.train, pruned, seed)) for seed in seeds
    ]
    bad = [t.outcome for t in trainings if t.outcome is not Outcome.OK]
    losses = [t.loss if t.outcome is Outcome.OK else None for t in trainings]
    mean, error = (None, None) if bad else mean_and_error([t.loss for t in trainings])
    if error is not None and math.isnan(error):
        error = None
    return {
        "task": task.task,
        "scale": task.arguments.get("scale", 1 if task.task in TASKS else None),
        "arguments": task.arguments,
        "schedule": task.schedule,
        "engine": engine_for(pruned, task.engine),
        "seeds": list(seeds),
        "losses": losses,
        "mean": mean,
        "stderr": error,
        "outcome": (bad[0] if bad else Outcome.OK).value,
        "steps": trainer.engine.plan.task.steps,
        "seconds": sum(t.seconds for t in trainings),
    }


def print_evaluation(result: Mapping[str, Any]) -> None:
    """Print a table of losses and their mean."""
    console = Console(highlight=False)
    table = Table("data seed", "held-out loss", title=f"{result['task']}")
    for seed, loss in zip(result["seeds"], result["losses"], strict=True):
        table.add_row(str(seed), "failed" if loss is None else f"{loss:.4f}")
    console.print(table)
    if result["mean"] is None:
        console.print(f"outcome: {result['outcome']}")
    elif result["stderr"] is None:
        console.print(f"mean {result['mean']:.4f} (one data seed: no standard error)")
    else:
        console.print(
            f"mean {result['mean']:.4f} +- {result['stderr']:.4f} (standard error)"
        )


def print_summary(summary: Mapping[str, Any]) -> None:
    """Print what a run found: the program, and the table that counts."""
    console = Console(highlight=False, soft_wrap=True)
    best = summary["best"]
    console.print(Text(f"\n{best['program']}"))
    if best["fresh_mean"] is None and summary["interrupted"]:
        console.print(
            f"interrupted: the fittest so far is program {best['number']}, fitness "
            f"{best['fitness']:+.4f} on search seeds; not judged on fresh seeds yet"
        )
    else:
        console.print(_comparison(summary))
        console.print(_gain(best))
        if summary["interrupted"]:
            console.print("interrupted while it was simplified")
    for line in _meta_validation(summary):
        console.print(line)
    if summary["handover"] is not None:
        _print_handover(summary, console)
    console.print(
        f"{summary['made']:,} programs made, {summary['duplicates']:,} answered by the "
        f"store ({summary['twins']:,} twins), {summary['evaluated']:,} trained, "
        f"{summary['diverged']:,} diverged, {summary['hopeless']:,} hopeless, "
        f"{summary['invalid']:,} invalid attempts; "
        f"{summary['seconds']:.0f} s"
    )
    console.print(f"trajectory {summary['trajectory'][:16]}, run {summary['run']}")
    console.print(
        f"look closer: evosearch show {summary['run']}; evosearch check "
        f"{summary['run']}/best_raw.opt (with --functions if the run has your own)"
    )


def _meta_validation(summary: Mapping[str, Any]) -> list[str]:
    """How the last leader of the search does on held-out tasks, and the alarm."""
    if not summary["meta_validation"]:
        return []
    last, alarm = summary["meta_validation"][-1], summary["alarm"]
    told = "failed"
    if last["fitness"] is not None:
        told = f"{last['fitness']:+.4f} +- {last['stderr']:.4f} (standard error)"
    lines = [f"meta-validation fitness of what led at child {last['child']}: {told}"]
    if alarm is not None:
        better = "did not"
        if alarm["difference"] is not None:
            difference = f"{alarm['difference']:.4f} +- {alarm['stderr']:.4f}"
            better = f"is better there by {difference}"
        lines.append(
            f"alarm: the search overfits its tasks: what led at child {alarm['child']} "
            f"{better}"
        )
    return lines


def _print_handover(summary: Mapping[str, Any], console: Console) -> None:
    """Print the simplified program, what it is, and where its files are."""
    handed = summary["handover"]
    told = handed["simplified"]
    if told is not None:
        console.print(Text(f"\nsimplified:\n{told['program']}"))
        console.print(sizes_in_words(told))
        mean, width = told["against_start"]["mean"], told["against_start"]["interval"]
        if mean is not None:
            console.print(
                f"paired difference to what the search found: {mean:+.4f} +- "
                f"{width:.4f} (95 % interval; negative is better than that)"
            )
        if not told["complete"]:
            console.print(
                "for more of it: evosearch run --resume "
                f"{shlex.quote(summary['run'])} --set simplify.share=1"
            )
    console.print(f"identified as: {handed['sentence']}")
    for note in handed["notes"]:
        console.print(Text(f"note: {note}"))
    console.print(f"in {summary['run']}: {', '.join(handed['files'])}")


def _comparison(summary: Mapping[str, Any]) -> Table:
    best = summary["best"]
    table = Table(
        "program",
        "loss on test seeds",
        title=f"held-out loss on {summary['test_seeds']} fresh data seeds, with its "
        "standard error",
    )
    rows = (
        ("the seed program", summary["seed_fresh_mean"], summary["seed_fresh_stderr"]),
        ("what the search found", best["fresh_mean"], best["fresh_stderr"]),
    )
    for name, mean, error in rows:
        table.add_row(name, "failed" if mean is None else f"{mean:.4f} +- {error:.4f}")
    return table


def _gain(best: Mapping[str, Any]) -> str:
    gain, error = best["fresh_gain"], best["fresh_gain_stderr"]
    if gain is None:
        return "one of the two failed on a test seed, so there is no difference to give"
    return (
        f"paired difference: {-gain:+.4f} +- {error:.4f} (standard error; negative is "
        "better than the seed program)"
    )
