"""A process compiles a task once, as long as nothing of it has changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evosearch.config import TaskConfig, TrainingConfig
from evosearch.evaluate import make_trainer
from evosearch.own_functions import load_functions
from tests.command_line import ROOT

TASKS = ROOT / "tests" / "tasks"
TRAINING = TrainingConfig()


def asked(path: Path | str, **keys: str) -> TaskConfig:
    return TaskConfig.model_validate({"task": f"{path}:Line", **keys})


def test_equal_tasks_have_one_trainer() -> None:
    first = make_trainer(asked(TASKS / "line.py"), TRAINING)
    assert make_trainer(asked(TASKS / "line.py"), TrainingConfig()) is first
    other = make_trainer(asked(TASKS / "line.py", schedule="constant"), TRAINING)
    assert other is not first
    assert make_trainer(asked(TASKS / "line.py"), TrainingConfig(chunks=2)) is not first


def test_a_file_that_was_changed_is_another_task(tmp_path: Path) -> None:
    path = tmp_path / "line.py"
    shutil.copy(TASKS / "line.py", path)
    before = make_trainer(asked(path), TRAINING)
    path.write_text(path.read_text().replace("steps, floor = 50", "steps, floor = 20"))
    after = make_trainer(asked(path), TRAINING)
    assert [len(each.engine.plan.rates) for each in (before, after)] == [50, 20]


def test_a_relative_path_is_another_task_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(TASKS)
    first = make_trainer(asked("line.py"), TRAINING)
    shutil.copy("line.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert make_trainer(asked("line.py"), TRAINING) is not first


@pytest.mark.usefixtures("clean_table")
def test_functions_of_the_user_make_another() -> None:
    before = make_trainer(asked(TASKS / "line.py"), TRAINING)
    load_functions(str(TASKS / "functions.py"))
    assert make_trainer(asked(TASKS / "line.py"), TRAINING) is not before
