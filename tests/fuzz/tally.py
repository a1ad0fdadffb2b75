"""What a run has found so far, and how it is told: progress, summary, failures."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from tests.fuzz.blocks import Block, Found
from tests.fuzz.digests import COLLISION, Behaviour, Collisions, collision
from tests.fuzz.problem import Failure

MOST_NUMBERS = 20
"""Of those that break one law, told to be looked at."""


class Tally:
    """Counts of a run; failures are kept once for each law."""

    def __init__(self, seed: int, blocks: Iterable[Block]) -> None:
        self.seed = seed
        self.wanted: Counter[str] = Counter()
        self._blocks = self._ended = 0
        for block in blocks:
            self.wanted[block.kind] += block.count
            self._blocks += 1
        self.done: Counter[str] = Counter()
        self.failures: dict[str, Failure] = {}
        self.broken: defaultdict[str, list[str]] = defaultdict(list)
        self.interrupted = False
        self._collisions = Collisions()
        self._valid = 0
        self._slowest = (0.0, -1)
        self._start = time.monotonic()

    def add(self, found: Found) -> list[Failure]:
        """Count a block; returns what is new."""
        self.done[found.block.kind] += found.block.count
        self._ended += 1
        for law, number in found.broken:
            self.broken[law].append(f"{found.block.kind}:{number}")
        self._valid += found.valid
        self._slowest = max(self._slowest, found.slowest)
        new = []
        for failure in (*found.failures, *self._new_collisions(found)):
            if failure.problem.law not in self.failures:
                self.failures[failure.problem.law] = failure
                new.append(failure)
        return new

    def _new_collisions(self, found: Found) -> list[Failure]:
        pairs = self._collisions.add(Behaviour(*each) for each in found.behaviours)
        for pair in pairs:
            name = ",".join(f"programs:{number}" for number in pair)
            self.broken[COLLISION].append(name)
        if not pairs or COLLISION in self.failures:
            return []
        return [collision(self.seed, pairs[0])]

    def progress(self) -> str:
        """One line: done, rate, time left."""
        elapsed = time.monotonic() - self._start
        parts = [
            f"{kind} {self.done[kind]:,}/{count:,} ({self.done[kind] / elapsed:,.0f}/s)"
            for kind, count in self.wanted.items()
        ]
        left = elapsed / max(1, self._ended) * (self._blocks - self._ended)
        found = f"{len(self.failures)} found" if self.failures else "nothing found"
        return f"{', '.join(parts)}; {_minutes(left)} left; {found}"

    def summary(self) -> dict[str, Any]:
        """All there is to say, as data."""
        seconds = time.monotonic() - self._start
        return {
            "seed": self.seed,
            "seconds": round(seconds, 1),
            "interrupted": self.interrupted,
            "wanted": self.wanted,
            "done": {kind: self.done[kind] for kind in self.wanted},
            "valid_texts": self._valid,
            "slowest_text": {
                "seconds": round(self._slowest[0], 3),
                "number": self._slowest[1],
            },
            "digests": len(self._collisions.known),
            "failures": [
                {
                    "reproduce": self.command(failure),
                    "law": law,
                    "detail": failure.problem.detail,
                    "times": len(self.broken[law]),
                    "numbers": self.broken[law][:MOST_NUMBERS],
                    "test": failure.test,
                }
                for law, failure in self.failures.items()
            ],
        }

    def command(self, failure: Failure) -> str:
        """What shows a failure alone."""
        only = f"--only {failure.source}"
        return f"python -m tests.fuzz --seed {self.seed} {only}"

    def story(self) -> str:
        """The summary in words."""
        facts = self.summary()
        slowest = facts["slowest_text"]
        words = {
            "texts": f", {facts['valid_texts']:,} of them programs, the slowest "
            f"(number {slowest['number']}) in {slowest['seconds']:.2f} s",
            "programs": f", {facts['digests']:,} digests",
            "functions": " rounds",
        }
        lines = [
            f"{kind}: {self.done[kind]:,} of {count:,}{words[kind]}"
            for kind, count in self.wanted.items()
        ]
        end = "interrupted" if self.interrupted else "done"
        lines.append(f"seed {self.seed}: {end} after {_minutes(facts['seconds'])}")
        if not self.failures:
            lines.append("nothing found")
        for law, failure in self.failures.items():
            lines.append(f"\nFOUND {failure.problem}")
            if len(self.broken[law]) > 1:
                some = " ".join(self.broken[law][:MOST_NUMBERS])
                lines.append(f"{len(self.broken[law]):,} times: {some}")
            lines += [self.command(failure), "", failure.test]
        return "\n".join(lines)


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min"
