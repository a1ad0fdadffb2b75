"""`evosearch study` where something is wrong: its config, its folder, the disk."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from evosearch.folder import RunFolder
from evosearch.search import Problem
from evosearch.study import runs
from evosearch.study.folder import MARKER, README, StudyFolder
from tests.command_line import evosearch, refused
from tests.evosearch.study.tiny import results, study

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "fault", [OSError(28, "full"), sqlite3.OperationalError("full")]
)
def test_what_is_done_is_written_if_the_disk_is_full(
    configs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
) -> None:
    out, real = tmp_path / "out", runs.run

    def run(problem: Problem, folder: RunFolder, *others: Any) -> dict[str, Any]:
        if folder.path.name == "constants-3":
            raise fault
        return real(problem, folder, *others)

    monkeypatch.setattr(runs, "run", run)
    answer = study(configs, out)
    assert answer.code == 2
    last = answer.error.splitlines()[-1]
    assert last.startswith(f"error: {out}/runs/constants-3: ")
    assert "full: if the disk is full, free some space, and the same command" in last
    assert [row["arm"] for row in results(out)] == ["evolve"]


def test_ctrl_c_waits_for_what_is_written(
    configs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = StudyFolder.write_readme

    def write_readme(self: StudyFolder, page: str) -> None:
        signal.raise_signal(signal.SIGINT)
        real(self, page)

    monkeypatch.setattr(StudyFolder, "write_readme", write_readme)
    answer = study(configs, tmp_path / "out")
    assert answer.code == 0
    assert "stopping after what was found is written" in answer.error


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("evaluations: 25", "evaluation: 25", "settings: override 'budget.evaluation="),
        ("evaluations: 15", "evaluation: 15", "arms.1.settings: override 'budget."),
        ("base.yaml", "bass.yaml", "base: "),
        ("name: constants", "name: evolve", "arms.0 and arms.1 are both named evolve"),
        ("[3, 4]", "[3, 3]", "seeds: holds a seed twice"),
        ("evaluations: 25", "evaluations: 25, seed: 1", "settings: holds seed, which"),
        ("constants, budget.", "constants, name: x, budget.", "settings: holds name"),
        ("[3, 4]", "[]", "seeds: must not be empty"),
        ("sign: signum", "sign: signun", "references.sign: signun: there is no such"),
        ("baseline: true", "base_line: true", "did you mean baseline?"),
        ("question: Does it work?\n", "", "question: missing"),
    ],
)
def test_bad_studies(
    configs: Path, tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    bad = tmp_path / "bad.yaml"
    text = (configs / "study.yaml").read_text()
    assert old in text
    bad.write_text(text.replace(old, new, 1))
    assert sentence in refused("study", bad, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_page_that_may_be_somebody_s_own_is_not_written_over(
    configs: Path, tmp_path: Path
) -> None:
    (tmp_path / README).write_text("Mine.\n")
    words = ("study", configs / "study.yaml", "--out", tmp_path)
    answer = evosearch(*words)
    assert answer.code == 2
    assert f"has no line `{MARKER}`" in answer.error
    assert (tmp_path / README).read_text() == "Mine.\n"


def test_what_a_run_refuses_names_the_run(configs: Path, tmp_path: Path) -> None:
    text = (configs / "study.yaml").read_text()
    bad = tmp_path / "bad.yaml"
    bad.write_text(text.replace("evaluations: 25", "evaluations: 25, program: adamq"))
    error = evosearch("study", bad, "--out", tmp_path / "out").error
    assert f"error: {tmp_path}/out/runs/evolve-3: program: adamq: " in error
