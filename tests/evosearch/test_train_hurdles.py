"""A training meets its hurdles at the borders of chunks, and ends at the first."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from dsl import parse
from evosearch.compiled import Compiled
from evosearch.plan import make_plan
from evosearch.train import Trainer
from tests.tasks.quadratic import factory

CHUNKS = 4
GOOD, BAD, WORST = (
    parse(f"def train(w, g, lr):\n    u = {update}\n    return u\n")
    for update in ("g * 0.1", "g * -0.1", "g + exp(1000.0)")
)


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    plan = make_plan(
        factory(), schedule="constant", warmup=0.0, chunks=CHUNKS, weight_bound=1000.0
    )
    return Trainer(Compiled(plan))


def test_a_training_that_takes_them_is_as_without(trainer: Trainer) -> None:
    free = trainer.train(GOOD, 0)
    assert free.outcome == "ok"
    same = trainer.train(GOOD, 0, hurdles=free.chunk_losses)
    assert replace(same, seconds=0.0) == replace(free, seconds=0.0)
    never = trainer.train(BAD, 0, hurdles=(math.inf,) * (CHUNKS - 1))
    assert never.outcome == "ok"


@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_planted_bad_one_costs_the_steps_up_to_its_hurdle(
    trainer: Trainer, first: int
) -> None:
    good, whole = trainer.train(GOOD, 0), trainer.train(BAD, 0)
    hurdles = (math.inf,) * (first - 1) + good.chunk_losses[first - 1 : -1]
    # All start with the same weights, so the first chunk of one step tells nothing.
    ends = max(first, 2)
    training = trainer.train(BAD, 0, hurdles=hurdles)
    assert (training.outcome, training.steps) == ("hopeless", ends)
    assert training.chunk_losses == whole.chunk_losses[:ends]
    assert math.isnan(training.loss)


def test_who_diverged_is_not_called_hopeless(trainer: Trainer) -> None:
    assert trainer.train(WORST, 0).outcome == "diverged"
    assert trainer.train(WORST, 0, hurdles=(-1.0,)).outcome == "diverged"
