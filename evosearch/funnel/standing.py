"""How a program did in a stage: its tuned constants, and its losses on fresh seeds."""

from __future__ import annotations

from typing import NamedTuple

from evosearch.losses import Losses
from evosearch.tune import Knobs


class Standing(NamedTuple):
    """A program after a stage.

    Attributes:
        knobs: the tuned program and its constants; without names where it has nothing
            to tune.
        at_the_edge: names of those in the outer tenth of what the last round drew.
        failed: trials of all rounds that failed on a tuning seed.
        losses: on the test seeds, NaN where a training failed; None where no trial
            trained on all tuning seeds.
        trainings: that it took, those that a store had too.
    """

    knobs: Knobs
    at_the_edge: tuple[str, ...]
    failed: int
    losses: Losses | None
    trainings: int
