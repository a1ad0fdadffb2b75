"""The search: mutate, check, digest, ask the store or train, and let the fittest breed.

A child that an earlier one equals, by its digest or its fingerprint, takes that one's
trainings (`evosearch/twins.py`).

Child k is made from the population after result k - W (the window), and results are
taken in the order of the children; so one seed gives one trajectory for any executor
and number of workers. The hurdles that child k meets are frozen when it is made, too.
Resuming replays it: children that the store has are made again, compared with the store
and not trained.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from random import Random

from dsl.functions import SETS
from dsl.program import Program
from dsl.prune import prune
from dsl.unparse import unparse
from evosearch.breed import Bred, breed, breeding_of
from evosearch.config import Config
from evosearch.counts import Counts
from evosearch.errors import InputError
from evosearch.fitness import Place, Prices, data_seeds, paired_fitness
from evosearch.genome import genome_of
from evosearch.hurdles import Hurdles
from evosearch.ledger import Ledger, Subject, losses
from evosearch.population import Member, add, found
from evosearch.rows import ProgramRow, TrainingRow
from evosearch.train import VALIDATION, Outcome
from evosearch.twins import Identity, Twins, subject_of
from evosearch.verdict import check_reference, verdict

_PLACES_KEPT = 1024
"""Losses of the reference that are at hand; the others are read from the store."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is searched.

    Attributes:
        config: of the run.
        seed: the program to start from.
        reference: the program that losses are compared with.
        functions: names of those that insertions draw from.
    """

    config: Config
    seed: Program
    reference: Program
    functions: tuple[str, ...] = SETS["lion"]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A child in the window: made, not settled."""

    number: int
    identity: Identity
    bred: Bred
    seeds: range
    duplicate: bool
    stored: ProgramRow | None


class Search:
    """One run of the loop over a ledger."""

    def __init__(self, problem: Problem, ledger: Ledger) -> None:
        config = problem.config
        self.counts = Counts()
        self._config = config
        self._ledger = ledger
        self._twins = Twins(ledger.store, by_fingerprint=config.search.fingerprint)
        self._prices = Prices(
            config.fitness.state_price, config.fitness.statement_price
        )
        self._breeding = breeding_of(config.search, problem.seed, problem.functions)
        self._reference = subject_of(prune(problem.reference))
        self._reference_ordered = self._reference_settled = range(0)
        # A long run has many data seeds, of which the last ones are asked for most.
        self._reference_loss = lru_cache(_PLACES_KEPT)(self._read_reference_loss)
        self._hurdles = Hurdles(config.hurdles)
        self._random = Random(config.seed)
        self._began = time.monotonic()
        self._elapsed = 0.0
        self._stored = ledger.store.programs()
        self.seed_row = self._settle_seed(problem.seed)
        self.seed_fitness = self.seed_row.fitness or 0.0
        seed = Member(0, genome_of(problem.seed), self.seed_fitness)
        self._population = found(seed, config.search.population)

    def children(self) -> Iterator[ProgramRow]:
        """Make, train and store children until the budget is used up."""
        window: deque[_Candidate] = deque()
        while True:
            while len(window) < self._config.search.window and self.counts.within(
                self._config.budget
            ):
                window.append(self._make())
            if not window:
                return
            self._twins.leave(window[0].identity)
            yield self._settle(window.popleft())

    def require_all_replayed(self) -> None:
        """A search that has ended must have come to the end of its record.

        Raises:
            InputError: an earlier session went on beyond this budget.
        """
        beyond = next(self._stored, None)
        if beyond is not None:
            raise InputError(
                f"budget: this run has gone beyond it already, to child {beyond.number}"
                " at least: give it a larger one"
            )

    def _make(self) -> _Candidate:
        """Breed the next child and order its trainings, if they are not known."""
        number = self.counts.begun + 1
        bred = breed(self._population, self._random, self._breeding)
        identity = self._twins.identify(bred.genome)
        seeds = self._seeds(number)
        stored = next(self._stored, None)
        if stored is None:
            self._order_reference(seeds)
            duplicate = self._ledger.known(identity.trained, seeds)
            if not duplicate:
                self._order(self._twins.subject(identity), seeds)
        else:
            _compare(stored, number, identity.digest)
            duplicate = stored.duplicate
        self._twins.enter(identity)
        self.counts.begin(duplicate=duplicate)
        return _Candidate(number, identity, bred, seeds, duplicate, stored)

    def _settle(self, candidate: _Candidate) -> ProgramRow:
        """Take a child's result, store it and let it into the population."""
        row = candidate.stored
        if row is None:
            row = self._judge(candidate)
            self._ledger.record(row)
        else:
            # The clock goes on where it stopped: replaying takes no time of the run's.
            self._elapsed, self._began = row.seconds, time.monotonic()
            self.counts.replayed += 1
        trainings = self._paid(candidate)
        steps = sum(training.steps for training in trainings.values())
        self.counts.settle(row, steps, candidate.bred.rejected)
        if self._hurdles.on:
            self._settle_reference(candidate.seeds)
            self._hurdles.learn(trainings, self._references(trainings))
        if row.fitness is not None:
            member = Member(row.number, candidate.identity.genome, row.fitness)
            self._population = add(self._population, member)
        return row

    def _order(self, subject: Subject, seeds: range) -> None:
        """Have a child trained past the hurdles that are known now: they are frozen."""
        here: dict[Place, TrainingRow] = {}
        if self._hurdles.on:
            self._settle_reference(seeds)
            here = self._references(product(self._ledger.tasks, seeds))
        self._ledger.order(subject, seeds, hurdles=self._hurdles.ahead(here))

    def _paid(self, candidate: _Candidate) -> dict[Place, TrainingRow]:
        """The trainings that a settled child cost."""
        if candidate.duplicate:
            return {}
        rows = self._ledger.trainings(candidate.identity.trained)
        return {
            place: row for place, row in rows.items() if row.seed in candidate.seeds
        }

    def _judge(self, candidate: _Candidate) -> ProgramRow:
        """Wait for a child's trainings and turn them into its row."""
        self._settle_reference(candidate.seeds)
        identity, bred = candidate.identity, candidate.bred
        self._ledger.settle(identity.trained, candidate.seeds)
        trainings = {
            place: row
            for place, row in self._ledger.trainings(identity.trained).items()
            if row.seed < candidate.seeds.stop
        }
        pruned = identity.genome.pruned
        live, states = len(pruned.statements), len(pruned.states)
        outcome, reason = verdict(trainings, self._config.hurdles)
        fitness = None
        if outcome is Outcome.OK:
            price = self._prices.of(states, live)
            references = {place: self._reference_loss(place) for place in trainings}
            fitness = paired_fitness(losses(trainings), references, price)
            reason = self._breeding.limits.why_no_result(states)
        return ProgramRow(
            number=candidate.number,
            text=unparse(bred.genome.program),
            digest=identity.digest,
            fingerprint=identity.fingerprint,
            twin=identity.twin,
            parent=bred.parent,
            mutation=bred.mutation,
            outcome=outcome.value,
            reason=reason,
            fitness=fitness,
            duplicate=candidate.duplicate,
            statements=len(bred.genome.program.statements),
            live=live,
            states=states,
            seconds=self.seconds(),
        )

    def _settle_seed(self, seed: Program) -> ProgramRow:
        """Train the seed program as number 0; its fitness is a number."""
        bred, seeds = Bred(genome_of(seed), "", None, ()), self._seeds(1)
        identity = self._twins.identify(bred.genome)
        candidate = _Candidate(0, identity, bred, seeds, False, None)
        self._order_reference(seeds)
        self._ledger.order(self._twins.subject(identity), seeds)
        stored = next(self._stored, None)
        if stored is not None:
            _compare(stored, 0, identity.digest)
        row = stored or self._judge(candidate)
        if row.fitness is None:
            raise InputError(
                f"program: the seed program {row.reason} on this task: start from one "
                "that trains, or lower its learning rate"
            )
        self._ledger.record(row)
        return row

    def _order_reference(self, seeds: range) -> None:
        """Have the reference trained on these data seeds, where it is not yet."""
        if seeds != self._reference_ordered:
            self._ledger.order(self._reference, seeds)
            self._reference_ordered = seeds

    def _settle_reference(self, seeds: range) -> None:
        """Wait for the reference's trainings on these data seeds."""
        if seeds != self._reference_settled:
            rows = self._ledger.settle(self._reference.digest, seeds)
            for row in rows.values():
                check_reference(row)
            self._reference_settled = seeds

    def _references(self, places: Iterable[Place]) -> dict[Place, TrainingRow]:
        """The reference's trainings, settled before."""
        return {place: self._reference_training(place) for place in places}

    def _read_reference_loss(self, place: Place) -> float:
        return self._reference_training(place).loss

    def _reference_training(self, place: Place) -> TrainingRow:
        row = self._ledger.store.training(self._reference.digest, *place, VALIDATION)
        assert row is not None, "whatever a child was trained on, the reference was"
        return row

    def _seeds(self, number: int) -> range:
        fitness = self._config.fitness
        return data_seeds(number - 1, fitness.seeds, fitness.rotate)

    def seconds(self) -> float:
        """Seconds of searching, those before an interruption included."""
        return self._elapsed + time.monotonic() - self._began


def _compare(stored: ProgramRow, number: int, digest: str) -> None:
    """The store must hold the children that this config makes."""
    if (stored.number, stored.digest) != (number, digest):
        raise InputError(
            f"the run's record holds another program as number {number} than its "
            "config leads to: it was made by another version of evosearch, which has "
            "to be used to resume it"
        )
