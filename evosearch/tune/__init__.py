"""A program tuned: its rate, decay and betas by random search, the same for all."""

from __future__ import annotations

from evosearch.tune.drawing import Drawn, draw
from evosearch.tune.knobs import Knobs, knobs_of, with_values
from evosearch.tune.searching import Asked, Tuned, tune_on_task

__all__ = [
    "Asked",
    "Drawn",
    "Knobs",
    "Tuned",
    "draw",
    "knobs_of",
    "tune_on_task",
    "with_values",
]
