"""Restarts: a population is filled anew with the best program so far.

The second kind of the paper's restarts (section 2.2), done there once fitness stops
improving; the first are repeats of the whole run with other seeds. When it happens
depends on settled children alone, so a run that is replayed restarts where it did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evosearch.config import SearchConfig
from evosearch.genome import Genome
from evosearch.limits import limits_of
from evosearch.population import Member, judge_again


class Restarts:
    """Remembers the best program so far and says when to start from it.

    Args:
        config: says after how many programs.
        seed: the program that the search starts from.
    """

    def __init__(self, config: SearchConfig, seed: Member) -> None:
        self._every = config.restart
        self._stall = config.restart_after_stall
        self._limits = limits_of(config)
        self._improved = 0
        self.best = seed

    def consider(self, number: int, members: Iterable[Member]) -> None:
        """Take the fittest of some members for the best, if it is better.

        One that keeps to the limit on states is better than one that does not.

        Args:
            number: of the child that was settled last.
            members: that are new or were judged again.
        """
        best = min((self.best, *members), key=self._rank)
        if self._rank(best) < self._rank(self.best):
            self.best = best
            self._improved = number

    def judge_again(self, trained: str, fitness: Callable[[Genome], float]) -> None:
        """Judge the best anew if it goes by these trainings."""
        (self.best,) = judge_again((self.best,), trained, fitness)

    def due(self, number: int) -> bool:
        """Whether the population is to be filled anew after this settled child."""
        stalled = self._stall is not None and number - self._improved >= self._stall
        if not stalled and (self._every is None or number % self._every):
            return False
        self._improved = number
        return True

    def _rank(self, member: Member) -> tuple[bool, float]:
        exceeds = self._limits.exceeds(len(member.genome.pruned.states))
        return exceeds, member.fitness
