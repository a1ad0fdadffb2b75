"""Equal digests have to mean equal behaviour, among all programs of a run.

Every program is compared with its rewording, which must have its digest, and with a
program that differs in little, which may have it only if it behaves alike. What is kept
of each, its digest and its fingerprint, is compared over the whole run.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from random import Random
from typing import NamedTuple

from dsl import Program, digest, fingerprint, prune, unparse
from tests.fuzz.changes import change
from tests.fuzz.generation import program_of
from tests.fuzz.paste import test_of_pair
from tests.fuzz.problem import Failure, Problem
from tests.fuzz.rewording import reword
from tests.fuzz.shrink import shrink_programs
from tests.stepping import bits, updates

STEPS = 4
"""Steps in which two programs are compared bit for bit."""

COLLISION = "one digest, two behaviours"


class Conduct:
    """What a program does, found when it is first asked for."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @cached_property
    def digest(self) -> str:
        return digest(self.program)

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(self.program)

    @cached_property
    def bits(self) -> list[bytes]:
        """Of the updates of a few steps in float64."""
        return bits(updates(self.program, STEPS))


class Behaviour(NamedTuple):
    """What is remembered of a program of the run."""

    number: int
    digest: bytes
    fingerprint: bytes


def behaviour(conduct: Conduct, number: int) -> Behaviour:
    """What programs of one digest share, short."""
    both = (conduct.digest, conduct.fingerprint[:16])
    return Behaviour(number, *map(bytes.fromhex, both))


def reworded(conduct: Conduct, number: int) -> Problem | None:
    """Other words, every second time pruned, do not change the digest or an update."""
    words = reword(conduct.program, Random(number))
    other = Conduct(prune(words) if number % 2 else words)
    if other.digest != conduct.digest:
        return Problem("other words change the digest", _line(other))
    return _alike(conduct, other)


def changed(conduct: Conduct, number: int) -> Problem | None:
    """A program that differs in little has another digest, or behaves alike."""
    return _alike(conduct, Conduct(change(conduct.program, Random(number))))


def same_behaviour(one: Program, other: Program) -> Problem | None:
    """Two programs of one digest give the same updates, bit for bit."""
    return _alike(Conduct(one), Conduct(other))


def _alike(one: Conduct, other: Conduct) -> Problem | None:
    if one.digest != other.digest:
        return None
    if one.fingerprint != other.fingerprint:
        return Problem(COLLISION, f"the fingerprint is another for {_line(other)}")
    if one.bits != other.bits:
        return Problem(COLLISION, f"an update differs in a bit for {_line(other)}")
    return None


def _line(conduct: Conduct) -> str:
    """The program in one line."""
    return " / ".join(" ".join(unparse(conduct.program).split("    ")).splitlines())


class Collisions:
    """The digests of a run so far."""

    def __init__(self) -> None:
        self.known: dict[bytes, Behaviour] = {}

    def add(self, found: Iterable[Behaviour]) -> list[tuple[int, int]]:
        """Remember programs; the pairs of numbers that share a digest wrongly."""
        wrong = []
        for each in found:
            first = self.known.setdefault(each.digest, each)
            if first.fingerprint != each.fingerprint:
                wrong.append((first.number, each.number))
        return wrong


def collision(seed: int, numbers: tuple[int, int]) -> Failure:
    """The failure that two programs of a run are, both shrunk alike."""

    def breaks(pair: tuple[Program, ...]) -> bool:
        return same_behaviour(*pair) is not None

    both = tuple(program_of(seed, number) for number in numbers)
    one, other = shrink_programs(both, breaks)
    problem = same_behaviour(one, other) or Problem(COLLISION, "in this run only")
    name = ",".join(f"programs:{number}" for number in numbers)
    return Failure(name, problem, test_of_pair(one, other, problem))
