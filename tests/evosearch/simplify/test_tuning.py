"""Rate and decay go downhill by powers of two and halves, beyond the noise alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from dsl import parse
from dsl.program import Program
from evosearch.evaluate import Job
from evosearch.explain.terms import rates_of
from evosearch.losses import worse
from evosearch.simplify.tuning import tuned
from evosearch.train import Outcome, Training
from tests.evosearch.simplify.worlds import (
    PROGRAM8,
    RATE,
    SEEDS,
    SPREAD,
    Bench,
    world,
)


def rate_world(best: float, depth: float = 0.05) -> Callable[[Job], Training]:
    """Loss rises with the distance of the rate's logarithm from the best one."""

    def evaluate(job: Job) -> Training:
        (step,) = rates_of(parse(job.text)).steps
        loss = 1.0 + SPREAD * (job.seed % 100)
        loss += depth * abs(math.log2(abs(step.number) / best))
        return Training(Outcome.OK, loss, (loss,), 4, 0.0)

    return evaluate


def at_rate(rate: float) -> Program:
    return parse(f"def train(w, g, lr):\n  return g * (lr * {rate})")


def test_the_rate_is_refined_by_half_steps(tmp_path: Path) -> None:
    bench = Bench(tmp_path, rate_world(2.0**-4.5))
    assert tuned(at_rate(1.0), bench.trials, 1.0, "it").rate == 2.0**-4.5


@pytest.mark.parametrize(("depth", "rate"), [(0.5, 1.0), (2.0, 2.0)])
def test_a_gain_has_to_be_beyond_the_noise(
    tmp_path: Path, depth: float, rate: float
) -> None:
    error = SPREAD * math.sqrt(5 / 3) / 2
    bench = Bench(tmp_path, rate_world(2.0, depth * error))
    assert tuned(at_rate(1.0), bench.trials, 1.0, "it").rate == rate


def test_what_is_left_is_tuned_too(tmp_path: Path) -> None:
    def evaluate(job: Job) -> Training:
        best = 0.04 if "clip" in job.text else 0.01
        steps = rates_of(parse(job.text)).steps
        loss = 1.0 + SPREAD * (job.seed % 100)
        loss += 0.02 * abs(math.log2(abs(steps[0].number) / best)) if steps else 1.0
        loss += 0.0 if "clip" not in job.text else 0.2
        loss += 0.0 if job.text.count("interp") > 1 else 1.0
        return Training(Outcome.OK, loss, (loss,), 4, 0.0)

    reduced = Bench(tmp_path, evaluate).reduce(PROGRAM8)
    kinds = [change.kind for change in reduced.changes]
    assert kinds.index("cut") < len(kinds) - 1 - kinds[::-1].index("tuned")
    (step, *_) = rates_of(reduced.program).steps
    assert step.number == pytest.approx(0.01, rel=0.2)


def test_trainings_are_counted_for_each_task(tmp_path: Path) -> None:
    bench = Bench(tmp_path, world())
    bench.ledger.tasks = ("one", "two")
    program = at_rate(1.0)
    bench.trials.losses("it", [program])
    assert bench.trials.spent == 2 * len(SEEDS)
    assert len(bench.oracle.seen) == 2 * len(SEEDS)
    assert bench.with_limit(17).affordable(len(SEEDS)) == 2


def test_the_rate_is_found_downhill(tmp_path: Path) -> None:
    bench = Bench(tmp_path, world())
    program = parse("def train(w, g, lr):\n  u = g * 0.3\n  u = u * lr\n  return u")
    found = tuned(program, bench.trials, 1.0, "it")
    # 0.3 / 2^5 is the power of two that is nearest to 0.01 on a log scale.
    assert found.rate == 2.0**-5
    assert found.decay == 1.0
    assert rates_of(found.program).steps[0].number == pytest.approx(0.3 / 32)
    again = tuned(found.program, bench.trials, 1.0, "it")
    assert again == found._replace(rate=1.0)


def test_a_gain_within_the_noise_moves_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, world())
    program = parse(f"def train(w, g, lr):\n  return g * (lr * {RATE * 1.01})")
    assert tuned(program, bench.trials, 1.0, "it").rate == 1.0


def test_worse_is_paired() -> None:
    assert worse((1.5,), (1.0, 7.0)) == 0.5
    assert worse((1.0, 3.0), (0.0, 1.0)) == 1.5
    assert worse((math.nan, 1.0), (0.0, 1.0)) == math.inf
