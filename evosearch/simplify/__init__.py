"""A program made shorter with the help of a task: what its loss does not need goes."""

from __future__ import annotations

from evosearch.simplify.ablation import Change, Reduced
from evosearch.simplify.measured import Contribution, Measured
from evosearch.simplify.simplifying import Asked, Simplified, simplify_on_tasks

__all__ = [
    "Asked",
    "Change",
    "Contribution",
    "Measured",
    "Reduced",
    "Simplified",
    "simplify_on_tasks",
]
