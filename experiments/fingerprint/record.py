"""The distinct programs of a run and how they trained, or train now."""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from dsl import Program, digest, parse, prune
from evosearch.config import load_config
from evosearch.evaluate import make_trainer
from evosearch.fitness import VALIDATION_SEEDS_FROM
from evosearch.folder import CONFIG, STORE
from evosearch.store import Store
from evosearch.train import VALIDATION

IDLE = parse("def train(w, g, lr):\n    update = w * 0.0\n    return update\n")


class Result(NamedTuple):
    """How a training ended."""

    outcome: str
    loss: float


class Pair(NamedTuple):
    """Two programs, by their digests, on one data seed."""

    one: str
    other: str
    seed: int
    results: tuple[Result, Result]

    @property
    def outcomes(self) -> str:
        return " / ".join(result.outcome for result in self.results)

    @property
    def difference(self) -> float:
        """Of the losses, as a share of the first; NaN unless both are ok."""
        one, other = self.results
        if one.outcome != "ok" or other.outcome != "ok":
            return math.nan
        return abs(one.loss - other.loss) / abs(one.loss)


class Record:
    """What a run holds, programs by their digests in order of making.

    What is asked for and not there is trained, on the run's first task.

    Args:
        run: its folder.
        trainings: how many may be made.
    """

    def __init__(self, run: Path, trainings: int) -> None:
        self.config = load_config(run / CONFIG, [])
        self.programs: dict[str, Program] = {}
        self.seeds: dict[str, list[int]] = {}
        self._results: dict[tuple[str, int], Result] = {}
        self._trainer: Any = None
        self._left = trainings
        with closing(Store.open(run / STORE)) as store:
            for row in store.programs():
                if row.digest not in self.programs:
                    self.programs[row.digest] = prune(parse(row.text))
            for name in self.programs:
                rows = store.trainings_of(name, VALIDATION)
                search = [row for row in rows if row.seed < VALIDATION_SEEDS_FROM]
                self.seeds[name] = sorted(row.seed for row in search)
                for each in search:
                    self._results[name, each.seed] = Result(each.outcome, each.loss)

    def pair(self, one: Program, other: Program, seed: int) -> Pair | None:
        """Two programs on a data seed; None if no training is left for them."""
        first, second = self._result(one, seed), self._result(other, seed)
        if first is None or second is None:
            return None
        return Pair(digest(one), digest(other), seed, (first, second))

    def learns(self, name: str, seed: int) -> bool:
        """Whether a program's loss is 1 % lower than if nothing is done."""
        pair = self.pair(self.programs[name], IDLE, seed)
        if pair is None or pair.outcomes != "ok / ok":
            return False
        return pair.results[0].loss < 0.99 * pair.results[1].loss

    def _result(self, program: Program, seed: int) -> Result | None:
        key = digest(program), seed
        if key not in self._results:
            if self._left == 0:
                return None
            self._left -= 1
            if self._trainer is None:
                self._trainer = make_trainer(self.config.tasks[0], self.config.training)
            training = self._trainer.train(prune(program), seed)
            self._results[key] = Result(training.outcome.value, training.loss)
        return self._results[key]
