"""Laws of any calls: those of constants are folded, those that are the same shared."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.fold import EXACT_FOLDS, folded
from dsl.numbered import Numbered, renumbered, same_call, with_calls
from dsl.program import Constant
from dsl.rewriting import Rewriting, Transformation


def _fold(program: Numbered, exact: bool) -> Iterator[Rewriting]:
    for place, call in enumerate(program.calls):
        numbers = [each for each in call.arguments if isinstance(each, Constant)]
        if len(numbers) < len(call.arguments):
            continue
        if (call.function in EXACT_FOLDS) is not exact:
            continue
        found = folded(call.function, numbers)
        rewritten = found and with_calls(program, place, (), found)
        if rewritten:
            yield Rewriting(place, rewritten)


def _share(program: Numbered) -> Iterator[Rewriting]:
    seen: dict[tuple[str, ...], int] = {}
    for place, call in enumerate(program.calls):
        value = program.inputs + place
        first = seen.setdefault(same_call(call), value)
        if first != value:
            yield Rewriting(place, renumbered(program, {value: first}))


FOLDING = (
    Transformation(
        "constants folded",
        "arithmetic on constants, which all processors round alike, is a constant",
        lambda program: _fold(program, True),
        exact=True,
    ),
    Transformation(
        "function of constants folded",
        "any other function of constants is a constant",
        lambda program: _fold(program, False),
    ),
)

SHARED = Transformation(
    "same value shared",
    "calls of one function on the same values are one call",
    _share,
    exact=True,
)
