"""Which known optimizer a program behaves like, and with which constants.

Both run on the same streams of gradients (`streams.py`), the known one with its
constants fitted on some streams (`fitting.py`); how like they are is measured on
others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from dsl.float32 import constant_text
from dsl.interpret import uses_matrices
from dsl.program import Constant, Program
from dsl.prune import prune
from dsl.simplify import simplify
from evosearch.identify.fitting import complexity, fit_all
from evosearch.identify.known import KNOWN, Known
from evosearch.identify.solving import Target, is_degenerate
from evosearch.identify.streams import (
    Array,
    Stream,
    at_peak,
    to_confirm,
    to_fit,
    to_judge,
)
from evosearch.identify.updates import updates_of, updates_of_known

SURE = 0.999
"""Mean similarity on ordinary streams, long ones too, from which a name is given."""

SURE_ANYWHERE = 0.99
"""Least similarity on any stream that it needs besides."""

FAMILY = 0.99
"""Mean similarity on ordinary streams, long ones too, from which there is a family."""

_AS_WELL_FACTOR, _AS_WELL = 2.0, 1e-9
"""A simpler optimizer fits as well if its error is at most so much larger."""


class Verdict(StrEnum):
    """What can be said of a program."""

    IS = "is"
    """It is the first match, constants aside: on every stream."""
    FAMILY = "family"
    """It is of the first match's family: it does nearly the same in a training, but
    not, or not everywhere, the same."""
    UNKNOWN = "unknown"
    """It is like nothing known."""


class Match(NamedTuple):
    """How like one known optimizer a program is.

    Attributes:
        known: the optimizer.
        constants: its fitted constants.
        similarity: mean over the ordinary streams, see `similarities`.
        least: on any stream, the stresses too.
        least_on: the name of that stream.
        error: mean of 1 - similarity over all streams.
    """

    known: Known
    constants: Mapping[str, float]
    similarity: float
    least: float
    least_on: str
    error: float


class Identity(NamedTuple):
    """What a program is.

    Attributes:
        verdict: what can be said of it.
        matches: known optimizers, best first; none if there is no update to compare.
        at_peak: whether this holds where the schedule's value is 1 at every step, and
            not where it changes: the program makes another use of it, or none.
    """

    verdict: Verdict
    matches: tuple[Match, ...]
    at_peak: bool = False

    @property
    def family(self) -> str | None:
        """The family, None if unknown."""
        if self.verdict is Verdict.UNKNOWN:
            return None
        return self.matches[0].known.family


def identify(
    program: Program, seed: int = 0, all_known: Sequence[Known] = KNOWN
) -> Identity:
    """Compare a program with all known optimizers.

    First comes the most similar one; where a simpler one (fewer free constants, then
    fewer states, then fewer statements) fits as well, that one: so an optimizer that
    has another as a special case does not win over it. What is said of it has to hold
    on longer streams, too. Known optimizers with matrices are compared with programs
    that use some. What is not the same as a known one is compared again where the
    schedule stays at its peak: a search finds known optimizers with other schedules.

    Args:
        program: a valid one.
        seed: of the made-up streams and of the fits; equal seeds, equal results.
        all_known: what to compare with.
    """
    program = prune(program)
    candidates = [k for k in all_known if uses_matrices(program) or not k.has_matrices]
    streams = _Streams(to_fit(seed), to_judge(seed), to_confirm(seed))
    found = _identified(program, seed, candidates, streams)
    if found.verdict is Verdict.IS or not found.matches:
        return found
    other = _identified(program, seed, candidates, streams.at_peak())
    if other.verdict is Verdict.UNKNOWN or other.verdict is found.verdict:
        return found
    return other._replace(at_peak=True)


class _Streams(NamedTuple):
    """What constants are fitted on, similarities measured and verdicts confirmed."""

    fitting: list[Stream]
    judging: list[Stream]
    confirming: list[Stream]

    def at_peak(self) -> _Streams:
        return _Streams(*(list(map(at_peak, each)) for each in self))


def _identified(
    program: Program, seed: int, candidates: Sequence[Known], streams: _Streams
) -> Identity:
    """The identity on these streams."""
    fitting, judging, confirming = streams
    target = Target.of(fitting, _updates(program, fitting))
    if not target.scales.any():
        return Identity(Verdict.UNKNOWN, ())
    updates = _updates(program, judging)
    matches = [
        _judged(known, fit.values, judging, updates)
        for known, fit in zip(
            candidates, fit_all(candidates, target, seed, _hints(program)), strict=True
        )
    ]
    ordered = _best_first(matches)
    best, long = ordered[0], _updates(program, confirming)
    confirmed = _judged(best.known, best.constants, confirming, long)
    return Identity(_verdict(best, confirmed), tuple(ordered))


def similarities(one: Array, other: Array) -> Array:
    """How like the updates of two programs are, on each of some streams.

    2 <u, k> / (<u, u> + <k, k>) over all steps and weights of a stream: 1 if the series
    are equal, 0 if they have nothing in common, -1 if they are opposite; about
    1 - d^2 / 2 if they differ by a share d of their size. It is invariant to nothing:
    updates that are 10 % too long have 0.995. What may differ between optimizers, the
    rate, is a fitted constant, one for all streams. Where either is not finite it is
    0; where both are 0, it is 1.

    Args:
        one: `[stream, steps, weights]`.
        other: the same of the other program.
    """
    with np.errstate(all="ignore"):
        u = one.reshape(len(one), -1)
        k = other.reshape(len(other), -1)
        over = np.sum(u * u, axis=1) + np.sum(k * k, axis=1)
        apart = np.sum((u - k) ** 2, axis=1)
        found = np.where(over > 0.0, 1.0 - apart / over, 1.0)
    return np.where(np.isfinite(apart) & np.isfinite(over), found, 0.0)


def _hints(program: Program) -> list[float]:
    """Numbers of the program, and of what laws make of it: they may be the betas."""
    texts = (program, simplify(program).program)
    numbers = {
        argument.value
        for each in texts
        for statement in each.statements
        for argument in statement.arguments
        if isinstance(argument, Constant)
    }
    # Decimals, where the float32 is one: 0.9 for 0.8999999761581421.
    decimals = {float(constant_text(number)) for number in numbers}
    return sorted(decimals | {1.0 - number for number in decimals if number > 0.0})


def _updates(program: Program, streams: Sequence[Stream]) -> Array:
    return np.stack([updates_of(program, stream) for stream in streams])


def _judged(
    known: Known,
    constants: Mapping[str, float],
    streams: Sequence[Stream],
    updates: Array,
) -> Match:
    """A fitted known optimizer against the program on streams it was not fitted on."""
    values = {name: np.array([value]) for name, value in constants.items()}
    found = similarities(updates, updates_of_known(known, values, streams)[0])
    ordinary = np.array([stream.is_ordinary for stream in streams])
    worst = int(np.argmin(found))
    return Match(
        known,
        constants,
        float(found[ordinary].mean()),
        float(found[worst]),
        streams[worst].name,
        float(1.0 - found.mean()),
    )


def _best_first(matches: Sequence[Match]) -> list[Match]:
    """The simplest of those that fit as well as any, then the others by similarity."""
    error = min(1.0 - match.similarity for match in matches)
    overall = min(
        match.error for match in matches if _as_well(1.0 - match.similarity, error)
    )

    def order(match: Match) -> tuple[bool, tuple[int, ...], float]:
        equal = _as_well(1.0 - match.similarity, error) and _as_well(
            match.error, overall
        )
        simple = complexity(match.known, match.constants)
        return (not equal, simple if equal else (), -match.similarity)

    return sorted(matches, key=order)


def _as_well(error: float, best: float) -> bool:
    return error <= _AS_WELL_FACTOR * best + _AS_WELL


def _verdict(best: Match, long: Match) -> Verdict:
    """What can be said, given the best match and how it does on long streams."""
    if is_degenerate(best.constants):
        return Verdict.UNKNOWN
    mean = min(best.similarity, long.similarity)
    if mean >= SURE and min(best.least, long.least) >= SURE_ANYWHERE:
        return Verdict.IS
    return Verdict.FAMILY if mean >= FAMILY else Verdict.UNKNOWN
