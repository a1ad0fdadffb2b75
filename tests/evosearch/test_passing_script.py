"""`experiments/passing.py` follows a run's leaders on data seeds of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dsl.library import read_program
from evosearch.fitness import mean_and_error
from evosearch.store import Store
from evosearch.train import VALIDATION
from tests.command_line import ROOT, evosearch, settings

TASK = f"{ROOT}/tests/tasks/quadratic.py:factory"


def test_one_data_seed_has_no_standard_error(tmp_path: Path) -> None:
    command = [sys.executable, f"{ROOT}/experiments/passing.py", str(tmp_path)]
    done = subprocess.run(
        [*command, "--seeds", "1"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--seeds: at least 2, for a standard error" in done.stderr


@pytest.mark.slow
def test_the_leaders_of_a_run_up_to_the_first_that_is_better(tmp_path: Path) -> None:
    run, kept = tmp_path / "run", tmp_path / "kept.sqlite"
    options = settings(
        "workers.executor=inline", "budget.evaluations=40", "budget.steps=null",
        "fitness.seeds=1", "fitness.more_seeds=3", "simplify.enabled=false",
        "tasks.0={task: '" + TASK + "', arguments: {noise: 0.1}}",
    )  # fmt: skip
    seed = tmp_path / "seed.opt"
    seed.write_text(read_program("adamw"))
    options += settings(f"program={seed}")
    answer = evosearch("run", ROOT / "configs/smoke.yaml", "--out", run, *options)
    assert answer.code == 0, answer.error
    # What the seed program was then is in the record.
    seed.write_text(read_program("lion"))
    command = [sys.executable, f"{ROOT}/experiments/passing.py", str(run), "--json"]
    command += ["--seeds", "5", "--store", str(kept)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["passed"] for each in told] == [False] * (len(told) - 1) + [True]
    fitness = [each["fitness"] for each in told]
    assert fitness == sorted(fitness, reverse=True)
    assert fitness[0] < 0.0
    record, trained = Store.open(run / "run.sqlite"), Store.open(kept)
    try:
        rows = list(record.programs())
        steps = sum(row.steps for row in rows[: told[-1]["number"] + 1])
        assert told[-1]["steps"] == steps
        last = rows[told[-1]["number"]]
        assert (last.text, last.fitness) == (told[-1]["text"], fitness[-1])
        assert (last.twin or last.digest) in last.contest.split()
        ours, theirs = (
            {row.seed: row.loss for row in trained.trainings_of(digest, VALIDATION)}
            for digest in (last.digest, rows[0].digest)
        )
        used = {
            row.seed
            for each in rows
            for row in record.trainings_of(each.digest, VALIDATION)
        }
    finally:
        record.close()
        trained.close()
    assert len(ours) == 5
    assert used.isdisjoint(ours)
    found = mean_and_error(
        [(ours[seed] - theirs[seed]) / abs(theirs[seed]) for seed in ours]
    )
    assert found == pytest.approx((told[-1]["difference"], told[-1]["error"]))
    assert found[0] + 2.0 * found[1] < 0.0
