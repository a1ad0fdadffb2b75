"""How a search went: a few hundred points of what it had done and found by then."""

from __future__ import annotations

import json
from typing import NamedTuple

from evosearch.run import Moment, Watcher

MOST = 300
"""Points that are kept; at least half as many where a search is long enough."""


class Point(NamedTuple):
    """A search after some of its programs; counts are since its beginning.

    Attributes:
        programs: made.
        steps: training steps taken.
        trained: programs trained.
        hits: programs that the store answered.
        statements: of all programs.
        live: those of them that are not dead.
        fitness: the best so far on the search's own data seeds; lower is better.
    """

    programs: int
    steps: int
    trained: int
    hits: int
    statements: int
    live: int
    fitness: float


class Curve:
    """Keeps every n-th point, with n doubled when there are too many, and the last.

    Law: what is kept depends on the points alone, not on when a search was stopped and
    taken up, since that replays it.
    """

    def __init__(self) -> None:
        self._kept: list[Point] = []
        self._every = 1
        self._last: Point | None = None

    def add(self, point: Point) -> None:
        """Take in the next point, of one program more."""
        self._last = point
        if point.programs % self._every:
            return
        self._kept.append(point)
        if len(self._kept) > MOST - 1:
            self._every *= 2
            self._kept = [each for each in self._kept if not each[0] % self._every]

    @property
    def points(self) -> list[Point]:
        """What was kept, and the last point."""
        ends = (
            [] if self._last is None or self._last in self._kept[-1:] else [self._last]
        )
        return [*self._kept, *ends]


def write_points(points: list[Point]) -> str:
    """Points as lines of JSON; `read_points` is the inverse."""
    return "".join(f"{json.dumps(point._asdict())}\n" for point in points)


def read_points(text: str) -> list[Point]:
    """The points that `write_points` wrote."""
    return [Point(**json.loads(line)) for line in text.splitlines()]


class Recorder:
    """A run's watcher that keeps the curve and tells another one."""

    def __init__(self, watcher: Watcher) -> None:
        self.curve = Curve()
        self._watcher = watcher

    def search(self, moment: Moment) -> None:
        """Another child is settled."""
        counts, best = moment.counts, moment.best.fitness
        assert best is not None, "the best is fitter than the seed, which has a fitness"
        self.curve.add(
            Point(
                counts.made,
                counts.steps,
                counts.evaluated,
                counts.duplicates,
                counts.statements,
                counts.live,
                best,
            )
        )
        self._watcher.search(moment)

    def judge(self, what: str, done: int, total: int) -> None:
        """The final comparison goes on."""
        self._watcher.judge(what, done, total)
