"""The search: mutate, check, digest, ask the store or train, and let the fittest breed.

A child that an earlier one equals, by its digest or its fingerprint, takes that one's
trainings (`evosearch/twins.py`). A child of a new structure may be trained at several
rates, all at once, and enters with the best (`evosearch/rates.py`). One that would lead
may first be trained on more data seeds (`evosearch/contest.py`).

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
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product
from random import Random

from dsl.functions import SETS
from dsl.program import Program
from dsl.unparse import unparse
from evosearch.breed import Bred, breed, breeding_of
from evosearch.candidate import Candidate, require_fit, require_made_again, row_of
from evosearch.config import Config
from evosearch.contest import Contests
from evosearch.counts import Counts
from evosearch.errors import InputError
from evosearch.fitness import Place, data_seeds
from evosearch.genome import genome_of
from evosearch.hurdles import Hurdles
from evosearch.islands import Islands
from evosearch.judge import Judge
from evosearch.ledger import Ledger, Subject
from evosearch.population import Member, Population, judge_again
from evosearch.rates import Rated, at_rates
from evosearch.reference import Reference
from evosearch.restart import Restarts
from evosearch.rows import ProgramRow, TrainingRow
from evosearch.twins import Identity, Twins


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


class Search:
    """One run of the loop over a ledger."""

    def __init__(self, problem: Problem, ledger: Ledger) -> None:
        config = problem.config
        self.counts = Counts()
        self._config = config
        self._ledger = ledger
        self.twins = Twins(
            ledger.store,
            by_fingerprint=config.search.fingerprint,
            by_structure=len(config.search.rates) > 1,
        )
        self._breeding = breeding_of(config.search, problem.seed, problem.functions)
        self._reference = Reference(problem.reference, ledger, config.fitness)
        self._judge = Judge(config, self._reference)
        self._hurdles = Hurdles(config.hurdles)
        self.contests = Contests(config.fitness, ledger, self._reference, self.twins)
        self._called = 0
        self._random = Random(config.seed)
        self._began = time.monotonic()
        self._elapsed = 0.0
        self._stored = ledger.store.programs()
        self.seed_row = self._settle_seed(problem.seed)
        self.seed_fitness = self.seed_row.fitness or 0.0
        seed = Member(0, genome_of(problem.seed), self.seed_fitness)
        self._islands = Islands(config.search)
        self._population = self._islands.found(seed)
        self._restarts = Restarts(config.search, seed)

    def children(self) -> Iterator[ProgramRow]:
        """Make, train and store children until the budget is used up."""
        window: deque[Candidate] = deque()
        while True:
            while len(window) < self._config.search.window and self.counts.within(
                self._config.budget
            ):
                window.append(self._make())
            if not window:
                return
            self._hold_contests(window)
            self.twins.leave(window[0].identity)
            yield self._settle(window.popleft())

    @property
    def members(self) -> Population:
        """The population as it is now."""
        return self._population

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

    def _make(self) -> Candidate:
        """Breed the next child and order its trainings, if they are not known."""
        number = self.counts.begun + 1
        parents = self._islands.parents(self._population, number)
        bred = breed(parents, self._random, self._breeding)
        seeds = self._seeds(number)
        stored = next(self._stored, None)
        if stored is None:
            identity = self.twins.identify(bred.genome)
        else:
            identity = self.twins.again(bred.genome, stored)
        programs = self._programs(identity)
        candidate = Candidate(number, identity, bred, programs, seeds, (), stored)
        if stored is None:
            candidate = replace(candidate, new=self._order(candidate))
            self.counts.begin(len(candidate.new))
        else:
            require_made_again(stored, number, programs)
            self.counts.begin(stored.evaluations)
        self.twins.enter(identity)
        return candidate

    def _programs(self, identity: Identity) -> tuple[Rated, ...]:
        """What is trained for a child."""
        if not identity.is_new:
            return (Rated(1.0, identity.genome),)
        search = self._config.search
        return at_rates(identity.genome, search.rates, search.max_statements)

    def _order(self, candidate: Candidate) -> tuple[str, ...]:
        """Have a child trained where it is not known; the digests of what is trained.

        Past the hurdles that are known now: they are frozen.
        """
        seeds = candidate.seeds
        self._reference.order(seeds)
        programs = {candidate.trained(each): each for each in candidate.programs}
        new = tuple(each for each in programs if not self._ledger.known(each, seeds))
        ahead = self._ahead(seeds) if new else {}
        for digest in new:
            subject = self._subject(candidate, programs[digest])
            self._ledger.order(subject, seeds, hurdles=ahead)
        return new

    def _ahead(self, seeds: range) -> dict[Place, tuple[float, ...]]:
        """The hurdles on these data seeds."""
        if not self._hurdles.on:
            return {}
        self._reference.settle(seeds)
        here = self._reference.trainings(product(self._ledger.tasks, seeds))
        return self._hurdles.ahead(here)

    def _hold_contests(self, window: deque[Candidate]) -> None:
        """See who of the older half of the window would lead, each once."""
        if not self.contests.on:
            return
        older = (self._config.search.window + 1) // 2
        called = max(0, self._called + 1 - window[0].number)
        for candidate in islice(window, called, older):
            self._called = candidate.number
            if candidate.stored is not None:
                self.contests.recall(candidate.number, candidate.stored.contest)
                continue
            self._reference.settle(candidate.seeds)
            best, judgement = candidate.best(self._judge, self._ledger.peek)
            subject = self._subject(candidate, best)
            self.contests.call(
                candidate.number, self._population, subject, judgement.fitness
            )

    def _subject(self, candidate: Candidate, program: Rated) -> Subject:
        """What is trained for a program of a child."""
        if candidate.identity.twin is not None:
            return self.twins.subject(candidate.identity)
        return Subject(program.genome.digest, unparse(program.genome.pruned))

    def _settle(self, candidate: Candidate) -> ProgramRow:
        """Take a child's result, store it and let it into the population."""
        row = candidate.stored
        if row is None:
            row = self._enter(candidate)
            self._ledger.record(row)
        else:
            # The clock goes on where it stopped: replaying takes no time of the run's.
            self._elapsed, self._began = row.seconds, time.monotonic()
            self.counts.replayed += 1
            self.contests.settle(candidate.number)
        self.counts.settle(row, candidate.bred.rejected)
        self._learn(candidate, row)
        if row.fitness is not None:
            rate = row.rate or 1.0
            genome = next(e.genome for e in candidate.programs if e.rate == rate)
            proven = bool(self.contests.trainings(row.twin or row.digest))
            member = Member(row.number, genome, row.fitness, row.twin, proven)
            self._population = self._islands.add(self._population, member)
        self._judge_again(row.contest.split())
        self._restart(row)
        self._population = self._islands.migrate(self._population, row.number)
        return row

    def _restart(self, row: ProgramRow) -> None:
        """Fill the population anew with the best so far, if it is time to."""
        new = self._population if row.contest else self._population[-1:]
        proven = (each for each in new if each.proven or not self.contests.on)
        self._restarts.consider(row.number, proven)
        if self._restarts.due(row.number):
            self._population = self._islands.found(self._restarts.best)
            self.counts.restarts += 1

    def _judge_again(self, digests: Iterable[str]) -> None:
        """Give the members that were in a contest their new fitness."""
        for digest in digests:
            fitness = partial(self._judge.again, self.contests.trainings(digest))
            self._population = judge_again(self._population, digest, fitness)
            self._restarts.judge_again(digest, fitness)

    def _learn(self, candidate: Candidate, row: ProgramRow) -> None:
        """Let the hurdles of children to come know what a settled one cost."""
        if not self._hurdles.on or row.duplicate:
            return
        self._reference.settle(candidate.seeds)
        for program in candidate.programs:
            rows = self._trainings(candidate.trained(program), candidate.seeds)
            self._hurdles.learn(rows, self._reference.trainings(rows))

    def _trainings(self, digest: str, seeds: range) -> dict[Place, TrainingRow]:
        rows = self._ledger.trainings(digest)
        return {place: row for place, row in rows.items() if row.seed in seeds}

    def _enter(self, candidate: Candidate) -> ProgramRow:
        """Wait for a child's trainings; the row of the best program made of it."""
        self._reference.settle(candidate.seeds)
        rows = {
            digest: self._ledger.settle(digest, candidate.seeds)
            for digest in map(candidate.trained, candidate.programs)
        }
        best, _ = candidate.best(self._judge, lambda digest, _: rows[digest])
        contest, steps = self.contests.settle(candidate.number)
        for digest in candidate.new:
            steps += sum(row.steps for row in rows[digest].values())
        digest = candidate.trained(best)
        known = self._trainings(digest, range(candidate.seeds.stop))
        judgement = self._judge.of(best.genome, known, self.contests.trainings(digest))
        return row_of(candidate, best, judgement, steps, contest, self.seconds())

    def _settle_seed(self, seed: Program) -> ProgramRow:
        """Train the seed program as number 0; its fitness is a number."""
        genome, seeds = genome_of(seed), self._seeds(1)
        identity = replace(self.twins.identify(genome), is_new=False)
        bred, programs = Bred(genome, "", None, ()), (Rated(1.0, genome),)
        stored = next(self._stored, None)
        self._reference.order(seeds)
        self._ledger.order(self.twins.subject(identity), seeds)
        if stored is not None:
            require_made_again(stored, 0, programs)
        new = (identity.trained,)
        row = stored or self._enter(Candidate(0, identity, bred, programs, seeds, new))
        require_fit(row)
        self._ledger.record(row)
        return row

    def _seeds(self, number: int) -> range:
        fitness = self._config.fitness
        return data_seeds(number - 1, fitness.seeds, fitness.rotate)

    def seconds(self) -> float:
        """Seconds of searching, those before an interruption included."""
        return self._elapsed + time.monotonic() - self._began
