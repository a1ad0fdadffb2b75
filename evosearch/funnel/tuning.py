"""Programs tuned side by side in rounds: equal trials and equal seeds for all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain

from dsl.digest import digest
from dsl.program import Program
from dsl.prune import prune
from evosearch.config import StageConfig
from evosearch.errors import InputError
from evosearch.funnel.standing import Standing
from evosearch.identify.known import Known
from evosearch.losses import Losses, Trials
from evosearch.train import TEST, VALIDATION
from evosearch.tune import (
    Drawn,
    Knobs,
    at_the_edge,
    draw,
    knobs_of,
    place_of_best,
    with_values,
)


def knobs_or_none(program: Program) -> Knobs:
    """What of a program is tuned; without names where it has nothing to tune."""
    try:
        return knobs_of(program)
    except InputError:
        return Knobs(prune(program), Known("", "", "", ""), {})


class _Course:
    """One program on its way through the rounds."""

    def __init__(self, knobs: Knobs, stage: StageConfig) -> None:
        self.knobs = knobs
        self.alive = True
        self._stage = stage
        self._drawn: list[Drawn] = []
        self._tried: list[Program] = []
        self._trained: set[str] = set()
        self._failed = 0
        self._edge: tuple[str, ...] = ()

    def trials(self, number: int) -> list[Program]:
        """What is tried in a round; the first is the program as it came."""
        stage, knobs = self._stage, self.knobs
        trials = stage.trials if knobs.names else 1
        seed = stage.tuning_seed + number
        self._drawn = draw(knobs, [stage.task.schedule], trials, seed)
        self._tried = [
            with_values(knobs, each.values) if knobs.names else knobs.program
            for each in self._drawn[: trials if self.alive else 0]
        ]
        return self._tried

    def choose(self, losses: Sequence[Losses]) -> None:
        """Go on with the best of what was tried."""
        self._trained |= set(map(digest, self._tried))
        self._failed += sum(not all(map(math.isfinite, each)) for each in losses)
        place = place_of_best(losses) if losses else None
        if place is None:
            self.alive = False
            return
        before, values = self.knobs, self._drawn[place].values
        self._edge = tuple(at_the_edge(before, values))
        # Names stay: a beta that fell under 0.5 would not be known for one again.
        now = {**before.values, **values}
        self.knobs = Knobs(self._tried[place], before.row, now)

    def standing(self, losses: Losses | None, seeds: int) -> Standing:
        """How it did, with what it took: each program once on each seed."""
        spent = len(self._trained) * seeds + len(losses or ())
        return Standing(self.knobs, self._edge, self._failed, losses, spent)


def tune_and_compare(
    entered: Mapping[str, Knobs],
    stage: StageConfig,
    rounds: int,
    trials: Trials,
    test_seeds: range,
) -> dict[str, Standing]:
    """Tune programs by random search and measure the best of each on fresh seeds.

    Each round draws `stage.trials` trials around each program, the same shares of the
    way for all, and the next begins at its best one.

    Args:
        entered: programs as they come, by label.
        stage: how many trials, drawn from which seed.
        rounds: of tuning, at least 1.
        trials: train, on the tuning seeds.
        test_seeds: fresh data seeds.

    Raises:
        StoppedError: the user asked to stop.
    """
    courses = {label: _Course(knobs, stage) for label, knobs in entered.items()}
    for number in range(rounds):
        tried = [each.trials(number) for each in courses.values()]
        what = f"{stage.name}: tuning, round {number + 1} of {rounds}"
        everything = list(chain.from_iterable(tried))
        losses = iter(trials.losses(what, everything, split=VALIDATION))
        for course, these in zip(courses.values(), tried, strict=True):
            course.choose([next(losses) for _ in these])
    compared = {label: each for label, each in courses.items() if each.alive}
    found = dict(
        zip(
            compared,
            trials.losses(
                f"{stage.name}: fresh seeds",
                [each.knobs.program for each in compared.values()],
                test_seeds,
                TEST,
            ),
            strict=True,
        )
    )
    seeds = len(trials.seeds)
    return {
        label: each.standing(found.get(label), seeds) for label, each in courses.items()
    }
