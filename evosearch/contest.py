"""More data seeds for those that would lead: no lucky seed may own a population.

Successive halving over data seeds (Jamieson and Talwalkar 2016), in two rounds: a child
that is fitter on its first data seeds than the leader, the fittest member that was
trained on more, is trained on `fitness.more_seeds` fresh ones, and the leader on the
same. From then on these alone are its fitness, for it was chosen by the others.
`fitness.more_rotate` children share the same ones, on which leader and reference are
trained once; then the leader meets new ones with who would replace it, so what luck it
had fades. A member that comes to the front without them, because the leader fell back,
is trained on more too.

Who would lead is asked when half of the window is between a child and its settling, so
that the further trainings are done in the meantime. The paper: "A program may be
evaluated again to reduce noise."
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from evosearch.config import FitnessConfig
from evosearch.fitness import Place, more_seeds
from evosearch.ledger import Ledger, Subject
from evosearch.population import Member, Population
from evosearch.reference import Reference
from evosearch.rows import TrainingRow
from evosearch.twins import Twins

_ENOUGH = 16
"""Sets of data seeds after which a leader is known well: it is trained no more."""


class Contests:
    """Orders further trainings and knows who has had them.

    Args:
        fitness: says how many data seeds they have, and how long those last.
        ledger: trains.
        reference: is trained wherever others are.
        twins: knows what to train for a member.
    """

    def __init__(
        self,
        fitness: FitnessConfig,
        ledger: Ledger,
        reference: Reference,
        twins: Twins,
    ) -> None:
        self._seeds = fitness.more_seeds
        self._rotate = fitness.more_rotate
        self._ledger = ledger
        self._reference = reference
        self._twins = twins
        # By the child in whose name they are trained: those that are not settled.
        self._under_way: dict[int, tuple[str, ...]] = {}
        # By digest: the data seeds of those that are.
        self._settled = defaultdict[str, set[int]](set)

    @property
    def on(self) -> bool:
        """Whether there are any."""
        return self._seeds > 0

    def call(
        self, number: int, population: Population, child: Subject, fitness: float | None
    ) -> None:
        """Order what the fitness of a child on its first data seeds asks for.

        Args:
            number: of the child.
            population: as it is now.
            child: the program that is trained for it.
            fitness: on its first data seeds; None if it has none.
        """
        busy = {each for digests in self._under_way.values() for each in digests}
        proven = [member for member in population if member.proven]
        leader = _fittest(proven)
        front = _fittest(m for m in population if m.proven or m.trained not in busy)
        asked: dict[str, Subject] = {}
        if front is not None and not front.proven:
            asked[front.trained] = self._twins.subject_of_member(front)
        bar = leader or _fittest(population)
        assert bar is not None, "a population is never empty"
        leads = fitness is not None and fitness < bar.fitness
        if leads and child.digest not in busy and not self._known(child.digest):
            asked[child.digest] = child
            if leader is not None and self._tests(leader.trained, number):
                asked[leader.trained] = self._twins.subject_of_member(leader)
        seeds = self._seeds_of(number)
        if asked:
            self._reference.order(seeds)
        for subject in asked.values():
            self._ledger.order(subject, seeds)
        self._under_way[number] = tuple(asked)

    def recall(self, number: int, contest: str) -> None:
        """Take what was ordered in a child's name from its stored row."""
        self._under_way[number] = tuple(contest.split())

    def settle(self, number: int) -> tuple[tuple[str, ...], int]:
        """Wait for what was ordered in a child's name.

        Returns:
            The digests of what was trained, and the training steps it took, those of
            the reference too.
        """
        digests = self._under_way.pop(number, ())
        if not digests:
            return (), 0
        seeds = self._seeds_of(number)
        self._reference.settle(seeds)
        steps = 0
        for digest in sorted({*digests, self._reference.digest}):
            settled = self._settled[digest]
            if settled.isdisjoint(seeds):
                settled.update(seeds)
                rows = self._ledger.settle(digest, seeds)
                steps += sum(row.steps for row in rows.values())
        return digests, steps

    def trainings(self, digest: str) -> dict[Place, TrainingRow]:
        """A program's further trainings, up to the child that was settled last."""
        seeds = self._settled.get(digest)
        if seeds is None:
            return {}
        rows = self._ledger.trainings(digest)
        return {place: row for place, row in rows.items() if row.seed in seeds}

    def _seeds_of(self, number: int) -> range:
        return more_seeds(number, self._seeds, self._rotate)

    def _known(self, digest: str) -> bool:
        """Whether a program was trained on further data seeds before."""
        return digest in self._settled

    def _tests(self, digest: str, number: int) -> bool:
        """Whether a child's data seeds say more of a leader: new, and not too many."""
        seeds = set(self._settled.get(digest, ()))
        for child, digests in self._under_way.items():
            if digest in digests:
                seeds.update(self._seeds_of(child))
        new = seeds.isdisjoint(self._seeds_of(number))
        return new and len(seeds) // self._seeds < _ENOUGH


def _fittest(members: Iterable[Member]) -> Member | None:
    return min(members, key=lambda member: member.fitness, default=None)
