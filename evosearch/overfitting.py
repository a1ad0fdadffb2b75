"""Whether a search overfits its tasks: an earlier leader is better on held-out ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from evosearch.fitness import mean_and_error

FALSE_ALARMS = 0.025
"""At most this share of alarms where there is nothing but normal noise."""


class Alarm(NamedTuple):
    """An earlier leader that is better than the present one.

    Attributes:
        child: at which it led.
        difference: mean of present minus earlier, above 0; infinite if the present one
            failed.
        error: its standard error; NaN if the present one failed.
    """

    child: int
    difference: float
    error: float


def overfitting_alarm(
    earlier: Mapping[int, Sequence[float]], present: Sequence[float]
) -> Alarm | None:
    """The best of the earlier leaders that the present one is surely worse than.

    With `d[s] = present[s] - earlier[s]` over n data seeds and m earlier leaders there
    is an alarm where, for one of them, `mean(d) > t(1 - 0.025 / m, n - 1) * error(d)`:
    t is the quantile of Student's distribution, error the standard error of the mean.
    That the level is divided by m (Bonferroni) keeps the rate of false alarms at or
    below 0.025 however many there are, and however they depend on each other.

    Where the present one failed, any that did not is better.

    Args:
        earlier: fitness on held-out tasks for each data seed, lower is better, infinite
            where a training failed; by the child at which each led. Those that failed
            are not compared with.
        present: the same of the present leader; at least two data seeds.
    """
    sound = {
        child: values
        for child, values in earlier.items()
        if all(map(math.isfinite, values))
    }
    if not sound:
        return None
    if not all(map(math.isfinite, present)):
        best = min(sound, key=lambda child: math.fsum(sound[child]))
        return Alarm(best, math.inf, math.nan)
    # Loaded here: it takes a tenth of a second.
    from scipy.special import stdtrit

    quantile = float(stdtrit(len(present) - 1, 1.0 - FALSE_ALARMS / len(sound)))
    found = []
    for child, values in sound.items():
        differences = [a - b for a, b in zip(present, values, strict=True)]
        mean, error = mean_and_error(differences)
        if mean > quantile * error:
            found.append(Alarm(child, mean, error))
    return max(found, key=lambda alarm: alarm.difference, default=None)
