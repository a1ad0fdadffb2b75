"""A training meets its hurdles at the borders of chunks, and ends at the first."""

from __future__ import annotations

import math
from dataclasses import replace

import jax
import numpy as np
import pytest

from dsl import parse
from evosearch.compiled import Compiled
from evosearch.machine import Machine
from evosearch.plan import make_plan
from evosearch.train import Trainer, chunk_by_chunk
from tests.tasks.quadratic import factory

CHUNKS = 4
GOOD, BAD, WORST = (
    parse(f"def train(w, g, lr):\n    u = {update}\n    return u\n")
    for update in ("g * 0.1", "g * -0.1", "g + exp(1000.0)")
)


@pytest.fixture(scope="module", params=[Compiled, Machine])
def trainer(request: pytest.FixtureRequest) -> Trainer:
    plan = make_plan(
        factory(), schedule="constant", warmup=0.0, chunks=CHUNKS, weight_bound=1000.0
    )
    return Trainer(request.param(plan))


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


@pytest.mark.parametrize("chunk", range(CHUNKS - 1))
def test_a_loss_at_its_hurdle_passes_and_one_above_does_not(
    trainer: Trainer, chunk: int
) -> None:
    free = trainer.train(GOOD, 0).chunk_losses
    # Hurdles are Python's numbers, and lie between those that a loss can be.
    for hurdle, steps in (
        (free[chunk], CHUNKS),
        (math.nextafter(free[chunk], math.inf), CHUNKS),
        (math.nextafter(free[chunk], -math.inf), chunk + 1),
    ):
        hurdles = (math.inf,) * chunk + (hurdle,)
        assert trainer.train(GOOD, 0, hurdles=hurdles).steps == steps


def test_the_machine_finishes_as_it_goes_chunk_by_chunk(trainer: Trainer) -> None:
    engine = trainer.engine
    middle = trainer.train(GOOD, 3).chunk_losses[1]
    for program in (GOOD, BAD, WORST):
        for hurdles in ((), (math.inf, middle), (math.inf, math.inf, -1.0)):
            slot, losses, peak = chunk_by_chunk(
                engine, engine.start(program, 3), 3, hurdles
            )
            at_once, same, highest = engine.finish(engine.start(program, 3), 3, hurdles)
            np.testing.assert_array_equal(losses, same)
            np.testing.assert_array_equal(peak, highest)
            jax.tree.map(
                np.testing.assert_array_equal,
                engine.weights(slot),
                engine.weights(at_once),
            )


@pytest.mark.parametrize(
    ("weight", "bound", "outcome"),
    [
        (1000.1, 1000.1, "ok"),  # below it in float32
        (1000.1, float(np.float32(1000.1)), "ok"),
        (1000.1, math.nextafter(float(np.float32(1000.1)), 0.0), "diverged"),
        (1000.7, 1000.7, "diverged"),  # above it in float32
    ],
)
def test_a_weight_at_the_bound_has_not_diverged(
    weight: float, bound: float, outcome: str
) -> None:
    leap = parse(f"def train(w, g, lr):\n    u = w - {weight}\n    return u\n")
    plan = make_plan(
        factory(), schedule="constant", warmup=0.0, chunks=2, weight_bound=bound
    )
    for engine in (Compiled(plan), Machine(plan)):
        training = Trainer(engine).train(leap, 0)
        assert training.outcome == outcome
        assert training.steps == (4 if outcome == "ok" else 2)
