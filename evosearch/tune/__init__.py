"""A program tuned: its rate, decay and betas by random search, the same for all."""

from __future__ import annotations

from evosearch.tune.drawing import Drawn, at_the_edge, draw
from evosearch.tune.knobs import Knobs, knobs_of, with_values
from evosearch.tune.searching import Asked, Tuned, place_of_best, tune_on_task

__all__ = [
    "Asked",
    "Drawn",
    "Knobs",
    "Tuned",
    "at_the_edge",
    "draw",
    "knobs_of",
    "place_of_best",
    "tune_on_task",
    "with_values",
]
