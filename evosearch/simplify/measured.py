"""What is said of a shorter program: on data seeds that nothing was chosen by."""

from __future__ import annotations

from typing import NamedTuple

from dsl.program import Program
from dsl.prune import prune
from evosearch.losses import Difference, Losses, Trials, difference, worse
from evosearch.simplify.ablation import Averages, Reduced
from evosearch.simplify.cuts import Stump, Told, cut_told, cuts_of, without
from evosearch.train import TEST


class Contribution(NamedTuple):
    """What a statement is good for.

    Attributes:
        told: the statement, and what is read in its place at the least loss.
        cost: what the program loses without it.
    """

    told: Told
    cost: Difference


class Measured(NamedTuple):
    """Losses on fresh data seeds.

    Attributes:
        seeds: which.
        start, tuned_start, program: losses of the program as it was, of that with rate
            and decay tuned, and of what is left, tuned alike.
        against_start, against_tuned: differences of what is left to those.
        contributions: of each statement of what is left that can be cut.
    """

    seeds: range
    start: Losses
    tuned_start: Losses
    program: Losses
    against_start: Difference
    against_tuned: Difference
    contributions: tuple[Contribution, ...]


def measure(
    reduced: Reduced, trials: Trials, seeds: range, averages: Averages
) -> Measured:
    """Train what was found, and it without each of its statements, on fresh seeds.

    What is read in the place of a statement is chosen on a seed of the trials.

    Raises:
        StoppedError: the user asked to stop.
    """
    best = _best_cuts(reduced.program, trials, averages)
    programs = [
        prune(reduced.start),
        reduced.tuned_start.program,
        reduced.program,
        *(stump.program for stump in best),
    ]
    start, tuned_start, program, *others = trials.losses(
        "fresh seeds", programs, seeds, TEST
    )
    return Measured(
        seeds,
        start,
        tuned_start,
        program,
        difference(program, start),
        difference(program, tuned_start),
        tuple(
            Contribution(
                cut_told(reduced.program, stump.cuts[0]), difference(losses, program)
            )
            for stump, losses in zip(best, others, strict=True)
        ),
    )


def _best_cuts(program: Program, trials: Trials, averages: Averages) -> list[Stump]:
    """For each statement that can be cut the cut of the least loss, in their order."""
    stumps = [
        stump
        for cut in cuts_of(program, averages(program))
        if (stump := without(program, [cut])) is not None
    ]
    first = trials.seeds[:1]
    what = "what each statement is good for"
    reference, *found = trials.losses(
        what, [program, *(stump.program for stump in stumps)], first
    )
    best: dict[int, tuple[float, Stump]] = {}
    for stump, losses in zip(stumps, found, strict=True):
        value, cost = stump.cuts[0].value, worse(losses, reference)
        if value not in best or cost < best[value][0]:
            best[value] = cost, stump
    return [best[value][1] for value in sorted(best)]
