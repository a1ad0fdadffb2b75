"""Executors train every job once, to the same result, and leave no process behind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

import dsl
from dsl.library import read_program
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.errors import InputError
from evosearch.evaluate import Job
from evosearch.train import Training
from evosearch.workers import Executor, make_executor
from tests.command_line import ROOT

pytestmark = pytest.mark.slow

LINE = TaskConfig(task=f"{ROOT}/tests/tasks/line.py:Line")
FAILS = """\
import jax.numpy as jnp, numpy as np

class Fails:
    steps, floor = 10, 0.0
    def init(self, key):
        return jnp.ones(2)
    def batches(self, key, start, steps):
        raise OSError("the disk is gone")  # line 8
    def loss(self, params, batch):
        return jnp.sum(params)
    evaluate = jnp.sum
"""
TRAINING = TrainingConfig()


def jobs() -> list[Job]:
    """Two programs on three data seeds."""
    made = []
    for name in ("adamw", "lion"):
        program = dsl.prune(dsl.parse(read_program(name)))
        digest, text = dsl.digest(program), dsl.unparse(program)
        made += [Job(digest, text, 0, seed, "validation") for seed in range(3)]
    return made


def train(executor: Executor) -> dict[Job, Training]:
    """Results of the jobs without their seconds, each collected once."""
    executor.submit(jobs())
    results: dict[Job, Training] = {}
    while len(results) < len(jobs()):
        done = executor.collect()
        assert done, "collect waits for a job"
        for job, training in done:
            assert job not in results
            results[job] = dataclasses.replace(training, seconds=0.0)
    return results


@pytest.fixture(scope="module")
def expected() -> Iterator[dict[Job, Training]]:
    executor = make_executor("inline", 0, (LINE,), TRAINING)
    assert executor.workers == 1
    yield train(executor)
    executor.close()


def test_inline_trains_every_job(expected: dict[Job, Training]) -> None:
    assert set(expected) == set(jobs())
    assert {training.outcome for training in expected.values()} == {"ok"}
    assert len({training.loss for training in expected.values()}) > 1


@pytest.mark.ray
# Ray forks this process, in which JAX has threads; in a run it forks one without.
@pytest.mark.filterwarnings("ignore:os.fork")
def test_ray_gives_what_inline_gives(
    expected: dict[Job, Training], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(FAILS)
    fails = TaskConfig(task=f"{tmp_path}/mine.py:Fails")
    executor = make_executor("ray", 2, (LINE, fails), TRAINING)
    try:
        assert executor.workers == 2
        assert train(executor) == expected
        executor.submit([dataclasses.replace(jobs()[0], task=1)])
        with pytest.raises(InputError, match=r"mine\.py, line 8 raised OSError"):
            executor.collect()
    finally:
        executor.close()


@pytest.mark.ray
@pytest.mark.filterwarnings("ignore:os.fork")
def test_ray_gives_the_same_with_slots() -> None:
    line = LINE.model_copy(update={"slots": 2})
    found = []
    for kind in ("inline", "ray"):
        executor = make_executor(kind, 1, (line,), TRAINING)
        try:
            found.append(train(executor))
        finally:
            executor.close()
    assert found[0] == found[1]


def test_the_fault_of_a_task_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FAILS)
    fails = TaskConfig(task=f"{tmp_path}/mine.py:Fails")
    executor = make_executor("inline", 0, (fails,), TRAINING)
    executor.submit(jobs()[:1])
    with pytest.raises(InputError, match=r"^task .*: mine\.py, line 8 raised OSError"):
        executor.collect()
