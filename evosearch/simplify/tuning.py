"""Rate and decay tuned, downhill: by factors of two, then of the root of two."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from dsl.program import Program
from evosearch.fitness import mean_and_error
from evosearch.losses import Losses, Trials
from evosearch.scale import with_decay, with_rate

_FARTHEST = 10
"""Powers of two that a factor may reach."""

_PASSES = 4
"""Times that rate and decay are tuned in turn, at most."""

_Scale = Callable[[Program, float], Program | None]


class Tuned(NamedTuple):
    """A program and what it was tuned to.

    Attributes:
        program: tuned.
        losses: of it on all seeds of the trials.
        rate: what its rate was multiplied with.
        decay: what its decay was multiplied with; 1 also where none was found.
    """

    program: Program
    losses: Losses
    rate: float
    decay: float


def tuned(program: Program, trials: Trials, tolerance: float, what: str) -> Tuned:
    """Tune the rate, then the decay, until both stay; gains have to be beyond noise.

    The same rule for every program, so that programs that it has tuned may be compared;
    what is tuned again stays as it is.

    Args:
        program: a pruned one.
        trials: trains it.
        tolerance: the noise, in standard errors of the mean loss.
        what: is tuned, for the watcher.
    """
    rate = decay = 1.0
    for _ in range(_PASSES):
        more, program = _descend(
            program, with_rate, trials, tolerance, f"rate of {what}"
        )
        other, program = _descend(
            program, with_decay, trials, tolerance, f"decay of {what}"
        )
        rate, decay = rate * more, decay * other
        if more == other == 1.0:
            break
    (losses,) = trials.losses(f"tuning {what}", [program])
    return Tuned(program, losses, rate, decay)


def noise(losses: Losses, tolerance: float) -> float:
    """By how much a mean loss may be higher and count as equal.

    `tolerance` standard errors of the mean over the seeds; 0 for a program that failed.
    """
    _, error = mean_and_error(losses)
    return tolerance * error if math.isfinite(error) else 0.0


def _descend(
    program: Program, scale: _Scale, trials: Trials, tolerance: float, what: str
) -> tuple[float, Program]:
    """The factor downhill, and the program with it."""
    programs: dict[float, Program] = {}
    losses: dict[float, Losses] = {}
    means: dict[float, float] = {}

    def visit(*exponents: float) -> float:
        """Train what is new of these, and give the best exponent so far."""
        new = {e: scale(program, 2.0**e) for e in exponents if e not in means}
        found = {e: p for e, p in new.items() if p is not None}
        if trials.affordable(len(trials.seeds)) >= len(found):
            given = trials.losses(f"tuning the {what}", list(found.values()))
            programs.update(found)
            losses.update(zip(found, given, strict=True))
            means.update((e, _mean(losses[e])) for e in found)
        return min(means, key=lambda e: (means[e], abs(e)), default=0.0)

    best = visit(0.0, -1.0, 1.0)
    while abs(best) == max(map(abs, means), default=0.0) and 0 < abs(best) < _FARTHEST:
        further = best + math.copysign(1.0, best)
        if visit(further) == best:
            break
        best = further
    if best == 0.0 or not means[best] < means[0.0] - noise(losses[0.0], tolerance):
        return 1.0, program
    best = visit(best - 0.5, best + 0.5)
    return 2.0**best, programs[best]


def _mean(losses: Losses) -> float:
    """Infinite for a program that failed."""
    mean = math.fsum(losses) / len(losses)
    return mean if math.isfinite(mean) else math.inf
