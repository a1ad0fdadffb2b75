"""`show --front`: the Pareto front of a run, told as data and printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from dsl.parse import parse
from dsl.program import Program
from dsl.prune import prune
from dsl.unparse import unparse
from evosearch.begun import reference_of
from evosearch.config import Config
from evosearch.errors import InputError
from evosearch.final import fittest_by_size
from evosearch.fitness import finite, mean_and_error, seed_differences
from evosearch.front import front
from evosearch.ledger import losses
from evosearch.report.interval import plus_minus
from evosearch.rows import ProgramRow
from evosearch.store import Store
from evosearch.train import Outcome
from evosearch.validation import validation_seeds, validation_trainings
from evosearch.verdict import verdict

StepTime = Callable[[Program], float]
"""How long a program's step takes, as a multiple of AdamW's."""


class Contender(NamedTuple):
    """A program that may be on the front.

    Attributes:
        row: of the program.
        fitness: mean relative difference to the reference, without prices.
        error: its standard error over the data seeds; NaN if it is not known.
        seeds: validation seeds that it is of; 0 if it is the search's own fitness.
    """

    row: ProgramRow
    fitness: float
    error: float
    seeds: int

    @property
    def objectives(self) -> tuple[float, ...]:
        """What is minimised, without the step time.

        Those of size are those of `search_front`, by which a run trains the smaller
        programs that are compared here.
        """
        return self.fitness, self.row.states, self.row.live


def front_told(
    store: Store, config: Config, step_time: StepTime, *, by_time: bool
) -> list[dict[str, Any]]:
    """What `show --front --json` prints, the fittest first.

    A run that has ended has trained some programs on validation seeds: those alone are
    compared, by their fitness there. One that has not has its search fitness, and
    `seeds` is 0.

    Args:
        store: of the run.
        config: of the run.
        step_time: is measured of all that are compared, if it is an objective.
        by_time: whether it is. Then it counts in tenths of AdamW's, finer than which a
            measurement is mostly noise; else it is None of all.

    Raises:
        InputError: time is to be an objective, and the run has not ended.
    """
    contenders = _judged(store, config)
    if contenders is None and by_time:
        raise InputError(
            "--times: this run has not ended, so there are too many programs to time: "
            "leave it away, or go on with evosearch run --resume"
        )
    if contenders is None:
        found = fittest_by_size(store, config)
        contenders = [Contender(row, found[row], math.nan, 0) for row in found]
    times: dict[int, float] = {}
    if by_time:
        times = _times(contenders, step_time)
        chosen = front(
            contenders,
            lambda each: (*each.objectives, round(times[each.row.number], 1)),
        )
    else:
        chosen = front(contenders, lambda each: each.objectives)
    chosen.sort(key=lambda each: each.objectives)
    return [_told(each, times.get(each.row.number)) for each in chosen]


def _judged(store: Store, config: Config) -> list[Contender] | None:
    """The programs that hold on all validation seeds; None if the run has not ended.

    It has when all that one is chosen from have been trained there.
    """
    seeds, reference = validation_seeds(config), reference_of(store)
    if reference is None:
        return None
    theirs = validation_trainings(store, config, reference)
    found, waited_for = [], config.final.candidates
    for place, row in enumerate(_fit(store)):
        ours = validation_trainings(store, config, row.digest)
        if len(ours) < len(config.tasks) * len(seeds):
            if place < waited_for:
                return None
        elif verdict(ours)[0] is Outcome.OK:
            differences = seed_differences(losses(ours), losses(theirs))
            found.append(Contender(row, *mean_and_error(differences), len(seeds)))
    return found


def _fit(store: Store) -> Iterator[ProgramRow]:
    return (row for row in store.ranked() if row.outcome == Outcome.OK)


def _times(contenders: Sequence[Contender], step_time: StepTime) -> dict[int, float]:
    return {each.row.number: step_time(_program(each)) for each in contenders}


def _program(contender: Contender) -> Program:
    return prune(parse(contender.row.text))


def _told(contender: Contender, step_time: float | None) -> dict[str, Any]:
    row, error = contender.row, contender.error
    return {
        "number": row.number,
        "digest": row.digest,
        "fitness": contender.fitness,
        "stderr": finite(error),
        "seeds": contender.seeds,
        "states": row.states,
        "statements": row.live,
        "step_time": step_time,
        "program": unparse(_program(contender)),
    }


def print_front(told: Sequence[dict[str, Any]], run: str) -> None:
    """Print the front as a table, the fittest first, and how to see a program.

    Args:
        told: by `front_told`.
        run: folder of the run, as a shell takes it.
    """
    console = Console(highlight=False, soft_wrap=True, markup=False)
    if not told:
        console.print("no program is finished yet")
        return
    timed = told[0]["step_time"] is not None
    names = ["fitness", "states", "statements", *["step time"] * timed]
    table = Table(*names, "program", "digest")
    for each in told:
        times = [f"{each['step_time']:.2f}"] if timed else []
        table.add_row(
            plus_minus(each["fitness"], each["stderr"], "+"),
            f"{each['states']}",
            f"{each['statements']}",
            *times,
            f"{each['number']}",
            each["digest"][:12],
        )
    console.print(table)
    seeds = told[0]["seeds"]
    console.print(
        f"fitness: mean relative difference to the reference on {seeds} validation "
        "seeds; lower is better"
        if seeds
        else "fitness: the search's own, on the data seeds that programs were picked "
        "by, for the run has not ended; lower is better"
    )
    if timed:
        console.print("step time: as a multiple of AdamW's, measured now")
    number = told[0]["number"]
    console.print(f"to see a program: evosearch show {run} --number {number}")
