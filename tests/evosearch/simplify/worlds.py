"""Invented trainings for tests of the ablation: losses follow from the text."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from dsl import parse
from dsl.library import read_program
from dsl.program import Program
from evosearch.evaluate import Job, task_version
from evosearch.explain.terms import rates_of
from evosearch.ledger import Ledger
from evosearch.losses import Trials
from evosearch.simplify.ablation import Reduced, reduce
from evosearch.store import Store
from evosearch.train import Outcome, Training
from tests.searching import Oracle, config

PROGRAM8 = parse(read_program("paper/program8"))
SEEDS = range(100, 104)
FRESH = range(200, 203)
RATE = 0.01
SPREAD = 0.002
"""How far the losses on neighbouring seeds are apart in these worlds."""


def world(*needed: str, cost: float = 0.1) -> Callable[[Job], Training]:
    """Loss rises for each function that is needed and not there, and off the rate."""

    def evaluate(job: Job) -> Training:
        program = parse(job.text)
        present = {statement.function for statement in program.statements}
        if "divide" in present:  # Program 8 has a sign in other words
            present.add("sign")
        loss = 1.0 + SPREAD * (job.seed % 100)
        loss += cost * len(set(needed) - present)
        steps = rates_of(program).steps
        if steps:
            loss += 0.05 * abs(math.log2(abs(steps[0].number) / RATE))
        return Training(Outcome.OK, loss, (loss,), 4, 0.0)

    return evaluate


class Bench:
    """Trials over an invented world."""

    def __init__(self, folder: Path, evaluate: Callable[[Job], Training]) -> None:
        self.oracle = Oracle(evaluate)
        self.tree = config()
        path = folder / "trials.sqlite"
        self.store = Store.open(path) if path.exists() else Store.create(path)
        versions = [task_version(task, self.tree.training) for task in self.tree.tasks]
        self.ledger = Ledger(self.store, self.oracle, versions)
        self.trials = self.with_limit(None)

    def with_limit(
        self, limit: int | None, stopped: Callable[[], bool] = lambda: False
    ) -> Trials:
        watch = SimpleNamespace(told=lambda what, done, total: None).told
        return Trials(self.ledger, SEEDS, limit, watch, stopped)

    def reduce(self, program: Program, tolerance: float = 1.0) -> Reduced:
        return reduce(program, self.trials, tolerance, lambda each: {})
