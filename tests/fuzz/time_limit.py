"""A limit on the processor's time for a piece of code, which is broken off after it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any


class TookTooLong(BaseException):
    """No `Exception`, so that nothing on the way catches it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TookTooLong` in the code inside; only a main thread can be interrupted.

    The processor's time, so that other programs on the machine do not count. Regular
    expressions look for signals too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _listen()
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


@lru_cache(maxsize=1)
def _listen() -> None:
    """Once, for it takes longer than reading a short text."""
    signal.signal(signal.SIGPROF, _interrupt)


def _interrupt(number: int, frame: Any) -> None:
    raise TookTooLong
