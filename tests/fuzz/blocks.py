"""Numbers of one kind, checked one after the other: what a process is given at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.fuzz import functions, programs, texts
from tests.fuzz.problem import Failure, Problem

SIZES = {"texts": 200, "programs": 20, "functions": 1}
"""Numbers of a block of each kind: about half a second."""

MOST_REPORTS = 10
"""Laws whose failures are shrunk, which takes long."""


class Block(NamedTuple):
    """Some numbers of a kind."""

    kind: str
    first: int
    count: int


class Found(NamedTuple):
    """What came of a block.

    Attributes:
        block: what was checked.
        failures: one for each law that was broken for the first time.
        broken: for each problem its law and its number.
        behaviours: digest and fingerprint of each program (`digests.Behaviour`).
        valid: texts that are programs.
        slowest: the most seconds that a text took, and its number.
    """

    block: Block
    failures: tuple[Failure, ...] = ()
    broken: tuple[tuple[str, int], ...] = ()
    behaviours: tuple[tuple[int, bytes, bytes], ...] = ()
    valid: int = 0
    slowest: tuple[float, int] = (0.0, -1)


class Finder:
    """Checks blocks of one seed; a law that is broken again is only counted."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._reported: set[str] = set()

    def check(self, block: Block, started: Callable[[int], None]) -> Found:
        """Check a block; `started` is told each number before it is checked."""
        check = {
            "texts": self._texts,
            "programs": self._programs,
            "functions": self._functions,
        }
        return check[block.kind](block, started)

    def _texts(self, block: Block, started: Callable[[int], None]) -> Found:
        failures, broken = [], []
        valid, slowest = 0, (0.0, -1)
        for number in range(block.first, block.first + block.count):
            started(number)
            reading = texts.find(self._seed, number)
            valid += reading.valid
            slowest = max(slowest, (reading.seconds, number))
            if reading.problem is not None:
                law = reading.problem.law
                broken.append((law, number))
                if self._is_new(law):
                    failures.append(texts.report(self._seed, number, law))
        return Found(block, tuple(failures), tuple(broken), (), valid, slowest)

    def _programs(self, block: Block, started: Callable[[int], None]) -> Found:
        failures, broken, behaviours = [], [], []
        for number in range(block.first, block.first + block.count):
            started(number)
            problem, behaviour = programs.find(self._seed, number)
            if behaviour is not None:
                behaviours.append(behaviour)
            if problem is not None:
                broken.append((problem.law, number))
                if self._is_new(problem.law):
                    failures.append(programs.report(self._seed, number, problem.law))
        return Found(block, tuple(failures), tuple(broken), tuple(behaviours))

    def _functions(self, block: Block, started: Callable[[int], None]) -> Found:
        failures, broken = [], []
        for number in range(block.first, block.first + block.count):
            started(number)
            for name, problem in functions.find(self._seed, number):
                broken.append((problem.law, number))
                if self._is_new(problem.law):
                    failure = functions.report(self._seed, number, name, problem)
                    failures.append(failure)
        return Found(block, tuple(failures), tuple(broken))

    def _is_new(self, law: str) -> bool:
        if law in self._reported or len(self._reported) >= MOST_REPORTS:
            return False
        self._reported.add(law)
        return True


def blocks_of(counts: dict[str, int]) -> list[Block]:
    """All numbers below the counts, the kinds mixed so that all end together."""
    placed = []
    for kind, count in counts.items():
        size = SIZES[kind]
        for first in range(0, count, size):
            block = Block(kind, first, min(size, count - first))
            placed.append(((first + block.count / 2) / count, block))
    return [block for _, block in sorted(placed)]


def lost(block: Block, number: int, how: str) -> Found:
    """A block whose process did not come to its end; `number` was being checked."""
    problem = Problem(how, f"{block.kind}:{number}")
    failure = Failure(f"{block.kind}:{number}", problem, "")
    return Found(block, (failure,), ((how, number),))
