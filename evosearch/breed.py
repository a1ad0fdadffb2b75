"""How the next child is made: what its mode draws, until it keeps to the limits.

The random state is an argument and advances; the population is only read.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from dsl.program import Program
from evosearch.config import SearchConfig
from evosearch.constant_mutation import change_constant, require_constants
from evosearch.errors import InputError
from evosearch.genome import Genome, genome_of, inherit
from evosearch.limits import Limits, limits_of, require_within
from evosearch.mutate import MOST_ATTEMPTS, Child, Odds, mutate
from evosearch.population import Population, choose_parent
from evosearch.random_program import random_program

CONSTANTS, RANDOM = "constants", "random"
"""The modes that are baselines."""


class Bred(NamedTuple):
    """A child, valid and within the limits.

    Attributes:
        genome: what was made.
        mutation: what made it: one of `evosearch/mutate.py`, or `random`; empty for the
            seed program.
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
        mode: `evolve`, `constants` or `random`.
        seed: the program that the search starts from.
        limits: that they keep to.
        tournament: members drawn, of which the best becomes the parent.
        odds: of the three mutations.
        most_statements: of the longest program.
        functions: names of those that insertions draw from.
    """

    mode: str
    seed: Program
    limits: Limits
    tournament: int
    odds: Odds
    most_statements: int
    functions: tuple[str, ...]


def breeding_of(
    config: SearchConfig, seed: Program, functions: tuple[str, ...]
) -> Breeding:
    """What a config asks for; `functions` are those that its choice stands for."""
    return Breeding(
        config.mode,
        seed,
        limits_of(config),
        config.tournament,
        Odds(config.insert, config.delete, config.modify),
        config.max_statements,
        functions,
    )


def require_breedable(config: SearchConfig, seed: Program) -> None:
    """A search has to be able to start from its seed program.

    Raises:
        InputError: it uses `lr` as no child may; or only its constants are to change,
            and it has none, or has too many states for good.
    """
    limits, genome = limits_of(config), genome_of(seed)
    require_within(limits, seed)
    if config.mode == CONSTANTS:
        require_constants(genome)
        states = len(genome.pruned.states)
        if limits.exceeds(states):
            raise InputError(
                f"search.max_states: {config.max_states}, but the program that the "
                f"search starts from has {states} live states, which mode constants "
                f"leaves as they are: allow {states}, or start from another program"
            )


def breed(population: Population, random: Random, breeding: Breeding) -> Bred:
    """Make the next child.

    Raises:
        InputError: no child keeps to the limits, or none is valid at all.
    """
    parent = None
    if breeding.mode != RANDOM:
        parent = choose_parent(population, breeding.tournament, random)
    before = 0 if parent is None else len(parent.genome.pruned.states)
    rejected: list[str] = []
    while len(rejected) < MOST_ATTEMPTS:
        if parent is None:
            genome, mutation = _drawn(random, breeding), RANDOM
        else:
            child = _mutated(parent.genome, random, breeding)
            genome, mutation = inherit(parent.genome, child), child.mutation
            rejected += child.rejected
        reason = breeding.limits.broken(genome.pruned, before)
        if reason is None:
            number = None if parent is None else parent.number
            return Bred(genome, mutation, number, tuple(rejected))
        rejected.append(reason)
    raise InputError(
        f"search: no child within max_states and rate in {MOST_ATTEMPTS:,} attempts: "
        "loosen them, or start from another program"
    )


def _mutated(parent: Genome, random: Random, breeding: Breeding) -> Child:
    if breeding.mode == CONSTANTS:
        return change_constant(parent, random)
    return mutate(
        parent.program,
        random,
        breeding.odds,
        breeding.most_statements,
        breeding.functions,
    )


def _drawn(random: Random, breeding: Breeding) -> Genome:
    program = random_program(
        breeding.seed,
        random,
        breeding.most_statements,
        breeding.functions,
        rate_is_last=breeding.limits.rate_is_last,
    )
    return genome_of(program)
