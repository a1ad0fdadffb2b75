"""Regularised evolution (section 2.2): tournaments choose parents, age removes.

Pure ask and tell: a population is frozen data, `choose_parent` asks it and `add`
returns the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from evosearch.genome import Genome


@dataclass(frozen=True, slots=True)
class Member:
    """A genome of the population.

    Attributes:
        number: in the run.
        genome: what breeds.
        fitness: lower is better.
        twin: digest of the program whose trainings it is judged by; None if its own.
        proven: whether its fitness is that of further data seeds.
    """

    number: int
    genome: Genome
    fitness: float
    twin: str | None = None
    proven: bool = False

    @property
    def trained(self) -> str:
        """Digest of the program whose trainings it is judged by."""
        return self.twin or self.genome.digest


Population = tuple[Member, ...]
"""Oldest first; its length never changes."""


def found(seed: Member, size: int) -> Population:
    """The first population: copies of the seed program, as in the paper."""
    return (seed,) * size


def choose_parent(population: Population, tournament: int, random: Random) -> Member:
    """The fittest of `tournament` members drawn with replacement; ties to the first."""
    size = len(population)
    drawn = [population[int(random.random() * size)] for _ in range(tournament)]
    return min(drawn, key=lambda member: member.fitness)


def add(population: Population, member: Member) -> Population:
    """The population with its oldest member replaced, however fit that was."""
    return (*population[1:], member)


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
