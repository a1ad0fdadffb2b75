"""The Pareto front: those than which no other is better, all things considered.

One dominates another if it is no worse in any objective and better in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def front(
    items: Iterable[Item], objectives: Callable[[Item], Sequence[float]]
) -> list[Item]:
    """Those that no other dominates, in their order; of some that are equal the first.

    Args:
        items: to choose from.
        objectives: of an item, each minimised; as many for all, none NaN.

    >>> front([(1, 3), (2, 2), (2, 3), (3, 1)], lambda point: point)
    [(1, 3), (2, 2), (3, 1)]
    """
    every = list(items)
    points = [tuple(objectives(item)) for item in every]
    kept: list[int] = []
    # What dominates a point comes before it, and so do those that equal it and are
    # first: sorting is stable.
    for place in sorted(range(len(every)), key=points.__getitem__):
        if not any(_no_worse(points[other], points[place]) for other in kept):
            kept.append(place)
    return [every[place] for place in sorted(kept)]


def _no_worse(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))
