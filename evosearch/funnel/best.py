"""The best programs of a run, by what it knows of them: validation, else the search."""

from __future__ import annotations

import math

from evosearch.begun import reference_of
from evosearch.config import Config
from evosearch.fitness import Place, paired_fitness
from evosearch.ledger import losses
from evosearch.rows import ProgramRow, TrainingRow
from evosearch.store import Store
from evosearch.train import Outcome
from evosearch.validation import prices_of, validation_trainings
from evosearch.verdict import verdict


def best_rows(store: Store, config: Config) -> list[ProgramRow]:
    """Distinct programs of a run, no two of one digest or twins, best first.

    After its final comparison they are those that trained on all its validation seeds,
    in the order of their fitness there, by which the run has chosen; before it all that
    train, in the order of their search fitness.

    Args:
        store: of the run.
        config: of the run.
    """
    rows = [row for row in store.ranked() if row.outcome == Outcome.OK]
    judged = [
        row
        for row in rows[: config.final.candidates]
        if _complete(validation_trainings(store, config, row.digest), config)
    ]
    compared_with = reference_of(store)
    if not judged or compared_with is None:
        return rows
    reference = losses(validation_trainings(store, config, compared_with))
    prices = prices_of(config)
    fitness = {}
    for row in judged:
        found = losses(validation_trainings(store, config, row.digest))
        if not found.keys() <= reference.keys():
            return rows  # the run was stopped amid its reference
        price = prices.of(row.states, row.live)
        fitness[row.number] = paired_fitness(found, reference, price)
    return sorted(judged, key=lambda row: (fitness[row.number], row.number))


def _complete(rows: dict[Place, TrainingRow], config: Config) -> bool:
    """Whether a program trained on all tasks and validation seeds."""
    wanted = len(config.tasks) * config.final.validation_seeds
    ok = len(rows) == wanted and verdict(rows)[0] is Outcome.OK
    return ok and all(math.isfinite(row.loss) for row in rows.values())
