"""A known optimizer's constants, fitted to the updates of a program.

Rate and decay enter linearly and follow from the others (`solving.py`), so only those
are searched for. The program's own numbers and a coarse search come first; then
SciPy refines the best, by least squares where updates change smoothly, else by
differential evolution. At the end constants lose the digits that do not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product
from typing import Any

import numpy as np

from dsl.float32 import share_to_digits, to_digits
from evosearch.identify.known import DECAY, RATE, Known
from evosearch.identify.solving import (
    Fit,
    Solved,
    Target,
    bounds_of,
    error_of,
    point_of,
)
from evosearch.identify.streams import Array

EXACT = 1e-12
"""An error that needs no refining."""

HOPELESS = 0.5
"""An error that no refining makes small: what was found coarsely is kept."""

_BETAS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.997, 0.999, 0.9999)
_FEW_BETAS = (0.0, 0.6, 0.85, 0.93, 0.97, 0.99, 0.999)
_DRAWN = 48
"""Points of the coarse search: for one beta, for each of two, and for three or more."""

_FEWEST = 8
"""Points of the coarse search where each costs much, with matrices."""

_POPULATION, _GENERATIONS = 24, 20
_STEP = 1e-5
"""Of the finite differences, in the coordinates of the search."""

_STARTS, _MOST_STEPS = 2, 12
"""Of least squares."""

GOOD = 1e-9
"""An error at which no second start is tried."""

_AS_WELL = 1e-10
"""An error for which digits may go."""

_MOST_DIGITS = 6


def fit_all(
    all_known: Sequence[Known],
    target: Target,
    seed: int,
    hints: Sequence[float] = (),
    most_refined: int = 5,
) -> list[Fit]:
    """Fit the free constants of each known optimizer.

    Only those that come nearest in the coarse search are refined, and after one that
    fits as well as can be only simpler ones.

    Args:
        all_known: the optimizers.
        target: at least one of its streams is usable.
        seed: of the random states, one for each optimizer.
        hints: numbers that may be constants of it, tried among others.
        most_refined: so many are refined.
    """
    randoms = [np.random.default_rng((seed, n)) for n in range(len(all_known))]
    found = [
        _searched(known, target, hints, random)
        for known, random in zip(all_known, randoms, strict=True)
    ]
    order = np.argsort([each.errors.min() for each in found], kind="stable")
    fits = [
        solved.fit(known, int(np.argmin(solved.errors)))
        for known, solved in zip(all_known, found, strict=True)
    ]
    simplest = None
    for place in order[:most_refined].tolist():
        known = all_known[place]
        if simplest is not None and complexity(known, fits[place].values) >= simplest:
            continue
        fits[place] = _refined(known, target, found[place], randoms[place])
        if fits[place].error < GOOD:
            simplest = complexity(known, fits[place].values)
    return fits


def complexity(known: Known, values: Mapping[str, float]) -> tuple[int, int, int]:
    """Free constants that are not 0, states, statements: fewer are simpler."""
    used = sum(value != 0.0 for value in values.values())
    return used, len(known.program.states), len(known.program.statements)


def _searched(
    known: Known,
    target: Target,
    hints: Sequence[float],
    random: np.random.Generator,
) -> Solved:
    """The program's own constants, or the coarse search if they do not fit."""
    own = np.array([_own(known)])
    solved = Solved.at(known, target, own)
    if solved.errors[0] < EXACT or not known.curved:
        return solved
    points = np.concatenate([own, _hinted(known, hints), _coarse(known, random)])
    return Solved.at(known, target, points)


def _refined(
    known: Known, target: Target, solved: Solved, random: np.random.Generator
) -> Fit:
    """The best point of the coarse search, refined, and with as few digits as do."""
    best = int(np.argmin(solved.errors))
    if known.curved and EXACT < solved.errors[best] < HOPELESS:
        refine = _by_least_squares if known.is_smooth else _by_evolution
        refined = refine(known, target, solved, random)
        if refined.errors[0] <= solved.errors[best]:
            solved, best = refined, 0
    return _shortened(known, target, solved.fit(known, best))


def _own(known: Known) -> list[float]:
    return point_of(known, known.own)


def _hinted(known: Known, hints: Sequence[float]) -> Array:
    """The hints as curved constants, in all ways that are within their range."""
    fitting = [
        [hint for hint in hints if _is_within(name, hint)] for name in known.curved
    ]
    rows = [
        point_of(known, dict(zip(known.curved, row, strict=True)))
        for row in islice(product(*fitting), _FEWEST if known.has_matrices else _DRAWN)
    ]
    return np.array(rows).reshape(-1, len(known.curved))


def _is_within(name: str, hint: float) -> bool:
    low, high = bounds_of(name)
    if name == "exponent":
        return low <= hint <= high
    number = 1.0 - hint if name.startswith("beta") else hint
    return bool(10.0**low <= number <= 10.0**high)


def _coarse(known: Known, random: np.random.Generator) -> Array:
    """Points over the whole range of the curved constants."""
    names = known.curved
    betas = all(name.startswith("beta") for name in names)
    if known.has_matrices or not betas or len(names) > 2:
        count = _FEWEST if known.has_matrices else _DRAWN
        low, high = np.array([bounds_of(name) for name in names]).reshape(-1, 2).T
        return np.asarray(random.uniform(low, high, (count, len(names))))
    grid = _BETAS if len(names) == 1 else _FEW_BETAS
    rows = [
        dict(zip(names, row, strict=True)) for row in product(grid, repeat=len(names))
    ]
    return np.array([point_of(known, row) for row in rows]).reshape(-1, len(names))


def _by_least_squares(
    known: Known, target: Target, solved: Solved, random: np.random.Generator
) -> Solved:
    """Refine the best points by SciPy's least squares; the best of what comes out."""
    from scipy.optimize import least_squares

    low, high = np.array([bounds_of(name) for name in known.curved]).T

    def residuals(point: Array) -> Array:
        return np.asarray(Solved.at(known, target, point[None]).residuals[0])

    def slopes(point: Array) -> Any:
        moves = np.where(point + _STEP > high, -_STEP, _STEP)
        points = np.concatenate([point[None], point + np.diag(moves)])
        rows = Solved.at(known, target, points).residuals
        return ((rows[1:] - rows[0]) / moves[:, None]).T

    found = []
    starts = 1 if known.has_matrices else _STARTS
    for start in np.argsort(solved.errors, kind="stable")[:starts]:
        result = least_squares(
            residuals,
            np.clip(solved.points[start], low + 1e-6, high - 1e-6),
            jac=slopes,
            bounds=(low, high),
            xtol=1e-9,
            ftol=1e-8,
            gtol=1e-14,
            max_nfev=_MOST_STEPS,
        )
        found.append(Solved.at(known, target, result.x[None]))
        if found[-1].errors[0] < GOOD:
            break
    return min(found, key=lambda each: float(each.errors[0]))


def _by_evolution(
    known: Known, target: Target, solved: Solved, random: np.random.Generator
) -> Solved:
    """Refine the best points by SciPy's differential evolution, all points at once."""
    from scipy.optimize import differential_evolution

    order = np.argsort(solved.errors, kind="stable")
    best = solved.points[order[:1]]
    width = 0.3
    near = best + width * random.standard_normal((_POPULATION - 1, best.shape[1]))
    limits = [bounds_of(name) for name in known.curved]
    low, high = np.array(limits).T
    result = differential_evolution(
        lambda points: Solved.at(known, target, np.asarray(points).T).errors,
        limits,
        init=np.clip(np.concatenate([best, near]), low, high),
        maxiter=_GENERATIONS,
        vectorized=True,
        updating="deferred",
        polish=False,
        tol=0.0,
        rng=random,
    )
    return Solved.at(known, target, np.asarray(result.x)[None])


def _shortened(known: Known, target: Target, found: Fit) -> Fit:
    """The same with the fewest digits that fit as well."""
    enough = 1.01 * found.error + _AS_WELL
    for digits in range(1, _MOST_DIGITS):
        curved = {
            name: _round(name, found.values[name], digits) for name in known.curved
        }
        solved = Solved.at(known, target, np.array([point_of(known, curved)]))
        if solved.errors[0] <= enough:
            values = {**solved.fit(known, 0).values, **curved}
            found = Fit(values, float(solved.errors[0]))
            break
    for digits in range(_MOST_DIGITS):
        linear = {RATE: _round(RATE, found.values[RATE], max(1, digits))}
        if DECAY in known.own:
            linear[DECAY] = _round(DECAY, found.values[DECAY], digits)
        error = error_of(known, target, {**found.values, **linear})
        if error <= enough:
            return Fit({**found.values, **linear}, error)
    return found


def _round(name: str, value: float, digits: int) -> float:
    """So many digits that count; of a beta, those of 1 - beta. With none it is 0."""
    if not digits:
        return 0.0
    return (share_to_digits if name.startswith("beta") else to_digits)(value, digits)
