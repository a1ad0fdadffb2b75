"""What runs in a Ray worker's process: an evaluator that brings jobs home in parts."""

from __future__ import annotations

import os
import uuid
from typing import NamedTuple

from evosearch.compile_cache import keep_compilations
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.errors import InputError
from evosearch.evaluate import Done, Evaluator, Job
from evosearch.own_functions import load_functions
from evosearch.threads import use_one_thread


class Returned(NamedTuple):
    """What a call of a worker gives.

    Attributes:
        life: names the worker since its process began; a restarted one, which has lost
            the jobs of earlier calls, has another.
        done: jobs that are done, of this call and of earlier ones.
        said: sentences for the log.
    """

    life: str
    done: list[Done]
    said: list[str]


class Worker:
    """The actor: one evaluator in a process of its own.

    Functions that cannot be loaded there are told by `exchange`: what a constructor
    raises reaches the driver as an actor's death alone.

    Args:
        tasks, training: as of an `Evaluator`.
        functions: the file of the user's own functions.
        memory: share of a GPU's memory that this process may take; None on a CPU.
    """

    def __init__(
        self,
        tasks: tuple[TaskConfig, ...],
        training: TrainingConfig,
        functions: str | None,
        memory: float | None,
    ) -> None:
        use_one_thread()
        if memory is not None:
            os.environ.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", f"{memory:.3f}")
        keep_compilations()
        self._life = uuid.uuid4().hex
        self._said: list[str] = []
        self._evaluator = Evaluator(tasks, training, self._said.append)
        self._problem: InputError | None = None
        try:
            if functions is not None:
                load_functions(functions)
        except InputError as error:
            self._problem = InputError(f"in a worker: {error}")

    def exchange(self, jobs: list[Job], least: int) -> Returned:
        """Take jobs on and train until at least so many are done, or none is left."""
        if self._problem is not None:
            raise self._problem
        self._evaluator.submit(jobs)
        done: list[Done] = []
        while len(done) < least and (more := self._evaluator.collect()):
            done += more
        said, self._said[:] = list(self._said), []
        return Returned(self._life, done, said)
