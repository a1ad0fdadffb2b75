"""Laws applied to a fixpoint: a shorter program that computes the same, and the way.

It ends because a law is only applied where it lowers the program's size, a tuple of
numbers from 0 up (`size`) in the order of tuples: there is no infinite way down. It
knows no names, since laws see programs by numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsl.laws import LAWS
from dsl.numbered import Numbered, named, number
from dsl.program import Constant, Program
from dsl.prune import prune, prune_with_flags
from dsl.rewriting import Rule

DEAD = "dead statements and states"
"""Name of the law that what cannot reach the update may go, bit for bit."""

_FIRST_LINE = 2
"""Of `unparse`, that of the first statement; the header has line 1."""


@dataclass(frozen=True, slots=True)
class Step:
    """A law applied.

    Attributes:
        law: its name.
        exact: whether the updates are the same bit for bit.
        line: where, in `unparse` of the program before; the header for states.
        program: the program after, without what became dead.
    """

    law: str
    exact: bool
    line: int
    program: Program


@dataclass(frozen=True, slots=True)
class Derivation:
    """The way from a program to a simpler one.

    Attributes:
        start: the program as it was.
        steps: one law each.
        program: the last step's, or the start if no law applies.
        exact: whether all steps were.
    """

    start: Program
    steps: tuple[Step, ...]
    program: Program
    exact: bool


def simplify(program: Program, exact: bool = False) -> Derivation:
    """Apply laws (`dsl/laws.py`) until none makes a valid program smaller.

    Deterministic and idempotent; never longer; names do not matter and are kept where
    they can be. With `exact` only laws that keep every update bit for bit are applied.

    >>> from dsl import parse, unparse
    >>> text = "def train(w, g, m, lr):\\n return g * lr / sqrt(g * g), m + g"
    >>> derivation = simplify(parse(text))
    >>> [step.law for step in derivation.steps][-1]
    'product over abs'
    >>> print(unparse(derivation.program), end="")
    def train(w, g, lr):
        value_4 = sign(g)
        value_4 = lr * value_4
        return value_4
    """
    laws = [law for law in LAWS if law.exact or not exact]
    steps: list[Step] = []
    last = program
    while (step := next_step(last, laws)) is not None:
        steps.append(step)
        last = step.program
    return Derivation(program, tuple(steps), last, all(step.exact for step in steps))


def next_step(program: Program, laws: Sequence[Rule]) -> Step | None:
    """The first law's first application that makes a program smaller, if there is one.

    What is dead goes first of all.
    """
    pruned, kept = prune_with_flags(program)
    if pruned != program:
        line = _FIRST_LINE + kept.index(0) if 0 in kept else 1
        return Step(DEAD, True, line, pruned)
    numbered = number(program)
    before = size(numbered)
    for law in laws:
        for place, rewritten in law.rewritings(numbered):
            after = prune(named(rewritten))
            if size(number(after)) < before:
                line = _FIRST_LINE + place if place >= 0 else 1
                return Step(law.name, law.exact, line, after)
    return None


_COSTS = {
    **dict.fromkeys(("negative", "sign"), 1),
    **dict.fromkeys(("abs", "add", "multiply", "maximum", "minimum", "square"), 2),
    **dict.fromkeys(("subtract", "sqrt", "cube", "reciprocal"), 3),
    **dict.fromkeys(("divide", "interpolate", "clip_by_global_norm"), 4),
}
"""What a function weighs, others 5: what of two is taken for the simpler one."""


def size(program: Numbered) -> tuple[int, ...]:
    """What every step lowers, the first of these numbers that it changes.

    Statements; states; variables read; the weight of the functions; the sum of the
    values' depths, which independent statements keep small; and how many values depend
    on each negation, so that negations move outwards until they meet.
    """
    reads = [value for call in program.calls for value in _read(call.arguments)]
    depths = [0] * program.inputs
    negations = [0] * program.inputs
    for value, call in enumerate(program.calls, program.inputs):
        read = _read(call.arguments)
        depths.append(1 + max((depths[each] for each in read), default=0))
        below = 0
        for each in read:
            below |= negations[each]
        negations.append(below | (call.function == "negative") << value)
    return (
        len(program.calls),
        len(program.outputs) - 1,
        len(reads),
        sum(_COSTS.get(call.function, 5) for call in program.calls),
        sum(depths),
        sum(each.bit_count() for each in negations),
    )


def _read(arguments: Sequence[int | Constant]) -> list[int]:
    return [each for each in arguments if not isinstance(each, Constant)]
