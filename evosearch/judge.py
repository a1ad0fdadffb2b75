"""How a search judges a program by its trainings: its outcome and its fitness."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from evosearch.config import Config
from evosearch.fitness import Place, paired_fitness
from evosearch.genome import Genome
from evosearch.ledger import losses
from evosearch.limits import limits_of
from evosearch.reference import Reference
from evosearch.rows import TrainingRow
from evosearch.train import Outcome
from evosearch.validation import prices_of
from evosearch.verdict import verdict

_NONE: Mapping[Place, TrainingRow] = MappingProxyType({})


class Judgement(NamedTuple):
    """What trainings say of a program, as of `ProgramRow`."""

    outcome: Outcome
    reason: str
    fitness: float | None


class Judge:
    """Judges the programs of a search.

    Args:
        config: has prices, limits and hurdles.
        reference: its trainings at the same places are settled.
    """

    def __init__(self, config: Config, reference: Reference) -> None:
        self._prices = prices_of(config)
        self._limits = limits_of(config.search)
        self._hurdles = config.hurdles
        self._reference = reference

    def of(
        self,
        genome: Genome,
        trainings: Mapping[Place, TrainingRow],
        further: Mapping[Place, TrainingRow] = _NONE,
    ) -> Judgement:
        """What a program is, by all these trainings of it.

        Its fitness is that of the further ones, if there are any: by the others it was
        chosen to have them, so they are better than it is.
        """
        outcome, reason = verdict({**trainings, **further}, self._hurdles)
        if outcome is not Outcome.OK:
            return Judgement(outcome, reason, None)
        counted = further or trainings
        references = {place: self._reference.loss(place) for place in counted}
        fitness = paired_fitness(losses(counted), references, self.price(genome))
        reason = self._limits.why_no_result(len(genome.pruned.states))
        return Judgement(outcome, reason, fitness)

    def again(self, further: Mapping[Place, TrainingRow], genome: Genome) -> float:
        """The fitness by further trainings alone; infinite where one failed."""
        fitness = self.of(genome, {}, further).fitness
        return math.inf if fitness is None else fitness

    def price(self, genome: Genome) -> float:
        """What a program pays for its live states and statements."""
        pruned = genome.pruned
        return self._prices.of(len(pruned.states), len(pruned.statements))
