"""Regularised evolution (section 2.2): tournaments choose parents, age removes.

Pure ask and tell: a population is frozen data, `choose_parent` asks it and `add`
returns the next one. In the paper there is no limit on copies: programs that differ in
constants alone may fill a population.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from dsl.structure import structure
from evosearch.genome import Genome


@dataclass(frozen=True)
class Member:
    """A genome of the population.

    Attributes:
        number: in the run.
        genome: what breeds.
        fitness: lower is better.
        twin: digest of the program whose trainings it is judged by; None if its own.
        proven: whether its fitness is that of further data seeds.
        island: where it is (`evosearch/islands.py`).
    """

    number: int
    genome: Genome
    fitness: float
    twin: str | None = None
    proven: bool = False
    island: int = 0

    @property
    def trained(self) -> str:
        """Digest of the program whose trainings it is judged by."""
        return self.twin or self.genome.digest

    @cached_property
    def structure(self) -> str:
        """Of its live part, as of `dsl.structure`."""
        return structure(self.genome.pruned)


Population = tuple[Member, ...]
"""Oldest first (on each island); its length never changes."""


def found(seed: Member, size: int) -> Population:
    """The first population: copies of the seed program, as in the paper."""
    return (seed,) * size


def choose_parent(population: Population, tournament: int, random: Random) -> Member:
    """The fittest of `tournament` members drawn with replacement; ties to the first."""
    size = len(population)
    drawn = [population[int(random.random() * size)] for _ in range(tournament)]
    return min(drawn, key=lambda member: member.fitness)


def add(
    population: Population, member: Member, copies: int | None = None
) -> Population:
    """The population with its oldest member replaced, however fit that was.

    Args:
        population: as it is.
        member: enters, as the youngest.
        copies: members of one structure at most; where there are so many of the new
            one's, the oldest of these leaves. Only those that `found` makes may be
            more. None is no limit.
    """
    leaves = 0
    if copies is not None:
        kind = member.structure
        alike = [n for n, each in enumerate(population) if each.structure == kind]
        leaves = alike[0] if len(alike) >= copies else 0
    return (*population[:leaves], *population[leaves + 1 :], member)


def judge_again(
    population: Population, trained: str, fitness: Callable[[Genome], float]
) -> Population:
    """The population in which all that go by a program's trainings are judged anew."""
    return tuple(
        replace(member, fitness=fitness(member.genome), proven=True)
        if member.trained == trained
        else member
        for member in population
    )
