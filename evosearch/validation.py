"""What a run's record holds of its validation seeds, by which the result is chosen."""

from __future__ import annotations

from evosearch.config import Config
from evosearch.fitness import VALIDATION_SEEDS_FROM, Place, Prices
from evosearch.rows import TrainingRow
from evosearch.store import Store
from evosearch.train import VALIDATION


def validation_seeds(config: Config) -> range:
    """The data seeds that the result of a run is chosen by."""
    first = VALIDATION_SEEDS_FROM
    return range(first, first + config.final.validation_seeds)


def validation_trainings(
    store: Store, config: Config, digest: str
) -> dict[Place, TrainingRow]:
    """The stored trainings of a program on the validation seeds."""
    seeds = validation_seeds(config)
    return {
        (row.task, row.seed): row
        for row in store.trainings_of(digest, VALIDATION)
        if row.seed in seeds
    }


def prices_of(config: Config) -> Prices:
    """What the programs of a run pay for their size."""
    return Prices(config.fitness.state_price, config.fitness.statement_price)
