"""The structure of a program: what it computes but for its constants and its scale.

A form is the digest of the program with every constant replaced by one and the same. A
structure is the form without the multiplications of the whole update with a constant at
its end.
So a program and its kin with another rate, other betas or another decay are one
structure: `structure(p) == structure(with_rate(p, factor))`.
"""

from __future__ import annotations

from dataclasses import replace

from dsl.digest import digest
from dsl.numbered import Call, Numbered, Value, named, number
from dsl.program import Constant, Program

_ANY = Constant(1.0)


def structure(program: Program) -> str:
    """Hash what a valid program computes, constants and scale aside: 32 hex digits.

    Equal digests have equal structures. Constants differ in value alone, so a zero and
    a minus one are alike; one that becomes a variable is another structure.

    >>> from dsl import parse
    >>> text = "def train(w, g, lr):\\n  return sign(g) * 0.5 * 3.0"
    >>> structure(parse(text)) == structure(parse(text.replace(" * 3.0", "")))
    True
    """
    numbered = number(program)
    update, *states = numbered.outputs
    unscaled = _unscaled(update, numbered.calls, numbered.inputs)
    return _blind_digest(Numbered(program, numbered.calls, (unscaled, *states)))


def form(program: Program) -> str:
    """Hash what a valid program computes, constants aside: 32 hex digits."""
    return _blind_digest(number(program))


def _blind_digest(numbered: Numbered) -> str:
    """The digest of a program that is blind to what its constants are."""
    calls = tuple(
        replace(call, arguments=tuple(map(_without_value, call.arguments)))
        for call in numbered.calls
    )
    return digest(named(Numbered(numbered.origin, calls, numbered.outputs)))


def _without_value(value: Value) -> Value:
    return _ANY if isinstance(value, Constant) else value


def _unscaled(update: int, calls: tuple[Call, ...], inputs: int) -> int:
    """The value that the update is a multiple of."""
    while update >= inputs:
        call = calls[update - inputs]
        others = [value for value in call.arguments if not isinstance(value, Constant)]
        if call.function != "multiply" or len(others) != 1:
            return update
        (other,) = others
        assert not isinstance(other, Constant)
        update = other
    return update
