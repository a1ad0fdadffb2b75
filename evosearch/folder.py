"""A run's folder: made once, locked while a process works in it, resumed by name."""

from __future__ import annotations

import fcntl
import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

import evosearch
from evosearch.config import Config, dump_config
from evosearch.errors import InputError

CONFIG, STORE, SUMMARY, LOG = "config.yaml", "run.sqlite", "summary.json", "log.txt"
BEST, BEST_RAW = "best.opt", "best_raw.opt"
RUNS = Path("experiments") / "runs"
"""Where runs go if nothing else is said, from the current folder."""


class RunFolder:
    """The folder of one run, held by this process until `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = _lock(path)
        self._log = (path / LOG).open("a", encoding="utf-8")

    @classmethod
    def create(cls, config: Config, path: Path | None, command: str) -> RunFolder:
        """Make the folder of a new run and write its resolved config.

        Args:
            config: of the run.
            path: where; None is `experiments/runs/<name>-<UTC time>`.
            command: what the user typed, for the record.

        Raises:
            InputError: the folder is there already, or cannot be made.
        """
        if path is None:
            path = RUNS / f"{config.name}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            raise InputError(
                f"{path}: is there already; a run folder is never used twice: go on "
                f"with `evosearch run --resume {path}`, or name another with --out"
            ) from None
        except OSError as error:
            raise InputError(f"{path}: cannot be made ({error.strerror})") from None
        folder = cls(path)
        folder.write_config(config, command)
        return folder

    @classmethod
    def resume(cls, path: Path) -> RunFolder:
        """Take up the folder of an earlier run.

        Raises:
            InputError: it is no run, or another process works in it.
        """
        if not (path / CONFIG).is_file():
            raise InputError(
                f"{path}: has no {CONFIG}, so it is not the folder of a run: name one "
                "that `evosearch run` made"
            )
        return cls(path)

    def log(self, line: str) -> None:
        """Append a line with the time (UTC) to the log."""
        self._log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}\n")
        self._log.flush()

    def write(self, name: str, text: str) -> None:
        """Write a file of the run; a reader sees the old one or the new one, whole."""
        part = self.path / f".{name}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(self.path / name)

    def write_config(self, config: Config, command: str) -> None:
        """Write `config.yaml`: every key, and as comments what made it."""
        comments = [f"# {name} {number}\n" for name, number in versions().items()]
        self.write(CONFIG, f"# {command}\n{''.join(comments)}{dump_config(config)}")

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write `summary.json`."""
        self.write(SUMMARY, json.dumps(summary, indent=2, allow_nan=False) + "\n")

    def close(self) -> None:
        """Let go of the folder."""
        self._log.close()
        self._lock.close()


def versions() -> dict[str, str]:
    """Versions that a result may depend on, by name."""
    known = {"evosearch": evosearch.__version__, "Python": platform.python_version()}
    for package in ("jax", "numpy", "ray"):
        try:
            known[package] = version(package)
        except PackageNotFoundError:
            known[package] = "not installed"
    return known


def _lock(path: Path) -> TextIO:
    """Hold the folder; the lock goes with the process, however that ends."""
    try:
        lock = (path / ".lock").open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written to ({error.strerror}); a run needs that"
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise InputError(
            f"{path}: another process is running it; wait for it or stop it first"
        ) from None
    return lock
