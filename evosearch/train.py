"""Train one program on one task and data seed, and name how it ended."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

import jax

from dsl.program import Program
from evosearch.plan import Chunk, Plan
from evosearch.tasks.protocol import Task

VALIDATION: Final = "validation"
TEST: Final = "test"
"""Which held-out data measure the weights: `evaluate`, or `test` if it is there."""


class Outcome(StrEnum):
    """How a training ended."""

    OK = "ok"
    """All steps were taken and the loss is a number to be compared."""
    DIVERGED = "diverged"
    """Weights or loss became non-finite, or a weight passed the bound."""
    IMPLAUSIBLE = "implausible"
    """The loss is under the task's floor: an exploit of the task, not a success."""
    HOPELESS = "hopeless"
    """Stopped at a hurdle: after a chunk it was worse than most trainings before it."""


@dataclass(frozen=True, slots=True)
class Training:
    """What one training gave.

    Attributes:
        outcome: how it ended; only `ok` has a loss that may be compared.
        loss: held-out loss after the last step (lower is better); NaN if diverged or
            hopeless.
        chunk_losses: mean training loss of each chunk, up to where it ended.
        steps: training steps taken.
        seconds: wall time, the only field that is not reproducible.
    """

    outcome: Outcome
    loss: float
    chunk_losses: tuple[float, ...]
    steps: int
    seconds: float


class Engine(Protocol):
    """What can train programs of one plan: the machine, or compiled programs."""

    plan: Plan

    def start(self, program: Program, seed: int) -> Any:
        """The slot of a program before its first step."""

    def advance(self, slot: Any, chunk: Chunk) -> tuple[Any, Any, Any]:
        """Take a chunk's steps: the slot, mean training loss, largest |weight|."""

    def finish(
        self, slot: Any, seed: int, hurdles: Sequence[float]
    ) -> tuple[Any, list[float], float]:
        """Take chunks until one ends the training, as `chunk_by_chunk` does it."""

    def weights(self, slot: Any) -> Any:
        """The pytree of a slot's weights."""


def chunk_by_chunk(
    engine: Engine, slot: Any, seed: int, hurdles: Sequence[float]
) -> tuple[Any, list[float], float]:
    """Take chunks from the first on, until all are taken or `after_chunk` ends it.

    Args:
        engine: whose slot it is.
        slot: before its first step; it is used up.
        seed: the data seed.
        hurdles: as of `Trainer.train`.

    Returns:
        The slot, the mean training loss of each chunk, and the largest |weight|.
    """
    plan, losses, peak = engine.plan, list[float](), 0.0
    for number in range(plan.chunks):
        slot, mean, largest = engine.advance(slot, plan.chunk(seed, number))
        peak = float(largest)
        losses.append(float(mean))
        if after_chunk(losses, peak, plan.weight_bound, hurdles) is not Outcome.OK:
            break
    return slot, losses, peak


class Trainer:
    """Trains programs on one engine; keeps the compiled evaluation."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        measures = held_out(engine.plan.task)
        self._measures = {split: jax.jit(each) for split, each in measures.items()}

    def train(
        self,
        program: Program,
        seed: int,
        split: str = VALIDATION,
        hurdles: Sequence[float] = (),
    ) -> Training:
        """Train a valid program from the data seed's initial weights.

        Args:
            program: to be trained.
            seed: the data seed.
            split: which held-out data measure the result.
            hurdles: largest mean training loss of each chunk, from the first, with
                which it goes on; chunks beyond them have none.
        """
        began = time.perf_counter()
        plan = self.engine.plan
        slot = self.engine.start(program, seed)
        slot, losses, peak = self.engine.finish(slot, seed, hurdles)
        outcome, loss = after_chunk(losses, peak, plan.weight_bound, hurdles), math.nan
        if outcome is Outcome.OK:
            loss = float(self._measures[split](self.engine.weights(slot)))
        return ended(plan, outcome, losses, loss, time.perf_counter() - began)


def held_out(task: Task) -> dict[str, Callable[[Any], Any]]:
    """What measures weights, by split; a task without `test` has `evaluate` for it."""
    return {VALIDATION: task.evaluate, TEST: getattr(task, "test", task.evaluate)}


def after_chunk(
    losses: Sequence[float], peak: float, bound: float, hurdles: Sequence[float]
) -> Outcome:
    """Whether a training goes on after its last chunk (`ok`), or how it ended there.

    Here and in `ended` alone a number that is not finite is interpreted.

    Args:
        losses: mean training loss of each chunk so far.
        peak: the largest |weight|.
        bound: of weights that have not diverged.
        hurdles: as of `Trainer.train`.
    """
    if not (math.isfinite(losses[-1]) and peak <= bound):
        return Outcome.DIVERGED
    number = len(losses) - 1
    if number < len(hurdles) and losses[-1] > hurdles[number]:
        return Outcome.HOPELESS
    return Outcome.OK


def ended(
    plan: Plan, outcome: Outcome, losses: Sequence[float], loss: float, seconds: float
) -> Training:
    """The record of a training.

    Args:
        plan: that it followed.
        outcome: of `after_chunk` on its last chunk; if it is ok the held-out loss tells
            how it ended.
        losses: mean training loss of each chunk.
        loss: held-out loss; NaN where none was measured.
        seconds: that it took.
    """
    if outcome is Outcome.OK:
        outcome = _at_the_end(loss, plan.task.floor)
    steps = len(losses) * plan.chunk_steps
    return Training(outcome, loss, tuple(losses), steps, seconds)


def _at_the_end(loss: float, floor: float) -> Outcome:
    if not math.isfinite(loss):
        return Outcome.DIVERGED
    return Outcome.IMPLAUSIBLE if loss < floor else Outcome.OK
