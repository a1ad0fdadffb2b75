"""Calls a function in a process of its own, which ends before workers are started.

For a process that does not train: were JAX used in it, it would take memory of a GPU
that is the workers', and starting them would fork a process with threads.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from evosearch.errors import InputError

Result = TypeVar("Result")


def call_apart(what: str, function: Callable[..., Result], *arguments: Any) -> Result:
    """The function's result; it and its arguments travel by pickle.

    Args:
        what: the other process does, to be told if it dies.
        function: of a module.
        arguments: of it.

    Raises:
        InputError: the function raised one, or the process died.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, function, arguments))
    # Ctrl-C is for this process alone, which it ends; the other would tell of it. The
    # tracker is started first because its start unblocks the signal.
    resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    process.start()
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    theirs.close()
    answer: Result | InputError
    try:
        answer = ours.recv()
    except EOFError:
        answer = InputError(f"{what} died without a word")
    process.join()
    if isinstance(answer, InputError):
        raise answer
    return answer


def _answer(
    pipe: Connection, function: Callable[..., Result], arguments: tuple[Any, ...]
) -> None:
    """In the other process: send the result, or what is wrong."""
    answer: Result | InputError
    try:
        answer = function(*arguments)
    except InputError as error:
        answer = InputError(str(error))
    # Nobody listens if the run was ended in the meantime.
    with suppress(BrokenPipeError):
        pipe.send(answer)
