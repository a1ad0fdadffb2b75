"""Ctrl-C: the first asks a run to end in good order, the second ends it at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self


class StopOnInterrupt:
    """While it is entered, SIGINT and SIGTERM only set a flag, once.

    Args:
        say: is told a line when they do.
        last: what is done before it stops.
    """

    def __init__(
        self, say: Callable[[str], None], last: str = "the trainings under way"
    ) -> None:
        self._say = say
        self._last = last
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def asked(self) -> bool:
        """Whether the run was asked to stop."""
        return self._asked

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self._say(f"stopping after {self._last}; press Ctrl-C again to stop at once")
