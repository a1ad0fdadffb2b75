"""Regularised evolution (section 2.2): tournaments choose parents, age removes.

Pure ask and tell: a population is frozen data, `choose_parent` asks it and `add`
returns the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from evosearch.genome import Genome


@dataclass(frozen=True, slots=True)
class Member:
    """A genome of the population: its number in the run and its fitness."""

    number: int
    genome: Genome
    fitness: float


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
