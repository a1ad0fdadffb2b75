"""Learning-rate schedules: the shape over the steps, with a peak of exactly 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from evosearch.errors import InputError, did_you_mean

SCHEDULES: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "constant": np.ones_like,
        "cosine": lambda done: (1.0 + np.cos(np.pi * done)) / 2.0,
        "linear": lambda done: 1.0 - done,
    }
)
"""What follows the warm-up, by name: value at the share of the decay that is done."""


def schedule_values(kind: str, warmup: float, steps: int) -> np.ndarray:
    """Give the rate of every step; a program multiplies it by its own peak rate.

    With W = round(warmup * steps), at most steps - 1, step i (from 0) has

        (i + 1) / (W + 1)                  while i < W,
        shape((i - W) / (steps - W))       from then on,

    so no step is wasted on a rate of 0: warm-up starts above it, and the last step
    of `cosine` and `linear` lies one step before it.

    Args:
        kind: a name in `SCHEDULES`.
        warmup: share of the steps that the rate rises over, in [0, 1).
        steps: number of steps, at least 1.

    Returns:
        float32 `[steps]`, in (0, 1]; the value at step W is exactly 1.

    Raises:
        InputError: an argument is not as said above.

    Example:
        >>> schedule_values("linear", 0.25, 8).tolist()
        [0.3333333432674408, 0.6666666865348816, 1.0, 0.8333333134651184, \
0.6666666865348816, 0.5, 0.3333333432674408, 0.1666666716337204]
    """
    if kind not in SCHEDULES:
        raise InputError(f"schedule: no {kind!r}: {did_you_mean(kind, SCHEDULES)}")
    if not 0.0 <= warmup < 1.0:
        raise InputError(
            f"warmup: {warmup} is not a share of the steps: give a number from 0 up "
            "to, but not including, 1"
        )
    if steps < 1:
        raise InputError(f"steps: {steps} is not a number of steps: give 1 or more")
    rising = min(round(warmup * steps), steps - 1)
    rise = np.arange(1, rising + 1) / (rising + 1)
    fall = SCHEDULES[kind](np.arange(steps - rising) / (steps - rising))
    return np.concatenate([rise, fall]).astype(np.float32)
