"""Losses of programs on some data seeds: each training once, compared in pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dsl.program import Program
from evosearch.fitness import mean_and_error
from evosearch.ledger import Ledger, mean_loss
from evosearch.rows import Split
from evosearch.train import VALIDATION
from evosearch.twins import subject_of
from evosearch.watch import Watch

Losses = tuple[float, ...]
"""The mean loss over the tasks for each data seed; NaN where a training failed."""


class Difference(NamedTuple):
    """Paired difference of two programs' losses; positive is worse.

    Attributes:
        mean: over the seeds; NaN if one of the two failed on one.
        error: its standard error.
    """

    mean: float
    error: float


class StoppedError(Exception):
    """The user asked to stop: what was trained is in the store."""


class Trials:
    """Trains programs, as many at once as there are.

    Args:
        ledger: trains and remembers.
        seeds: data seeds, the same for all programs.
        limit: trainings that may be ordered; None is no limit.
        watch: is told of progress.
        stopped: asked between programs.

    Attributes:
        spent: trainings ordered.
    """

    def __init__(
        self,
        ledger: Ledger,
        seeds: range,
        limit: int | None,
        watch: Watch,
        stopped: Callable[[], bool],
    ) -> None:
        self.seeds = seeds
        self.spent = 0
        self._ledger = ledger
        self._limit = limit
        self._watch = watch
        self._stopped = stopped
        self._counted: set[tuple[str, int, Split]] = set()

    def affordable(self, seeds: int) -> int:
        """How many more programs can be trained on so many seeds."""
        if self._limit is None:
            return 1_000_000
        return max(0, self._limit - self.spent) // (seeds * len(self._ledger.tasks))

    def losses(
        self,
        what: str,
        programs: Sequence[Program],
        seeds: range | None = None,
        split: Split = VALIDATION,
    ) -> list[Losses]:
        """Losses of pruned programs, in their order.

        Args:
            what: is being done, for the watcher.
            programs: to train.
            seeds: data seeds; None is all of `self.seeds`.
            split: which held-out data measure the losses.

        Raises:
            StoppedError: the user asked to stop.
        """
        seeds = self.seeds if seeds is None else seeds
        subjects = [subject_of(program) for program in programs]
        for subject in subjects:
            self._ledger.order(subject, seeds, split)
            keys = {(subject.digest, seed, split) for seed in seeds} - self._counted
            self._counted |= keys
            self.spent += len(keys) * len(self._ledger.tasks)
        found = []
        for done, subject in enumerate(subjects):
            if self._stopped():
                raise StoppedError
            self._watch(what, done, len(subjects))
            rows = self._ledger.settle(subject.digest, seeds, split)
            # What ends amid hundreds of programs leaves those before.
            self._ledger.store.commit()
            found.append(tuple(mean_loss(rows.values(), seed) for seed in seeds))
        self._watch(what, len(subjects), len(subjects))
        return found


def difference(losses: Losses, than: Losses) -> Difference:
    """The paired difference of losses on the same seeds."""
    return Difference(
        *mean_and_error([a - b for a, b in zip(losses, than, strict=True)])
    )


def worse(losses: Losses, than: Losses) -> float:
    """How much higher losses are on average, seed by seed; infinite if one failed.

    Args:
        losses: on the first of the seeds of `than`, at least one.
        than: a program's that never failed.
    """
    differences = [a - b for a, b in zip(losses, than, strict=False)]
    mean = math.fsum(differences) / len(differences)
    return mean if math.isfinite(mean) else math.inf
