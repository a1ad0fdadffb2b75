"""Islands: a population in equal parts that breed apart, with a migrant now and then.

Child k is bred from members of island k mod `search.islands` alone and enters it. After
every `search.migrate` children the fittest member of each island enters the next one,
the last one's the first (a ring). The paper has none. With one island nothing differs
from a population without any.
"""

from __future__ import annotations

from dataclasses import replace

from evosearch.config import SearchConfig
from evosearch.population import Member, Population, add, found


class Islands:
    """Founds a population, says who breeds a child, and lets members in.

    A population stays one tuple, oldest first; members know their island.

    Args:
        config: has sizes, the limit on copies, which holds for each island, and when
            members migrate.
    """

    def __init__(self, config: SearchConfig) -> None:
        self._size = config.population
        self._count = config.islands
        self._every = config.migrate
        self._copies = config.copies

    def found(self, seed: Member) -> Population:
        """The first population: copies of a program on all islands."""
        parts = (
            found(replace(seed, island=island), self._size // self._count)
            for island in range(self._count)
        )
        return tuple(member for part in parts for member in part)

    def parents(self, population: Population, child: int) -> Population:
        """Those that a child may be bred from, by its number."""
        return self._on(population, child % self._count)

    def add(self, population: Population, member: Member) -> Population:
        """The population with a child that enters its island, by its number."""
        return self._enter(population, member, member.number % self._count)

    def migrate(self, population: Population, child: int) -> Population:
        """The population after a child is settled, with the migrants if it is time."""
        if self._count == 1 or child % self._every:
            return population
        fittest = [
            min(self._on(population, island), key=lambda member: member.fitness)
            for island in range(self._count)
        ]
        for island, member in enumerate(fittest):
            population = self._enter(population, member, (island + 1) % self._count)
        return population

    def _on(self, population: Population, island: int) -> Population:
        if self._count == 1:
            return population
        return tuple(member for member in population if member.island == island)

    def _enter(self, population: Population, member: Member, island: int) -> Population:
        if self._count == 1:
            return add(population, member, self._copies)
        others = tuple(each for each in population if each.island != island)
        here = self._on(population, island)
        return others + add(here, replace(member, island=island), self._copies)
