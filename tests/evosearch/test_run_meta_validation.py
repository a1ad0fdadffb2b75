"""Runs with meta-validation: the same search, and looks that are told at the end.

That Ray's workers find the same is seen in `test_run.py`.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evosearch.folder import STORE
from evosearch.opening import open_new
from evosearch.run import run as run_search
from evosearch.store import Store
from evosearch.study.folder import META, README
from tests.command_line import ROOT, evosearch, last_line, refused

pytestmark = pytest.mark.slow

RUN = f"""\
name: small
tasks: [{{task: '{ROOT}/tests/tasks/line.py:Line'}}]
search: {{population: 10, window: 4}}
fitness: {{rotate: 50}}
budget: {{evaluations: 40}}
simplify: {{enabled: false}}
training: {{chunks: 5}}
meta_validation:
  every: 5
  seeds: 3
  tasks: [{{task: '{ROOT}/tests/tasks/line.py:Line', schedule: constant}}]
final: {{candidates: 2, validation_seeds: 1, test_seeds: 2}}
workers: {{executor: inline}}
"""
STUDY = """\
name: tiny
question: Does it overfit?
base: {0}/run.yaml
settings: {{budget.evaluations: 12}}
seeds: [3]
arms:
  - name: watched
  - name: blind
    settings: {{meta_validation.every: null}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "run.yaml").write_text(RUN)
    return folder


def ran(folder: Path, name: str, *options: str) -> dict[str, Any]:
    answer = evosearch(
        "run", folder / "run.yaml", "--out", folder / name, "--json", *options
    )
    assert answer.code == 0, answer.error
    return last_line(answer.output)


@pytest.fixture(scope="module")
def whole(folder: Path) -> dict[str, Any]:
    return ran(folder, "whole")


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[key] == other[key] for key in one if key not in ("run", "seconds"))


def test_the_summary_tells_of_it(folder: Path, whole: dict[str, Any]) -> None:
    looks = whole["meta_validation"]
    assert len(looks) > 1
    for look in looks:
        assert set(look) == {"child", "steps", "search_fitness", "fitness", "stderr"}
        assert look["child"] % 5 == 0
        assert look["stderr"] >= 0.0
    assert looks[0]["child"] == looks[0]["fitness"] == 0
    assert [look["steps"] for look in looks] == sorted(look["steps"] for look in looks)
    alarm = whole["alarm"]
    assert alarm is None or set(alarm) == {"child", "difference", "stderr"}
    store = Store.open(folder / "whole" / STORE)
    stored = [(row.child, row.search_fitness) for row in store.looks()]
    programs = {row.digest for row in store.looks()}
    store.close()
    assert stored == [(look["child"], look["search_fitness"]) for look in looks]
    # No program fails on a line: each takes all 50 steps on 3 data seeds.
    assert whole["meta_steps"] == 150 * len(programs)


def test_the_search_is_the_same_without(folder: Path, whole: dict[str, Any]) -> None:
    off = ran(folder, "off", "--set", "meta_validation.every=null")
    assert off["meta_validation"] == []
    assert off["alarm"] is None
    assert off["meta_steps"] == 0
    for key in ("trajectory", "steps", "made", "best", "seed_fresh_mean"):
        assert off[key] == whole[key]


@pytest.mark.parametrize("children", [1, 12])
def test_stopped_and_taken_up_again(
    folder: Path, whole: dict[str, Any], children: int
) -> None:
    name = f"stopped{children}"
    problem, held = open_new(folder / "run.yaml", [], folder / name, "a test")
    made: list[object] = []
    watcher = SimpleNamespace(search=made.append, judge=None)
    try:
        summary = run_search(problem, held, watcher, lambda: len(made) == children)
    finally:
        held.close()
    assert summary["interrupted"]
    assert len(summary["meta_validation"]) < len(whole["meta_validation"])
    answer = evosearch("run", "--resume", folder / name, "--json")
    assert answer.code == 0, answer.error
    assert same(whole, last_line(answer.output))


def test_a_person_is_told(folder: Path, whole: dict[str, Any]) -> None:
    answer = evosearch("run", "--resume", folder / "whole")
    last = whole["meta_validation"][-1]
    told = f"{last['fitness']:+.4f} +- {last['stderr']:.4f} (standard error)"
    line = f"meta-validation fitness of what led at child {last['child']}: {told}"
    assert line in answer.output.splitlines()
    assert ("alarm: " in answer.output) == (whole["alarm"] is not None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("tasks=[]", "meta_validation: every is 5, but tasks is empty: name at least"),
        ("tasks.0.task=charml", "did you mean charlm"),
        ("seeds=1", "meta_validation.seeds: must be greater than or equal to 2"),
        ("every=0", "meta_validation.every: must be greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_told(folder: Path, change: str, sentence: str) -> None:
    words = ("--set", f"meta_validation.{change}", "--out", folder / "bad")
    assert sentence in refused("run", folder / "run.yaml", *words)
    assert not (folder / "bad").exists()


@pytest.mark.usefixtures("whole")
def test_other_held_out_tasks_are_another_run(folder: Path) -> None:
    words = ("--set", "meta_validation.every=6")
    told = refused("run", "--resume", folder / "whole", *words)
    assert "meta_validation.every=6 cannot be changed in a run that has begun" in told


def test_a_study_tells_of_it(folder: Path) -> None:
    (folder / "study.yaml").write_text(STUDY.format(folder))
    command = ("study", folder / "study.yaml", "--out", folder / "study")
    answer = evosearch(*command)
    assert answer.code == 0, answer.error
    with (folder / "study" / META).open() as lines:
        rows = list(csv.DictReader(lines))
    path = folder / "study" / "runs" / "watched-3" / "summary.json"
    looks = json.loads(path.read_text())["meta_validation"]
    assert [(row["arm"], row["seed"]) for row in rows] == [("watched", "3")] * len(rows)
    assert [float(row["fitness"]) for row in rows] == [e["fitness"] for e in looks]
    assert "`meta.csv` has the looks" in (folder / "study" / README).read_text()
    assert evosearch(*command).code == 0, "what is done is not done again"
