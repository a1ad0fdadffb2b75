"""A program tuned by random search: chosen on tuning seeds, measured on fresh ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import NamedTuple, Self

from dsl.program import Program
from evosearch.errors import InputError
from evosearch.fitness import TEST_SEEDS_FROM, TUNING_SEEDS_FROM
from evosearch.ledger import Ledger
from evosearch.losses import Losses, Trials
from evosearch.train import TEST, VALIDATION
from evosearch.tune.drawing import Drawn, draw
from evosearch.tune.knobs import Knobs, knobs_of, with_values
from evosearch.watch import Watch

Benches = Callable[[str], AbstractContextManager[Ledger]]
"""By the name of a schedule, what trains on the task with it."""


class Asked(NamedTuple):
    """How a program is to be tuned.

    Attributes:
        trials: tried, the program as it is included; at least 1.
        seeds: data seeds that one of them is chosen by.
        test_seeds: fresh data seeds that it is measured on.
        schedules: of the rate, one of which is drawn for each trial; the program as it
            is has the first one.
        seed: of the draws.
    """

    trials: int
    seeds: int
    test_seeds: int
    schedules: tuple[str, ...]
    seed: int = 0


class Tuned(NamedTuple):
    """What was chosen and how it did.

    Attributes:
        asked: how it was tuned.
        knobs: what of the program was tuned, and its own values.
        best: the constants and the schedule that were chosen.
        place: of that trial; 0 is the program as it is.
        program: with them.
        losses: on the tuning seeds, of each trial.
        before, after: on the test seeds, of the program as it is and of the tuned one.
        trainings: that it took.
    """

    asked: Asked
    knobs: Knobs
    best: Drawn
    place: int
    program: Program
    losses: tuple[Losses, ...]
    before: Losses
    after: Losses
    trainings: int


def tune_on_task(
    program: Program,
    asked: Asked,
    benches: Benches,
    watch: Watch,
    stopped: Callable[[], bool],
) -> Tuned:
    """Tune a valid program; the same again takes up what the benches' store holds.

    Args:
        program: to be tuned.
        asked: how.
        benches: train; at most one is open at a time.
        watch: is told of progress.
        stopped: asked between programs.

    Raises:
        InputError: it has no constants to tune, or no trial trains on all seeds.
        StoppedError: the user asked to stop.
    """
    knobs = knobs_of(program)
    drawn = draw(knobs, asked.schedules, asked.trials, asked.seed)
    programs = [with_values(knobs, each.values) for each in drawn]
    with _Trainer(asked, benches, watch, stopped) as trainer:
        losses = trainer.tuning(drawn, programs)
        place = place_of_best(losses)
        if place is None:
            raise InputError(
                f"none of {len(drawn)} trials of the program trains on all "
                f"{asked.seeds} tuning seeds: see `evosearch eval`, or try more"
            )
        before, after = trainer.fresh(
            [(drawn[0].schedule, programs[0]), (drawn[place].schedule, programs[place])]
        )
        spent = trainer.spent
    return Tuned(
        asked, knobs, drawn[place], place, programs[place], tuple(losses), before,
        after, spent,
    )  # fmt: skip


def place_of_best(losses: Sequence[Losses]) -> int | None:
    """The first trial of the lowest mean loss; None if each failed on some seed."""
    means = [_mean(each) for each in losses]
    place = min(range(len(means)), key=lambda each: (means[each], each))
    return None if math.isinf(means[place]) else place


def _mean(losses: Losses) -> float:
    """The mean loss; infinite if a training failed."""
    mean = math.fsum(losses) / len(losses)
    return mean if math.isfinite(mean) else math.inf


class _Trainer:
    """Trains on one schedule after the other, with the bench of each open once."""

    def __init__(
        self,
        asked: Asked,
        benches: Benches,
        watch: Watch,
        stopped: Callable[[], bool],
    ) -> None:
        self.spent = 0
        self._asked = asked
        self._benches = benches
        self._watch = watch
        self._stopped = stopped
        self._stack = ExitStack()
        self._schedule = ""
        self._trials: Trials | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def tuning(
        self, drawn: Sequence[Drawn], programs: Sequence[Program]
    ) -> list[Losses]:
        """Losses of all trials on the tuning seeds, in their order."""
        found: dict[int, Losses] = {}
        for schedule in self._asked.schedules:
            here = [n for n, each in enumerate(drawn) if each.schedule == schedule]
            trials = self._on(schedule)
            what, before = f"tuning, schedule {schedule}", trials.spent
            given = trials.losses(what, [programs[n] for n in here], split=VALIDATION)
            self.spent += trials.spent - before
            found |= zip(here, given, strict=True)
        return [found[n] for n in range(len(drawn))]

    def fresh(self, pairs: Sequence[tuple[str, Program]]) -> list[Losses]:
        """Losses on the test seeds of programs, each on its schedule."""
        seeds = range(TEST_SEEDS_FROM, TEST_SEEDS_FROM + self._asked.test_seeds)
        found: dict[int, Losses] = {}
        # The schedule whose bench is open comes first.
        schedules = sorted(
            {schedule for schedule, _ in pairs},
            key=lambda schedule: (schedule != self._schedule, schedule),
        )
        for schedule in schedules:
            here = [n for n, (each, _) in enumerate(pairs) if each == schedule]
            trials = self._on(schedule)
            before = trials.spent
            programs = [pairs[n][1] for n in here]
            given = trials.losses("fresh seeds", programs, seeds, TEST)
            self.spent += trials.spent - before
            found |= zip(here, given, strict=True)
        return [found[n] for n in range(len(pairs))]

    def _on(self, schedule: str) -> Trials:
        """Trials on a schedule."""
        if self._trials is None or schedule != self._schedule:
            self._stack.close()
            ledger = self._stack.enter_context(self._benches(schedule))
            first = TUNING_SEEDS_FROM
            seeds = range(first, first + self._asked.seeds)
            self._schedule = schedule
            self._trials = Trials(ledger, seeds, None, self._watch, self._stopped)
        return self._trials
