"""The shapes in a header that would mend a program whose states lack them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, product

from dsl.errors import Wording, quoted
from dsl.program import Program, shapes_of, state_types
from dsl.types import DIMENSIONS, SHAPED, Type

_MOST_CHANGED, _MOST_STATES = 2, 4
"""Two of four states are tried in 416 ways, each a check; more would be felt."""


def or_shapes(
    program: Program,
    is_valid: Callable[[Program], bool],
    wording: Callable[[], Wording],
) -> Wording:
    """The words for a fault of types, its hint a header if that alone mends it all.

    Where several do, nothing tells which of them is meant, and `wording` stays.
    """
    message, hint = wording()
    for count in range(1, _MOST_CHANGED + 1):
        found = [
            shapes
            for shapes in _others(program, count)
            if is_valid(_with(program, shapes))
        ]
        if len(found) == 1:
            shown = [
                quoted(f"{name}: ({', '.join(DIMENSIONS[kind])})")
                for name, kind, old in zip(
                    program.states, found[0], state_types(program), strict=True
                )
                if kind is not old
            ]
            return message, f"write {' and '.join(shown)} in the header"
        if found:
            break
    return message, hint


def _others(program: Program, count: int) -> Iterator[tuple[Type, ...]]:
    """The types of the states with `count` of them changed, in all ways."""
    types = state_types(program)
    if len(types) > _MOST_STATES:
        return
    for places in combinations(range(len(types)), count):
        for kinds in product(SHAPED, repeat=count):
            changed = dict(zip(places, kinds, strict=True))
            if all(types[place] is not kind for place, kind in changed.items()):
                yield tuple(changed.get(n, kind) for n, kind in enumerate(types))


def _with(program: Program, types: tuple[Type, ...]) -> Program:
    return program._replace(shapes=shapes_of(types))
