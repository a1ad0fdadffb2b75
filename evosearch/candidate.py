"""A child in the window of a search, and the row that it becomes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dsl.fingerprint import fingerprint
from dsl.unparse import unparse
from evosearch.breed import Bred
from evosearch.errors import InputError
from evosearch.fitness import Place
from evosearch.judge import Judge, Judgement
from evosearch.rates import Rated
from evosearch.rows import ProgramRow, TrainingRow
from evosearch.twins import Identity


@dataclass(frozen=True, slots=True)
class Candidate:
    """A child in the window: made, not settled.

    Attributes:
        number, identity, bred: of the child.
        programs: of which one enters, the child at each rate; mostly it alone.
        seeds: data seeds that they are trained on.
        new: digests of those whose trainings were not known.
        stored: its row, if it is replayed.
    """

    number: int
    identity: Identity
    bred: Bred
    programs: tuple[Rated, ...]
    seeds: range
    new: tuple[str, ...] = ()
    stored: ProgramRow | None = None

    def trained(self, program: Rated) -> str:
        """Digest of the program whose trainings one of the programs is judged by."""
        if self.identity.is_new:
            return program.genome.digest
        return self.identity.trained

    def best(
        self,
        judge: Judge,
        trainings: Callable[[str, range], Mapping[Place, TrainingRow]],
    ) -> tuple[Rated, Judgement]:
        """The best of its programs by its own data seeds; as it was bred, if equal.

        Args:
            judge: of the search.
            trainings: of the program of a digest on some data seeds.
        """
        found = {
            program: judge.of(
                program.genome, trainings(self.trained(program), self.seeds)
            )
            for program in self.programs
        }

        def rank(program: Rated) -> tuple[float, bool]:
            fitness = found[program].fitness
            return math.inf if fitness is None else fitness, program.rate != 1.0

        best = min(found, key=rank)
        return best, found[best]


def row_of(
    candidate: Candidate,
    entered: Rated,
    judgement: Judgement,
    steps: int,
    contest: Iterable[str],
    seconds: float,
) -> ProgramRow:
    """The row of a settled child.

    Args:
        candidate: the child.
        entered: that one of its programs which enters.
        judgement: of that program.
        steps: training steps that the child took.
        contest: digests of what was trained on further data seeds in its name.
        seconds: since the start of the run.
    """
    identity, bred, genome = candidate.identity, candidate.bred, entered.genome
    mark = identity.fingerprint
    if mark is not None and genome is not identity.genome:
        mark = fingerprint(genome.pruned)
    return ProgramRow(
        number=candidate.number,
        text=unparse(genome.program),
        digest=genome.digest,
        fingerprint=mark,
        twin=identity.twin,
        parent=bred.parent,
        mutation=bred.mutation,
        outcome=judgement.outcome.value,
        reason=judgement.reason,
        fitness=judgement.fitness,
        duplicate=not candidate.new,
        statements=len(genome.program.statements),
        live=len(genome.pruned.statements),
        states=len(genome.pruned.states),
        seconds=seconds,
        structure=identity.structure,
        rate=entered.rate if identity.is_new else None,
        evaluations=len(candidate.new),
        steps=steps,
        contest=" ".join(contest),
    )


def require_fit(seed: ProgramRow) -> None:
    """A search has to start from a program that trains.

    Raises:
        InputError: it does not.
    """
    if seed.fitness is None:
        raise InputError(
            f"program: the seed program {seed.reason} on this task: start from one "
            "that trains, or lower its learning rate"
        )


def require_made_again(
    stored: ProgramRow, number: int, programs: Iterable[Rated]
) -> None:
    """The store must hold the children that this config makes.

    Raises:
        InputError: it holds none of these programs under this number.
    """
    digests = [program.genome.digest for program in programs]
    if stored.number != number or stored.digest not in digests:
        raise InputError(
            f"the run's record holds another program as number {number} than its "
            "config leads to: it was made by another version of evosearch, which has "
            "to be used to resume it"
        )
