"""The reference program's trainings: what all losses of a search are compared with.

A loss is compared with the reference's on the same task and data seed. Where fitness is
not paired, it is compared with one number for each task, the mean of the reference's
losses on the first data seeds of the search; the reference is trained on all the others
nevertheless, so that both searches cost the same and meet the same hurdles.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

from dsl.program import Program
from dsl.prune import prune
from evosearch.config import FitnessConfig
from evosearch.fitness import Place, data_seeds
from evosearch.ledger import Ledger
from evosearch.rows import TrainingRow
from evosearch.train import VALIDATION
from evosearch.twins import subject_of
from evosearch.verdict import check_reference

_PLACES_KEPT = 1024
"""Losses that are at hand; the others are read from the store."""


class Reference:
    """Orders trainings of the reference, waits for them and knows the losses.

    Args:
        program: the reference.
        ledger: trains it.
        fitness: says whether losses are compared with its own on the same data seed.
    """

    def __init__(
        self, program: Program, ledger: Ledger, fitness: FitnessConfig
    ) -> None:
        self._subject = subject_of(prune(program))
        self._ledger = ledger
        self._ordered = self._settled = range(0)
        self._first = data_seeds(0, fitness.seeds, fitness.rotate)
        # A long run has many data seeds, of which the last ones are asked for most.
        self._loss_at = lru_cache(_PLACES_KEPT)(self._read_loss)
        self._same_seed = fitness.paired

    @property
    def digest(self) -> str:
        """Digest of the reference."""
        return self._subject.digest

    def order(self, seeds: range) -> None:
        """Have it trained on these data seeds, where it is not yet."""
        if seeds != self._ordered:
            self._ledger.order(self._subject, seeds)
            self._ordered = seeds

    def settle(self, seeds: range) -> None:
        """Wait for its trainings on these data seeds, ordered before.

        Raises:
            InputError: one of them gave no loss that others can be divided by.
        """
        if seeds != self._settled:
            rows = self._ledger.settle(self._subject.digest, seeds)
            for row in rows.values():
                check_reference(row)
            self._settled = seeds

    def loss(self, place: Place) -> float:
        """What a loss of another program at this place is compared with."""
        if self._same_seed:
            return self._loss_at(place)
        found = [self._loss_at((place[0], seed)) for seed in self._first]
        return math.fsum(found) / len(found)

    def trainings(self, places: Iterable[Place]) -> dict[Place, TrainingRow]:
        """Its trainings, settled before."""
        return {place: self._training(place) for place in places}

    def _read_loss(self, place: Place) -> float:
        return self._training(place).loss

    def _training(self, place: Place) -> TrainingRow:
        row = self._ledger.store.training(self._subject.digest, *place, VALIDATION)
        assert row is not None, "whatever a child was trained on, the reference was"
        return row
