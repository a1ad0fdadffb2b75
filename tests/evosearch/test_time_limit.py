"""A run that its time limit ended: the same again when resumed; and what is `made`."""

import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import evosearch.run
import evosearch.search
from dsl import parse
from dsl.library import read_program
from evosearch.config import Config
from evosearch.folder import STORE, RunFolder
from evosearch.rows import ProgramRow
from evosearch.search import Problem
from evosearch.store import Store
from tests.searching import Oracle, config

FINAL = {"candidates": 4, "validation_seeds": 2, "test_seeds": 3}
PROGRAMS = 120


def settings(minutes: float | None = None) -> Config:
    return config(None, final=FINAL, budget={"programs": PROGRAMS, "minutes": minutes})


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """One process of a run: `tick` seconds pass whenever the search asks the time."""

    def go(config: Config, tick: float, stop: int | None = None) -> dict[str, Any]:
        # A monotonic clock starts anywhere, in each process elsewhere.
        clock = itertools.count(1e5 * tick, tick)
        time = SimpleNamespace(monotonic=lambda: next(clock))
        monkeypatch.setattr(evosearch.search, "time", time)
        monkeypatch.setattr(evosearch.run, "make_executor", lambda *_: Oracle())
        path = tmp_path / "run"
        folder = (
            RunFolder.resume(path)
            if path.exists()
            else RunFolder.create(config, path, "a test")
        )
        settled = 0

        def count(moment: Any) -> None:
            nonlocal settled
            settled += 1

        watcher = SimpleNamespace(search=count, judge=lambda *_: None)
        seed = parse(read_program("adamw"))
        try:
            return evosearch.run.run(
                Problem(config, seed, seed), folder, watcher, lambda: settled == stop
            )
        finally:
            folder.close()

    return go


def rows_of(run: Path) -> list[ProgramRow]:
    store = Store.open(run / STORE)
    rows = list(store.programs())
    store.close()
    return rows


def assert_made_is_stored(summary: dict[str, Any], rows: list[ProgramRow]) -> None:
    assert summary["made"] == len(rows) - 1
    assert summary["made"] == summary["duplicates"] + summary["evaluated"]
    assert summary["duplicates"] == sum(row.duplicate for row in rows[1:])
    assert rows[-1].number == summary["made"]


@pytest.mark.parametrize("tick", [0.001, 1.0, 1000.0])
def test_a_run_that_time_ended_says_the_same_when_resumed(
    go: Callable[..., Any], tmp_path: Path, tick: float
) -> None:
    """However fast the second process is: the first one's time has counted."""
    ended = go(settings(minutes=1.0), 1.0)
    rows = rows_of(tmp_path / "run")
    assert rows[-1].seconds > 60.0 >= rows[-2].seconds
    assert 20 < ended["made"] < PROGRAMS - 8
    assert not ended["interrupted"]
    again = go(settings(minutes=1.0), tick)
    assert rows_of(tmp_path / "run") == rows
    assert {**again, "seconds": 0.0} == {**ended, "seconds": 0.0}
    assert_made_is_stored(again, rows)


def test_what_a_stopped_run_has_used_of_its_time_counts(
    go: Callable[..., Any], tmp_path: Path
) -> None:
    go(settings(minutes=1.0), 1.0, stop=15)
    used = rows_of(tmp_path / "run")[-1].seconds
    go(settings(minutes=1.0), 0.5)
    rows = rows_of(tmp_path / "run")
    assert 0.0 < used < rows[16].seconds
    assert rows[-1].seconds > 60.0 >= rows[-2].seconds
    assert rows[16].seconds < used + 10.0


@pytest.mark.parametrize(
    ("minutes", "stop", "interrupted"),
    [(None, 1, True), (None, 50, True), (1.0, None, False), (None, None, False)],
)
def test_made_are_the_children_in_the_store(
    go: Callable[..., Any],
    tmp_path: Path,
    minutes: float | None,
    stop: int | None,
    interrupted: bool,
) -> None:
    summary = go(settings(minutes), 1.0, stop)
    rows = rows_of(tmp_path / "run")
    assert summary["interrupted"] == interrupted
    assert_made_is_stored(summary, rows)
    assert len(rows) - 1 == stop or minutes or len(rows) - 1 == PROGRAMS
