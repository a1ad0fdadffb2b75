"""Fitness: how much lower the loss is than a reference's on the same data seeds.

On one data seed all programs see the same initial weights and batches, so that most of
the seed's luck cancels in the difference (not where `fitness.paired` is false: see
`evosearch/reference.py`); the seeds rotate during a run, so that none is overfitted. A
program that comes up again after its seeds have gone is trained on the new ones too and
judged by all of them: luck does not last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Where the data seeds of each purpose start, so that no two share one. Those of a
# search itself count up from 0 (`data_seeds`).
MORE_SEEDS_FROM = 500_000_000
"""Of contests (`evosearch/contest.py`)."""
VALIDATION_SEEDS_FROM = 1_000_000_000
"""By which the result of a run is chosen (`evosearch/final.py`)."""
TUNING_SEEDS_FROM = 1_125_000_000
"""By which constants are chosen (`evosearch/tune`, `evosearch/funnel`)."""
SIMPLIFY_SEEDS_FROM = 1_250_000_000
"""By which a program is made shorter (`evosearch/simplify`)."""
META_SEEDS_FROM = 1_375_000_000
"""On which leaders are tried on held-out tasks (`evosearch/meta_validation.py`)."""
TEST_SEEDS_FROM = 1_500_000_000
"""On which results are reported, by which nothing is chosen."""

Place = tuple[str, int]
"""Where a loss was measured: the task's version and the data seed."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What a program pays for its size, as shares of the reference's loss."""

    state: float = 0.0
    statement: float = 0.0

    def of(self, states: int, statements: int) -> float:
        """The price of live states and live statements."""
        return self.state * states + self.statement * statements


def data_seeds(child: int, seeds: int, rotate: int) -> range:
    """The data seeds that child number `child` (from 0) is trained on.

    Args:
        child: number in the run.
        seeds: how many at a time.
        rotate: children after which the next ones are taken; 0 is never.
    """
    first = 0 if rotate == 0 else child // rotate * seeds
    return range(first, first + seeds)


def more_seeds(child: int, seeds: int, rotate: int) -> range:
    """The further data seeds of child number `child`.

    Args:
        child: number in the run.
        seeds: how many.
        rotate: children that share them, 1 or more.
    """
    first = MORE_SEEDS_FROM + child // rotate * seeds
    return range(first, first + seeds)


def relative_difference(loss: float, reference: float) -> float:
    """`(loss - reference) / |reference|`: negative is better, 0 is as good."""
    return (loss - reference) / abs(reference)


def paired_fitness(
    losses: Mapping[Place, float], references: Mapping[Place, float], price: float
) -> float:
    """Mean relative difference over tasks and data seeds, plus the price.

    Lower is better. Every place of `losses` must be in `references`.
    """
    differences = [
        relative_difference(loss, references[place]) for place, loss in losses.items()
    ]
    return math.fsum(differences) / len(differences) + price


def seed_differences(
    losses: Mapping[Place, float], references: Mapping[Place, float]
) -> list[float]:
    """The relative difference on each data seed, each the mean over the tasks.

    Every place of `losses` must be in `references`.
    """
    found: dict[int, list[float]] = {}
    for place, loss in losses.items():
        difference = relative_difference(loss, references[place])
        found.setdefault(place[1], []).append(difference)
    return [math.fsum(each) / len(each) for each in found.values()]


def finite(value: float) -> float | None:
    """The value, or None if it is not finite: JSON has no NaN."""
    return value if math.isfinite(value) else None


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean and its standard error (NaN for a single value)."""
    count = len(values)
    mean = math.fsum(values) / count
    if count == 1:
        return mean, math.nan
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    return mean, math.sqrt(variance / count)
