"""What of a program is tuned: which of its constants are rate, decay and betas.

Pure. A known optimizer, whatever its constants, has them named in `identify/known.py`,
where a beta that occurs three times is one. In any other program the rate is a constant
that the whole update is multiplied with, the decay one that scales what the weights are
multiplied with (`evosearch/scale.py`), and a beta is a constant between 0.5 and 1
that interpolates; each is tuned for itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from dsl.float32 import nearest_float32
from dsl.program import Argument, Constant, Program
from dsl.prune import prune
from dsl.structure import form
from evosearch.errors import InputError
from evosearch.identify.known import (
    DECAY,
    DERIVED,
    FIXED,
    KNOWN,
    RATE,
    VECTOR_SHARE,
    Known,
    constants_of,
)
from evosearch.scale import with_decay, with_rate

BETA = "beta"
"""What the names of betas begin with."""

INNER_DECAY = "inner_decay"
"""A decay that goes through the trust ratio, as in LAMB."""

_LEAST_BETA = 0.5
_LARGEST = 3.4e38
"""Of float32, about."""


class Knobs(NamedTuple):
    """A program and its constants by name.

    Attributes:
        program: without what is dead.
        row: names each constant of the program's text, in order.
        values: of all named constants, as the program has them.
    """

    program: Program
    row: Known
    values: Mapping[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """Of those that are tuned: rate, decay and betas."""
        return tuple(name for name in self.values if _is_tuned(name))


def is_beta(name: str) -> bool:
    """Whether a constant is a share like 0.9, known by what it lacks of 1."""
    return name.startswith(BETA)


def _is_tuned(name: str) -> bool:
    return name in (RATE, DECAY, INNER_DECAY) or is_beta(name)


def knobs_of(program: Program) -> Knobs:
    """Find the constants of a valid program that are tuned.

    Raises:
        InputError: there are none.
    """
    pruned = prune(program)
    found = _of_a_known_one(pruned) or _of_any(pruned)
    if not found.names:
        raise InputError(
            "the program has no constant to tune: none scales the update or the "
            "weights, and none between 0.5 and 1 interpolates; write its rate as one, "
            "as in `update = update * 0.001`"
        )
    return found


def with_values(knobs: Knobs, values: Mapping[str, float]) -> Program:
    """The program with other constants, as float32; names that are not given stay."""
    replaced = iter(knobs.row.constants({**knobs.values, **values}))

    def other(argument: Argument) -> Argument:
        if not isinstance(argument, Constant):
            return argument
        value = next(replaced)
        if value is None:
            return argument
        bounded = max(-_LARGEST, min(_LARGEST, float(value)))
        return Constant(nearest_float32(bounded))

    statements = tuple(
        replace(each, arguments=tuple(map(other, each.arguments)))
        for each in knobs.program.statements
    )
    return knobs.program._replace(statements=statements)


def _of_a_known_one(program: Program) -> Knobs | None:
    """The knobs of a known optimizer with any constants; None if it is none."""
    functions = [each.function for each in program.statements]
    for known in KNOWN:
        # Its places are in the order of its text, so the order has to be the same.
        same = [each.function for each in known.program.statements] == functions
        if same and form(known.program) == form(program):
            values = _named_values(known, constants_of(program))
            if values is not None:
                return Knobs(program, known, values)
    return None


def _named_values(known: Known, constants: Sequence[float]) -> dict[str, float] | None:
    """Values by name; None if constants are not as the method has them."""
    places = known.places.split()
    found: dict[str, float] = {}
    for place, value in zip(places, constants, strict=True):
        if place == FIXED or place in DERIVED:
            continue
        if is_beta(place) and not 0.0 < value < 1.0:
            return None
        if found.setdefault(place, value) != value:
            return None
    if VECTOR_SHARE in found:
        found[VECTOR_SHARE] /= found[RATE]
    expected = known.constants(found)
    own = constants_of(known.program)
    for place, value, other, text in zip(places, constants, expected, own, strict=True):
        exact = text if place == FIXED else float(other)
        if not math.isclose(value, exact, rel_tol=1e-5):
            return None
    return found


def _of_any(program: Program) -> Knobs:
    """The knobs of a program of which nothing is known."""
    numbers = len(constants_of(program))
    places = [FIXED] * numbers
    for name, scaled in ((RATE, with_rate(program, 2.0)), (DECAY, _decayed(program))):
        changed = _changed(program, scaled)
        if changed is not None and places[changed] == FIXED:
            places[changed] = name
    betas = [place for place in _interpolating(program) if places[place] == FIXED]
    for number, place in enumerate(betas, 1):
        places[place] = BETA if len(betas) == 1 else f"{BETA}{number}"
    row = Known("", "", "", " ".join(places))
    named = zip(places, constants_of(program), strict=True)
    return Knobs(program, row, {name: x for name, x in named if name != FIXED})


def _decayed(program: Program) -> Program:
    return with_decay(program, 2.0) or program


def _changed(program: Program, other: Program) -> int | None:
    """Which constant alone is another one; None if more than that is different."""
    if form(program) != form(other):
        return None
    pairs = zip(constants_of(program), constants_of(other), strict=True)
    changed = [place for place, (one, two) in enumerate(pairs) if one != two]
    return changed[0] if len(changed) == 1 else None


def _interpolating(program: Program) -> list[int]:
    """Which constants are the share of an interpolation, near 1."""
    found, place = [], 0
    for statement in program.statements:
        for which, argument in enumerate(statement.arguments):
            if isinstance(argument, Constant):
                share = statement.function == "interpolate" and which == 2
                if share and _LEAST_BETA < argument.value < 1.0:
                    found.append(place)
                place += 1
    return found
