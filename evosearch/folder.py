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
OWN_FUNCTIONS = "functions.py"
"""A copy of the file that the config's `functions` names, if it names one."""
RUNS = Path("experiments") / "runs"
"""Where runs go if nothing else is said, from the current folder."""


class RunFolder:
    """The folder of one run, held by this process until `close`.

    Attributes:
        path: where it is.
        notes: what the user should be told of how it was opened, a sentence each.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._lock = hold(path)
        self._log = (path / LOG).open("a", encoding="utf-8")
        self._proposed: tuple[Config, str] | None = None
        self._held_back: list[str] = []

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
        if config.functions is not None:
            folder._write(OWN_FUNCTIONS, Path(config.functions).read_bytes())
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
        timed = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}\n"
        if self._proposed is not None:
            self._held_back.append(timed)
            return
        self._log.write(timed)
        self._log.flush()

    def propose(self, config: Config, command: str) -> None:
        """Hold a changed config and the log back until `confirm`.

        A run that is taken up may be refused until it has come to the end of its
        record, and then nothing must have changed.
        """
        self._proposed = config, command

    def confirm(self) -> None:
        """Write what `propose` held back, if anything."""
        if self._proposed is None:
            return
        self.write_config(*self._proposed)
        self._proposed = None
        self._log.writelines(self._held_back)
        self._log.flush()

    def write(self, name: str, text: str) -> None:
        """Write a file of the run; a reader sees the old one or the new one, whole."""
        self._write(name, text.encode())

    def _write(self, name: str, content: bytes) -> None:
        part = self.path / f".{name}.part"
        part.write_bytes(content)
        part.replace(self.path / name)

    def write_config(self, config: Config, command: str) -> None:
        """Write `config.yaml`: every key, and as comments what made it."""
        comments = [f"# {name} {number}\n" for name, number in versions().items()]
        self.write(CONFIG, f"# {command}\n{''.join(comments)}{dump_config(config)}")

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write `summary.json`."""
        self.write(SUMMARY, json.dumps(summary, indent=2, allow_nan=False) + "\n")

    def handed_over(self) -> str | None:
        """Digest of the chosen program of which the summary says what became of it."""
        try:
            summary = self._summary()
            return summary["best"]["digest"] if summary["handover"] else None
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def has_ended(self) -> bool:
        """Whether the summary says that the run came to its end."""
        try:
            return self._summary()["interrupted"] is False
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return False

    def _summary(self) -> Any:
        return json.loads((self.path / SUMMARY).read_text("utf-8"))

    def close(self) -> None:
        """Let go of the folder."""
        self._log.close()
        self._lock.close()


def functions_of(path: Path, config: Config) -> str | None:
    """The file of a run's own functions: its copy, or, without one, what it names."""
    copy = path / OWN_FUNCTIONS
    kept = config.functions is not None and copy.is_file()
    return str(copy) if kept else config.functions


def versions() -> dict[str, str]:
    """Versions that a result may depend on, by name."""
    known = {"evosearch": evosearch.__version__, "Python": platform.python_version()}
    for package in ("jax", "numpy", "ray"):
        try:
            known[package] = version(package)
        except PackageNotFoundError:
            known[package] = "not installed"
    return known


def hold(path: Path) -> TextIO:
    """Hold a folder until what is returned is closed, or the process ends.

    Raises:
        InputError: another process holds it, or it cannot be written to.
    """
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
