"""A study: searches that differ in a few keys, each with several seeds, compared."""

from __future__ import annotations

from evosearch.study.curve import Curve, Point
from evosearch.study.folder import StudyFolder
from evosearch.study.references import measure_references, read_references
from evosearch.study.runs import Planned, perform, plan_runs, state_of

__all__ = [
    "Curve",
    "Planned",
    "Point",
    "StudyFolder",
    "measure_references",
    "perform",
    "plan_runs",
    "read_references",
    "state_of",
]
