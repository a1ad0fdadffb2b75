"""Rate and decay that bring a known optimizer nearest to a program's updates.

The other free constants are given, as points in the coordinates of the search: betas
as log10(1 - beta), small numbers as their logarithm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evosearch.identify.known import DECAY, RATE, Known
from evosearch.identify.streams import Array, Stream
from evosearch.identify.updates import updates_of_known


class Target(NamedTuple):
    """What is to be matched.

    Attributes:
        streams: of equal length.
        updates: the program's, `[stream, steps, weights]`.
        scales: 1 over the norm of each stream's updates, 0 where they are all 0 or
            not all finite: such a stream counts for nothing in a fit.
    """

    streams: Sequence[Stream]
    updates: Array
    scales: Array

    @classmethod
    def of(cls, streams: Sequence[Stream], updates: Array) -> Target:
        with np.errstate(all="ignore"):
            norms = np.sqrt(np.sum(updates**2, axis=(1, 2)))
        usable = np.isfinite(norms) & (norms > 0.0)
        scales = np.where(usable, 1.0 / np.where(usable, norms, 1.0), 0.0)
        return cls(streams, np.where(usable[:, None, None], updates, 0.0), scales)


class Fit(NamedTuple):
    """Fitted constants and their error.

    The error is the mean over streams of ||u - k||^2 / ||u||^2, with u the program's
    updates and k the known optimizer's; 1 if nothing of u is like k.
    """

    values: Mapping[str, float]
    error: float


class Solved(NamedTuple):
    """Points of the search with the best rate and decay for each.

    Attributes:
        points: `[point, curved constant]`, in the coordinates of the search.
        rates: at least 0, `[point]`.
        decays: at least 0, `[point]`.
        errors: as of `Fit`, `[point]`.
        residuals: their roots, in parts: `[point, residual]`.
    """

    points: Array
    rates: Array
    decays: Array
    errors: Array
    residuals: Array

    @classmethod
    def at(cls, known: Known, target: Target, points: Array) -> Solved:
        """Solve for rate and decay at each point."""
        values = values_at(known, points)
        ones, zeros = np.ones(len(points)), np.zeros(len(points))
        values[RATE] = ones
        has_decay = DECAY in known.own
        if has_decay:
            values[DECAY] = zeros
        first = _scaled(updates_of_known(known, values, target.streams), target)
        wanted = _scaled(target.updates[None], target)
        decays = zeros
        with np.errstate(all="ignore"):
            if has_decay:
                values[DECAY] = ones
                both = updates_of_known(known, values, target.streams)
                second = _scaled(both, target) - first
                rates, decays = _two_factors(first, second, wanted)
                residuals = wanted - rates[:, None] * first
                residuals -= (rates * decays)[:, None] * second
            else:
                rates = _one_factor(first, wanted)
                residuals = wanted - rates[:, None] * first
        residuals = np.nan_to_num(residuals, nan=1.0, posinf=1.0, neginf=1.0)
        errors = np.sum(residuals**2, axis=1)
        return cls(points, rates, decays, errors, residuals)

    def fit(self, known: Known, place: int) -> Fit:
        """One of the points as a `Fit`."""
        values = {RATE: float(self.rates[place])}
        if DECAY in known.own:
            values[DECAY] = float(self.decays[place])
        curved = values_at(known, self.points[place : place + 1])
        values |= {name: float(array[0]) for name, array in curved.items()}
        return Fit(values, float(self.errors[place]))


def _scaled(updates: Array, target: Target) -> Array:
    """Updates as one long row of each point, streams of equal weight."""
    usable = max(1, int(np.count_nonzero(target.scales)))
    scales = target.scales[:, None, None] / np.sqrt(usable)
    with np.errstate(all="ignore"):
        return np.asarray((updates * scales).reshape(len(updates), -1))


def _one_factor(first: Array, wanted: Array) -> Array:
    """The factor of `first` that comes nearest to `wanted`, at least 0."""
    over = np.sum(first * first, axis=1)
    factor = np.sum(first * wanted, axis=1) / np.where(over > 0.0, over, 1.0)
    return np.where(np.isfinite(factor), np.maximum(factor, 0.0), 0.0)


def _two_factors(first: Array, second: Array, wanted: Array) -> tuple[Array, Array]:
    """Rate and decay, so that rate (first + decay second) comes nearest."""
    a, b = np.sum(first * first, axis=1), np.sum(first * second, axis=1)
    c = np.sum(second * second, axis=1)
    p, q = np.sum(first * wanted, axis=1), np.sum(second * wanted, axis=1)
    determinant = a * c - b * b
    rates = (c * p - b * q) / determinant
    decays = (a * q - b * p) / (c * p - b * q)
    fine = np.isfinite(rates) & np.isfinite(decays) & (rates > 0.0) & (decays >= 0.0)
    alone = _one_factor(first, wanted)
    return np.where(fine, rates, alone), np.where(fine, decays, 0.0)


def bounds_of(name: str) -> tuple[float, float]:
    """Least and largest value of a constant, in the coordinate of the search."""
    if name.startswith("beta"):
        # From 0.7 on a second mean, from 0 on others, both up to 0.9999.
        return -4.0, _LEAST_SECOND if name == "beta2" else 0.0
    if name == "exponent":
        return -2.0, -0.1
    return -12.0 if name == "epsilon" else -5.0, 1.0


_LEAST_SECOND = -0.523
_LARGEST_DECAY = 1000.0


def is_degenerate(values: Mapping[str, float]) -> bool:
    """Whether a constant is so extreme that the optimizer is none of its kind.

    A beta of 0 means no momentum, one of 0.9999 a sum and no mean; under an epsilon
    that is as large as it may be no second moment counts, beside such a decay no step.
    """
    return any(_is_extreme(name, value) for name, value in values.items())


def _is_extreme(name: str, value: float) -> bool:
    if name == RATE:
        return False
    if name == DECAY:
        return value > _LARGEST_DECAY
    low, high = bounds_of(name)
    if name.startswith("beta"):
        return not 1.05 * 10.0**low < 1.0 - value < 0.99 * 10.0**high
    return name != "exponent" and value > 0.95 * 10.0**high


def values_at(known: Known, points: Array) -> dict[str, Array]:
    """The curved constants at points of the search."""
    found = {}
    for place, name in enumerate(known.curved):
        value = points[:, place]
        if name.startswith("beta"):
            found[name] = 1.0 - 10.0**value
        else:
            found[name] = value if name == "exponent" else 10.0**value
    return found


def point_of(known: Known, values: Mapping[str, float]) -> list[float]:
    """The coordinates of some values: what `values_at` turns back."""
    found = []
    for name in known.curved:
        value = values[name]
        if name.startswith("beta"):
            value = float(np.log10(max(1.0 - value, 1e-12)))
        elif name != "exponent":
            value = float(np.log10(value))
        found.append(float(np.clip(value, *bounds_of(name))))
    return found


def error_of(known: Known, target: Target, values: Mapping[str, float]) -> float:
    """The error, as of `Fit`, of a known optimizer with these constants."""
    arrays = {name: np.array([value]) for name, value in values.items()}
    updates = updates_of_known(known, arrays, target.streams)
    residuals = _scaled(target.updates[None] - updates, target)
    return float(np.sum(np.nan_to_num(residuals, nan=1.0, posinf=1.0, neginf=1.0) ** 2))
