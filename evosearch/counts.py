"""What a search has done so far, in numbers, and whether its budget allows more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from evosearch.config import BudgetConfig
from evosearch.rows import ProgramRow


@dataclass(slots=True)
class Counts:
    """What has happened so far.

    But for the first two, of settled children only: those whose result is known and
    stored.

    Attributes:
        begun: children made, valid and numbered, those in the window too.
        ordered: programs that have to be trained for them.
        made: settled children.
        duplicates: children answered by the store, twins too.
        twins: those of them whose trainings were of a program with another digest.
        evaluated: programs that were trained: one for each child that is no duplicate,
            or as many as there are rates.
        rejected: invalid attempts thrown away, by reason; not among the children.
        outcomes: children by outcome.
        steps: training steps taken.
        statements: of all children, dead ones too.
        live: live statements of all children.
        restarts: of the population with the best program so far.
        replayed: children taken from the store of an interrupted run.
    """

    begun: int = 0
    ordered: int = 0
    made: int = 0
    duplicates: int = 0
    twins: int = 0
    evaluated: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    statements: int = 0
    live: int = 0
    restarts: int = 0
    replayed: int = 0

    def within(self, budget: BudgetConfig) -> bool:
        """Whether another child may be made."""
        limits = (
            (self.begun, budget.programs),
            (self.ordered, budget.evaluations),
            (self.steps, budget.steps),
        )
        return all(limit is None or count < limit for count, limit in limits)

    def begin(self, evaluations: int) -> None:
        """Count a child that enters the window and the programs trained for it."""
        self.begun += 1
        self.ordered += evaluations

    def settle(self, row: ProgramRow, rejected: Iterable[str]) -> None:
        """Count a child's result and the attempts before it."""
        self.made += 1
        self.duplicates += row.duplicate
        self.twins += row.duplicate and row.twin is not None
        self.evaluated += row.evaluations
        self.rejected.update(rejected)
        self.outcomes[row.outcome] += 1
        self.steps += row.steps
        self.statements += row.statements
        self.live += row.live
