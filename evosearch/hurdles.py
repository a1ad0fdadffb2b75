"""Hurdles: a training that is worse than most before it ends at the border of a chunk.

AutoML-Zero's idea (Real et al. 2020; a rolling 75th percentile). What is compared after
each chunk is its mean training loss minus that of the reference program in the same
chunk on the same task and data seed, so that most of the seed's luck cancels and what
was seen before the seeds rotate still counts.

All of the last trainings are counted, whatever became of them: one that ended early is
worse, in every later chunk, than any that went on. Were a chunk's quantile taken over
those that reached it, each chunk would cut the survivors of the one before: of
trainings that keep their ranks, a median would leave one half after one chunk and one
in 512 after nine. Counted like this one half goes on to the end, and where diverged and
hopeless trainings make up more than the quantile allows, nothing more is asked.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence

from evosearch.config import HurdlesConfig
from evosearch.fitness import Place
from evosearch.rows import TrainingRow
from evosearch.train import Outcome

Curve = tuple[float, ...]
"""A number for each chunk of a training, the first for chunk 1; lower is better."""


def lag(training: TrainingRow, reference: TrainingRow) -> Curve:
    """How far a training was behind the reference's after each chunk.

    `loss - reference`, negative if it was ahead; infinite in the chunks that it did not
    reach and where its loss was not finite, and everywhere if it was implausible: an
    exploit of the task is nothing that others can be asked for.

    Args:
        training, reference: of one task and data seed; the reference's is ok.
    """
    ended = training.outcome == Outcome.IMPLAUSIBLE
    losses = () if ended else training.chunk_losses
    missing = (math.inf,) * (len(reference.chunk_losses) - len(losses))
    pairs = zip((*losses, *missing), reference.chunk_losses, strict=True)
    return tuple(
        loss - other if math.isfinite(loss) else math.inf for loss, other in pairs
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of some values that at least a share of them do not exceed.

    Always one of them (the nearest rank), so that infinite ones need no care.

    Args:
        values: at least one, none of them NaN.
        share: from 0, the smallest value, to 1, the largest.

    Example:
        >>> quantile([3.0, 1.0, 2.0, 4.0], 0.5)
        2.0
    """
    # 0.55 * 100 is 55.00000000000001, which asks for 55 values, not for 56.
    rank = math.ceil(share * len(values) - 1e-9)
    return sorted(values)[max(rank, 1) - 1]


def thresholds(
    lags: Sequence[Curve], reference: TrainingRow, config: HurdlesConfig
) -> Curve:
    """The largest mean training loss of each chunk with which a training goes on.

    `reference + quantile(lags)`; infinite, which stops nothing, before the first chunk
    that has a hurdle. None after the last chunk, where no step is left to be saved.
    Empty, so no hurdles, while there are fewer lags than the config's history.

    Args:
        lags: of earlier trainings on the task, the youngest last.
        reference: its training on the task and data seed that the thresholds are for.
        config: has a quantile, or there are none.
    """
    if config.quantile is None or len(lags) < config.history:
        return ()
    last = lags[-config.history :]
    return tuple(
        loss + quantile([each[chunk] for each in last], config.quantile)
        if chunk + 1 >= config.first_chunk
        else math.inf
        for chunk, loss in enumerate(reference.chunk_losses[:-1])
    )


class Hurdles:
    """The last trainings of a search, and what they ask of the next one.

    Args:
        config: how many are kept, and what is asked.
    """

    def __init__(self, config: HurdlesConfig) -> None:
        self._config = config
        self._lags: dict[str, deque[Curve]] = {}

    @property
    def on(self) -> bool:
        """Whether there can be any."""
        return self._config.quantile is not None

    def learn(
        self,
        trainings: Mapping[Place, TrainingRow],
        references: Mapping[Place, TrainingRow],
    ) -> None:
        """Take in a settled child's trainings; the order of the children matters."""
        for place, row in trainings.items():
            empty: deque[Curve] = deque(maxlen=self._config.history)
            self._lags.setdefault(row.task, empty).append(lag(row, references[place]))

    def ahead(self, references: Mapping[Place, TrainingRow]) -> dict[Place, Curve]:
        """The thresholds of the next trainings on the references' places."""
        return {
            place: thresholds(tuple(self._lags.get(row.task, ())), row, self._config)
            for place, row in references.items()
        }
