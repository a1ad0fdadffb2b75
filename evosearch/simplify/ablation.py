"""A program made as short as its loss allows: what can go at no loss goes.

Of each call it is measured what the program loses without it (`cuts`), on the same data
seeds as the program it began with; all that may go together goes at once, until nothing
can. Rate and decay are tuned before and after by one rule, constants are rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from dsl.program import Program
from dsl.prune import prune
from dsl.simplify import DEAD, Derivation, simplify
from evosearch.errors import InputError
from evosearch.losses import Losses, Trials, worse
from evosearch.simplify.constants import with_rounded
from evosearch.simplify.cuts import Stump, cut_told, cuts_of, size_of, without
from evosearch.simplify.tuning import Tuned, noise, tuned

Averages = Callable[[Program], dict[int, float]]
"""By the place of a call, the constant that fits its value best."""

_HOPELESS = 2.0
"""A cut that is worse on one seed by so many standard deviations of the loss is not
tried on more: the losses of equally good programs on one seed rarely differ so."""

_DIGITS = (2, 3, 4)


class Change(NamedTuple):
    """One step from a program to the next.

    Attributes:
        kind: a law; what was cut; rate or decay tuned; constants rounded.
        told: the law's name, or what was done, a line for each place.
        line: of the law's place in the text of the program before, else 0.
        exact: whether all updates stay as they are, bit for bit.
        program: after it.
        cost: by how much the mean loss is higher than that of the tuned program at the
            start, on the seeds that changes are chosen by; None where not measured.
    """

    kind: Literal["law", "cut", "tuned", "rounded"]
    told: tuple[str, ...]
    line: int
    exact: bool
    program: Program
    cost: float | None


class Reduced(NamedTuple):
    """What was left.

    Attributes:
        start: the program as it was.
        tuned_start: with rate and decay tuned, and without what is dead.
        changes: the way from there.
        program: the last one's.
        margin: by how much a mean loss could be higher and count as equal.
        complete: whether nothing more can go; false where the trainings ran out.
    """

    start: Program
    tuned_start: Tuned
    changes: tuple[Change, ...]
    program: Program
    margin: float
    complete: bool


def reduce(
    program: Program, trials: Trials, tolerance: float, averages: Averages
) -> Reduced:
    """Take out of a program what its loss does not need.

    Args:
        program: a valid one.
        trials: trains programs on the seeds that changes are chosen by.
        tolerance: how much worse a shorter one may be than the tuned program, or than
            the best on the way, in standard errors of the former's mean loss.
        averages: fits constants to the values of a program.

    Raises:
        InputError: the program fails to train on one of the seeds.
        StoppedError: the user asked to stop.
    """
    pruned = prune(program)
    reference = tuned(pruned, trials, tolerance, "the program")
    for seed, loss in zip(trials.seeds, reference.losses, strict=True):
        if not math.isfinite(loss):
            raise InputError(
                f"the program fails to train on data seed {seed}, so there is no loss "
                "to keep: see `evosearch eval`, or simplify it without --task"
            )
    margin = noise(reference.losses, tolerance)
    way = _Way(program, trials, reference, margin)
    way.take_pruned(pruned)
    way.take_tuned(reference)
    way.take_laws()
    complete = way.cut_all(averages)
    way.round_constants()
    way.take_tuned(tuned(way.program, trials, tolerance, "what is left"))
    way.round_constants()
    return Reduced(
        program, reference, tuple(way.changes), way.program, margin, complete
    )


class _Way:
    """The program so far, and the changes that led to it."""

    def __init__(
        self, start: Program, trials: Trials, reference: Tuned, margin: float
    ) -> None:
        self.program = start
        self.changes: list[Change] = []
        self._trials = trials
        self._start = reference.losses
        self._best = reference.losses
        self._margin = margin
        self._round = 0

    def take_pruned(self, pruned: Program) -> None:
        """Go on without what is dead."""
        if pruned != self.program:
            self.program = pruned
            self.changes.append(Change("law", (DEAD,), 1, True, pruned, None))

    def take_tuned(self, after: Tuned) -> None:
        """Go on with the program tuned."""
        factors = (("rate", after.rate), ("decay", after.decay))
        told = [f"{name} times {x:.3g}" for name, x in factors if x != 1.0]
        if told:
            self._take("tuned", told, after.program, after.losses)

    def take_laws(self) -> None:
        """Apply laws; those of real arithmetic unless the loss tells them apart."""
        derivation = simplify(self.program)
        (losses,) = self._trials.losses("laws", [derivation.program])
        if not self._is_free(losses):
            derivation = simplify(self.program, exact=True)
        self._take_steps(derivation)

    def cut_all(self, averages: Averages) -> bool:
        """Cut in rounds until nothing can go; false if trainings run out before."""
        while True:
            self._round += 1
            singles = self._singles(averages(self.program))
            if self._trials.affordable(1) < 2 * len(singles):
                return False
            able, all_tried = self._able(singles)
            if not able:
                return all_tried
            self._cut_together(able)

    def round_constants(self) -> None:
        """To the fewest digits that cost nothing."""
        for digits in _DIGITS:
            rounded = with_rounded(self.program, digits)
            if rounded == self.program:
                return
            (losses,) = self._trials.losses("rounding constants", [rounded])
            if self._is_free(losses):
                told = [f"constants to {digits} digits"]
                self._take("rounded", told, rounded, losses)
                return

    def _singles(self, constants: dict[int, float]) -> list[Stump]:
        """One cut each, those that make it smaller, no two alike, smallest first."""
        found: dict[Program, Stump] = {}
        for cut in cuts_of(self.program, constants):
            stump = without(self.program, [cut])
            if stump is not None and size_of(stump.program) < size_of(self.program):
                found.setdefault(stump.program, stump)
        return sorted(found.values(), key=lambda stump: size_of(stump.program))

    def _able(self, stumps: list[Stump]) -> tuple[list[Stump], bool]:
        """Those that cost nothing: the smallest first, of equal ones the best.

        And whether the trainings were enough for all that might.
        """
        seeds = self._trials.seeds
        hopeless = _HOPELESS * noise(self._start, math.sqrt(len(seeds)))
        what = f"round {self._round}"
        first = self._trials.losses(f"{what}: one seed", _programs(stumps), seeds[:1])
        hopeful = [
            stump
            for stump, losses in zip(stumps, first, strict=True)
            if worse(losses, self._best) <= hopeless
        ]
        left = hopeful[: self._trials.affordable(len(seeds) - 1)]
        found = self._trials.losses(f"{what}: all seeds", _programs(left))
        free = [
            (size_of(stump.program), worse(losses, self._best), number)
            for number, (stump, losses) in enumerate(zip(left, found, strict=True))
            if self._is_free(losses)
        ]
        able = [left[number] for _, _, number in sorted(free)]
        return able, len(left) == len(hopeful)

    def _cut_together(self, able: list[Stump]) -> None:
        """The first cut, and each further one that costs nothing with those before."""
        best, *others = able
        what = f"round {self._round}: together"
        for stump in others:
            if any(cut.value in dict(best.cuts) for cut in stump.cuts):
                continue
            both = without(self.program, (*best.cuts, *stump.cuts))
            if both is None or not size_of(both.program) < size_of(best.program):
                continue
            if not self._trials.affordable(len(self._trials.seeds)):
                break
            (losses,) = self._trials.losses(what, [both.program])
            if self._is_free(losses):
                best = both
        (losses,) = self._trials.losses(what, [best.program])
        cuts = [cut_told(self.program, cut) for cut in sorted(best.cuts)]
        told = [f"line {c.line}: {c.instead} for `{c.statement}`" for c in cuts]
        self._take("cut", told, best.raw, losses)
        self._take_steps(simplify(best.raw))

    def _take(
        self,
        kind: Literal["cut", "tuned", "rounded"],
        told: Sequence[str],
        program: Program,
        losses: Losses,
    ) -> None:
        self.program = program
        cost = worse(losses, self._start)
        self.changes.append(Change(kind, tuple(told), 0, False, program, cost))
        # What was gained on the way is not given away for fewer statements.
        if worse(losses, self._best) < 0.0:
            self._best = losses

    def _take_steps(self, derivation: Derivation) -> None:
        self.program = derivation.program
        self.changes += [
            Change("law", (step.law,), step.line, step.exact, step.program, None)
            for step in derivation.steps
        ]

    def _is_free(self, losses: Losses) -> bool:
        return worse(losses, self._best) <= self._margin


def _programs(stumps: list[Stump]) -> list[Program]:
    return [stump.program for stump in stumps]
