"""Who goes on to the next stage: those that beat a baseline beyond their noise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evosearch.losses import Losses, difference

ERRORS = 2.0
"""Standard errors of the paired difference that a candidate has to be better by."""


def chance(test_seeds: int) -> float:
    """How often a candidate passes that is as good as the gate, with normal noise.

    `P(t < -2)` with Student's t of one degree of freedom less than there are seeds: the
    standard error is itself an estimate, and of few seeds often too small.
    """
    # Loaded here: it takes a tenth of a second.
    from scipy.special import stdtr

    return float(stdtr(test_seeds - 1, -ERRORS))


def passes(losses: Losses, gate: Losses) -> bool:
    """Whether the mean paired difference is below minus two standard errors.

    Args:
        losses: of a candidate on the test seeds; NaN where a training failed.
        gate: of the baseline on the same seeds.
    """
    found = difference(losses, gate)
    # A program that failed has a mean that is no number, and is below nothing.
    return found.mean < -ERRORS * found.error


def goes_on(
    candidates: Iterable[str], losses: Mapping[str, Losses], gate: str | None
) -> list[str]:
    """Labels of the candidates that go on, in their order; all without a gate.

    One of which no trial trained, so that it has no losses, never goes on.
    """
    return [
        label
        for label in candidates
        if label in losses and (gate is None or passes(losses[label], losses[gate]))
    ]
