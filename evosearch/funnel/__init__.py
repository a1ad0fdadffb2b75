"""A funnel: programs tuned and compared on one task after another, the better go on."""

from __future__ import annotations

from evosearch.funnel.entrants import BASELINE, CANDIDATE, Entrant, read_entrants
from evosearch.funnel.gate import chance, goes_on, passes
from evosearch.funnel.stages import StageResult, run_stages, seeds_of
from evosearch.funnel.standing import Standing

__all__ = [
    "BASELINE",
    "CANDIDATE",
    "Entrant",
    "StageResult",
    "Standing",
    "chance",
    "goes_on",
    "passes",
    "read_entrants",
    "run_stages",
    "seeds_of",
]
