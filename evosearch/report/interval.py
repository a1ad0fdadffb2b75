"""Paired differences as they are told: mean, standard error, 95 % interval."""

from __future__ import annotations

import math

from evosearch.simplify import Difference

CONFIDENCE = 0.95
"""Of the intervals that are told."""


def difference_told(found: Difference, seeds: int) -> dict[str, float | None]:
    """A paired difference over so many data seeds, with half its interval's width.

    The interval is the mean +- t times the standard error, t of Student's distribution
    with one degree of freedom less than there are seeds. Null is what failed.
    """
    # Loaded here: it takes a tenth of a second.
    from scipy.special import stdtrit

    quantile = stdtrit(seeds - 1, 0.5 + CONFIDENCE / 2.0)
    return {
        "mean": finite(found.mean),
        "stderr": finite(found.error),
        "interval": finite(float(quantile) * found.error),
    }


def finite(value: float) -> float | None:
    """The value, or None if it is not finite: JSON has no NaN."""
    return value if math.isfinite(value) else None
