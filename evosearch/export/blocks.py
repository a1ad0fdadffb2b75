"""A trace cut where sums over the whole model are: numbers first, then arrays.

In each block the numbers are computed once, from whole trees, and then all that is of
one weight array is one function of that array.
"""

from __future__ import annotations

from dataclasses import dataclass

from evosearch.export.trace import Step, Trace, Value, is_reduction


@dataclass(frozen=True, slots=True)
class Block:
    """Steps between two sums.

    Attributes:
        numbers: steps that make Scalars.
        arrays: the others, done array by array.
    """

    numbers: tuple[Step, ...]
    arrays: tuple[Step, ...]


def blocks_of(found: Trace) -> list[Block]:
    """The fewest blocks, each as early as what it reads allows; at least one."""
    level: dict[int, int] = {}
    numbers: dict[int, list[Step]] = {}
    arrays: dict[int, list[Step]] = {}
    for step in found.steps:
        reads = [each for each in step.operands if isinstance(each, Value)]
        own = max((level.get(each.number, 0) for each in reads), default=0)
        if is_reduction(step.function):
            own = max(
                (_after(each, found, level) for each in reads),
                default=0,
            )
        level[step.result.number] = own
        part = numbers if step.result.is_scalar else arrays
        part.setdefault(own, []).append(step)
    return [
        Block(tuple(numbers.get(each, ())), tuple(arrays.get(each, ())))
        for each in range(1 + max(level.values(), default=0))
    ]


def _after(value: Value, found: Trace, level: dict[int, int]) -> int:
    """The first block whose numbers may sum over a value."""
    if value.number not in level:
        return 0
    return level[value.number] + (0 if value.is_scalar else 1)
