"""Where a program's time goes: seconds by part, less the parts that it calls."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch


class Stopwatch:
    """Times functions of several parts; a part that calls another stops meanwhile.

    Args:
        now: the clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.thread_time) -> None:
        self.seconds: Counter[str] = Counter()
        self._now = now
        self._running: list[str] = []
        self._since = now()

    @contextmanager
    def over(self, parts: dict[str, list[tuple[Any, str]]]) -> Iterator[None]:
        """Time these functions, named by what holds them: a module or a class."""
        with ExitStack() as stack:
            for part, functions in parts.items():
                for holder, name in functions:
                    timed = self._timed(part, getattr(holder, name))
                    stack.enter_context(patch.object(holder, name, timed))
            yield

    def _timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **options: Any) -> Any:
            self._switch(part)
            try:
                result = function(*arguments, **options)
                # Rows are read when they are asked for, which counts as well.
                return iter(list(result)) if isinstance(result, map) else result
            finally:
                self._switch(None)

        return timed

    def _switch(self, part: str | None) -> None:
        """Begin with a part, or end the one that began last."""
        now = self._now()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        if part is None:
            self._running.pop()
        else:
            self._running.append(part)
        self._since = self._now()
