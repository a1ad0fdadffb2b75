"""A program simplified on tasks: reduced on some data seeds, measured on fresh ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dsl.program import Program
from evosearch.fitness import SIMPLIFY_SEEDS_FROM, TEST_SEEDS_FROM
from evosearch.ledger import Ledger
from evosearch.losses import Trials
from evosearch.plan import Plan
from evosearch.simplify.ablation import Reduced, reduce
from evosearch.simplify.averages import averages
from evosearch.simplify.measured import Measured, measure
from evosearch.watch import Watch


class Asked(NamedTuple):
    """How a program is to be simplified.

    Attributes:
        seeds: data seeds that changes are chosen by; at least 2.
        tolerance: how much worse it may become, in standard errors of its mean loss.
        test_seeds: fresh data seeds that the result is measured on.
        trainings: that may be spent on finding it; None is no limit. What is said of
            the result is trained for beyond that.
    """

    seeds: int
    tolerance: float
    test_seeds: int
    trainings: int | None


class Simplified(NamedTuple):
    """What was found and how it did.

    Attributes:
        asked: how it was asked for.
        reduced: what was found.
        measured: how that did.
        trainings: that went into finding it, those that a store had too.
        reported: that went into what is said of it.
    """

    asked: Asked
    reduced: Reduced
    measured: Measured
    trainings: int
    reported: int


def simplify_on_tasks(
    program: Program,
    asked: Asked,
    ledger: Ledger,
    plan: Plan,
    watch: Watch,
    stopped: Callable[[], bool],
) -> Simplified:
    """Simplify a valid program; the same again takes up what the ledger's store holds.

    Args:
        program: to be simplified.
        asked: how.
        ledger: trains it on its tasks.
        plan: of the first of them, on which constants are fitted.
        watch: is told of progress.
        stopped: asked between programs.

    Raises:
        InputError: the program fails to train.
        StoppedError: the user asked to stop.
    """
    first = SIMPLIFY_SEEDS_FROM
    seeds = range(first, first + asked.seeds)
    fresh = range(TEST_SEEDS_FROM, TEST_SEEDS_FROM + asked.test_seeds)
    trials = Trials(ledger, seeds, asked.trainings, watch, stopped)

    def constants(each: Program) -> dict[int, float]:
        return averages(each, plan, first)

    reduced = reduce(program, trials, asked.tolerance, constants)
    found = trials.spent
    measured = measure(reduced, trials, fresh, constants)
    return Simplified(asked, reduced, measured, found, trials.spent - found)
