"""Taking a run up again: refused without a trace, and with nothing but its folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from dsl import FUNCTIONS
from evosearch.folder import CONFIG, LOG, OWN_FUNCTIONS
from evosearch.opening import open_new
from evosearch.run import run as run_search
from tests.command_line import ROOT, evosearch
from tests.functions_file import forget_functions

pytestmark = pytest.mark.slow

PROGRAM = """\
def train(w, g, m, lr):
    m = interp(g, m, 0.9)
    update = softsign(m) * lr * 0.1
    return update, m
"""
RUN = """\
name: small
functions: {0}/own.py
program: {0}/own.opt
tasks: [{{task: '{0}/line.py:Line'}}]
search: {{population: 5, window: 4}}
budget: {{evaluations: 12}}
simplify: {{enabled: false}}
training: {{chunks: 5}}
final: {{candidates: 1, validation_seeds: 1, test_seeds: 2}}
workers: {{executor: inline}}
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that was stopped after its fourth child."""
    shutil.copy(ROOT / "tests" / "tasks" / "line.py", tmp_path)
    shutil.copy(ROOT / "tests" / "tasks" / "softsign.py", tmp_path / "own.py")
    (tmp_path / "own.opt").write_text(PROGRAM)
    (tmp_path / "run.yaml").write_text(RUN.format(tmp_path))
    known = set(FUNCTIONS)
    problem, folder = open_new(tmp_path / "run.yaml", [], tmp_path / "run", "a test")
    made: list[object] = []
    watcher = SimpleNamespace(search=made.append, judge=None)
    run_search(problem, folder, watcher, lambda: len(made) == 4)
    folder.close()
    forget_functions(known)
    return tmp_path / "run"


def refused(run: Path, *changes: str) -> str:
    """What `--resume` says when it refuses, which must leave no trace."""
    before = [(run / name).read_bytes() for name in (CONFIG, LOG, OWN_FUNCTIONS)]
    options = [word for change in changes for word in ("--set", change)]
    answer = evosearch("run", "--resume", run, *options)
    assert answer.code == 2
    assert "Traceback" not in answer.error
    after = [(run / name).read_bytes() for name in (CONFIG, LOG, OWN_FUNCTIONS)]
    assert after == before
    return answer.error.splitlines()[-1]


def test_a_refused_resume_leaves_no_trace(run: Path) -> None:
    task = run.parent / "line.py"
    text = task.read_text()
    task.write_text(text.replace("50", "60"))
    told = refused(run, "budget.evaluations=99")
    assert told == (
        f"error: {task}: has changed since this run began, so what it found cannot be "
        "compared with what it would find now: put back what was there, or begin a new "
        "run"
    )
    task.write_text(text)
    assert "has gone beyond it already" in refused(run, "budget.programs=1")
    answer = evosearch("run", "--resume", run, "--set", "budget.evaluations=13")
    assert answer.code == 0, answer.error
    assert "evaluations: 13" in (run / CONFIG).read_text()
    log = (run / LOG).read_text()
    assert log.count("resumed: ") == 1
    assert log.index("stopped after") < log.index("resumed: ") < log.index("done")


def test_a_run_keeps_its_functions(run: Path) -> None:
    own, kept = run.parent / "own.py", (run / OWN_FUNCTIONS).read_bytes()
    assert own.read_bytes() == kept
    own.write_text("FUNCTIONS = []")
    told = refused(run)
    assert told.startswith(f"error: functions: {own} has changed since this run began")
    assert f"; {run / OWN_FUNCTIONS} is what it was: put that in its place" in told
    listed = json.loads(evosearch("show", run, "--json").output)
    assert any("softsign(" in row["program"] for row in listed)
    own.unlink()
    answer = evosearch("run", "--resume", run)
    assert answer.code == 0, answer.error
    told = f"functions: {own} is not there; going on with the copy"
    assert told in answer.error
    assert told in (run / LOG).read_text()
    answer = evosearch("check", run / "best.opt", "--functions", run / OWN_FUNCTIONS)
    assert answer.code == 0, answer.error
