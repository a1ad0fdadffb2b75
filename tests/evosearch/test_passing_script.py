"""`experiments/passing.py` follows a run's leaders on data seeds of its own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dsl.library import read_program
from evosearch.fitness import mean_and_error
from evosearch.store import Store
from evosearch.train import VALIDATION
from tests.command_line import ROOT, evosearch, settings

TASK = f"{ROOT}/tests/tasks/quadratic.py:factory"


def passing(run: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    script = f"{ROOT}/experiments/passing.py"
    command = [sys.executable, script, str(run), *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_one_data_seed_has_no_standard_error(tmp_path: Path) -> None:
    done = passing(tmp_path, "--seeds", "1")
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
    done = passing(run, "--seeds", "5", "--store", kept, "--json")
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
    assert found[0] <= -0.01
    # None of them is so much better.
    done = passing(run, "--seeds", "5", "--store", kept, "--by", "0.99")
    assert done.returncode == 0
    assert "passed" not in done.stdout
    assert "never passed" in done.stderr
    with closing(sqlite3.connect(run / "run.sqlite")) as record:
        record.execute("UPDATE programs SET text = 'def' WHERE number = 0")
        record.commit()
    done = passing(run)
    assert done.returncode == 2
    assert "error: " in done.stderr
    assert f"{run}: program 0 of its record" in done.stderr
