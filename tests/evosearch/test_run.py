"""One trajectory, however a run is executed, stopped and taken up again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dsl
from evosearch.folder import BEST, BEST_RAW, CONFIG, LOG, STORE, SUMMARY, RunFolder
from evosearch.opening import open_new
from evosearch.run import run as run_search
from evosearch.store import Store
from tests.command_line import (
    ROOT,
    descendants,
    evosearch,
    evosearch_process,
    last_line,
    refused,
)

pytestmark = pytest.mark.slow

RUN = f"""\
name: small
tasks: [{{task: '{ROOT}/tests/tasks/line.py:Line'}}]
search: {{population: 20, window: 8}}
fitness: {{rotate: 50}}
budget: {{evaluations: 150}}
simplify: {{enabled: false}}
training: {{chunks: 5}}
hurdles: {{quantile: 0.6, history: 50}}
meta_validation:
  every: 20
  seeds: 2
  tasks: [{{task: '{ROOT}/tests/tasks/line.py:Line'}}]
final: {{candidates: 4, validation_seeds: 2, test_seeds: 3}}
workers: {{executor: inline}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "run.yaml").write_text(RUN)
    return folder


@pytest.fixture(scope="module")
def whole(folder: Path) -> dict[str, Any]:
    """The summary of a run that nothing disturbed, trained in this process."""
    answer = evosearch("run", folder / "run.yaml", "--out", folder / "whole", "--json")
    assert answer.code == 0, answer.error
    return last_line(answer.output)


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two runs found the same, wherever and however fast they were."""
    return all(one[key] == other[key] for key in one if key not in ("run", "seconds"))


def interrupt(process: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    """Press Ctrl-C when the search has begun; gives the summary that it prints."""
    until = time.monotonic() + 120.0
    log = folder / LOG
    while not (log.is_file() and " child " in log.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "the search does not begin"
        time.sleep(0.01)
    # As a terminal does: to every process of the group.
    os.killpg(process.pid, signal.SIGINT)
    output, error = process.communicate(timeout=120)
    assert process.returncode == 130, error
    assert f"go on with: evosearch run --resume {folder}" in error
    assert "Traceback" not in error
    summary = last_line(output)
    assert summary["interrupted"]
    assert summary == json.loads((folder / SUMMARY).read_text())
    return summary


def test_what_a_run_says(whole: dict[str, Any]) -> None:
    assert set(whole) >= {
        "run", "seed_fitness", "best", "seed_fresh_mean", "seed_fresh_stderr", "made",
        "invalid", "duplicates", "twins", "evaluated", "diverged", "hopeless",
        "seconds", "trajectory",
    }  # fmt: skip
    assert set(whole["best"]) >= {
        "digest", "fitness", "program", "statements", "states", "fresh_mean",
        "fresh_stderr", "fresh_gain", "fresh_gain_stderr",
    }  # fmt: skip
    assert whole["evaluated"] == 150
    assert whole["made"] == whole["evaluated"] + whole["duplicates"]
    assert len(whole["trajectory"]) == 64
    assert whole["seed_fitness"] == 0.0
    assert whole["best"]["fitness"] < 0.0
    assert len(whole["meta_validation"]) > 2
    gain = whole["seed_fresh_mean"] - whole["best"]["fresh_mean"]
    assert whole["best"]["fresh_gain"] == pytest.approx(gain)


def test_what_a_run_leaves(folder: Path, whole: dict[str, Any]) -> None:
    run = folder / "whole"
    names = {CONFIG, STORE, SUMMARY, LOG, BEST, BEST_RAW}
    assert {path.name for path in run.iterdir() if path.name[0] != "."} == names
    best, raw = (dsl.parse((run / name).read_text()) for name in (BEST, BEST_RAW))
    assert dsl.unparse(best) == whole["best"]["program"]
    assert dsl.digest(raw) == dsl.digest(best) == whole["best"]["digest"]
    head = (run / CONFIG).read_text()
    assert all(f"# {name} " in head for name in ("evosearch", "Python", "jax", "ray"))


def test_every_program_made_is_stored(folder: Path, whole: dict[str, Any]) -> None:
    store = Store.open(folder / "whole" / STORE)
    rows = list(store.programs())
    store.close()
    assert [row.number for row in rows] == list(range(whole["made"] + 1))
    assert sum(row.duplicate for row in rows) == whole["duplicates"]
    twins = sum(row.duplicate and row.twin is not None for row in rows)
    assert twins == whole["twins"] > 0
    for outcome in ("diverged", "hopeless"):
        assert sum(row.outcome == outcome for row in rows) == whole[outcome] > 0
    for row in rows[1:]:
        assert row.parent is not None
        assert row.parent < row.number
        assert dsl.digest(dsl.parse(row.text)) == row.digest


def test_show_lists_the_best_first(folder: Path, whole: dict[str, Any]) -> None:
    listed = json.loads(evosearch("show", folder / "whole", "--json").output)
    assert set(listed[0]) >= {
        "digest", "fitness", "program", "parent", "mutation", "outcome"
    }  # fmt: skip
    assert [row["fitness"] for row in listed] == sorted(r["fitness"] for r in listed)
    assert len({row["digest"] for row in listed}) == len(listed) == 10
    printed = evosearch("show", folder / "whole", "--top", "2").output
    assert printed.index("2. program") < printed.index("1. program")
    assert printed.rstrip().endswith(listed[0]["program"].rstrip())


def test_a_finished_run_taken_up_again_says_the_same(
    folder: Path, whole: dict[str, Any]
) -> None:
    log = (folder / "whole" / LOG).read_text()
    answer = evosearch("run", "--resume", folder / "whole", "--json")
    assert same(whole, last_line(answer.output))
    added = (folder / "whole" / LOG).read_text().removeprefix(log)
    assert " child " not in added, "improvements are logged once"
    told = "this run has ended: its result is made again from its record"
    assert told in answer.error
    assert told in added


@pytest.mark.usefixtures("whole")
def test_a_folder_is_worked_in_by_one_process(folder: Path) -> None:
    held = RunFolder.resume(folder / "whole")
    try:
        told = refused("run", "--resume", folder / "whole")
    finally:
        held.close()
    assert told.endswith("another process is running it; wait for it or stop it first")


@pytest.mark.usefixtures("whole")
def test_a_damaged_record_is_told_in_one_sentence(folder: Path) -> None:
    damaged = folder / "damaged"
    damaged.mkdir()
    (damaged / CONFIG).write_text(RUN)
    good = (folder / "whole" / STORE).read_bytes()
    for content in (b"", b"not a database" * 100, good[: len(good) // 2]):
        (damaged / STORE).write_bytes(content)
        for words in (["show", damaged], ["run", "--resume", damaged]):
            answer = evosearch(*words)
            last = answer.error.splitlines()[-1]
            assert answer.code == 2, words
            assert last.startswith("error: "), last
            assert "run.sqlite" in last
            assert "Traceback" not in answer.error


@pytest.mark.usefixtures("whole")
def test_a_record_of_another_search_is_not_gone_on_with(folder: Path) -> None:
    other = folder / "other"
    other.mkdir()
    (other / CONFIG).write_text(f"seed: 1\n{RUN}")
    with sqlite3.connect(folder / "whole" / STORE) as connection:
        connection.execute("VACUUM INTO ?", (str(other / STORE),))
    connection.close()
    answer = evosearch("run", "--resume", other)
    assert answer.code == 2
    assert "config (seed): has changed since this run began" in answer.error


@pytest.mark.usefixtures("whole")
def test_fingerprints_of_another_version_are_not_gone_on_with(folder: Path) -> None:
    other = folder / "other_version"
    other.mkdir()
    (other / CONFIG).write_text(RUN)
    with sqlite3.connect(folder / "whole" / STORE) as connection:
        connection.execute("VACUUM INTO ?", (str(other / STORE),))
    connection.close()
    store = Store.open(other / STORE)
    name = "version of the fingerprint"
    problem = json.loads(store.meta["problem"])
    store.set_meta("problem", json.dumps({**problem, name: problem[name] - 1}))
    store.commit()
    store.close()
    answer = evosearch("run", "--resume", other)
    assert answer.code == 2
    assert f"{name}: has changed since this run began" in answer.error


def test_interrupted_and_taken_up_again(folder: Path, whole: dict[str, Any]) -> None:
    run = folder / "interrupted"
    with evosearch_process(
        "run", folder / "run.yaml", "--out", run, "--json"
    ) as process:
        stopped = interrupt(process, run)
    assert 0 < stopped["made"] < whole["made"]
    assert dsl.digest(dsl.parse((run / BEST).read_text())) == stopped["best"]["digest"]
    answer = evosearch("run", "--resume", run, "--json")
    assert same(whole, last_line(answer.output))


def test_stopped_while_programs_are_judged(folder: Path, whole: dict[str, Any]) -> None:
    """As soon as the judging has begun, a stop is asked for."""
    problem, held = open_new(folder / "run.yaml", [], folder / "judged", "a test")
    told: list[str] = []
    watcher = SimpleNamespace(
        search=lambda moment: None,
        judge=lambda what, done, total: told.append(what),
    )
    try:
        summary = run_search(problem, held, watcher, lambda: bool(told))
    finally:
        held.close()
    assert len(told) == 1, "it ends after the program that is under way"
    assert summary["interrupted"]
    assert summary["best"]["fresh_mean"] is None
    answer = evosearch("run", "--resume", folder / "judged", "--json")
    assert same(whole, last_line(answer.output))


@pytest.mark.ray
def test_one_ray_worker(
    folder: Path, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that compiles for itself, and loads nothing of what others compiled."""
    monkeypatch.setenv("JAX_ENABLE_COMPILATION_CACHE", "false")
    options = ("--executor", "ray", "--workers", "1", "--json")
    with evosearch_process(
        "run", folder / "run.yaml", "--out", folder / "ray", *options
    ) as process:
        output, error = process.communicate(timeout=180)
        assert process.returncode == 0, error
    assert "Warning" not in error
    assert same(whole, last_line(output))


@pytest.mark.ray
def test_two_ray_workers_interrupted(folder: Path, whole: dict[str, Any]) -> None:
    run = folder / "ray_interrupted"
    options = ("--executor", "ray", "--workers", "2", "--json")
    with evosearch_process(
        "run", folder / "run.yaml", "--out", run, *options
    ) as process:
        interrupt(process, run)
    for _ in range(100):
        if not descendants():
            break
        time.sleep(0.1)
    assert descendants() == [], "no Ray process outlives the run"
    answer = evosearch("run", "--resume", run, "--executor", "inline", "--json")
    assert same(whole, last_line(answer.output))
