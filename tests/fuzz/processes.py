"""Blocks checked by several processes; one that dies or is stuck is a finding."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from tests.fuzz.blocks import Block, Finder, Found, lost

STUCK = 300.0
"""Seconds for one number: compiling takes some on a slow machine, and shrinking."""

_NOT_YET = -1
"""The number of a process that has not begun with its block: it may be starting."""

_CONTEXT = multiprocessing.get_context("spawn")


class Checks(Protocol):
    """What a process makes of a seed: `Finder`, or what a test puts in its place."""

    def check(self, block: Block, started: Callable[[int], None]) -> Found: ...


def check_all(
    blocks: Iterable[Block],
    seed: int,
    processes: int,
    finder: Callable[[int], Checks] = Finder,
    stuck: float = STUCK,
) -> Iterator[Found | None]:
    """What came of each block, in any order, and None once a second.

    The processes end with the iterator, also when it is closed early.
    """
    waiting = deque(blocks)
    workers = [_Worker.start(seed, finder) for _ in range(processes)]
    try:
        while True:
            for index, worker in enumerate(workers):
                if not worker.is_alive(stuck):
                    yield worker.last_words(waiting)
                    workers[index] = _Worker.start(seed, finder)
            _deal(workers, waiting)
            busy = {w.connection: w for w in workers if w.block is not None}
            if not busy:
                return
            yield None
            for ready in wait(list(busy), timeout=1.0):
                found = busy[ready].take()  # type: ignore[index]
                if found is not None:
                    yield found
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join()


def _deal(workers: Iterable[_Worker], waiting: deque[Block]) -> None:
    """Give a block to each process that has none."""
    for worker in workers:
        if worker.block is None and waiting:
            worker.give(waiting.popleft())


@dataclass(slots=True)
class _Worker:
    """A process, the block it has and the number it is at."""

    process: Any
    connection: Connection
    number: Any
    block: Block | None = None
    _seen: tuple[int, float] = field(default=(_NOT_YET, 0.0))
    _gone: bool = False

    @classmethod
    def start(cls, seed: int, finder: Callable[[int], Checks]) -> _Worker:
        number = _CONTEXT.RawValue("q", _NOT_YET)
        ours, theirs = _CONTEXT.Pipe()
        arguments = (theirs, number, seed, finder)
        process = _CONTEXT.Process(target=_work, args=arguments, daemon=True)
        # Ctrl-C is for this process alone, which ends the others: they inherit that.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        theirs.close()
        return cls(process, ours, number)

    def give(self, block: Block) -> None:
        self.block = block
        self.number.value = _NOT_YET
        try:
            self.connection.send(block)
        except ConnectionError:
            self._gone = True

    def take(self) -> Found | None:
        """The block's result; None if the process died of it."""
        try:
            found: Found = self.connection.recv()
        except (EOFError, ConnectionError):
            self._gone = True
            return None
        self.block = None
        return found

    def is_alive(self, stuck: float) -> bool:
        """Whether it runs and goes from number to number."""
        if self.block is None:
            return True
        number, since = self.number.value, self._seen[1]
        if number == _NOT_YET or number != self._seen[0]:
            since = time.monotonic()
            self._seen = (number, since)
        return not self._gone and time.monotonic() - since < stuck

    def last_words(self, waiting: deque[Block]) -> Found:
        """The finding that its end is; what it did not come to waits again."""
        assert self.block is not None
        how = "a process died" if self._gone else "a process is stuck"
        self.process.kill()
        self.process.join()
        number = self.number.value
        kind, first, count = self.block
        if not first <= number < first + count:
            raise RuntimeError(f"{how} before it checked anything of {self.block}")
        rest = Block(kind, number + 1, first + count - number - 1)
        if rest.count:
            waiting.appendleft(rest)
        return lost(Block(kind, first, number + 1 - first), number, how)


def _work(
    connection: Connection, number: Any, seed: int, finder: Callable[[int], Checks]
) -> None:
    """What a process does."""
    use_strict_jax()
    checks = finder(seed)

    def started(at: int) -> None:
        number.value = at

    while True:
        try:
            block = connection.recv()
        except EOFError:
            return
        connection.send(checks.check(block, started))


def use_strict_jax() -> None:
    """The settings of the tests: one thread, on the CPU, no silent promotion."""
    import jax

    from evosearch.threads import keep_off_accelerators, use_one_thread

    use_one_thread()
    keep_off_accelerators()
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    jax.config.update("jax_numpy_rank_promotion", "raise")
