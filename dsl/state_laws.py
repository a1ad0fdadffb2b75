"""Laws of states: those that stay zero, equal another, count steps, or have any scale.

Every state starts at zero, which is what makes them true.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from dsl.numbered import FIRST_STATE, Call, Numbered, Value, reading, renumbered
from dsl.program import Constant, state_types
from dsl.rewriting import Rewriting, Transformation

_ZERO = Constant(0.0)
_ZERO_AT_ZERO = frozenset(
    [
        "abs",
        "sin",
        "tan",
        "arcsin",
        "arctan",
        "sinh",
        "tanh",
        "arcsinh",
        "arctanh",
        "sign",
        "expm1",
        "square",
        "sqrt",
        "cube",
        "cbrt",
        "negative",
        "log1p",
        "add",
        "subtract",
        "maximum",
        "minimum",
        "norm",
        "global_norm",
    ]
)
"""Functions whose value is 0 if all arguments are."""


def _unchanged(program: Numbered) -> Iterator[Rewriting]:
    """A state that is returned as it came is zero for ever."""
    for state, output in program.states():
        if output == state:
            yield Rewriting(-1, reading(program, state, _ZERO))


def _zero(program: Numbered) -> Iterator[Rewriting]:
    """Of the states taken for zero, those whose new value need not be are dropped."""
    states = dict(program.states())
    zero = set(states)
    while True:
        found = set(zero)
        for value, call in enumerate(program.calls, program.inputs):
            if _is_zero(call, found):
                found.add(value)
        remaining = {state for state in zero if states[state] in found}
        if remaining == zero:
            break
        zero = remaining
    for state in sorted(zero):
        yield Rewriting(-1, reading(program, state, _ZERO))


def _is_zero(call: Call, zero: set[int]) -> bool:
    flags = [
        value.value == 0.0 if isinstance(value, Constant) else value in zero
        for value in call.arguments
    ]
    match call.function:
        case "multiply" | "dot" | "cosine_sim":
            return any(flags)
        case "divide" | "clip_by_global_norm":
            return flags[0]
        case "interpolate":
            return flags[0] and flags[1]
        case function:
            return function in _ZERO_AT_ZERO and all(flags)


def _equal(program: Numbered) -> Iterator[Rewriting]:
    """States are taken for equal as long as their new values are, told alike."""
    types = state_types(program.origin)
    classes: dict[int, object] = {
        s: types[s - FIRST_STATE] for s, _ in program.states()
    }
    while True:
        told = _numbering(program, classes)
        finer = {s: (classes[s], told[new]) for s, new in program.states()}
        # A class is named by its first state, or names would grow without end.
        named = {s: min(t for t in finer if finer[t] == finer[s]) for s in finer}
        if len(set(named.values())) == len(set(classes.values())):
            break
        classes = dict(named)
    for state in sorted(named):
        if named[state] != state:
            yield Rewriting(-1, renumbered(program, {state: named[state]}))


def _numbering(program: Numbered, classes: dict[int, object]) -> list[int]:
    """A number for each value: equal ones are equal if states of a class are."""
    numbers: dict[object, int] = {}
    told: list[int] = []
    for value in range(program.inputs):
        key = ("state", classes[value]) if value in classes else ("input", value)
        told.append(numbers.setdefault(key, len(numbers)))
    for call in program.calls:
        arguments = tuple(
            repr(value) if isinstance(value, Constant) else told[value]
            for value in call.arguments
        )
        told.append(numbers.setdefault((call.function, arguments), len(numbers)))
    return told


def _count(program: Numbered) -> Iterator[Rewriting]:
    """`s = s + 1` is the step count, which a float32 counts to 16,777,216."""
    if program.origin.step is None:
        return
    for state, output in program.states():
        place = output - program.inputs
        if place < 0:
            continue
        call = program.calls[place]
        if call.function == "add" and set(call.arguments) == {state, Constant(1.0)}:
            yield Rewriting(place, reading(program, output, program.inputs - 1))


def _scale(program: Numbered) -> Iterator[Rewriting]:
    """A positive factor goes if the update is the same whatever it is."""
    for place, call in enumerate(program.calls):
        if call.function != "multiply":
            continue
        for factor, value in (call.arguments, call.arguments[::-1]):
            if not isinstance(factor, Constant) or isinstance(value, Constant):
                continue
            scaled = program.inputs + place
            if factor.value > 0.0 and _is_free(program, scaled, value):
                yield Rewriting(place, renumbered(program, {scaled: value}))


Degree = Fraction | None
"""The power of the factor that a value grows with; None of a value that is 0 so far."""


class _NotHomogeneous(Exception):
    """A value is no power of the factor times what it would be without it."""


def _is_free(program: Numbered, scaled: int, value: int) -> bool:
    """Whether scaling one value scales states alone, and the update not at all."""
    states: dict[int, Degree] = dict.fromkeys(dict(program.states()))
    while True:
        try:
            found = _degrees(program, scaled, states)
        except _NotHomogeneous:
            return False
        news = {state: found[new] for state, new in program.states()}
        if news == states:
            break
        if any(states[s] is not None and states[s] != news[s] for s in states):
            return False
        states = news
    # Without a state to scale, it is no law of states.
    stored = any(news.values())
    return stored and not found[value] and not found[program.outputs[0]]


def _degrees(program: Numbered, scaled: int, states: dict[int, Degree]) -> list[Degree]:
    found: list[Degree] = [states.get(n, Fraction()) for n in range(program.inputs)]
    for number, call in enumerate(program.calls, program.inputs):
        degree = Fraction(1) if number == scaled else _degree(call, found)
        found.append(degree)
    return found


_SAME = frozenset(
    [
        "add",
        "subtract",
        "maximum",
        "minimum",
        "clip_by_global_norm",
    ]
)
_POWERS = {
    **dict.fromkeys(("abs", "negative", "norm", "global_norm"), Fraction(1)),
    **{"square": Fraction(2), "cube": Fraction(3), "reciprocal": Fraction(-1)},
    **{"sqrt": Fraction(1, 2), "cbrt": Fraction(1, 3), "sign": Fraction(0)},
}


def _degree(call: Call, found: list[Degree]) -> Degree:
    """The degree of a call's value.

    Raises:
        _NotHomogeneous: it has none.
    """
    degrees = [_degree_of(value, found) for value in call.arguments]
    if call.function in _SAME:
        return _common(degrees)
    if call.function == "interpolate":
        _common([degrees[2], Fraction()])
        return _common(degrees[:2])
    if call.function in _POWERS:
        return None if degrees[0] is None else degrees[0] * _POWERS[call.function]
    if call.function in ("multiply", "dot"):
        one, other = degrees
        return None if one is None or other is None else one + other
    if call.function == "divide":
        one, other = degrees
        return None if one is None or other is None else one - other
    if call.function == "cosine_sim":
        return Fraction()
    _common([*degrees, Fraction()])
    return Fraction()


def _degree_of(value: Value, found: list[Degree]) -> Degree:
    return Fraction() if isinstance(value, Constant) else found[value]


def _common(degrees: list[Degree]) -> Degree:
    known = {degree for degree in degrees if degree is not None}
    if len(known) > 1:
        raise _NotHomogeneous
    return known.pop() if known else None


STATE_LAWS = (
    Transformation(
        "state never changed",
        "a state that is returned as it came is 0",
        _unchanged,
        exact=True,
    ),
    Transformation("state stays zero", "a state whose new value is 0 is 0", _zero),
    Transformation(
        "states that are equal",
        "states whose new values are the same if they are, are one state",
        _equal,
        exact=True,
    ),
    Transformation("state counts steps", "s = s + 1 is the step count", _count),
    Transformation(
        "scale of a state is free",
        "a positive factor of what states hold goes where it cancels in the update, as "
        "in a sign, unless a denominator is not well above 1e-8",
        _scale,
    ),
)
