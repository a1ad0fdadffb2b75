"""What a worker runs: a job in, a training out; tasks are compiled once a process."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from dsl.functions import FUNCTIONS
from dsl.parse import parse
from dsl.program import Program
from dsl.rows import Function
from evosearch.batching import Batching
from evosearch.config import TaskConfig, TrainingConfig
from evosearch.dispatch import Dispatch
from evosearch.engine import MACHINE, engine_for
from evosearch.plan import Plan, make_plan
from evosearch.rows import Split
from evosearch.tasks import load_task
from evosearch.tasks.files import in_task_code
from evosearch.train import Trainer, Training


@dataclass(frozen=True, slots=True)
class Job:
    """One training to be done; everything is text or a number, so it can travel.

    Attributes:
        digest: the program's digest.
        text: the pruned program; of the programs with one digest any will do.
        task: which of the config's tasks, from 0.
        seed: the data seed.
        split: `validation` or `test`, which data measure the result.
        hurdles: as of `Trainer.train`.
    """

    digest: str
    text: str = field(compare=False)
    task: int
    seed: int
    split: Split
    hurdles: tuple[float, ...] = field(default=(), compare=False)


Done = tuple[Job, Training]


class Evaluator:
    """Trains jobs on the tasks of one config.

    A result depends on nothing but the job and the config, as long as no slots have to
    be halved for want of memory: other numbers of slots may round differently.

    Args:
        tasks, training: of the config.
        say: is told what the user should know of this machine.
    """

    def __init__(
        self,
        tasks: tuple[TaskConfig, ...],
        training: TrainingConfig,
        say: Callable[[str], None],
    ) -> None:
        self._tasks = tasks
        self._training = training
        self._say = say
        self._trainers: dict[int, Trainer] = {}
        self._batchings: dict[int, Batching[Job]] = {}
        self._alone: deque[tuple[Job, Program]] = deque()

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs on.

        Raises:
            InputError: the code of a user's task raised.
        """
        for job in jobs:
            program = parse(job.text)
            task = self._tasks[job.task]
            if task.slots > 1 and engine_for(program, task.engine) == MACHINE:
                batching = self._batching(job.task)
                batching.submit(job, program, job.seed, job.split, job.hurdles)
            else:
                self._alone.append((job, program))

    def collect(self) -> list[Done]:
        """Train until at least one job is done; those that are, none if none waits.

        Raises:
            InputError: the code of a user's task raised.
        """
        # Were they last, a search that waits for one of them would let slots run empty.
        if self._alone:
            job, program = self._alone.popleft()
            return [(job, self._train(job, program))]
        for index, batching in self._batchings.items():
            if batching.busy:
                return in_task_code(self._tasks[index].task, batching.collect)
        return []

    def clear(self) -> None:
        """Forget the jobs that were taken on."""
        self._alone.clear()
        self._batchings.clear()

    def _train(self, job: Job, program: Program) -> Training:
        task = self._tasks[job.task]
        if job.task not in self._trainers:
            self._trainers[job.task] = make_trainer(task, self._training)
        trainer = self._trainers[job.task]
        return in_task_code(
            task.task,
            lambda: trainer.train(program, job.seed, job.split, job.hurdles),
        )

    def _batching(self, index: int) -> Batching[Job]:
        if index not in self._batchings:
            task = self._tasks[index]
            plan = load_plan(task, self._training)
            self._batchings[index] = Batching(plan, task.slots, self._say)
        return self._batchings[index]


def make_trainer(task: TaskConfig, training: TrainingConfig) -> Trainer:
    """The engines for a task of a config: those made for an equal one, if not long ago.

    The runs of a study in one process would trace and load the same machine each, which
    takes longer than many a training.

    Raises:
        InputError: the task cannot be loaded, or is not one.
    """
    version, table = task_version(task, training), tuple(FUNCTIONS.values())
    return _trainer(_Asked(version, os.getcwd(), table, task, training))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a trainer is made from; equal ones can have the same.

    Attributes:
        version: of the task.
        folder: that relative paths start at.
        functions: the table, which a machine knows as it was when it was made.
        task, training: of the config.
    """

    version: str
    folder: str
    functions: tuple[Function, ...]
    task: TaskConfig = field(compare=False)
    training: TrainingConfig = field(compare=False)


_MOST_KEPT = 4
"""Trainers that are kept for evaluators to come."""


@lru_cache(maxsize=_MOST_KEPT)
def _trainer(asked: _Asked) -> Trainer:
    plan = load_plan(asked.task, asked.training)
    return Trainer(Dispatch(plan, asked.task.engine))


def load_plan(task: TaskConfig, training: TrainingConfig) -> Plan:
    """The plan for a task of a config; nothing is compiled.

    Raises:
        InputError: the task cannot be loaded, or is not one.
    """
    return make_plan(
        load_task(task.task, task.arguments),
        schedule=task.schedule,
        warmup=task.warmup,
        chunks=training.chunks,
        weight_bound=training.weight_bound,
    )


def task_version(
    task: TaskConfig,
    training: TrainingConfig,
    functions: str | None = None,
    functions_at: str | None = None,
) -> str:
    """Everything that a training's result depends on but the program and the seed.

    Part of the key under which trainings are stored: JSON with sorted keys. Files that
    the config names, the task's own, its data or that of the user's functions, count
    by their content; the last is read at `functions_at`, where a run keeps its copy.
    """
    named = [task.task.rpartition(":")[0], *task.arguments.values()]
    places = {name: name for name in named if isinstance(name, str) and name}
    if functions is not None:
        places[functions] = functions_at or functions
    contents = {
        str(Path(name)): sha256(Path(place).read_bytes()).hexdigest()
        for name, place in places.items()
        if os.path.isfile(place)  # false, not an error, for what is too long for a path
    }
    parts = {**task.model_dump(), **training.model_dump(), "files": contents}
    return json.dumps(parts, sort_keys=True)


def task_name(version: str) -> str:
    """The task, as its config names it, of a `task_version`."""
    return str(json.loads(version)["task"])
