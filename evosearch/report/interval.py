"""Losses and paired differences as they are told: mean, error, 95 % interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evosearch.fitness import finite, mean_and_error
from evosearch.losses import Difference

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


def loss_told(losses: Sequence[float]) -> dict[str, float | None]:
    """Mean of losses, or of their differences, and its standard error.

    Null is what failed; the error is null for a single one, too.
    """
    mean, error = mean_and_error(losses)
    return {"mean": finite(mean), "stderr": finite(error)}


def plus_minus(mean: float | None, error: float | None, sign: str = "") -> str:
    """A mean and its error to four digits; `failed` without a mean.

    >>> plus_minus(0.5, 0.01), plus_minus(0.5, None, "+"), plus_minus(None, None)
    ('0.5000 +- 0.0100', '+0.5000', 'failed')
    """
    if mean is None:
        return "failed"
    return f"{mean:{sign}.4f}" + ("" if error is None else f" +- {error:.4f}")


def loss_in_words(told: Mapping[str, float | None], sign: str = "") -> str:
    """What `loss_told` says, as `plus_minus` writes it."""
    return plus_minus(told["mean"], told["stderr"], sign)
