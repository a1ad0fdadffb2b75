"""A program made shorter with the help of a task: what its loss does not need goes."""

from __future__ import annotations

from evosearch.simplify.ablation import Change, Reduced
from evosearch.simplify.alone import Bench, bench
from evosearch.simplify.measured import (
    Contribution,
    Difference,
    Measured,
    difference,
)
from evosearch.simplify.simplifying import Asked, Simplified, simplify_on_tasks
from evosearch.simplify.trials import StoppedError

__all__ = [
    "Asked",
    "Bench",
    "Change",
    "Contribution",
    "Difference",
    "Measured",
    "Reduced",
    "Simplified",
    "StoppedError",
    "bench",
    "difference",
    "simplify_on_tasks",
]
