"""What is tried: constants drawn on log scales around those that a program has.

Pure. For every program alike: a rate or decay is its own times a factor between 1/32
and 32, and what a beta lacks of 1 its own times one between 1/10 and 10, as far as the
beta stays above 0.05; the logarithms are uniform. Laws: one seed draws the same, and
the first n of 2 n trials are those of n.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple

from evosearch.simplify.constants import rounded
from evosearch.tune.knobs import Knobs, is_beta

FARTHEST = 32.0
"""The largest factor of a rate or decay."""

FARTHEST_BETA = 10.0
"""The largest factor of what a beta lacks of 1."""

_MOST_LACKING = 0.95
_DIGITS = 3
"""Of what is drawn: more would be noise in a program's text."""


class Drawn(NamedTuple):
    """One trial: constants by name, and the schedule of the rate."""

    values: Mapping[str, float]
    schedule: str


def draw(knobs: Knobs, schedules: Sequence[str], trials: int, seed: int) -> list[Drawn]:
    """Draw trials; the first one is the program as it is, on the first schedule.

    Args:
        knobs: of the program.
        schedules: one of which is drawn for each trial, all alike.
        trials: how many, the first included.
        seed: of the draws.
    """
    random = Random(seed)
    drawn = [Drawn({name: knobs.values[name] for name in knobs.names}, schedules[0])]
    while len(drawn) < trials:
        values = {
            name: _between(name, knobs.values[name], random.random())
            for name in knobs.names
        }
        schedule = schedules[int(random.random() * len(schedules))]
        drawn.append(Drawn(values, schedule))
    return drawn


def _between(name: str, own: float, share: float) -> float:
    """The value at a share of the way, on the log scale, from the least to the most."""
    if not is_beta(name):
        return rounded(own * FARTHEST ** (2.0 * share - 1.0), _DIGITS)
    least, most = _lacking(own)
    return 1.0 - rounded(least * (most / least) ** share, _DIGITS)


def _lacking(beta: float) -> tuple[float, float]:
    lacks = 1.0 - beta
    most = min(lacks * FARTHEST_BETA, max(lacks, _MOST_LACKING))
    return lacks / FARTHEST_BETA, most


def at_the_edge(knobs: Knobs, values: Mapping[str, float]) -> list[str]:
    """Names of constants in the outer tenth of what is drawn, on the log scale.

    The best may then lie beyond: tune again from there.
    """
    found = []
    for name in knobs.names:
        ends = [_between(name, knobs.values[name], share) for share in (0.1, 0.9)]
        if not min(ends) <= values[name] <= max(ends):
            found.append(name)
    return found
