"""Meta-validation: what leads a search is tried on tasks that the search does not know.

The paper's (section 2.3): search fitness can get better while larger tasks get worse.
Law: a search never reads anything of it, so its trajectory is the same with and
without. Trainings are ordered when a child is settled and waited for at the end alone;
they are settled in the order of the children.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from dsl.program import Program
from evosearch.config import Config, FitnessConfig
from evosearch.fitness import META_SEEDS_FROM, mean_and_error, seed_differences
from evosearch.ledger import Ledger
from evosearch.limits import Limits, limits_of
from evosearch.overfitting import Alarm, overfitting_alarm
from evosearch.population import Member, Population
from evosearch.reference import Reference
from evosearch.rows import LookRow
from evosearch.train import Outcome
from evosearch.twins import Twins
from evosearch.watch import Watch


@dataclass(frozen=True, slots=True)
class Look:
    """A leader of a search and how it did on the held-out tasks.

    Attributes:
        child: number of the one that had been settled last; 0 is the seed program.
        steps: training steps that the search had taken.
        digest: of the program that was trained.
        search_fitness: by which it led.
        differences: for each data seed the mean over the tasks of the relative
            difference to the reference, lower is better; infinite where a training
            failed.
    """

    child: int
    steps: int
    digest: str
    search_fitness: float
    differences: tuple[float, ...]

    @property
    def fitness(self) -> tuple[float, float]:
        """Mean over the data seeds and its standard error; not finite if one failed."""
        return mean_and_error(self.differences)


class MetaResult(NamedTuple):
    """What meta-validation says of a run.

    Attributes:
        looks: in the order of their children.
        alarm: raised by the last of them; None if an earlier leader is not better.
        steps: training steps that it took, the reference's too.
    """

    looks: tuple[Look, ...] = ()
    alarm: Alarm | None = None
    steps: int = 0


class _Ordered(NamedTuple):
    child: int
    steps: int
    digest: str
    search_fitness: float


class MetaValidation:
    """Watches who leads a search, and has it trained on held-out tasks.

    Args:
        config: of the run.
        reference: the program that losses are compared with.
        ledger: of the tasks of meta-validation.
        twins: knows what to train for a member.
    """

    def __init__(
        self, config: Config, reference: Program, ledger: Ledger, twins: Twins
    ) -> None:
        meta = config.meta_validation
        self._every = meta.every
        self._seeds = range(META_SEEDS_FROM, META_SEEDS_FROM + meta.seeds)
        self._limits = limits_of(config.search)
        self._contests = config.fitness.more_seeds > 0
        # Paired, also where the fitness of the search is not.
        self._reference = Reference(reference, ledger, FitnessConfig(paired=True))
        self._ledger = ledger
        self._twins = twins
        self._last = ""
        self._under_way: deque[_Ordered] = deque()
        self._looks: list[Look] = []
        self._steps: dict[str, int] = {}

    def look(self, child: int, population: Population, steps: int) -> None:
        """See who leads, if it is time to; settle what is done, without waiting.

        Args:
            child: number of the one that was settled last; 0 before the first.
            population: as it is then.
            steps: training steps that the search has taken.

        Raises:
            InputError: the reference failed on one of the tasks.
        """
        if self._every is None:
            return
        if child % self._every == 0:
            leader = incumbent(population, self._limits, proven=self._contests)
            if leader.trained != self._last:
                self._last = leader.trained
                self._reference.order(self._seeds)
                subject = self._twins.subject_of_member(leader)
                self._ledger.order(subject, self._seeds)
                ordered = _Ordered(child, steps, leader.trained, leader.fitness)
                self._under_way.append(ordered)
        while self._under_way and self._is_done(self._under_way[0].digest):
            self._settle(self._under_way.popleft())

    def finish(self, watch: Watch, stopped: Callable[[], bool]) -> bool:
        """Wait for what is under way; False if it was stopped before that.

        Args:
            watch: is told of progress.
            stopped: asked between programs.

        Raises:
            InputError: the reference failed on one of the tasks.
        """
        for done in range(total := len(self._under_way)):
            watch("meta-validation", done, total)
            if stopped():
                return False
            self._settle(self._under_way.popleft())
        return True

    @property
    def last(self) -> Look | None:
        """The last look that is settled."""
        return self._looks[-1] if self._looks else None

    @property
    def result(self) -> MetaResult:
        """What is known by now."""
        if not self._looks:
            return MetaResult()
        *before, last = self._looks
        earlier: dict[str, Look] = {}
        for look in before:
            earlier.setdefault(look.digest, look)
        earlier.pop(last.digest, None)
        compared = {look.child: look.differences for look in earlier.values()}
        alarm = overfitting_alarm(compared, last.differences)
        return MetaResult(tuple(self._looks), alarm, sum(self._steps.values()))

    def _is_done(self, digest: str) -> bool:
        return all(
            self._ledger.settled_at_once(each, self._seeds)
            for each in (self._reference.digest, digest)
        )

    def _settle(self, ordered: _Ordered) -> None:
        self._reference.settle(self._seeds)
        trainings = {
            digest: self._ledger.settle(digest, self._seeds)
            for digest in (self._reference.digest, ordered.digest)
        }
        for digest, rows in trainings.items():
            self._steps[digest] = sum(row.steps for row in rows.values())
        # A failed training has no loss: its difference is infinite, and so are means.
        ours = {
            place: row.loss if row.outcome == Outcome.OK else math.inf
            for place, row in trainings[ordered.digest].items()
        }
        references = {place: self._reference.loss(place) for place in ours}
        differences = tuple(seed_differences(ours, references))
        look = LookRow(ordered.child, ordered.digest, ordered.search_fitness)
        self._ledger.store.add_looks([look])
        self._looks.append(Look(*ordered, differences))


def incumbent(population: Population, limits: Limits, *, proven: bool) -> Member:
    """The fittest member; ties to the oldest.

    One that keeps to the limit on states comes before one that does not; then, if
    `proven` is asked for, one that was in a contest before one that was not.
    """

    def rank(member: Member) -> tuple[bool, bool, float]:
        exceeds = limits.exceeds(len(member.genome.pruned.states))
        return exceeds, proven and not member.proven, member.fitness

    return min(population, key=rank)
