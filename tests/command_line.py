"""Calls the command line as a user does: in this process, or as one of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsl import FUNCTIONS
from evosearch.cli import main
from tests.functions_file import forget_functions

ROOT = Path(__file__).parents[1]
EVOSEARCH = (sys.executable, "-c", "from evosearch.cli import main; main()")
"""What the script `evosearch` of an installed package does."""


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it printed."""

    code: int
    output: str
    error: str


def evosearch(*words: str | Path) -> Answer:
    """Run a command in this process, which has JAX already."""
    output, error = io.StringIO(), io.StringIO()
    before, arguments = signal.getsignal(signal.SIGINT), sys.argv
    known = set(FUNCTIONS)
    sys.argv = ["evosearch", *map(str, words)]
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
        return Answer(code, output.getvalue(), error.getvalue())
    finally:
        sys.argv = arguments
        signal.signal(signal.SIGINT, before)
        forget_functions(known)


def settings(*changes: str) -> list[str]:
    """The words that change these keys of a config, each `key=value`."""
    return [word for change in changes for word in ("--set", change)]


def last_line(output: str) -> dict[str, Any]:
    """What a command with --json prints."""
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def refused(*words: str | Path) -> str:
    """The sentence that a bad command is answered with, and nothing else."""
    answer = evosearch(*words)
    assert answer.code == 2
    assert answer.output == ""
    assert answer.error.startswith("error: ")
    assert "Traceback" not in answer.error
    return answer.error.removeprefix("error: ").rstrip("\n")


@contextlib.contextmanager
def evosearch_process(*words: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Start a command as the leader of a process group, ended after the test."""
    process = subprocess.Popen(
        [*EVOSEARCH, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, MARK: str(os.getpid())},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


MARK = "EVOSEARCH_TEST"
"""A variable that whatever descends from a test's process has in its environment."""


def descendants() -> list[str]:
    """Commands of living processes that descend from this test session's."""
    mark = f"{MARK}={os.getpid()}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        # Processes come and go while we look, and those of others are not ours to read.
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(
                b"\0"
            ):
                found.append((entry / "cmdline").read_text().replace("\0", " "))
    return found
