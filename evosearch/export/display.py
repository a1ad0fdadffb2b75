"""What a value is called in generated code: its name in the program where that is free.

A name is used again as in the program, once nobody reads what it stood for.
"""

from __future__ import annotations

import keyword
from collections.abc import Collection, Iterable, Sequence
from itertools import count

from evosearch.export.trace import Trace, Value

_LONGEST = 20
"""Of a name, so that a call of three fits on a line."""


def display_names(
    given: Sequence[Value],
    made: Sequence[tuple[Iterable[Value], Value]],
    last: Collection[Value],
    taken: Collection[str],
) -> dict[int, str]:
    """Names by the number of the value.

    Args:
        given: values that are there at first.
        made: for each line what it reads, and the value it makes.
        last: values that are read after all lines.
        taken: names that mean something else.
    """
    until = {value.number: len(made) for value in last}
    for line, (reads, _) in enumerate(made):
        for value in reads:
            until[value.number] = max(line, until.get(value.number, 0))
    found: dict[int, str] = {}
    holder: dict[str, Value] = {}
    # None of these names is free for another kind of value: an inner function that
    # assigns a name of the outer one could not read it any more.
    for line, value in [(-1, each) for each in given] + [
        (line, value) for line, (_, value) in enumerate(made)
    ]:
        for name in candidates(value.name, taken):
            held = holder.get(name)
            if held is None or (
                until.get(held.number, -1) <= line
                and held.is_scalar == value.is_scalar
                and line >= 0
            ):
                break
        holder[name] = value
        found[value.number] = name
    return found


def candidates(name: str, taken: Collection[str]) -> Iterable[str]:
    """Names for a value that the program calls `name`, best first."""
    short = name[:_LONGEST].rstrip("_") or "value"
    for number in count(1):
        candidate = short if number == 1 else f"{short}_{number}"
        if candidate not in taken and not keyword.iskeyword(candidate):
            yield candidate


def field_names(found: Trace, taken: Collection[str] = ()) -> list[str]:
    """What the states are called in that of an export, by none of the names taken."""
    # Of a tuple's own, and of what `new_` stands before in the Optax export.
    own = {"count", "index", "updates", *taken}
    names: list[str] = []
    for place, state in enumerate(found.states, 1):
        plain = state.name.strip("_") or f"state_{place}"
        names.append(next(iter(candidates(plain, own | {*names}))))
    return names
