"""How the next child is made: what its mode draws, until it keeps to the limits.

The random state is an argument and advances; the population is only read.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from evosearch.config import SearchConfig
from evosearch.errors import InputError
from evosearch.genome import Genome, inherit
from evosearch.limits import Limits, limits_of
from evosearch.mutate import MOST_ATTEMPTS, Odds, mutate
from evosearch.population import Population, choose_parent


class Bred(NamedTuple):
    """A child, valid and within the limits.

    Attributes:
        genome: what was made.
        mutation: what made it; empty for the seed program.
        parent: number of the program that it was made from; None if of none.
        rejected: reason of each attempt before it that was thrown away.
    """

    genome: Genome
    mutation: str
    parent: int | None
    rejected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Breeding:
    """What all children of a search have in common.

    Attributes:
        limits: that they keep to.
        tournament: members drawn, of which the best becomes the parent.
        odds: of the three mutations.
        most_statements: of the longest program.
        functions: names of those that insertions draw from.
    """

    limits: Limits
    tournament: int
    odds: Odds
    most_statements: int
    functions: tuple[str, ...]


def breeding_of(config: SearchConfig, functions: tuple[str, ...]) -> Breeding:
    """What a config asks for; `functions` are those that its choice stands for."""
    return Breeding(
        limits_of(config),
        config.tournament,
        Odds(config.insert, config.delete, config.modify),
        config.max_statements,
        functions,
    )


def breed(population: Population, random: Random, breeding: Breeding) -> Bred:
    """Make the next child.

    Raises:
        InputError: no child keeps to the limits, or none is valid at all.
    """
    parent = choose_parent(population, breeding.tournament, random)
    before = len(parent.genome.pruned.states)
    rejected: list[str] = []
    while len(rejected) < MOST_ATTEMPTS:
        child = mutate(
            parent.genome.program,
            random,
            breeding.odds,
            breeding.most_statements,
            breeding.functions,
        )
        rejected += child.rejected
        genome = inherit(parent.genome, child)
        reason = breeding.limits.broken(genome.pruned, before)
        if reason is None:
            return Bred(genome, child.mutation, parent.number, tuple(rejected))
        rejected.append(reason)
    raise InputError(
        f"search: no child within max_states and rate in {MOST_ATTEMPTS:,} attempts: "
        "loosen them, or start from another program"
    )
