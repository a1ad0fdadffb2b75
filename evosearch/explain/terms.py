"""Rate and decay of a program: its update as a sum of terms.

A term is a number, times a power of the schedule's value, times the weights or a value
that is not taken apart (a root, a quotient, a sign, ...).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dsl.program import Argument, Constant, Program, Variable
from dsl.prune import prune

_WEIGHTS, _ONE = "w", "1"
_MOST_TERMS = 16

_Terms = Mapping[tuple[int, str], float]
"""Numbers, by the power of the schedule's value and by what they are a factor of."""


class Factor(NamedTuple):
    """A number times a power of the schedule's value."""

    number: float
    power: int


class Rates(NamedTuple):
    """What multiplies the step, and what the weights.

    Attributes:
        steps: of each term that is not the weights, largest first.
        decays: of the weights: `update` has these times w in it.
    """

    steps: tuple[Factor, ...]
    decays: tuple[Factor, ...]

    @property
    def decay_of_rate(self) -> float | None:
        """The decay as a share of the rate, if there is one of each, alike in power."""
        if len(self.steps) != 1 or len(self.decays) != 1:
            return None
        (step,), (decay,) = self.steps, self.decays
        return decay.number / step.number if decay.power == step.power else None


def rates_of(program: Program) -> Rates:
    """Find rate and decay: sums and products with Scalars are taken apart.

    >>> from dsl import parse
    >>> rates_of(parse("def train(w, g, lr):\\n  return (g + w * 0.5) * (lr * 0.25)"))
    Rates(steps=(Factor(number=0.25, power=1),),
          decays=(Factor(number=0.125, power=1),))
    """
    program = prune(program)
    values: dict[str, _Terms] = {
        program.weights: {(0, _WEIGHTS): 1.0},
        program.gradient: {(0, "gradient"): 1.0},
        program.learning_rate: {(1, _ONE): 1.0},
    }
    for place, state in enumerate(program.states):
        values[state] = {(0, f"state {place}"): 1.0}
    if program.step is not None:
        values[program.step] = {(0, "step"): 1.0}
    whole = _new_states(program)
    for place, statement in enumerate(program.statements):
        arguments = [_terms(argument, values) for argument in statement.arguments]
        found = _call(statement.function, arguments, f"value {place}")
        if found is None or len(found) > _MOST_TERMS or place in whole:
            found = {(0, f"value {place}"): 1.0}
        values[statement.target] = found
    update = values[program.outputs[0]]
    steps = {
        Factor(number, power)
        for (power, of), number in update.items()
        if of != _WEIGHTS
    }
    decays = {
        Factor(number, power)
        for (power, of), number in update.items()
        if of == _WEIGHTS
    }
    return Rates(_largest_first(steps), _largest_first(decays))


def _new_states(program: Program) -> set[int]:
    """Places of the new values of states, which are not taken apart.

    Unless one is the update itself, as where the rate is inside a momentum.
    """
    last = {s.target: place for place, s in enumerate(program.statements)}
    update, *states = program.outputs
    return {last[name] for name in states if name in last and name != update}


def _largest_first(factors: set[Factor]) -> tuple[Factor, ...]:
    return tuple(sorted(factors, key=lambda f: (-abs(f.number), f.number, f.power)))


def _terms(argument: Argument, values: Mapping[str, _Terms]) -> _Terms:
    if isinstance(argument, Variable):
        return values[argument.name]
    assert isinstance(argument, Constant)
    return {(0, _ONE): argument.value}


def _call(function: str, arguments: list[_Terms], whole: str) -> _Terms | None:
    """The terms of a call's value; None if it is not taken apart.

    Of the quotient of one term its number and power are kept: `whole` is the rest. A
    mean of anything but the weights is a value like a momentum.
    """
    match function, arguments:
        case "divide", [x, _] if len(x) == 1:
            ((power, _), number), *_ = x.items()
            return {(power, whole): number}
        case "add", [x, y]:
            return _sum(x, y, 1.0)
        case "subtract", [x, y]:
            return _sum(x, y, -1.0)
        case "negative", [x]:
            return _sum({}, x, -1.0)
        case "multiply", [x, y]:
            return _product(x, y)
        case "interpolate", [x, y, share] if (a := _number(share)) is not None:
            if not any(of == _WEIGHTS for _, of in (*x, *y)):
                return None
            return _sum(_sum({}, x, 1.0 - a), y, a)
    return None


def _number(terms: _Terms) -> float | None:
    """A constant's value."""
    return terms[0, _ONE] if set(terms) == {(0, _ONE)} else None


def _sum(x: _Terms, y: _Terms, factor: float) -> _Terms:
    found = dict(x)
    for key, number in y.items():
        found[key] = found.get(key, 0.0) + factor * number
    return found


def _product(x: _Terms, y: _Terms) -> _Terms | None:
    """Of two values of which one is a sum of powers of the schedule's value."""
    if any(of != _ONE for _, of in y):
        x, y = y, x
    if any(of != _ONE for _, of in y):
        return None
    found: dict[tuple[int, str], float] = {}
    for (power, of), number in x.items():
        for (other, _), factor in y.items():
            key = (power + other, of)
            found[key] = found.get(key, 0.0) + number * factor
    return found
