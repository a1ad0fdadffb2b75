"""The stages one after another: all are tuned and compared, those that pass go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from dsl.program import Program
from evosearch.config import FunnelConfig, StageConfig
from evosearch.errors import InputError
from evosearch.fitness import TEST_SEEDS_FROM, TUNING_SEEDS_FROM
from evosearch.funnel.entrants import BASELINE, CANDIDATE, Entrant
from evosearch.funnel.gate import goes_on
from evosearch.funnel.standing import Standing
from evosearch.funnel.tuning import knobs_or_none, tune_and_compare
from evosearch.ledger import Ledger
from evosearch.losses import Trials
from evosearch.watch import Watch

SEEDS_APART = 10_000
"""Between the first data seeds of a stage and of the next.

No two share one: a stage has at most as many (`StageConfig`).
"""

Benches = Callable[[StageConfig, Program], AbstractContextManager[Ledger]]
"""By a stage, and a program to time its task with, what trains on it."""


class StageResult(NamedTuple):
    """What a stage found.

    Attributes:
        stage: its config.
        number: of the stage, from 0.
        candidates, baselines: labels of those that were in it.
        standings: by label.
        passed: labels of the candidates that the gate lets through.
    """

    stage: StageConfig
    number: int
    candidates: tuple[str, ...]
    baselines: tuple[str, ...]
    standings: Mapping[str, Standing]
    passed: tuple[str, ...]


def seeds_of(stage: StageConfig, number: int) -> tuple[range, range]:
    """The tuning seeds and the test seeds of a stage, which no other stage has."""
    tuning = TUNING_SEEDS_FROM + number * SEEDS_APART
    test = TEST_SEEDS_FROM + number * SEEDS_APART
    return range(tuning, tuning + stage.seeds), range(test, test + stage.test_seeds)


def run_stages(
    config: FunnelConfig,
    entrants: Sequence[Entrant],
    benches: Benches,
    watch: Watch,
    stopped: Callable[[], bool],
) -> Iterator[StageResult]:
    """Do the stages; the same again takes up what the benches' store holds.

    A program goes on, and a baseline stays, with the constants that it was tuned to.
    It ends before the last stage if no candidate passes.

    Args:
        config: of the funnel.
        entrants: candidates and baselines.
        benches: train; one is open at a time.
        watch: is told of progress.
        stopped: asked between programs.

    Raises:
        InputError: a baseline does not train with any of its trials.
        StoppedError: the user asked to stop.
    """
    kinds = {each.label: each.kind for each in entrants}
    entered = {each.label: knobs_or_none(each.program) for each in entrants}
    for number, stage in enumerate(config.stages):
        tuning, test = seeds_of(stage, number)
        with benches(stage, next(iter(entered.values())).program) as ledger:
            trials = Trials(ledger, tuning, None, watch, stopped)
            found = tune_and_compare(entered, stage, config.rounds, trials, test)
        here = {
            kind: tuple(label for label in entered if kinds[label] == kind)
            for kind in (CANDIDATE, BASELINE)
        }
        losses = {
            label: each.losses
            for label, each in found.items()
            if each.losses is not None
        }
        for label in here[BASELINE]:
            if label not in losses:
                raise InputError(
                    f"baselines.{label}: none of its {stage.trials} trials trains on "
                    f"all {stage.seeds} tuning seeds of the stage {stage.name}: try "
                    "more, or name one that is nearer"
                )
        passed = tuple(goes_on(here[CANDIDATE], losses, config.gate))
        yield StageResult(stage, number, here[CANDIDATE], here[BASELINE], found, passed)
        if not passed:
            return
        entered = {
            label: found[label].knobs
            for label in entered
            if label in passed or kinds[label] == BASELINE
        }
