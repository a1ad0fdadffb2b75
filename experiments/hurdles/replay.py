"""What hurdles would have ended in a search that was made without them.

    python experiments/hurdles/replay.py RUN

The trainings are replayed in the order of the children, without a window. A real search
with hurdles breeds other programs; here it is known how those that end would have done.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evosearch.config import HurdlesConfig, load_config
from evosearch.fitness import data_seeds, relative_difference
from evosearch.folder import CONFIG, STORE
from evosearch.hurdles import Hurdles, lag, quantile
from evosearch.rows import TrainingRow
from evosearch.store import Store

RECENT = 200
"""A training is a good one if it is in the best tenth of so many up to it."""


class Pair(NamedTuple):
    """A training and the reference's on the same data seed."""

    training: TrainingRow
    reference: TrainingRow

    @property
    def difference(self) -> float:
        """Of the losses, relative to the reference's; infinite unless it is ok."""
        if self.training.outcome != "ok":
            return math.inf
        return relative_difference(self.training.loss, self.reference.loss)


def pairs(run: Path) -> list[Pair]:
    """The trainings of a run with one task, in the order of its children."""
    config = load_config(run / CONFIG)
    found: list[Pair] = []
    with closing(Store.open(run / STORE)) as store:
        reference = next(store.programs()).digest
        for row in store.programs(first=1):
            seeds = data_seeds(
                row.number - 1, config.fitness.seeds, config.fitness.rotate
            )
            here = {
                digest: [
                    each
                    for each in store.trainings_of(digest, "validation")
                    if each.seed in seeds
                ]
                for digest in (row.twin or row.digest, reference)
            }
            if not row.duplicate:
                found += map(Pair, *here.values())
    return found


def told(pairs: list[Pair], config: HurdlesConfig) -> str:
    """A row of the table: steps, and good trainings that would have ended."""
    hurdles = Hurdles(config)
    taken, good, good_lost, better, better_lost, ended = 0, 0, 0, 0, 0, 0
    for index, (training, reference) in enumerate(pairs):
        place = (training.task, training.seed)
        ahead = hurdles.ahead({place: reference})[place]
        curve = training.chunk_losses
        stops = [
            n for n, most in enumerate(ahead[: len(curve)], 1) if curve[n - 1] > most
        ]
        chunks = min([*stops, len(curve)])
        taken += chunks
        known = bool(ahead)
        lost = bool(stops) and training.outcome == "ok"
        ended += lost
        recent = [pair.difference for pair in pairs[max(0, index - RECENT) : index + 1]]
        if known and pairs[index].difference <= quantile(recent, 0.1):
            good, good_lost = good + 1, good_lost + lost
        if known and pairs[index].difference < 0.0:
            better, better_lost = better + 1, better_lost + lost
        row = replace(training, chunk_losses=curve[:chunks])
        hurdles.learn({place: row}, {place: reference})
    of_all = sum(len(pair.training.chunk_losses) for pair in pairs)
    return (
        f"| {config.quantile} | {config.history} | {taken / of_all:.2f} | "
        f"{ended / len(pairs):.2f} | {good_lost} of {good} | "
        f"{better_lost} of {better} |"
    )


def agreement(pairs: list[Pair]) -> list[float]:
    """Rank correlation of each chunk's lag with the result, of those that are ok."""
    fit = [pair for pair in pairs if pair.training.outcome == "ok"]
    ends = _ranks([pair.difference for pair in fit])
    lags = zip(*(lag(*pair) for pair in fit), strict=True)
    return [float(np.corrcoef(_ranks(chunk), ends)[0, 1]) for chunk in lags]


def _ranks(values: Sequence[float]) -> np.ndarray:
    return np.argsort(np.argsort(values))


def main() -> None:
    """Print the table of a run."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("run", type=Path)
    found = pairs(options.parse_args().run)
    bad = sum(pair.training.outcome != "ok" for pair in found)
    print(f"{len(found)} trainings, {bad} of them not ok")
    print("rank correlation:", *(f"{each:.2f}" for each in agreement(found)))
    for history in (50, 100):
        for share in (0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75):
            config = HurdlesConfig(quantile=share, history=history)
            print(told(found, config), flush=True)


if __name__ == "__main__":
    main()
