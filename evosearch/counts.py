"""What a search has done so far, in numbers, and whether its budget allows more."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from evosearch.config import BudgetConfig
from evosearch.mutate import Child
from evosearch.rows import ProgramRow


@dataclass(slots=True)
class Counts:
    """What has happened so far.

    Attributes:
        made: children, valid and numbered; `duplicates + evaluated`.
        duplicates: children answered by the store.
        evaluated: children that were trained.
        rejected: invalid attempts thrown away, by reason; not among the children.
        outcomes: settled children by outcome.
        steps: training steps of settled children.
        statements: of settled children, dead ones too.
        live: live statements of settled children.
        replayed: children taken from the store of an interrupted run.
    """

    made: int = 0
    duplicates: int = 0
    evaluated: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    statements: int = 0
    live: int = 0
    replayed: int = 0

    def within(self, budget: BudgetConfig) -> bool:
        """Whether another child may be made."""
        limits = (
            (self.made, budget.programs),
            (self.evaluated, budget.evaluations),
            (self.steps, budget.steps),
        )
        return all(limit is None or count < limit for count, limit in limits)

    def make(self, child: Child, *, duplicate: bool) -> None:
        """Count a child that was made."""
        self.made += 1
        self.duplicates += duplicate
        self.evaluated += not duplicate
        self.rejected.update(child.rejected)

    def settle(self, row: ProgramRow, steps: int) -> None:
        """Count a child's result and the training steps it took."""
        self.outcomes[row.outcome] += 1
        self.steps += steps
        self.statements += row.statements
        self.live += row.live
