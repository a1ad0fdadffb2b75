"""The runs of a study: planned from its config, begun, taken up, or done already."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from evosearch.begun import MAY_CHANGE
from evosearch.config import ArmConfig, Config, StudyConfig, TaskConfig, load_config
from evosearch.errors import InputError
from evosearch.folder import CONFIG, SUMMARY
from evosearch.opening import open_again, open_new
from evosearch.run import Watcher, run
from evosearch.study.curve import Point, Recorder, read_points, write_points

CURVE = "curve.jsonl"
"""In the folder of a run that is done: `Point`s."""

_HANDOVER_OFF = "simplify.enabled=false"
"""A study compares what searches find; to simplify it all would take as long again."""


class Planned(NamedTuple):
    """One run of a study.

    Attributes:
        arm: its name.
        seed: of the search.
        path: of the run's folder.
        changes: overrides of the base config.
        config: the base config with them.
    """

    arm: str
    seed: int
    path: Path
    changes: tuple[str, ...]
    config: Config


def plan_runs(study: StudyConfig, out: Path, changes: Sequence[str]) -> list[Planned]:
    """The runs of a study: all arms with the first seed, then with the next.

    Args:
        study: read.
        out: the study's folder; runs are in `runs` in it.
        changes: overrides of all configs, after those of the study.

    Raises:
        InputError: a config that the study leads to is wrong.
    """
    found = []
    for seed in study.seeds:
        for arm in study.arms:
            overrides = (
                _HANDOVER_OFF,
                *_as_overrides(study.settings),
                *_as_overrides(arm.settings),
                f"name={arm.name}",
                f"seed={seed}",
                *changes,
            )
            path = out / "runs" / f"{arm.name}-{seed}"
            try:
                config = load_config(study.base, overrides)
            except InputError as error:
                raise _with_its_key(study, arm, error) from None
            found.append(Planned(arm.name, seed, path, overrides, config))
    return found


def _with_its_key(study: StudyConfig, arm: ArmConfig, error: InputError) -> InputError:
    """What is wrong with an arm's config, with the study's key that leads to it."""
    read = [f"name={arm.name}"]
    for key, more in (
        ("base", {}),
        ("settings", study.settings),
        (f"arms.{study.arms.index(arm)}.settings", arm.settings),
    ):
        read += _as_overrides(more)
        try:
            load_config(study.base, read)
        except InputError as found:
            return InputError(f"{key}: {found}")
    return error


def _as_overrides(settings: dict[str, object]) -> list[str]:
    return [f"{key}={_as_yaml(value)}" for key, value in settings.items()]


def _as_yaml(value: object) -> str:
    """JSON on one line, but for what it writes as two escapes and YAML reads as two."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def state_of(planned: Planned) -> Literal["new", "begun", "done"]:
    """Whether a run is to be begun, to be taken up, or done.

    Raises:
        InputError: its folder is that of another search.
    """
    if not planned.path.exists():
        return "new"
    if not (planned.path / CONFIG).is_file():
        raise InputError(
            f"{planned.path}: has no {CONFIG}, so no run can be taken up there: "
            "put that back, or delete the folder, and the same command begins anew"
        )
    had = load_config(planned.path / CONFIG)
    other = [
        name
        for name in Config.model_fields
        if name not in MAY_CHANGE and _part(had, name) != _part(planned.config, name)
    ]
    if other:
        raise InputError(
            f"{planned.path}: was begun with another {' and '.join(other)} than the "
            "study has now: delete that folder, or name another one with --out"
        )
    same = all(
        getattr(had, name) == getattr(planned.config, name)
        for name in ("budget", "final", "simplify")
    )
    return "done" if same and _has_ended(planned) else "begun"


def _has_ended(planned: Planned) -> bool:
    """Whether a run has written what it writes at its end, and that can be read.

    What cannot is written again when the run is taken up, which has its store.
    """
    try:
        ended = "best" in (summary := summary_of(planned)) and curve_of(planned)
        return bool(ended) and not summary["interrupted"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _part(config: Config, name: str) -> object:
    """A part of a config, without what a run chooses for itself when it begins."""
    if name == "tasks":
        return _left_open(config.tasks)
    if name == "meta_validation":
        meta = config.meta_validation
        return meta.model_copy(update={"tasks": _left_open(meta.tasks)})
    return getattr(config, name)


def _left_open(tasks: tuple[TaskConfig, ...]) -> tuple[TaskConfig, ...]:
    open_ones = {"engine": "auto", "slots": 0}
    return tuple(task.model_copy(update=open_ones) for task in tasks)


def perform(
    planned: Planned,
    base: str,
    command: str,
    watcher: Watcher,
    stopped: Callable[[], bool],
) -> bool:
    """Begin a run or take it up; whether it came to its end.

    Args:
        planned: not done.
        base: path of the study's base config.
        command: what the user typed, for the record.
        watcher: is told of progress.
        stopped: as of `evosearch.run.run`.

    Raises:
        InputError: as of `open_new`, `open_again` and `run`, or the disk is full or the
            run's record broken; says which run.
    """
    with _faults_named(planned.path):
        if state_of(planned) == "new":
            problem, folder = open_new(
                Path(base), planned.changes, planned.path, command
            )
        else:
            parts = {name: getattr(planned.config, name) for name in MAY_CHANGE}
            changes = [
                f"{name}.{key}={json.dumps(value)}"
                for name, part in parts.items()
                for key, value in part.model_dump(mode="json").items()
            ]
            problem, folder = open_again(planned.path, changes, None, command)
        try:
            recorder = Recorder(watcher)
            summary = run(problem, folder, recorder, stopped)
            if summary["interrupted"]:
                return False
            folder.write(CURVE, write_points(recorder.curve.points))
            return True
        finally:
            folder.close()


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    """What goes wrong in the run of this folder is told with it, and what mends it."""
    try:
        yield
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}") from None
    except (OSError, sqlite3.DatabaseError) as error:
        raise InputError(
            f"{path}: {error}: if the disk is full, free some space, and the same "
            "command goes on; else delete that folder, and it begins that anew"
        ) from None


def summary_of(planned: Planned) -> dict[str, Any]:
    """What a run said at its end, or where it was stopped."""
    text = (planned.path / SUMMARY).read_text(encoding="utf-8")
    summary: dict[str, Any] = json.loads(text)
    return summary


def curve_of(planned: Planned) -> list[Point]:
    """The curve of a run that is done."""
    return read_points((planned.path / CURVE).read_text(encoding="utf-8"))


def looks_of(planned: Planned) -> list[dict[str, Any]]:
    """The looks of meta-validation of a run that is done."""
    # A run of a version before meta-validation has none.
    looks: list[dict[str, Any]] = summary_of(planned).get("meta_validation", [])
    return looks
