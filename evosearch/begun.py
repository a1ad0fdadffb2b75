"""What a run was when it began: one that is taken up again has to be the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dsl.digest import digest
from dsl.fingerprint import VERSION as FINGERPRINT_VERSION
from evosearch.errors import InputError
from evosearch.search import Problem
from evosearch.store import Store

MAY_CHANGE = ("budget", "final", "simplify", "workers")
"""Parts of the config that leave a trajectory as it is, but for where it ends."""


def require_same_problem(
    store: Store, problem: Problem, versions: Sequence[str]
) -> None:
    """Compare a run with what its store says of its beginning, or note that there.

    Args:
        store: of the run.
        problem: what the run is asked to do now.
        versions: the `task_version` of each of its tasks.

    Raises:
        InputError: it would be another search, or what the store says cannot be read;
            nothing is noted then.
    """
    now: dict[str, object] = {
        "config": problem.config.model_dump(mode="json", exclude={*MAY_CHANGE}),
        "program": digest(problem.seed),
        "reference": digest(problem.reference),
        "task files": list(versions),
    }
    if problem.config.search.fingerprint:
        now["version of the fingerprint"] = FINGERPRINT_VERSION
    begun: dict[str, Any] = _begun(store) or now
    changed = [name for name, value in now.items() if begun.get(name) != value]
    if changed:
        what, undo = f"{changed[0]}: has", "undo that"
        if changed[0] == "config":
            keys = ", ".join(_changed_keys(begun.get("config"), now["config"]))
            what = f"config ({keys}): has"
            undo = "undo that, go on with the version of evosearch that began it"
        if changed[0] == "task files":
            files = _changed_files(begun.get("task files", ()), versions)
            what = f"{', '.join(files)}: {'has' if len(files) == 1 else 'have'}"
            undo = "put back what was there"
        raise InputError(
            f"{what} changed since this run began, so what it found cannot be compared "
            f"with what it would find now: {undo}, or begin a new run"
        )
    store.set_meta("problem", json.dumps(now))


def reference_of(store: Store) -> str | None:
    """Digest of the reference of the run in a store; None if that has not begun.

    Raises:
        InputError: what the store says of it cannot be read.
    """
    begun = _begun(store)
    return None if begun is None else str(begun["reference"])


def _begun(store: Store) -> dict[str, Any] | None:
    """What the store says of the run's beginning; None if it has not begun."""
    text = store.meta.get("problem")
    if text is None:
        return None
    try:
        begun = json.loads(text)
    except ValueError:
        begun = None
    if not isinstance(begun, dict) or "reference" not in begun:
        raise InputError(
            "run.sqlite: what it says of how the run began (`problem` in the table "
            "meta) has been changed and cannot be read: put back what was there, or "
            "use another run"
        )
    return begun


def _changed_keys(begun: object, now: object, path: str = "") -> list[str]:
    """Paths of the keys that differ; some may be of another version of evosearch."""
    if isinstance(begun, list) and isinstance(now, list) and len(begun) == len(now):
        begun, now = dict(enumerate(begun)), dict(enumerate(now))
    if not (isinstance(begun, dict) and isinstance(now, dict)):
        return [] if begun == now else [path]
    found = []
    for key in {**begun, **now}:
        deeper = f"{path}.{key}" if path else str(key)
        found += _changed_keys(begun.get(key), now.get(key), deeper)
    return found


def _changed_files(begun: Sequence[str], now: Sequence[str]) -> list[str]:
    """Files whose content differs between task versions, or that one side lacks."""
    differing = _contents(begun) ^ _contents(now)
    return sorted({name for name, _ in differing}) or ["tasks"]


def _contents(versions: Sequence[str]) -> set[tuple[str, str]]:
    """Path and hash of every file in some task versions."""
    return {pair for each in versions for pair in json.loads(each)["files"].items()}
